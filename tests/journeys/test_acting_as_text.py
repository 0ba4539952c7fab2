"""Guarded runs at a terminal without a screen: real processes on a real pseudo-terminal, over small real sites."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
import redis

from medflow_tui.config.load import load
from medflow_tui.journal.audit_reading import stand
from medflow_tui.journal.moment import boot_id
from medflow_tui.lab.backup_folder import truncate_newest, write_backups
from medflow_tui.model.procedure import Phase, RunState, StepStand
from medflow_tui.rules.auditing.checkpoint import Signed
from medflow_tui.runner.dispatch import Dispatch
from medflow_tui.runner.lock import RunLock
from medflow_tui.wiring import tools_for
from medflow_tui.wiring.acting import dispatch_for
from tests.servers.small_site import program, surroundings, write_site
from tests.servers.terminal import Terminal, running
from tests.servers.valkey import running as valkey

CHECK, SESSIONS = "daily-backup-check", "redis-sessions"
REASON, PROMPT = "asked for by the clinic\n", "anything else leaves:"
INTERRUPT, END, AGREED = "\x03", "\x04", "LINE BACKUPS\n"


@dataclass(slots=True)
class Talk:
    """What a person at a terminal reads, in its order, and types."""

    terminal: Terminal
    at: int = 0

    @property
    def all(self) -> str:
        return self.terminal.written.decode(errors="replace").replace("\r\n", "\n")

    def reads(self, *words: str) -> None:
        for each in words:
            self.terminal.until(
                lambda each=each: each in self.all[self.at :], f"{each!r} in\n{self.all[self.at :]}"
            )
            self.at = self.all.index(each, self.at) + len(each)

    def answers(self, question: str, typed: str) -> None:
        self.reads(question)
        self.terminal.type(typed)

    def signs_in(self) -> None:
        self.answers("Why do you want to act?", REASON)
        self.answers("user name", "amani\n")
        self.reads("password")
        time.sleep(0.2)  # echo is switched off after the question was written
        self.terminal.type("hunter2-secret\n")


@dataclass(frozen=True, kw_only=True)
class Place:
    folder: Path
    site: Path

    @property
    def dispatch(self) -> Dispatch:
        site = load(self.site).site
        found = dispatch_for(site, self.folder / "state", tools_for(site, self.folder / "state"))
        assert found is not None
        return found

    @contextmanager
    def talk(self, *words: str, term: str = "dumb", language: str = "en") -> Iterator[Talk]:
        command = program(self.folder, "playbook", *words, "--lang", language, site=self.site)
        with running(command, surroundings(term), columns=200) as terminal:
            yield Talk(terminal)

    def told(self, *words: str) -> tuple[int, str]:
        done = subprocess.run(
            program(self.folder, "playbook", *words, site=self.site),
            env=dict(surroundings("dumb")),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    def until(self, holds: Callable[[RunState], bool]) -> RunState:
        """The newest run, once it is so."""
        ends = time.monotonic() + 30
        while True:
            state = next(iter(self.dispatch.runs()), None)
            if state is not None and holds(state):
                return state
            assert time.monotonic() < ends, state
            time.sleep(0.1)

    def audited(self, event: str) -> list[dict[str, object]]:
        lines = (self.folder / "state" / "audit.jsonl").read_text().splitlines()
        return [found for each in lines if (found := json.loads(each))["ev"] == event]

    def kill(self) -> None:
        for each in self.dispatch.going_on():
            os.kill(each.pid, signal.SIGKILL)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    backups = tmp_path / "backups"
    write_backups(backups, datetime.now(UTC))
    truncate_newest(backups)
    site = write_site(
        tmp_path, f'[target.backups]\nfolder = "{backups}"\n[contacts.assistance]\nname = "Assist"\n'
    )
    found = Place(folder=tmp_path, site=site)
    yield found
    found.kill()


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[tuple[Place, redis.Redis]]:
    """A site whose Redis is a real one, with 20 sessions."""
    with valkey(tmp_path / "valkey") as server:
        site = write_site(tmp_path)
        site.write_text(site.read_text().replace("127.0.0.1:9/0", f"127.0.0.1:{server.port}/0"))
        place = Place(folder=tmp_path, site=site)
        with redis.Redis(port=server.port, decode_responses=True) as client:
            for number in range(20):
                client.set(f"session:{number}", "x")
            yield place, client
        place.kill()


def test_a_check_is_read_confirmed_followed_answered_and_ends(place: Place) -> None:
    with place.talk("run", CHECK) as talk:
        talk.answers("Why do you want to act?", "short\n")
        talk.reads("too short")
        talk.answers("Why do you want to act?", REASON)
        talk.reads("Read the newest backups to their end", "Reason: asked for by the clinic")
        talk.terminal.type("\n" * 50 + AGREED)  # before anybody can have read it
        talk.reads(PROMPT)
        time.sleep(0.5)
        assert not place.dispatch.runs()
        talk.terminal.type(AGREED)
        talk.reads("Started: run", "Read the newest backups to their end: ", "waits for an answer", "1 to 4")
        talk.terminal.type("9\n")
        talk.reads("none of the choices")
        talk.answers("1 to 4", "1\n")
        talk.reads("heard, and written down", "Tell the person in charge of the database: done")
        talk.reads("Patients' data are safe", "Nothing was changed.", "plan ")
        assert talk.terminal.ended() == 0
        assert "\x1b" not in talk.all
    state = place.until(lambda each: each.phase.is_over)
    assert (state.phase, state.reason) == (Phase.SUCCEEDED, REASON.strip())


@pytest.mark.parametrize(
    ("typed", "why", "code"),
    [
        ("LIME\n", "confirm_wrong", 1),
        (END, "by_person", 1),
        (INTERRUPT, "by_person", 130),
        ("", "line_lost", 129),
    ],
)
def test_anything_else_leaves_with_nothing_done_and_that_is_recorded(
    place: Place, typed: str, why: str, code: int
) -> None:
    with place.talk("run", CHECK) as talk:
        talk.answers("Why do you want to act?", REASON)
        talk.reads(PROMPT)
        if typed:
            talk.terminal.type(typed)
            assert talk.terminal.ended() == code
        else:
            talk.terminal.hang_up()
            assert talk.terminal.process.wait(20) == code
    assert not place.dispatch.runs()
    (left,) = place.audited("plan.cancelled")
    assert left["result"] == {"why": why}


def test_ctrl_c_and_a_lost_terminal_leave_it_going_and_it_is_found_again(place: Place) -> None:
    with place.talk("run", CHECK) as talk:
        talk.answers("Why do you want to act?", REASON)
        talk.answers(PROMPT, AGREED)
        talk.answers("1 to 4", INTERRUPT)
        talk.reads("1  stop after this step", "2  stop now: ")
        talk.answers("1 or 2", END)
        talk.reads("To follow it again: medflow-tui playbook resume")
        assert talk.terminal.ended() == 130
    run = place.until(lambda each: each.phase is Phase.WAITING).run
    with place.talk("resume", run) as talk:
        talk.reads("It goes on: it is followed here", "1 to 4")
        talk.terminal.hang_up()
        assert talk.terminal.process.wait(20) == 129
    assert place.until(lambda each: True).phase is Phase.WAITING
    with place.talk("resume", run) as talk:
        talk.answers("1 to 4", INTERRUPT)
        talk.answers("1 or 2", "1\n")
        talk.signs_in()
        talk.answers("to take over", "LINE\n")
        talk.reads("heard, and written down", "waits for a person", "To go on: medflow-tui playbook resume")
        assert talk.terminal.ended() == 1
    assert place.until(lambda each: not each.phase.is_alive).phase is Phase.PAUSED
    assert len(place.audited("control.taken")) == 1
    with place.talk("resume", run, "--leave", language="fr") as talk:
        talk.answers("agir", REASON)
        talk.answers("LINE BACKUPS", AGREED)
        assert talk.terminal.ended() == 1
    assert place.until(lambda each: each.phase.is_over).phase is Phase.CANCELLED


def test_a_killed_change_shows_what_is_unclear_and_goes_on_only_by_log_in_and_phrase(
    clinic: tuple[Place, redis.Redis],
) -> None:
    place, client = clinic
    with place.talk("run", SESSIONS) as talk:
        talk.signs_in()
        talk.reads("20 sessions of 20 keys")
        talk.reads(PROMPT)
        client.client_pause(30_000, all=False)  # reads are answered, writes wait
        talk.terminal.type(phrase(talk) + "\n")
        state = place.until(
            lambda each: any(it.stand is StepStand.STARTED and it.id == "clear" for it in each.steps)
        )
        os.kill(state.pid, signal.SIGKILL)
        talk.reads("Not clear, and read back before anything else: Remove 20 session keys")
        talk.reads("Perhaps changed: Remove 20 session keys", "To go on: medflow-tui playbook resume")
        assert talk.terminal.ended() == 1
        client.client_unpause()
        assert "hunter2" not in talk.all
    another = " ".join(place.told("run", SESSIONS, "--dry-run")[1].split())
    for each in (
        "stale, held by",
        state.run,
        "which is not over: go on with it or end it",
        "playbook unlock ",
    ):
        assert each in another
    with place.talk("resume", state.run) as talk:
        talk.reads("interrupted")
        talk.signs_in()
        talk.reads("read back first")
        talk.reads(PROMPT)
        talk.terminal.type(phrase(talk) + "\n")
        talk.reads("Patients' data were changed as planned, and read back")
        assert talk.terminal.ended() == 0
    assert not list(client.scan_iter("session:*"))
    assert place.told("resume", state.run)[0] == 3  # no terminal


def phrase(talk: Talk) -> str:
    """What was asked to be typed."""
    return talk.all.rpartition("Type  ")[2].partition("  to agree")[0]


def lock_file(
    place: Place, name: str, *, pid: int = 999_999_999, run: str = "20261128-000000-gone-0001"
) -> Path:
    folder = place.folder / "state" / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.lock"
    known = {"who": "beni", "run": run, "since": "2026-11-28T00:00:00Z", "pid": pid, "started": "ticks-1"}
    path.write_text(json.dumps({**known, "boot": boot_id()}))
    os.utime(path, (time.time() - 600, time.time() - 600))
    return path


def test_only_a_lock_that_nobody_holds_is_released_and_that_is_recorded(place: Place) -> None:
    assert place.told("unlock") == (0, "no lock is held here\n")
    stale, torn = lock_file(place, "backup-check"), lock_file(place, "clinic-check")
    torn.write_text("{")
    held = RunLock(stale.parent, ("redis",), lease_s=60)
    held.take(run="20261128-000000-mine-0002", who="amani")
    code, said = place.told("unlock")
    assert code == 0
    assert "backup-check: beni since 2026-11-28T00:00:00Z, run 20261128-000000-gone-0001, stale" in said
    assert "clinic-check: cannot be read" in said
    assert "redis: amani" in said
    for name, why in (("redis", "is held"), ("../site", "no lock"), ("backup-check", "at a terminal")):
        code, said = place.told("unlock", name)
        assert (code, why in said) == (3, True), said
    with place.talk("unlock", "backup-check") as talk:
        talk.answers(PROMPT.replace("leaves:", "leaves it:"), "yes\n")
        assert talk.terminal.ended() == 1
    assert stale.exists()
    for name in ("backup-check", "clinic-check"):
        with place.talk("unlock", name) as talk:
            talk.answers("anything else leaves it:", f"UNLOCK {name}\n")
            talk.reads("released, and written down")
            assert talk.terminal.ended() == 0
    assert not stale.exists()
    assert not torn.exists()
    assert [each["run"] for each in place.audited("lock.released")] == ["20261128-000000-gone-0001", ""]
    assert (stale.parent / "redis.lock").exists()


def test_a_lock_that_changed_after_it_was_shown_is_not_released(place: Place) -> None:
    stale = lock_file(place, "backup-check")
    with place.talk("unlock", "backup-check") as talk:
        talk.reads("anything else leaves it:")
        other = RunLock(stale.parent, ("backup-check",), lease_s=60, is_over=lambda run: True)
        other.take(run="20261128-000000-mine-0002", who="amani")
        talk.terminal.type("UNLOCK backup-check\n")
        talk.reads("has changed meanwhile")
        assert talk.terminal.ended() == 3
    assert stale.exists()


def test_an_interrupted_run_that_holds_a_lock_is_named_before_it_is_released(place: Place) -> None:
    with place.talk("run", CHECK) as talk:
        talk.answers("Why do you want to act?", REASON)
        talk.answers(PROMPT, AGREED)
        talk.reads("1 to 4")
        os.kill(place.until(lambda each: each.phase is Phase.WAITING).pid, signal.SIGKILL)
        talk.reads("interrupted", "When in doubt call Assist and say: run")
        assert talk.terminal.ended() == 1
    lock = place.folder / "state" / "locks" / "backup-check.lock"
    assert "not stale yet" in place.told("unlock", "backup-check")[1]
    os.utime(lock, (time.time() - 600, time.time() - 600))
    with place.talk("unlock", "backup-check") as talk:
        talk.reads("its run waits or was interrupted", "takes this lock by itself: playbook resume")
        talk.answers("anything else leaves it:", "\n")
        assert talk.terminal.ended() == 1
    assert lock.exists()


def test_by_symptom_in_both_languages_and_what_is_refused(place: Place) -> None:
    for words in (("users", "logged", "out"), ("déconnectés",)):
        code, said = place.told("list", *words)
        assert (code, SESSIONS in said) == (0, True), said
    assert len(place.told("list", "images", "manquantes")[1].splitlines()) < len(
        place.told("list")[1].splitlines()
    )
    code, said = place.told("list", "zeppelin")
    assert (code, "no playbook speaks of that" in said) == (1, True)
    for words, why in (
        (("run", CHECK), "at a terminal, not a file or a pipe"),
        (("run", CHECK, "--dry-run", "--input", "a=b"), "there is no input a"),
        (("run", CHECK, "--dry-run", "--input", "a"), "name=value"),
        (("resume",), "RUN"),
        (("resume", "x", "--leave", "--take-back"), "not allowed with"),
    ):
        code, said = place.told(*words)
        assert (code, why in said) == (3, True), said


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="no ssh-keygen")
def test_the_end_of_a_change_is_audited_and_signed_where_the_site_file_says(
    clinic: tuple[Place, redis.Redis],
) -> None:
    place, client = clinic
    key, signers, log = (place.folder / each for each in ("audit_key", "allowed_signers", "log"))
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    code = load(place.site).site.code
    signers.write_text(f"{code} {key.with_suffix('.pub').read_text()}")
    table = f'folder = "{log}"\nsigning_key = "file:{key}"\nsigners = "{signers}"\n'
    place.site.write_text(f"{place.site.read_text()}\n[audit]\n{table}")
    with place.talk("run", SESSIONS) as talk:
        talk.signs_in()
        talk.reads(PROMPT)
        talk.terminal.type(phrase(talk) + "\n")
        talk.reads("Patients' data were changed as planned, and read back")
        assert talk.terminal.ended() == 0
    assert not list(client.scan_iter("session:*"))
    place.until(lambda each: each.phase.is_over)
    assert not list((place.folder / "state").glob("audit*"))
    found = stand(log / "audit.jsonl", load(place.site).site)
    assert [each["ev"] for each in found.records][-1] == "run.done"
    assert found.signatures.signed is Signed.SIGNED
    assert found.signatures.count == found.end.count
