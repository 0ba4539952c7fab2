"""The machine starts again in every step: another boot, numbers of processes given anew, services as they start."""

from __future__ import annotations

from pathlib import Path

import pytest

from medflow_tui.journal import moment
from medflow_tui.journal.audit import verify
from medflow_tui.model.errors import RefusedError
from medflow_tui.model.procedure import Act, End, Guard, Mark, Outcome, Phase, Text
from medflow_tui.rules.guards import evaluate
from medflow_tui.runner.follow import is_over, unfinished
from medflow_tui.runner.surroundings import AUDIT, LOCKS, lock_of, look_around
from tests.crashes.staged import QUIET, Counted
from tests.servers.runs import Crashed, crashing
from tests.unit.playbooks.books import book
from tests.unit.runner.test_runner import without

R3 = book('class = "R4"', 'class = "R3"', QUIET)
LINES = 24


@pytest.fixture(autouse=True)
def boot(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The file that names the boot; this process lives on in the next one, where the run's number is its own."""
    monkeypatch.setattr("medflow_tui.runner.surroundings._power", lambda: {"power": "mains"})
    found = tmp_path / "boot"
    found.write_text("before")
    monkeypatch.setattr(moment, "BOOT_ID", found)
    return found


def cut(folder: Path, line: int, when: str, *, fails: bool = False) -> Counted | None:
    """A run whose machine loses its power there; None when it is over before."""
    stage = Counted(folder, R3, fails=fails)
    try:
        with crashing(line, when):
            stage.start()
    except Crashed:
        return stage
    assert len(stage.entries) <= line
    return None


@pytest.mark.parametrize("fails", [False, True], ids=["forward", "way back"])
def test_in_every_step_it_is_found_interrupted_goes_not_on_by_itself_and_ends_when_a_person_says_so(
    tmp_path: Path, boot: Path, fails: bool
) -> None:
    reached = 0
    for number, (line, when) in enumerate(
        (line, each) for line in range(2 * LINES) for each in ("before", "after")
    ):
        boot.write_text("before")
        stage = cut(tmp_path / str(number), line, when, fails=fails)
        if stage is None:
            break
        reached = line
        boot.write_text("after")
        made = dict(stage.made)
        phases = [each.phase for each in unfinished(stage.state / "runs")]
        ended, begun = _is_over(stage), _was_begun(stage)
        assert phases == ([] if ended or not stage.entries else [Phase.INTERRUPTED])
        if begun and not ended:
            alone = stage.go_on(alone=True)
            assert (alone.act, stage.made) == (Act.PAUSE, made), (line, when)
        move = stage.go_on()
        assert (move.act, move.outcome) == (Act.FINISH, Outcome.FAIL if fails else Outcome.PASS)
        assert (stage.made["mongo.switch"], stage.wrong) == (1, [])
        assert verify(stage.state / AUDIT).holds
        assert not list((stage.state / LOCKS).glob("*.lock"))
    assert reached >= LINES - 1


def _is_over(stage: Counted) -> bool:
    return any(each.mark is Mark.RUN_ENDED for each in stage.entries)


def _was_begun(stage: Counted) -> bool:
    return any(each.mark is Mark.INTENDED for each in stage.entries)


def test_an_application_that_the_start_brought_back_stops_the_next_change_until_a_person_goes_on(
    tmp_path: Path, boot: Path
) -> None:
    seen = 0
    for line in range(8, LINES):
        boot.write_text("before")
        stage = cut(tmp_path / str(line), line, "after")
        if stage is None:
            break
        boot.write_text("after")
        came_back = "stopped" in stage.true
        stage.true.discard("stopped")
        stage.told = lambda name, at=stage: (  # type: ignore[misc]
            "under a running application" if name == "mongo.switch" and "stopped" not in at.true else ""
        )
        moves = [stage.go_on()]
        while moves[-1].act is Act.PAUSE and len(moves) < 3:
            moves.append(stage.go_on())
        assert moves[-1].act is Act.FINISH, (line, moves)
        assert not [each for each in stage.wrong if "running application" in each]
        if moves[-1].outcome is Outcome.FAIL:
            assert (moves[-1].step, stage.made["mongo.switch"], "stopped" in stage.true) == (
                "stop_app",
                0,
                False,
            )
        else:
            assert stage.made["mongo.switch"] == 1
        if came_back and len(moves) > 1:
            seen += 1
            assert any(each.mark is Mark.HOLD_LOST for each in stage.entries), line
    assert seen > 2


def test_the_lock_of_the_old_boot_stays_the_interrupted_runs_until_it_ends_or_a_person_releases_it(
    tmp_path: Path, boot: Path
) -> None:
    stage = cut(tmp_path, 14, "after")
    assert stage is not None
    assert stage.folder is not None
    other = lock_of(stage.state, stage.playbook)
    with pytest.raises(RefusedError, match="amani is acting here"):  # same boot, and the process lives
        other.take(run="another", who="neema")
    boot.write_text("after")
    with pytest.raises(
        RefusedError, match=f"stale, held by amani .* run {stage.folder.run}, which is not over"
    ):
        other.take(run="another", who="neema")
    assert stage.go_on().outcome is Outcome.PASS
    assert stage.made["mongo.switch"] == 1
    assert other.take(run="another", who="neema") == ()


def test_a_run_whose_lock_a_person_has_released_to_another_goes_on_with_nothing(
    tmp_path: Path, boot: Path
) -> None:
    stage = cut(tmp_path, 14, "after")
    assert stage is not None
    boot.write_text("after")
    other = lock_of(stage.state, stage.playbook)
    for seen in other.found():
        other.free(seen, lambda: None)
    other.take(run="another", who="neema")
    waits = stage.go_on()
    assert (waits.act, stage.made["mongo.switch"]) == (Act.PAUSE, 1)
    other.release(run="another")
    assert stage.go_on().act is Act.PAUSE
    assert stage.go_on(stop="leave").end is End.STOPPED
    assert stage.made["mongo.switch"] == 1


def test_one_that_was_stopping_the_application_is_not_over_though_the_world_says_not_done(
    tmp_path: Path,
) -> None:
    """What it may hold is given back before it ends: until then nobody else acts."""
    stage = Counted(tmp_path, without("load", source=R3))
    with pytest.raises(Crashed), crashing((Mark.INTENDED, "stop_app"), "after"):
        stage.start()
    assert stage.go_on(stop="pause").act is Act.PAUSE
    assert stage.folder is not None
    assert stage.entries[-2].mark is Mark.RECONCILED
    assert not stage.stand().changed
    assert is_over(stage.state / "runs", stage.folder.run) is False


def test_one_that_had_changed_nothing_stands_in_nobodys_way(tmp_path: Path, boot: Path) -> None:
    stage = cut(tmp_path, 3, "after")
    assert stage is not None
    assert stage.folder is not None
    assert not stage.stand().changed
    boot.write_text("after")
    other = lock_of(stage.state, stage.playbook)
    assert {each.run for each in other.take(run="another", who="neema")} == {stage.folder.run}


def test_a_lock_whose_run_left_no_journal_is_not_taken_over(tmp_path: Path, boot: Path) -> None:
    stage = cut(tmp_path, 14, "after")
    assert stage is not None
    assert stage.folder is not None
    boot.write_text("after")
    for content in ("no journal\n", ""):
        stage.folder.journal.write_text(content)
        with pytest.raises(RefusedError, match="whether that is over is not known"):
            lock_of(stage.state, stage.playbook).take(run="another", who="neema")


def test_the_guard_says_what_the_lock_says(tmp_path: Path, boot: Path) -> None:
    stage = cut(tmp_path, 14, "after")
    assert stage is not None
    boot.write_text("after")
    guard = Guard(id="nobody_else", kind="nobody_else", why=Text(en="w"), fix=Text(en="f"))
    found = evaluate(guard, look_around(stage.state, stage.site, stage.playbook, run="another"))
    with pytest.raises(RefusedError) as refused:
        lock_of(stage.state, stage.playbook).take(run="another", who="neema")
    assert (found.outcome, found.stops, found.said) == (Outcome.FAIL, True, refused.value.phrase)
