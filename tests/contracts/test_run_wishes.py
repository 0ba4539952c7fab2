"""Orders to a real run in a process of its own, through its socket: stop, leave, take over, and who is not heard."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from medflow_tui.journal import audit
from medflow_tui.journal.run_log import RunFolder
from medflow_tui.model.errors import RefusedError
from medflow_tui.model.performer import Task
from medflow_tui.model.playbook import Effect, Expect, Step, Text
from medflow_tui.model.procedure import Mark, Outcome, Phase
from medflow_tui.runner.channel import SOCKET, speak
from medflow_tui.runner.detached import start
from medflow_tui.runner.process import Order
from medflow_tui.runner.program import Program
from medflow_tui.runner.wishes import Wish
from tests.contracts.test_detached_run import COMMAND, Gate, until
from tests.servers.process import OwnProcess
from tests.servers.queue_clinic import ROOT, Clinic, clinic, in_trouble
from tests.servers.sync_backend import START
from tests.servers.valkey import running as valkey


@pytest.fixture(scope="module")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnProcess]:
    with valkey(tmp_path_factory.mktemp("valkey")) as server:
        yield server


@pytest.fixture
def here(redis_server: OwnProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Clinic]:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    with clinic(
        redis_server.port, tmp_path / "a-state-folder-with-a-name-so-long-that-no-socket-fits" / "s"
    ) as found:
        in_trouble(found)
        yield found


@pytest.fixture
def at_work(here: Clinic) -> Iterator[tuple[Order, Gate]]:
    """A run in the middle of its first change."""
    gate, order = Gate(here), here.order()
    start(COMMAND, order)
    assert gate.reached.wait(20)
    try:
        yield order, gate
    finally:
        gate.open.set()
        until(order, lambda each: not each.phase.is_alive)


def wish(what: str, **more: object) -> Wish:
    return Wish(what=what, **{"who": "tech1", "session": "one", **more})  # type: ignore[arg-type]


def test_a_run_that_is_told_to_stop_finishes_its_step_and_is_left_as_it_stands(
    here: Clinic, at_work: tuple[Order, Gate]
) -> None:
    order, gate = at_work
    assert len(str(order.folder / SOCKET)) > 108
    speak(order.folder, wish("stop", then="leave"))
    gate.open.set()
    state = until(order, lambda each: each.phase.is_over)
    assert state.phase is Phase.STOPPED
    assert state.changed
    assert here.backend.posts == {START: 1}
    assert audit.verify(here.state / "audit.jsonl").holds
    ends = time.monotonic() + 10
    while (order.folder / SOCKET).exists():  # its last line is written just before its door is closed
        assert time.monotonic() < ends
        time.sleep(0.02)


def test_what_cannot_be_undone_calls_the_one_in_charge_and_may_then_be_left(
    here: Clinic, at_work: tuple[Order, Gate]
) -> None:
    order, gate = at_work
    speak(order.folder, wish("stop", then="roll_back"))
    gate.open.set()
    state = until(order, lambda each: not each.phase.is_alive)
    assert state.phase is Phase.ROLLBACK_BLOCKED
    assert state.call == "devices"
    from dataclasses import replace

    start(COMMAND, replace(order, mandate=replace(order.mandate, stop="leave")))
    assert until(order, lambda each: each.phase.is_over).phase is Phase.STOPPED
    assert here.backend.posts == {START: 1}


def test_one_gives_orders_and_another_takes_over_in_the_open(at_work: tuple[Order, Gate]) -> None:
    order, _ = at_work
    assert speak(order.folder, wish("take")) == ("tech1", "one")
    with pytest.raises(RefusedError, match="tech1 gives the orders here"):
        speak(order.folder, wish("stop", who="grace", session="two"))
    speak(order.folder, wish("take", who="grace", session="two"))
    with pytest.raises(RefusedError, match="grace gives the orders here"):
        speak(order.folder, wish("stop"))
    taken = [each for each in RunFolder(path=order.folder).entries() if each.mark is Mark.CONTROL_TAKEN]
    assert [each.facts["who"] for each in taken] == ["tech1", "grace"]
    assert {each.facts["uid"] for each in taken} == {os.getuid()}


def test_the_socket_is_for_its_user_and_garbage_does_no_harm(at_work: tuple[Order, Gate]) -> None:
    order, gate = at_work
    assert stat.S_IMODE((order.folder / SOCKET).stat().st_mode) & 0o077 == 0
    descriptor = os.open(order.folder, os.O_RDONLY)
    for garbage in (b"", b"\n", b"{}\n", b"[1]\n", b"x" * 9000, b'{"what":"stop","who":1}\n'):
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as one:
            one.settimeout(5)
            one.connect(f"/proc/self/fd/{descriptor}/{SOCKET}")
            one.sendall(garbage)
    os.close(descriptor)
    speak(order.folder, wish("look"))
    gate.open.set()
    assert until(order, lambda each: each.phase.is_over).phase is Phase.SUCCEEDED


SPEAK_AS_ANOTHER = """
import os, socket, sys
os.chdir(sys.argv[1])
for name, mode in ((".", 0o777), ("run.sock", 0o777)):
    os.chmod(name, mode)
os.setuid(65534)
one = socket.socket(socket.AF_UNIX)
one.connect("run.sock")
one.sendall(b'{"what":"stop","then":"leave","who":"tech1","session":"one"}\\n')
print(one.recv(4096).decode())
"""


@pytest.mark.skipif(os.getuid() != 0, reason="becoming another user needs root")
def test_another_user_is_not_heard_even_when_the_files_let_him(
    here: Clinic, at_work: tuple[Order, Gate]
) -> None:
    order, gate = at_work
    found = subprocess.run(
        [sys.executable, "-c", SPEAK_AS_ANOTHER, str(order.folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert '"ok":false' in found.stdout, found.stderr
    gate.open.set()
    assert until(order, lambda each: each.phase.is_over).phase is Phase.SUCCEEDED


def test_a_program_is_a_session_of_its_own_and_gets_no_secret_of_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MEDFLOW_CANARY", "secret")
    text = "import os; print(os.getsid(0) == os.getpid(), 'MEDFLOW_CANARY' in os.environ)"
    step = Step(
        id="s",
        title=Text(en="s"),
        action="program.run",
        effect=Effect.DISRUPTIVE,
        run=(sys.executable, "-c", text),
        expect=Expect(stdout_require=("^True False$",)),
    )
    task = Task(step=step, past={}, tell=lambda said, facts: None)
    assert Program(step.run, tmp_path).carry_out(task).outcome is Outcome.PASS
