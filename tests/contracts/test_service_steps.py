"""The steps on a service, with a real process behind a pid file: each is measured, interrupted, and made once only."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from medflow_tui.model.playbook import Hold, Text
from medflow_tui.model.procedure import Outcome
from medflow_tui.runner.holding import Holding, is_kept
from tests.servers.service_steps import Work, behind_a_pid_file, killed_while, target_of

SECRET, PATIENT = "JWT_SECRET=planted_9c41d2aa77", "KABONGO_MARIE_P10233_19710504_F"
SLOW = """
import os, signal, sys, time
log = open(sys.argv[1], "a", buffering=1)
def end(*_):
    log.write(f"term {os.getpid()}\\n")
    time.sleep(0.7)
    log.write(f"end {os.getpid()}\\n")
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
log.write(f"start {os.getpid()}\\n")
time.sleep(600)
"""


@pytest.fixture
def table(tmp_path: Path) -> Iterator[dict[str, Any]]:
    with behind_a_pid_file(tmp_path, SLOW) as found:
        yield found


@pytest.fixture
def work(table: dict[str, Any], tmp_path: Path) -> Work:
    """A run on a backend that has been started."""
    found = Work.at(target_of(table), tmp_path)
    assert found.whole("service.start")[2].outcome is Outcome.PASS
    found.past.clear()
    return found


def lines(tmp_path: Path, word: str) -> int:
    return sum(each.startswith(word) for each in (tmp_path / "lives.log").read_text().splitlines())


def test_a_restart_is_prepared_made_and_read_back(work: Work, tmp_path: Path) -> None:
    prepared, carried, verified = work.whole("service.restart")
    assert (prepared.outcome, carried.outcome, verified.outcome) == (Outcome.PASS,) * 3
    assert verified.facts["now.pid"] not in (0, prepared.facts["before.pid"])
    assert (lines(tmp_path, "start"), lines(tmp_path, "end")) == (2, 1)


def test_killed_before_the_change_it_was_not_done_and_is_made_once(
    work: Work, table: dict[str, Any], tmp_path: Path
) -> None:
    killed_while(work, table, "service.restart", stops="before")
    reconciled, verified = work.resumed("service.restart")
    assert (reconciled, verified.outcome) == (Outcome.FAIL, Outcome.PASS)
    assert "calls_made" not in work.past["service.restart"]
    assert lines(tmp_path, "start") == 2


def test_killed_between_the_end_of_the_old_one_and_the_start_of_the_new_one_it_is_half_done(
    work: Work, table: dict[str, Any]
) -> None:
    killed_while(work, table, "service.restart", stops="before")
    old = psutil.Process(int(work.past["service.restart"]["before.pid"]))  # type: ignore[arg-type]
    old.kill()
    psutil.wait_procs([old], timeout=5)
    found = work.ask("service.restart", lambda each: each.reconcile)
    assert (found.outcome, found.facts["calls_made"]) == (Outcome.FAIL, 1)


def test_killed_while_the_old_one_still_ends_it_is_started_once(
    work: Work, table: dict[str, Any], tmp_path: Path
) -> None:
    killed_while(work, table, "service.restart", stops="inside", when=lambda: lines(tmp_path, "term") > 0)
    _, verified = work.resumed("service.restart")
    assert verified.outcome is Outcome.PASS
    assert (lines(tmp_path, "start"), lines(tmp_path, "end")) == (2, 1)


def test_killed_as_soon_as_the_new_one_runs_it_is_not_restarted_twice(
    work: Work, table: dict[str, Any], tmp_path: Path
) -> None:
    killed_while(work, table, "service.restart", stops="inside", when=lambda: lines(tmp_path, "start") > 1)
    reconciled, verified = work.resumed("service.restart")
    assert (reconciled, verified.outcome) == (Outcome.PASS, Outcome.PASS)
    assert lines(tmp_path, "start") == 2


def test_killed_after_the_change_it_is_only_read_back(
    work: Work, table: dict[str, Any], tmp_path: Path
) -> None:
    killed_while(work, table, "service.restart", stops="after")
    reconciled, verified = work.resumed("service.restart")
    assert (reconciled, verified.outcome) == (Outcome.PASS, Outcome.PASS)
    assert lines(tmp_path, "start") == 2


def test_a_hold_remembers_that_it_ran_and_the_release_starts_it_again(work: Work, tmp_path: Path) -> None:
    assert work.whole("service.hold_acquire")[2].outcome is Outcome.PASS
    assert work.ask("service.hold_probe", lambda each: each.verify).outcome is Outcome.PASS
    assert work.whole("service.hold_release")[2].outcome is Outcome.PASS
    probed = work.ask("service.hold_probe", lambda each: each.verify)
    assert (probed.outcome, probed.facts["state"]) == (Outcome.FAIL, "running")
    assert lines(tmp_path, "start") == 2


def test_a_hold_of_what_was_stopped_before_leaves_it_stopped(work: Work, tmp_path: Path) -> None:
    work.whole("service.stop")
    work.whole("service.hold_acquire")
    assert work.whole("service.hold_release")[2].outcome is Outcome.PASS
    assert lines(tmp_path, "start") == 1


def test_the_engine_takes_and_gives_back_a_hold_by_these_actions(work: Work, tmp_path: Path) -> None:
    hold = Hold(
        id="app_stopped",
        title=Text(en="x"),
        acquire="service.hold_acquire",
        release="service.hold_release",
        probe="service.hold_probe",
        why=Text(en="x"),
        fix=Text(en="x"),
        args={"service": "backend"},
    )
    taking, giving = (Holding([hold], work.performers.get, taking=each) for each in (True, False))
    work.performers = {**work.performers, "hold.acquire": taking, "hold.release": giving}
    assert work.whole("hold.acquire")[2].outcome is Outcome.PASS
    assert is_kept(hold, work.performers.get, work.task("hold.acquire")) is Outcome.PASS
    assert work.whole("hold.release")[2].outcome is Outcome.PASS
    assert lines(tmp_path, "start") == 2


def test_a_hold_interrupted_half_way_still_remembers_that_it_ran(
    work: Work, table: dict[str, Any], tmp_path: Path
) -> None:
    killed_while(
        work, table, "service.hold_acquire", stops="inside", when=lambda: lines(tmp_path, "term") > 0
    )
    assert work.resumed("service.hold_acquire")[1].outcome is Outcome.PASS
    assert lines(tmp_path, "term") == 1, "it was not asked to end a second time"
    assert work.whole("service.hold_release")[2].outcome is Outcome.PASS
    assert lines(tmp_path, "start") == 2


def test_somebody_who_starts_it_by_hand_is_seen_by_the_probe(work: Work) -> None:
    work.whole("service.hold_acquire")
    Work(performers=work.performers, folder=work.folder).whole("service.start")
    probed = work.ask("service.hold_probe", lambda each: each.verify)
    assert probed.outcome is Outcome.FAIL


def test_what_is_captured_is_sealed_as_it_was_and_shown_without_secrets_and_people(
    work: Work, tmp_path: Path
) -> None:
    planted = f"2026-11-23 error {SECRET}\nNew file detected: /Volumes/ZEISS/{PATIENT}_Fundus.jpg\n"
    (tmp_path / "backend.log").write_text(planted)
    found = work.ask("service.capture", lambda each: each.verify)
    raw, shown = Path(str(found.facts["crash.raw"])), Path(str(found.facts["crash.redacted"]))
    assert found.outcome is Outcome.PASS
    assert raw.read_text() + "\n" == planted
    assert (raw.stat().st_mode & 0o777, shown.stat().st_mode & 0o777) == (0o600, 0o600)
    for planted_word in ("planted_9c41d2aa77", "KABONGO", "P10233"):
        assert planted_word not in shown.read_text()
        assert planted_word not in repr(found)
    assert "error" in shown.read_text()
    assert found.facts["crash.memory"] != 0


def test_a_capture_that_cannot_be_written_is_a_fail(work: Work, tmp_path: Path) -> None:
    (tmp_path / "run").write_text("a file where the folder of the run should be")
    found = work.ask("service.capture", lambda each: each.verify)
    assert found.outcome is Outcome.FAIL


def test_a_service_that_is_not_on_this_machine_is_told_apart_from_one_that_fails(
    work: Work, table: dict[str, Any], tmp_path: Path
) -> None:
    away = Work.at(target_of({**table, "runs_on": "serveur"}), tmp_path / "other")
    prepared, _, _ = away.whole("service.restart")
    assert (prepared.outcome, prepared.facts["told.applies"]) == (Outcome.FAIL, False)
    assert lines(tmp_path, "start") == 1


@pytest.mark.parametrize(
    ("answers", "outcome", "asked"),
    [
        ("yyy", Outcome.PASS, 3),
        ("ynyyny" + "yyy", Outcome.PASS, 8),
        ("n" * 400, Outcome.FAIL, None),
    ],
)
def test_ready_is_three_times_in_a_row(
    table: dict[str, Any], tmp_path: Path, answers: str, outcome: Outcome, asked: int | None
) -> None:
    said = iter(answers)

    def ready(asked_ms: int, deadline: object) -> tuple[Outcome, Any]:
        from medflow_tui.model.words import say

        return (Outcome.PASS if next(said) == "y" else Outcome.FAIL), say("not ready")

    work = Work.at(target_of(table), tmp_path, ready)
    work.timeout_s = 2
    found = work.ask("service.ready_three_times", lambda each: each.verify)
    assert found.outcome is outcome
    assert asked is None or found.facts["asked"] == asked
