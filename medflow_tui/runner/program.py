"""Runs a program by its argument list: output to files that only this user reads, judged by what its step expects."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

from medflow_tui.journal.private import make_folder
from medflow_tui.model.errors import MedflowError
from medflow_tui.model.performer import Finding, Task
from medflow_tui.model.playbook import Expect
from medflow_tui.model.procedure import Outcome
from medflow_tui.model.words import SILENCE, say
from medflow_tui.rules.outcome import judge
from medflow_tui.runner.at_work import at_work, note, take
from medflow_tui.runner.printed import lay_plain_copy
from medflow_tui.runner.pulse import Pulse

LOOK_EVERY_S, ENDS_WITHIN_S, TELL_EVERY_S = 0.05, 10.0, 30.0
MOST_READ = 4 * 1024 * 1024
WHY = {
    "stop": say("somebody asked to stop"),
    "timeout": say("it took too long"),
    "hold": say("a hold was lost"),
}
NOT_HEARD = say("how it ended is not known")
KEPT = (
    "PATH",
    "HOME",
    "LANG",
    "LC_ALL",
    "TZ",
    "USER",
    "LOGNAME",
    "XDG_RUNTIME_DIR",
    "KUBECONFIG",
    "DOCKER_HOST",
)


class Program:
    """One program of a step. It is a session of its own: no hang-up and no Ctrl-C reaches it.

    It may outlive the runner that started it: it holds a lock as long as it, or what it started, has that file open. None
    is started beside it. One that closes descriptors which it does not know is taken for ended: this is the known limit.
    """

    def __init__(
        self, argv: tuple[str, ...], folder: Path, within: Path | None = None, *, is_copied: bool = False
    ) -> None:
        """What it prints goes into `folder`, sealed; where it `is_copied`, what may be shown of it lies beside that."""
        self._folder, self._within, self._is_copied = folder, within, is_copied
        self.calls: tuple[str, ...] = (" ".join(argv),)

    def prepare(self, task: Task) -> Finding:
        works = at_work(self._folder, task.step.id)
        return Finding(outcome=Outcome.UNKNOWN if works else Outcome.PASS, said=works)

    def carry_out(self, task: Task) -> Finding:
        """Run it to its end, or until `halted` says otherwise: then it is asked to end, and waited for."""
        make_folder(self._folder)
        expect, out, error = task.step.expect or Expect(), self._file(task, "out"), self._file(task, "err")
        try:
            child = self._start(task, out, error)
        except OSError as wrong:
            said = say(
                "{program} cannot be started: {why}", program=task.step.run[0], why=wrong.strerror or "?"
            )
            return Finding(outcome=Outcome.FAIL, said=said, facts={"calls_made": 0})
        if child is None:
            return Finding(outcome=Outcome.UNKNOWN, said=at_work(self._folder, task.step.id) or NOT_HEARD)
        halted = self._wait(child, task)
        if self._is_copied:
            with suppress(OSError):  # what was done was done all the same, and the sealed one is there
                lay_plain_copy(self._folder.parent, task.step)
        found = judge(expect, child.returncode, _read(out), _read(error))
        facts = {**found.facts, "exit": child.returncode, "calls_made": 1}
        if halted:
            said = say("ended early").also(WHY.get(halted, SILENCE))
            return Finding(outcome=Outcome.UNKNOWN, said=said, facts=facts)
        if found.outcome is not Outcome.FAIL and not (_is_whole(out) and _is_whole(error)):
            said = say("it wrote more than is read: what it says at its end is not known")
            return Finding(outcome=Outcome.UNKNOWN, said=said, facts=facts)
        return Finding(outcome=found.outcome, said=found.said, facts=facts)

    def verify(self, task: Task) -> Finding:
        """A program that only reads is run now; one that changes something was judged when it ended."""
        if not task.step.effect.changes:
            return self.carry_out(task)
        return Finding(outcome=Outcome.PASS) if "exit" in task.own() else self.reconcile(task)

    def reconcile(self, task: Task) -> Finding:
        """Not known: it still works, or how it ended was heard by nobody."""
        return Finding(outcome=Outcome.UNKNOWN, said=at_work(self._folder, task.step.id) or NOT_HEARD)

    def _start(self, task: Task, out: Path, error: Path) -> subprocess.Popen[bytes] | None:
        """None while an earlier one works: what that prints is not cut off either. Raises OSError."""
        lock = take(self._folder, task.step.id)
        if lock is None:
            return None
        try:
            with self._new(out) as stdout, self._new(error) as stderr:
                child = subprocess.Popen(
                    task.step.run,
                    stdin=subprocess.DEVNULL,
                    stdout=stdout,
                    stderr=stderr,
                    cwd=self._within,
                    start_new_session=True,
                    pass_fds=(lock,) if os.name == "posix" else (),
                    env={name: os.environ[name] for name in KEPT if name in os.environ},
                )
            note(lock, child.pid)
        finally:
            os.close(lock)
        return child

    def _file(self, task: Task, kind: str) -> Path:
        return self._folder / f"{task.step.id}.{kind}"

    def _new(self, path: Path):  # type: ignore[no-untyped-def]
        return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")

    def _wait(self, child: subprocess.Popen[bytes], task: Task) -> str:
        halted, asked_at, told_at = "", 0.0, time.monotonic()
        pulse = Pulse(child, [self._file(task, kind) for kind in ("out", "err")])
        while child.poll() is None:
            if not halted and (halted := task.halted()):
                asked_at = time.monotonic()
                _signal(child, signal.SIGTERM)
            elif halted and time.monotonic() - asked_at > ENDS_WITHIN_S:
                _signal(child, signal.SIGKILL)
            if time.monotonic() - told_at >= TELL_EVERY_S:
                told_at = time.monotonic()
                self._tell(pulse, task)
            time.sleep(LOOK_EVERY_S)
        return halted

    def _tell(self, pulse: Pulse, task: Task) -> None:
        """It is not left alone when this cannot be written: the step's next line says so."""
        with suppress(MedflowError, OSError):
            if pulse.has_moved():
                n = pulse.size()
                task.tell(say("it works; {n:bytes} printed", n=n), {"printed": n})


def _signal(child: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, number)


def _is_whole(path: Path) -> bool:
    return path.stat().st_size <= MOST_READ


def _read(path: Path) -> str:
    with path.open("rb") as file:
        return file.read(MOST_READ).decode("utf-8", errors="replace")
