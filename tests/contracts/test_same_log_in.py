"""Log-ins as the kernel's audit knows them: whoever leaves the terminal, the session and all parents stays in one."""

from __future__ import annotations

import json
import os
import pwd
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from medflow_tui.model.access import UNSET_SESSION, Access, Origin, Person
from medflow_tui.rules.approving import is_same_login
from medflow_tui.runner.agreeing import agreement_phrase
from medflow_tui.runner.door import PREFIX, Door
from medflow_tui.runner.origin import origin_of
from tests.unit.runner.test_agreeing import Desk, audited, refused

NOBODY = pwd.getpwnam("nobody").pw_uid
LOG_IN = """
import os, sys
try:
    open("/proc/self/loginuid", "w").write(sys.argv[1])
except OSError:
    print(-1, -1, flush=True)
    raise SystemExit
reading, writing = os.pipe()
if not os.fork():  # becomes another user, and leaves everything behind
    os.setsid()
    if os.fork():
        os._exit(0)
    os.setsid()
    os.setresuid(int(sys.argv[1]), int(sys.argv[1]), int(sys.argv[1]))
    os.write(writing, str(os.getpid()).encode())
    sys.stdin.read()
    os._exit(0)
os.wait()
print(os.getpid(), os.read(reading, 20).decode(), flush=True)
sys.stdin.read()
"""
GONE = """
import json, os, socket, sys, time
os.setresuid(int(sys.argv[1]), int(sys.argv[1]), int(sys.argv[1]))
if begun := os.fork():
    os.waitpid(begun, 0)
    raise SystemExit
knock = socket.socket(socket.AF_UNIX)
knock.connect("\\0" + sys.argv[2])
first = os.getpid()
if os.fork():
    os._exit(0)
while os.path.exists(f"/proc/{first}"):
    time.sleep(0.01)
knock.sendall(json.dumps({"what": "agree", "plan_hash": sys.argv[3], "typed": sys.argv[4]}).encode() + b"\\n")
print(knock.recv(65536).decode())
"""
pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or os.getuid() != 0,
    reason="only root on Linux begins a log-in of the kernel's audit",
)


@contextmanager
def log_in() -> Iterator[tuple[Origin, Origin]]:
    """Somebody who logged in, and the other user whom they became."""
    child = subprocess.Popen(
        (sys.executable, "-S", "-E", "-c", LOG_IN, str(NOBODY)),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert child.stdout is not None
    try:
        first, second = map(int, child.stdout.readline().split())
        session = Path(f"/proc/{first}/sessionid")
        if first < 0 or not session.exists() or int(session.read_text()) == UNSET_SESSION:
            pytest.skip("this kernel keeps no audit sessions, or lets nobody begin one")
        yield origin_of(first, 0), origin_of(second, NOBODY)
    finally:
        child.communicate(timeout=10)


def test_one_who_leaves_terminal_session_and_parents_is_still_in_the_log_in() -> None:
    with ExitStack() as stack:
        (asks, became), (_, other) = (stack.enter_context(log_in()) for _ in range(2))
        assert became.user == "nobody"
        assert not {*asks.session, *asks.ancestors[:1]} & {*became.session, *became.ancestors}
        assert is_same_login(asks, became)
        assert not is_same_login(asks, other)


def test_one_whose_process_has_ended_when_it_is_looked_at_is_not_taken_for_another(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    run = desk.run()
    people = {**run.site.access.people, "nobody": Person(name="nobody", roles=("dba",))}
    run = replace(run, site=replace(run.site, access=Access(people=people)))
    name = run.journal.folder.run
    words = (str(NOBODY), f"{PREFIX}{name}", run.plan.hash, agreement_phrase(run.plan))
    with Door(name, run):
        done = subprocess.run(
            (sys.executable, "-S", "-E", "-c", GONE, *words),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        )
    desk.close()
    assert json.loads(done.stdout)["ok"] is False, done.stderr
    assert (run.count(), refused(run)) == (0, ["unseen"])
    (record,) = audited(desk, "approve.refused")
    assert (record["actor"]["name"], record["result"]["why"]) == ("nobody", "unseen")  # type: ignore[index]


INSIDE = """
import json, os, pty
from dataclasses import asdict
from medflow_tui.runner.origin import here
asks = here()
pid, terminal = pty.fork()
if pid == 0:
    os.write(1, json.dumps(asdict(here())).encode() + b"\\n")
    os._exit(0)
print(json.dumps([asdict(asks), json.loads(os.read(terminal, 65536))]))
"""


@pytest.mark.parametrize("before", [(), ("setsid", "-w")], ids=["leader outside", "leader is init"])
def test_in_a_container_whoever_opens_a_terminal_of_their_own_stays_in_the_log_in(
    before: tuple[str, ...],
) -> None:
    """The session's leader there is init, or cannot be seen: what both come from still tells."""
    done = subprocess.run(
        (
            "unshare",
            "--pid",
            "--fork",
            "--mount-proc",
            *before,
            "sh",
            "-c",
            '"$0" -c "$1"; exit $?',
            sys.executable,
            INSIDE,
        ),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    asks, opened = (Origin(**each) for each in json.loads(done.stdout))
    asks, opened = (
        replace(each, session=tuple(each.session), ancestors=tuple(each.ancestors)) for each in (asks, opened)
    )
    assert asks.terminal == 0 != opened.terminal
    assert is_same_login(asks, opened)
