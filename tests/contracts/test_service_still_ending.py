"""A service that obeys late, while the run goes on: people can stop the wait, it is not told twice, and it is up in the end."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from medflow_tui.actions.service_facts import number
from medflow_tui.model.procedure import Act, Mark, Outcome
from tests.contracts.test_service_ends_late import ENDS_AFTER_S, LATE, lives, work_at
from tests.servers.service_steps import TIMING, Work, behind_a_pid_file
from tests.unit.runner.stage import Stage
from tests.unit.runner.test_runner import QUIET, on_mains

__all__ = ["on_mains"]
ENDS_AT_S = 3.0
IN_TIME = replace(TIMING, ends_s=ENDS_AT_S + 2)
ACTIONS = {
    "service.stop": "service.hold_acquire",
    "service.start": "service.hold_release",
    "service.is_stopped": "service.hold_probe",
}


@pytest.fixture
def table(tmp_path: Path) -> Iterator[dict[str, Any]]:
    with behind_a_pid_file(tmp_path, LATE.replace(f"< {ENDS_AFTER_S}", f"< {ENDS_AT_S}")) as found:
        yield found


def asked_to_end(work: Work, action: str) -> None:
    """By a step that gave up waiting for it."""
    work.timeout_s = 1
    assert work.whole(action)[1].outcome is Outcome.FAIL
    assert lives(work.folder) == ["start", "term"]
    work.timeout_s = 25


@pytest.mark.parametrize("why", ["stop", "timeout"])
def test_who_stops_the_wait_is_heard_and_no_order_follows(
    table: dict[str, Any], tmp_path: Path, why: str
) -> None:
    work, action = work_at(table, tmp_path, IN_TIME), "service.restart"
    asked_to_end(work, action)
    work.timeout_s = 1 if why == "timeout" else 25
    assert work.ask(action, lambda each: each.prepare).outcome is Outcome.PASS
    halted = [""]
    threading.Timer(0.2, lambda: halted.__setitem__(0, why if why == "stop" else "")).start()
    began = time.monotonic()
    found = work.performer(action).carry_out(replace(work.task(action), halted=lambda: halted[0]))
    assert time.monotonic() - began < 1.5
    work.past[action] |= found.facts
    assert found.outcome is Outcome.UNKNOWN
    assert work.ask(action, lambda each: each.verify).outcome is Outcome.UNKNOWN, "it may end at any moment"
    assert lives(tmp_path) == ["start", "term"]


def test_who_stops_the_wait_of_a_resumed_run_is_heard(table: dict[str, Any], tmp_path: Path) -> None:
    work, action = work_at(table, tmp_path, IN_TIME), "service.stop"
    asked_to_end(work, action)
    work.past[action].pop("told.answer")
    began = time.monotonic()
    found = work.performer(action).reconcile(replace(work.task(action), halted=lambda: "stop"))
    assert time.monotonic() - began < 1.0
    assert found.outcome is Outcome.UNKNOWN


def test_one_killed_after_an_order_that_was_given_late_waits_from_that_order_on(
    table: dict[str, Any], tmp_path: Path
) -> None:
    work, action = work_at(table, tmp_path, replace(TIMING, ends_s=1.4)), "service.restart"
    asked_to_end(work, "service.stop")
    work.timeout_s = 1
    assert work.ask(action, lambda each: each.prepare).outcome is Outcome.PASS
    intent = dict(work.past[action])
    work.ask(action, lambda each: each.carry_out)
    assert lives(tmp_path)[:3] == ["start", "term", "term"]
    work.past[action] = intent
    work.timeout_s = 25
    assert work.ask(action, lambda each: each.reconcile).outcome is Outcome.FAIL
    told_ms, now_ms = intent["to_end_ms"], time.time() * 1000
    assert isinstance(told_ms, int)
    assert "end" in lives(tmp_path) or now_ms >= told_ms + 1400, "not done, while it may still obey"
    assert told_ms >= number(work.past["service.stop"]["to_end_ms"]) + 1400
    assert lives(tmp_path)[:3] == ["start", "term", "term"]


@pytest.mark.parametrize("asked", ["verify", "reconcile"])
def test_what_still_ends_was_not_given_back(table: dict[str, Any], tmp_path: Path, asked: str) -> None:
    """Nothing was prepared for giving it back: so it is at the end of a run, and on the way back."""
    work = work_at(table, tmp_path, IN_TIME)
    asked_to_end(work, "service.hold_acquire")
    assert work.ask("service.hold_release", lambda each: getattr(each, asked)).outcome is Outcome.FAIL
    assert "end" in lives(tmp_path)


def test_a_run_that_gives_up_holding_it_ends_with_the_service_up(
    table: dict[str, Any], tmp_path: Path
) -> None:
    work = work_at(table, tmp_path, IN_TIME)
    holds = 'args = { holds = ["app_stopped"] }\neffect = "disruptive"\non_unknown = "rerun"\n'
    assert holds in QUIET
    stage = Stage(tmp_path / "run", QUIET.replace(holds, f"{holds}timeout_s = 1\n", 1))
    for name, action in ACTIONS.items():
        stage.services[name] = work.performer(action)  # type: ignore[assignment]
    move = stage.start()
    assert (move.act, move.outcome) == (Act.FINISH, Outcome.FAIL)
    assert [each.outcome for each in stage.entries if each.mark is Mark.HOLD_RELEASED] == [Outcome.PASS]
    assert lives(tmp_path) == ["start", "term", "end", "start"]
