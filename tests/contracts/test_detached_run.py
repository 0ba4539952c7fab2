"""A run outlives whoever started it, and the password lives in memory only."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from medflow_tui.journal.run_log import RunFolder
from medflow_tui.model.errors import RefusedError
from medflow_tui.model.procedure import Mark, Phase, RunState
from medflow_tui.runner.detached import start
from medflow_tui.runner.follow import Follower, unfinished
from medflow_tui.runner.process import Order
from tests.servers.process import OwnProcess
from tests.servers.queue_clinic import PROGRAM, ROOT, Clinic, clinic, environment, in_trouble
from tests.servers.sync_backend import PASSWORD, RETRY, START
from tests.servers.valkey import running as valkey

COMMAND = (sys.executable, str(PROGRAM))
STARTER = """
import os, sys
from medflow_tui.runner.detached import start
from medflow_tui.runner.process import read_order
start((sys.executable, sys.argv[1]), read_order(sys.stdin.buffer.read()))
print("started", flush=True)
os.read(int(sys.argv[2]), 1)
"""


@pytest.fixture(scope="module")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnProcess]:
    with valkey(tmp_path_factory.mktemp("valkey")) as server:
        yield server


@pytest.fixture
def here(redis_server: OwnProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Clinic]:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    with clinic(redis_server.port, tmp_path / "state") as found:
        in_trouble(found)
        yield found


class Gate:
    """The backend waits with its answer to a change until the test lets it go on."""

    def __init__(self, here: Clinic, path: str = START) -> None:
        import threading

        self.reached, self.open = threading.Event(), threading.Event()

        def stop(asked: str, moment: str) -> None:
            if (asked, moment) == (path, "before"):
                self.reached.set()
                self.open.wait(20)

        here.backend.on_post = stop


def until(order: Order, holds: Callable[[RunState], bool], within_s: float = 30.0) -> RunState:
    follower = Follower(RunFolder(path=order.folder))
    ends = time.monotonic() + within_s
    while not holds(state := follower.poll().state):
        assert time.monotonic() < ends, state
        time.sleep(0.02)
    return state


def test_a_run_is_a_process_of_its_own_session_without_a_parent_that_waits(here: Clinic) -> None:
    gate = Gate(here)
    order = here.order()
    start(COMMAND, order)
    assert gate.reached.wait(20)
    state = until(order, lambda each: each.pid > 0)
    assert os.getsid(state.pid) != os.getsid(0)
    assert psutil.Process(state.pid).ppid() != os.getpid()
    assert psutil.Process(state.pid).terminal() is None
    assert state.phase is Phase.RUNNING
    assert [each.phase for each in unfinished(here.state / "runs")] == [Phase.RUNNING]
    gate.open.set()
    assert until(order, lambda each: each.phase.is_over).phase is Phase.SUCCEEDED
    assert unfinished(here.state / "runs") == ()


def test_hang_up_and_interrupt_do_not_reach_it(here: Clinic) -> None:
    gate = Gate(here)
    order = here.order()
    start(COMMAND, order)
    assert gate.reached.wait(20)
    pid = until(order, lambda each: each.pid > 0).pid
    for each in (signal.SIGHUP, signal.SIGINT, signal.SIGHUP):
        os.kill(pid, each)
    gate.open.set()
    assert until(order, lambda each: each.phase.is_over).phase is Phase.SUCCEEDED


def test_it_goes_on_when_the_one_who_started_it_is_killed(here: Clinic) -> None:
    gate = Gate(here)
    order = here.order()
    reading, writing = os.pipe()
    starter = subprocess.Popen(
        [sys.executable, "-c", STARTER, str(PROGRAM), str(reading)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment(),
        pass_fds=(reading,),
        start_new_session=True,
    )
    assert starter.stdin is not None
    assert starter.stdout is not None
    starter.stdin.write(order.written())
    starter.stdin.close()
    assert starter.stdout.readline() == b"started\n"
    assert gate.reached.wait(20)
    os.killpg(starter.pid, signal.SIGHUP)
    os.kill(starter.pid, signal.SIGKILL)
    starter.wait()
    starter.stdout.close()
    os.close(reading)
    os.close(writing)
    assert until(order, lambda each: each.phase is Phase.RUNNING).pid != starter.pid
    gate.open.set()
    assert until(order, lambda each: each.phase.is_over).phase is Phase.SUCCEEDED
    assert here.backend.posts == {START: 1, RETRY: 1}


def test_asked_to_stop_it_finishes_the_step_in_hand_and_can_be_resumed(here: Clinic) -> None:
    gate = Gate(here)
    order = here.order()
    start(COMMAND, order)
    assert gate.reached.wait(20)
    os.kill(until(order, lambda each: each.pid > 0).pid, signal.SIGTERM)
    gate.open.set()
    state = until(order, lambda each: each.phase is Phase.PAUSED)
    assert here.backend.posts == {START: 1}
    assert state.step == "watch"
    start(COMMAND, order)
    assert until(order, lambda each: each.phase.is_over).phase is Phase.SUCCEEDED
    assert here.backend.posts == {START: 1, RETRY: 1}


def test_the_password_is_in_no_file_no_argument_and_no_environment(here: Clinic) -> None:
    gate = Gate(here)
    order = here.order()
    start(COMMAND, order)
    assert gate.reached.wait(20)
    pid = until(order, lambda each: each.pid > 0).pid
    for name in ("cmdline", "environ"):
        assert PASSWORD.encode() not in Path(f"/proc/{pid}/{name}").read_bytes()
    assert str(Path(f"/proc/{pid}/fd/0").readlink()) == os.devnull
    gate.open.set()
    until(order, lambda each: each.phase.is_over)
    files = [each for each in here.state.parent.rglob("*") if each.is_file()]
    assert files
    assert all(PASSWORD.encode() not in each.read_bytes() for each in files)
    assert PASSWORD not in repr(order)
    assert PASSWORD not in json.dumps(here.plan().record())


def test_only_one_process_works_on_a_run(here: Clinic) -> None:
    gate = Gate(here)
    order = here.order()
    start(COMMAND, order)
    assert gate.reached.wait(20)
    assert here.run(order) == 4
    gate.open.set()
    assert until(order, lambda each: each.phase.is_over).phase is Phase.SUCCEEDED
    assert here.backend.posts == {START: 1, RETRY: 1}


def test_of_two_orders_for_the_same_playbook_one_runs(here: Clinic) -> None:
    first, second = here.order(), here.order()
    gate = Gate(here)
    start(COMMAND, first)
    assert gate.reached.wait(20)
    assert here.run(second) == 2
    assert until(second, lambda each: each.phase.is_over).phase is Phase.REFUSED
    gate.open.set()
    assert until(first, lambda each: each.phase.is_over).phase is Phase.SUCCEEDED


def test_half_an_order_does_nothing(here: Clinic) -> None:
    order = here.order()
    found = subprocess.run(
        COMMAND, input=order.written()[:-20], env=environment(), capture_output=True, timeout=30, check=False
    )
    assert found.returncode == 4
    assert not RunFolder(path=order.folder).journal.exists()
    assert here.backend.posts == {}


def test_a_program_that_does_not_start_is_said(here: Clinic) -> None:
    with pytest.raises(RefusedError):
        start(("/nonexistent/program",), here.order())
    with pytest.raises(RefusedError):
        start((sys.executable, "-c", "raise SystemExit(1)"), here.order())


def test_a_follower_gets_every_line_once(here: Clinic) -> None:
    order = here.order()
    start(COMMAND, order)
    follower = Follower(RunFolder(path=order.folder))
    seen = []
    ends = time.monotonic() + 30
    while True:
        news = follower.poll()
        seen += [each.seq for each in news.entries]
        if news.state.phase.is_over:
            break
        assert time.monotonic() < ends
        time.sleep(0.01)
    assert seen == list(range(len(seen)))
    assert follower.entries[-1].mark is Mark.RUN_ENDED
