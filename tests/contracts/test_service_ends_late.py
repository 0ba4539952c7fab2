"""A database under a pid file that needs its time to end: asked once, let obey, never killed; one number says how long."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from medflow_tui.actions.service import TIMING as AS_SHIPPED
from medflow_tui.actions.service import Timing, Watched, performers_of
from medflow_tui.actions.service_capture import sealing
from medflow_tui.clients.supervisors import supervisor
from medflow_tui.model.procedure import Outcome
from medflow_tui.rules.service_guards import ENDS_WITHIN_S
from tests.servers.readings import tools
from tests.servers.service_steps import (
    QUICK,
    TIMING,
    Work,
    behind_a_pid_file,
    killed_while,
    never_ready,
    target_of,
)

ENDS_AFTER_S = 1.6
LATE = f"""
import os, signal, sys, time
log = open(sys.argv[1], "a", buffering=1)
asked = 0.0
def end(*_):
    global asked
    log.write("term\\n")
    asked = asked or time.monotonic()
signal.signal(signal.SIGTERM, end)
log.write("start\\n")
while not asked or time.monotonic() - asked < {ENDS_AFTER_S}:
    time.sleep(0.02)
log.write("end\\n")
"""


@pytest.fixture
def table(tmp_path: Path) -> Iterator[dict[str, Any]]:
    with behind_a_pid_file(tmp_path, LATE) as found:
        yield found


def work_at(table: dict[str, Any], folder: Path, timing: Timing, *, timeout_s: int = 25) -> Work:
    """A run on a database that has been started."""
    target = target_of(table)
    watched = Watched(
        name="backend",
        supervisor=supervisor(target, pace=QUICK),
        ready=never_ready,
        capture=sealing(target, tools(folder / "state"), folder / "run"),
    )
    found = Work(performers=performers_of(watched, timing), folder=folder)
    assert found.whole("service.start")[2].outcome is Outcome.PASS
    found.past.clear()
    found.timeout_s = timeout_s
    return found


def lives(folder: Path) -> list[str]:
    return (folder / "lives.log").read_text().split()


def test_how_long_it_may_need_is_one_number() -> None:
    assert AS_SHIPPED.ends_s == Timing().ends_s == ENDS_WITHIN_S


def test_a_run_killed_while_it_ends_asks_it_no_second_time(table: dict[str, Any], tmp_path: Path) -> None:
    work = work_at(table, tmp_path, replace(TIMING, ends_s=ENDS_AFTER_S + 2))
    killed_while(work, table, "service.restart", stops="inside", when=lambda: "term" in lives(tmp_path))
    _, verified = work.resumed("service.restart")
    assert verified.outcome is Outcome.PASS
    assert lives(tmp_path) == ["start", "term", "end", "start"]


@pytest.mark.parametrize("then", ["service.restart", "service.start", "service.stop"])
def test_a_step_that_gave_up_waiting_left_it_to_the_next_one_to_wait_on(
    table: dict[str, Any], tmp_path: Path, then: str
) -> None:
    work = work_at(table, tmp_path, replace(TIMING, ends_s=ENDS_AFTER_S + 2), timeout_s=1)
    first = "service.stop" if then != "service.stop" else "service.hold_acquire"
    assert work.whole(first)[1].outcome is Outcome.FAIL
    assert "end" not in lives(tmp_path)
    work.timeout_s = 25
    assert work.whole(then)[2].outcome is Outcome.PASS
    assert lives(tmp_path) == ["start", "term", "end", *(["start"] if then != "service.stop" else [])]


def test_what_does_not_run_is_waited_for_by_nobody(table: dict[str, Any], tmp_path: Path) -> None:
    work = work_at(table, tmp_path, replace(TIMING, ends_s=60.0))
    for action in ("service.stop", "service.hold_acquire", "service.hold_release", "service.start"):
        began = time.monotonic()
        assert work.whole(action)[2].outcome is Outcome.PASS
        assert time.monotonic() - began < 20.0
    assert lives(tmp_path) == ["start", "term", "end", "start"]


def test_one_that_had_all_its_time_and_still_runs_is_asked_again_and_not_killed(
    table: dict[str, Any], tmp_path: Path
) -> None:
    work = work_at(table, tmp_path, replace(TIMING, ends_s=0.1), timeout_s=1)
    assert work.whole("service.stop")[1].outcome is Outcome.FAIL
    work.timeout_s = 25
    assert work.whole("service.stop")[2].outcome is Outcome.PASS
    assert lives(tmp_path) == ["start", "term", "term", "end"]
