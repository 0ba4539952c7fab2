"""Writes down why a service fell before anything is changed: sealed as it was, redacted for people."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from medflow_tui.clients.network import Deadline, UnreachableError
from medflow_tui.clients.supervisors.crash import look_at_crash
from medflow_tui.clients.supervisors.seen import Seen
from medflow_tui.clients.supervisors.telling import Supervisor
from medflow_tui.clients.tools import Tools
from medflow_tui.journal.lives import Lives
from medflow_tui.journal.private import FILE_MODE, make_folder, sync_folder
from medflow_tui.journal.run_log import find
from medflow_tui.model.canonical import Fact
from medflow_tui.model.errors import RefusedError
from medflow_tui.model.performer import Finding, Task
from medflow_tui.model.procedure import Outcome
from medflow_tui.model.service import Crash
from medflow_tui.model.targets.process import ProcessTarget
from medflow_tui.model.words import Phrase, say

CAPTURE_S = 20.0
RUNS = "runs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """What was captured; `raw` and `redacted` are the files (mode 0600), `sha256` that of the raw one."""

    crash: Crash
    raw: str
    redacted: str
    sha256: str


class Capture:
    """Reads and writes down; changes nothing of the service. Where the log cannot be had, it says so and passes."""

    calls: tuple[str, ...] = ()

    def __init__(self, name: str, supervisor: Supervisor, capture: Callable[[Task, Seen], Sealed]) -> None:
        self._name, self._supervisor, self._capture = name, supervisor, capture

    def prepare(self, task: Task) -> Finding:
        return Finding(outcome=Outcome.PASS)

    def carry_out(self, task: Task) -> Finding:
        return Finding(outcome=Outcome.PASS)

    def reconcile(self, task: Task) -> Finding:
        return Finding(outcome=Outcome.FAIL)

    def verify(self, task: Task) -> Finding:
        """Pass when it is written down. Not being able to write is a fail: without it nothing is to be changed."""
        try:
            seen = self._supervisor.look(Deadline.after(CAPTURE_S))
        except UnreachableError as error:
            return Finding(outcome=Outcome.UNKNOWN, said=error.failure.text)
        try:
            sealed = self._capture(task, seen)
        except OSError as error:
            said = say("what was captured cannot be written: {why}", why=error.strerror or "?")
            return Finding(outcome=Outcome.FAIL, said=said)
        except RefusedError as error:
            return Finding(outcome=Outcome.FAIL, said=error.phrase)
        return Finding(outcome=Outcome.PASS, said=summary(sealed.crash), facts=_facts(sealed))


def into_the_run(target: ProcessTarget, tools: Tools) -> Callable[[Task, Seen], Sealed]:
    """A capture into the folder of the run that the step's argument `run` names."""

    def capture(task: Task, seen: Seen) -> Sealed:
        folder = find(tools.state / RUNS, str(task.step.args.get("run", "")))
        return sealing(target, tools, folder.path)(task, seen)

    return capture


def sealing(target: ProcessTarget, tools: Tools, folder: Path) -> Callable[[Task, Seen], Sealed]:
    """A capture into `folder`: `sealed/` as it was, `out/` for people."""

    def capture(task: Task, seen: Seen) -> Sealed:
        now = tools.now()
        starts = tuple(each.started_at for each in Lives(tools.state / "lives", target.name).all())
        crash, raw = look_at_crash(target, seen, starts, now, Deadline.after(CAPTURE_S))
        stem = f"crash-{now:%Y%m%d-%H%M%S-%f}"
        sealed, shown = folder / "sealed" / f"{stem}.log", folder / "out" / f"{stem}.txt"
        content = raw.encode("utf-8", "replace")
        _write(sealed, content)
        _write(shown, ("\n".join(crash.lines) + "\n").encode())
        return Sealed(
            crash=crash, raw=str(sealed), redacted=str(shown), sha256=hashlib.sha256(content).hexdigest()
        )

    return capture


def summary(crash: Crash) -> Phrase:
    """How it ended, in one line.

    >>> from medflow_tui.model.health import EPOCH
    >>> summary(Crash(taken_at=EPOCH, state="failed", word="failed", exit_code=3)).text
    'it ended with exit status {code}'
    """
    if crash.killed or crash.ended_by.startswith("oom"):
        names = ", ".join(crash.killed or ()) or crash.word
        first = say("memory ran out: the system ended {names}", names=names[:60])
    elif crash.ended_by:
        first = say("it was ended by {what}", what=crash.ended_by)
    elif crash.exit_code >= 0 and crash.state != "running":
        first = say("it ended with exit status {code}", code=str(crash.exit_code))
    else:
        first = say("{word}", word=crash.word)
    return first.also(say("{n:number} lines of its log kept", n=len(crash.lines)))


def _facts(sealed: Sealed) -> dict[str, Fact]:
    """Numbers, names of files and the hash: no line of the log, which the audit must not hold."""
    crash = sealed.crash
    return {
        "crash.state": crash.state,
        "crash.exit": crash.exit_code,
        "crash.ended_by": crash.ended_by,
        "crash.restarts": crash.restarts,
        "crash.unstable": crash.unstable,
        "crash.memory": crash.memory,
        "crash.memory_limit": crash.memory_limit,
        "crash.killed": ("?",) if crash.killed is None else crash.killed,
        "crash.starts": tuple(f"{each:%Y-%m-%dT%H:%M:%SZ}" for each in crash.starts),
        "crash.lines": len(crash.lines),
        "crash.log": crash.log,
        "crash.raw": sealed.raw,
        "crash.redacted": sealed.redacted,
        "crash.sha256": sealed.sha256,
    }


def _write(path: Path, content: bytes) -> None:
    """A new file for this user only, on the disk before it is spoken of."""
    make_folder(path.parent)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), FILE_MODE)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    sync_folder(path.parent)
