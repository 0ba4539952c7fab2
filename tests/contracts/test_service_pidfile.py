"""A service known by its pid file only, told by signals and by the program that the site names: real processes."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from medflow_tui.clients.network import Deadline
from medflow_tui.clients.supervisors import supervisor
from medflow_tui.clients.supervisors.on_its_way import is_on_its_way
from medflow_tui.clients.supervisors.telling import Pace, Supervisor, life_of
from medflow_tui.model.procedure import Outcome
from medflow_tui.model.service import Verb
from medflow_tui.model.targets.process import ProcessTarget

SLEEPS = (sys.executable, "-c", "import time; time.sleep(600)")
STUBBORN = (
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(600)",
)
FALLS = (sys.executable, "-c", "import time; time.sleep(0.3)")
QUICK = Pace(every_s=0.05, steady_s=0.6)


@pytest.fixture
def target(tmp_path: Path) -> Iterator[ProcessTarget]:
    """Whatever a test has started by it is ended by its pid."""
    found = ProcessTarget(
        name="backend",
        manager="pidfile",
        pid_file=str(tmp_path / "backend.pid"),
        start=SLEEPS,
        start_in=str(tmp_path),
        output=str(tmp_path / "backend.log"),
    )
    yield found
    family = [each for each in psutil.process_iter(["cwd"]) if each.info["cwd"] == str(tmp_path)]
    for each in family:
        each.kill()
    psutil.wait_procs(family, timeout=5)


def of(target: ProcessTarget) -> Supervisor:
    return supervisor(target, pace=QUICK)


def within(seconds: float = 20.0) -> Deadline:
    return Deadline.after(seconds)


def test_it_is_started_restarted_and_stopped_and_each_is_measured(target: ProcessTarget) -> None:
    service = of(target)
    started = service.start(within())
    assert (started.outcome, started.state, started.exit_code) == (Outcome.PASS, "running", 0)
    assert psutil.Process(started.after.pid).cmdline() == list(SLEEPS)
    again = service.restart(within())
    assert again.outcome is Outcome.PASS
    assert again.before == started.after
    assert again.after.pid != started.after.pid
    assert again.after.started_ms > started.after.started_ms
    assert not psutil.pid_exists(started.after.pid) or psutil.Process(started.after.pid).status() == "zombie"
    stopped = service.stop(within())
    assert (stopped.outcome, stopped.state, stopped.after.pid) == (Outcome.PASS, "stopped", 0)


def test_what_is_started_is_in_a_session_of_its_own_and_prints_into_its_file(
    target: ProcessTarget, tmp_path: Path
) -> None:
    said = replace(
        target, start=(sys.executable, "-c", "import time; print('ready', flush=True); time.sleep(600)")
    )
    started = of(said).start(within())
    assert os.getsid(started.after.pid) == started.after.pid
    assert (tmp_path / "backend.log").read_text() == "ready\n"


def test_starting_what_runs_starts_no_second_one(target: ProcessTarget) -> None:
    first = of(target).start(within())
    second = of(target).start(within())
    assert (second.outcome, second.before) == (Outcome.PASS, first.after)
    assert of(target).look(within()).pid == first.after.pid


def test_a_process_that_does_not_end_is_not_killed_and_the_restart_starts_no_second_one(
    target: ProcessTarget, tmp_path: Path
) -> None:
    stubborn = replace(target, start=STUBBORN)
    first = of(stubborn).start(within())
    while "up" not in (tmp_path / "backend.log").read_text():
        time.sleep(0.02)
    told = of(stubborn).restart(within(7.0))
    assert (told.answer, told.measured, told.outcome) == (Outcome.FAIL,) * 3
    assert told.said.text == "it does not end, and it is not killed"
    assert psutil.Process(first.after.pid).is_running()
    assert of(stubborn).look(within()).pid == first.after.pid


def test_a_program_that_falls_a_moment_later_was_not_started(target: ProcessTarget) -> None:
    told = of(replace(target, start=FALLS)).start(within(8.0))
    assert (told.answer, told.outcome) == (Outcome.PASS, Outcome.FAIL)


def test_a_program_that_does_not_exist_was_not_started(target: ProcessTarget) -> None:
    told = of(replace(target, start=("/nowhere/node", "server.js"))).start(within(8.0))
    assert (told.answer, told.outcome) == (Outcome.FAIL, Outcome.FAIL)
    assert told.applies


def test_without_a_program_to_start_it_is_not_stopped_for_a_restart(target: ProcessTarget) -> None:
    first = of(target).start(within())
    told = of(replace(target, start=())).restart(within())
    assert not told.applies
    assert told.said.text == "the site does not say how it is started"
    assert of(target).look(within()).pid == first.after.pid


def test_a_pid_that_was_given_to_another_process_is_not_asked_to_end(target: ProcessTarget) -> None:
    other = of(target).start(within())
    long_ago = other.after.started_ms / 1000 - 3600
    os.utime(target.pid_file, (long_ago, long_ago))
    of(target).stop(within())
    assert psutil.Process(other.after.pid).is_running()


def test_a_held_one_stays_stopped_for_nothing_starts_it(target: ProcessTarget) -> None:
    of(target).start(within())
    held = of(target).hold(within())
    assert (held.outcome, held.state) == (Outcome.PASS, "stopped")
    assert of(target).release(within(), held.memory).outcome is Outcome.PASS


def test_the_calls_are_told_without_a_number_that_changes(target: ProcessTarget) -> None:
    of(target).start(within())
    before = of(target).plan(Verb.RESTART)
    of(target).restart(within())
    assert of(target).plan(Verb.RESTART) == before
    assert before[0] == f"SIGTERM {target.pid_file}"


def test_a_program_on_its_way_is_seen_and_the_service_itself_is_not_meant(target: ProcessTarget) -> None:
    started = of(target).start(within())
    calls = of(target).calls(Verb.RESTART)
    assert is_on_its_way(calls)
    assert not is_on_its_way(calls, but=(started.after.pid,))


def test_a_frozen_process_has_the_same_life(target: ProcessTarget) -> None:
    started = of(target).start(within())
    os.kill(started.after.pid, signal.SIGSTOP)
    assert life_of(of(target).look(within())) == started.after
    os.kill(started.after.pid, signal.SIGCONT)


def test_on_another_machine_it_is_refused_with_the_reason(target: ProcessTarget) -> None:
    told = of(replace(target, runs_on="serveur")).restart(within())
    assert (told.applies, told.outcome) == (False, Outcome.FAIL)
    assert "another machine" in told.said.text
