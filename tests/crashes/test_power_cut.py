"""The power goes at any operation on the disk and takes what was not fsynced: one resume, nothing twice, nothing lost."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from medflow_tui.journal import moment
from medflow_tui.journal.audit import verify
from medflow_tui.journal.run_log import RunFolder, all_runs
from medflow_tui.model.procedure import Act, Mark, Outcome, Phase
from medflow_tui.runner.follow import Follower, history, unfinished
from medflow_tui.runner.surroundings import AUDIT, LOCKS
from tests.crashes.disk import Disk
from tests.crashes.staged import Counted, Cut, Recording, forgotten


@pytest.fixture(autouse=True)
def _machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """On the mains, in a boot that `reboot` gives another name."""
    monkeypatch.setattr("medflow_tui.runner.surroundings._power", lambda: {"power": "mains"})
    (tmp_path / "boot").write_text("the first boot")
    monkeypatch.setattr(moment, "BOOT_ID", tmp_path / "boot")


@pytest.fixture(params=[False, True], ids=["forward", "way back"])
def recording(request: pytest.FixtureRequest, tmp_path: Path) -> Recording:
    return Recording(tmp_path, fails=request.param).make()


def reboot(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another boot, in which the number of the run's process is given again: this test has it, and still lives."""
    (folder / "boot").write_text("the boot after the cut")
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)  # no second cut follows


def test_after_any_loss_one_resume_ends_it_and_nothing_was_done_twice(
    recording: Recording, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reboot(tmp_path, monkeypatch)
    assert len(recording.cuts) > 150
    phases = set()
    for number, cut in enumerate(recording.cuts):
        stage = recording.found(cut, tmp_path / str(number))
        phases.add(as_left(stage, cut))
        if can_go_on(stage):
            move = stage.go_on()
        else:
            assert not cut.world.made, f"{cut}: changes were made and the run is gone"
            move = stage.start()
        wanted = Outcome.FAIL if recording.fails else Outcome.PASS
        assert (move.act, move.outcome) == (Act.FINISH, wanted), (str(cut), stage.entries[-4:])
        ended(stage, cut, recording)
    assert phases >= {None, Phase.PLANNED, Phase.INTERRUPTED}


def can_go_on(stage: Counted) -> bool:
    return stage.folder is not None and (stage.folder.path / "plan.json").exists()


def as_left(stage: Counted, cut: Cut) -> Phase | None:
    """What the next start shows: never as a run that goes on, never as damage; the audit holds, torn at the most."""
    states = history(stage.state / "runs")
    assert not [each for each in states if each.phase.is_alive or each.phase is Phase.DAMAGED], (cut, states)
    if (stage.state / AUDIT).exists():
        assert verify(stage.state / AUDIT).holds, str(cut)
    if not states:
        return None
    state = states[0]
    if cut.world.made and not state.phase.is_over:
        assert state.changed, f"{cut}: a change was made and the run does not know"
        assert [each.run for each in unfinished(stage.state / "runs")] == [state.run], str(cut)
    return state.phase


def ended(stage: Counted, cut: Cut, recording: Recording) -> None:
    assert stage.folder is not None
    state = Follower(RunFolder(path=stage.folder.path)).poll().state
    assert state.phase is (Phase.ROLLED_BACK if recording.fails else Phase.SUCCEEDED), (str(cut), state)
    assert ("switched" in stage.true, "stopped" in stage.true) == (not recording.fails, False), str(cut)
    assert (stage.made["mongo.switch"], stage.wrong) == (1, []), str(cut)
    assert stage.entries[-1].mark is Mark.RUN_ENDED
    assert any(each.mark is Mark.CONFIRMED for each in stage.entries), f"{cut}: who confirmed it is lost"
    assert verify(stage.state / AUDIT).holds, str(cut)
    assert not list((stage.state / LOCKS).glob("*.lock")), str(cut)
    assert len(all_runs(stage.state / "runs")) <= 2


class Killed(BaseException):
    """The process is gone; the machine, and what it keeps in memory of the disk, is not."""


def test_what_a_killed_run_left_undone_on_the_disk_is_made_durable_before_the_next_one_changes_anything(
    recording: Recording, tmp_path: Path
) -> None:
    """Killed at each operation until the first change, gone on with, and the power cut in the middle of each change."""
    first = next(at for at, each in enumerate(recording.cuts) if each.world.made)
    begins = recording.operations.index(recording.cuts[first].operation)
    for dies in range(1, begins + 1):
        stage = Counted(tmp_path / str(dies), fails=recording.fails)
        disk = Disk(stage.state)

        def die(operation: str, disk: Disk = disk, dies: int = dies) -> None:
            if len(disk.operations) == dies:
                raise Killed

        disk.told, stage.told = die, lambda name, disk=disk: forgotten(disk)  # type: ignore[misc]
        with disk.watching():
            try:
                stage.start()
            except Killed:
                move = stage.go_on() if can_go_on(stage) else stage.start()
        assert not stage.wrong, recording.operations[dies - 1]
        assert move.act is Act.FINISH
