"""A program that prints a patient and a secret: both are sealed with the run, and are nowhere else, while and after it runs."""

from __future__ import annotations

import os
import re
import signal
import stat
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest

from medflow_tui.actions import programs
from medflow_tui.cli import run as command_line
from medflow_tui.clients.tools import Tools
from medflow_tui.config.load import load
from medflow_tui.journal.run_log import RUN_ID, RunFolder
from medflow_tui.lab.people import PLANTED_NAME, PLANTED_SECRET
from medflow_tui.model.performer import Login, Task
from medflow_tui.model.playbook import Effect, Expect, Step, Text
from medflow_tui.model.procedure import Mark, Outcome, Phase
from medflow_tui.model.site import Site
from medflow_tui.playbooks.load import shipped
from medflow_tui.runner import printed
from medflow_tui.runner.dispatch import Dispatch
from medflow_tui.wiring import tools_for
from medflow_tui.wiring.acting import dispatch_for
from tests.servers.readings import Unlimited, keeper
from tests.servers.terminal import running

ROOT = Path(__file__).parents[2]
NUMBER, PASSWORD, OF_OTHERS = "MRN-778812", "Invente-Mot-De-Passe-4482", "Invente-Jeton-9917"
PLANTED = (*PLANTED_NAME, PLANTED_SECRET, NUMBER, PASSWORD, OF_OTHERS)
LEAKS = f"""
import sys, time
secret = open(sys.argv[1]).read().strip()
for stream in (sys.stdout, sys.stderr):
    print("New file detected: /Volumes/ZEISS/{"_".join(PLANTED_NAME)}_P99001_19710504_F_Fundus.jpg", file=stream)
    print("Patient: {" ".join(PLANTED_NAME)} {NUMBER}", file=stream)
    print("JWT_SECRET=" + secret, file=stream)
    print("mongodb://amani:" + secret + "@127.0.0.1/medflow", file=stream)
print("12 restored of {" ".join(PLANTED_NAME)}")
sys.stdout.flush()
time.sleep(float(sys.argv[2]))
if sys.argv[3] == "fails":
    print("Failed: {" ".join(PLANTED_NAME)}", file=sys.stderr)
"""
STEP = """
[[step]]
id = "{id}"
title = "Look"
title_fr = "Regarder"
run = ["{python}", "{program}", "{file}", "{seconds}", "{end}"]
effect = "{effect}"
timeout_s = 30
on_fail = "ask"
on_unknown = "ask"
[step.expect]
exit = [0]
stdout_require = ["(?P<restored>[0-9]+) restored"]
stderr_forbid = ["^Failed: .*"]
"""
SITE = """
profile = "medflow"
[site]
code = "LSH-02"
name = "Lubumbashi"
environment = "lab"
timezone = "UTC"
[audit]
append_only = false
syslog = false
reserve_mb = 0
[target.redis]
kind = "redis"
address = "redis://127.0.0.1:9"
"""
pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="/proc tells what others may read of a process"
)


@dataclass(frozen=True, kw_only=True)
class Place:
    dispatch: Dispatch
    folder: Path
    temporary: Path


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    for name, value in {
        "TMPDIR": str(temporary),
        "PYTHONPATH": str(ROOT),
        "MEDFLOW_TUI_STATE": str(tmp_path / "state"),
    }.items():
        monkeypatch.setenv(name, value)
    secret, program = tmp_path / "secret", tmp_path / "leaks.py"
    secret.write_text(PLANTED_SECRET)
    program.write_text(LEAKS)
    told = {"python": sys.executable, "program": program, "file": secret}
    steps = (("takes", "additive", "well", "1.5"), ("fails", "read", "fails", "0"))
    written = "".join(
        STEP.format(id=name, effect=effect, end=end, seconds=seconds, **told)
        for name, effect, end, seconds in steps
    )
    head = (shipped() / "plant-identity.toml").read_text().partition("[[step]]")[0]
    head = re.sub(r"\{\w+:number\}", "2", head.replace('"plant-identity"', '"leaks"'))
    (tmp_path / "playbooks").mkdir()
    (tmp_path / "playbooks" / "leaks.toml").write_text(head + written)
    (tmp_path / "site.toml").write_text(SITE)
    site = load(tmp_path / "site.toml").site
    dispatch = dispatch_for(site, tmp_path / "state", tools_for(site, tmp_path / "state"))
    assert dispatch is not None
    yield Place(dispatch=dispatch, folder=tmp_path, temporary=temporary)
    for each in dispatch.going_on():  # those of a test that failed
        os.kill(each.pid, signal.SIGKILL)


class Watch(threading.Thread):
    """What everybody on the machine may read of a process and its children, as long as they live."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self._pid, self._over = pid, threading.Event()
        self.seen: dict[tuple[int, str], bytes] = {}

    def run(self) -> None:
        while not self._over.wait(0.02):
            with suppress(psutil.Error):
                first = psutil.Process(self._pid)
                for each in (first, *first.children(recursive=True)):
                    self._read(each.pid)

    def _read(self, pid: int) -> None:
        """A child that has not become its program yet is still a copy of the runner, with the runner's environment."""
        with suppress(OSError):
            command = Path(f"/proc/{pid}/cmdline").read_bytes()
            if pid != self._pid and command == Path(f"/proc/{self._pid}/cmdline").read_bytes():
                return
            self._keep(pid, "cmdline", command)
            self._keep(pid, "environ", Path(f"/proc/{pid}/environ").read_bytes())

    def _keep(self, pid: int, name: str, content: bytes) -> None:
        self.seen[pid, name] = self.seen.get((pid, name), b"") + content

    def end(self) -> dict[tuple[int, str], bytes]:
        self._over.set()
        self.join(10)
        return self.seen


def holding(folder: Path) -> set[str]:
    """Files below it that have something planted in their text or name, relative to it."""
    files = [each for each in folder.rglob("*") if each.is_file() and not each.is_symlink()]
    return {
        str(each.relative_to(folder))
        for each in files
        if any(word.encode() in each.read_bytes() or word in each.name for word in PLANTED)
    }


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def begun(place: Place) -> RunFolder:
    book = next(each for each in place.dispatch.playbooks if each.id == "leaks")
    login = Login(username="amani", password=PASSWORD, at=datetime.now(UTC))
    plan = place.dispatch.plan(book, login)
    assert not plan.refusals, [each.said.text for each in plan.refusals]
    mandate = {"who": "amani", "reason": "asked for by the clinic", "typed": plan.confirm}
    return place.dispatch.start(book, plan, login=login, **mandate)


def test_what_a_program_prints_is_sealed_with_its_run_and_nowhere_else(
    place: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TOKEN_OF_ANOTHER_PROGRAM", OF_OTHERS)
    before = os.umask(0)
    try:
        folder = begun(place)
    finally:
        os.umask(before)
    follower, ends = place.dispatch.follower(folder.run), time.monotonic() + 30
    while not (state := follower.poll().state).pid:
        assert time.monotonic() < ends, state
        time.sleep(0.01)
    watch = Watch(state.pid)
    watch.start()
    while (state := follower.poll().state).phase.is_alive and not state.awaits:
        assert time.monotonic() < ends, state
        time.sleep(0.05)
    seen = watch.end()
    assert state.phase is not Phase.SUCCEEDED
    entries = folder.entries()
    (taken,) = [each for each in entries if (each.mark, each.step) == (Mark.VERIFIED, "takes")]
    assert any((each.mark, each.step) == (Mark.FAILED, "fails") for each in entries)
    assert taken.outcome is Outcome.PASS
    programs_seen = {pid for pid, name in seen if name == "cmdline" and b"leaks.py" in seen[pid, name]}
    assert programs_seen - {state.pid}
    for (pid, name), content in seen.items():
        told = [each for each in PLANTED if each.encode() in content]
        assert told in ([], [OF_OTHERS] if (pid, name) == (state.pid, "environ") else []), (pid, name)
    sealed = {
        f"runs/{folder.run}/sealed/{step}.{kind}" for step in ("takes", "fails") for kind in ("out", "err")
    }
    assert holding(place.dispatch.state) == sealed
    assert {mode(place.dispatch.state / each) for each in sealed} == {0o600}
    for each in (folder.path / "sealed", folder.path, folder.path.parent):
        assert mode(each) == 0o700
    assert holding(place.temporary) == set()
    site_file = str(place.folder / "site.toml")
    for words in (
        ("playbook", "runs"),
        ("playbook", "runs", folder.run),
        ("playbook", "show", "leaks"),
        ("audit", "show"),
        ("audit", "verify"),
    ):
        command_line([*words, "--site", site_file, "--lang", "en"])
    shown = "".join(capsys.readouterr())
    assert "leaks" in shown
    assert "What takes printed, redacted, at its end:\n  New file […]\n" in shown
    assert "[…] restored of […]" in shown
    assert not [each for each in PLANTED if each in shown]


def test_no_screen_shows_what_a_program_printed(place: Place) -> None:
    folder = begun(place)
    follower, ends = place.dispatch.follower(folder.run), time.monotonic() + 30
    while not (state := follower.poll().state).awaits and (state.phase.is_alive or not state.pid):
        assert time.monotonic() < ends, state
        time.sleep(0.05)
    command = (sys.executable, "-m", "medflow_tui", "--site", str(place.folder / "site.toml"), "--lang", "en")
    with running(command, {**os.environ, "TERM": "xterm-256color"}) as terminal:
        terminal.shows("F9 shows a run that is not over")
        terminal.type("\x1b[20~")
        terminal.shows("ended well, but says")
        written = bytes(terminal.written)
    assert not [each for each in PLANTED if each.encode() in written]
    assert holding(place.temporary) == set()
    assert all("sealed/" in each for each in holding(place.dispatch.state))


def test_a_copy_for_people_is_without_secrets_and_people_and_nobody_elses_business(place: Place) -> None:
    site = Site(code="LSH-02", name="Lubumbashi", environment="lab")
    tools = Tools(site=site, secret=keeper({}), budget=Unlimited(), state=place.folder / "state")
    run = "20261128-010000-backup-0001"
    assert RUN_ID.fullmatch(run)
    folder = tools.state / "runs" / run
    folder.mkdir(parents=True, mode=0o700)
    step = Step(id="save", title=Text(), action="backup_first.take", effect=Effect.STAGING, args={"run": run})
    task = Task(step=step, past={}, tell=lambda said, facts: None)
    leaks = place.folder / "leaks.py"  # in forms that redaction knows
    leaks.write_text(
        LEAKS.replace("restored of", "restored, patient").replace("Failed: ", "Failed: patient ")
    )
    argv = (sys.executable, str(place.folder / "leaks.py"), str(place.folder / "secret"), "0", "fails")
    expect = Expect(stdout_require=("(?P<restored>[0-9]+) restored",), stderr_forbid=("^Failed: .*",))
    before = os.umask(0)
    try:
        found = programs.run(tools, task, argv, place.folder, expect, "save")
    finally:
        os.umask(before)
    assert found.outcome is Outcome.FAIL
    assert holding(folder) == {"sealed/save.out", "sealed/save.err"}
    assert not [each for each in PLANTED if each in repr(found)]
    copy = folder / "out" / "save.txt"
    shown = copy.read_text()
    assert shown.count("[name]") >= 3
    assert "12 restored" in shown
    assert "/Volumes/ZEISS/" in shown
    for path, wanted in ((copy, 0o600), (copy.parent, 0o700), (folder / "sealed", 0o700)):
        assert mode(path) == wanted
    assert {mode(each) for each in (folder / "sealed").iterdir()} == {0o600}
    assert {each.name for each in copy.parent.iterdir()} == {"save.txt"}


def test_of_very_much_the_end_is_copied_and_no_line_without_its_beginning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "much.out"
    path.write_text(f"JWT_SECRET={PLANTED_SECRET}\nended well\n")
    assert printed.end_of([path]) == path.read_text()
    for most in range(len("ended well\n") + 1, path.stat().st_size):
        monkeypatch.setattr(printed, "MOST_READ", most)
        assert printed.end_of([path]) == "ended well\n"
