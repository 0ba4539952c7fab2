"""launchd of macOS, by `launchctl print`, whose text is for people and may change: only a few lines are read."""

from __future__ import annotations

import math
import os
import re
import sys
import time
from collections.abc import Callable
from dataclasses import replace

import psutil

from medflow_tui.clients.command import Output, run
from medflow_tui.clients.network import Deadline, UnreachableError
from medflow_tui.clients.supervisors.saying import by_code, with_rights
from medflow_tui.clients.supervisors.seen import Seen, garbled, unknown_to
from medflow_tui.clients.supervisors.telling import PLANNED, Call
from medflow_tui.model.health import Cause
from medflow_tui.model.procedure import Facts
from medflow_tui.model.service import Verb
from medflow_tui.model.targets.process import ProcessTarget
from medflow_tui.model.words import SILENCE, Phrase, say

LINE = re.compile(
    r"^\t(state|pid|runs|last exit code|last terminating signal|path|stdout path|stderr path) = (.+)$",
    re.MULTILINE,
)
NOT_FOUND = 113  # "Could not find service … in domain"


def look(target: ProcessTarget, deadline: Deadline) -> Seen:
    """What launchd knows of the label, among the agents of this person and then of the system.

    A label with its domain (`gui/501/com.medflow.MATRIX`) is looked for there only.
    """
    output = None
    for domain in _domains(target.unit):
        output = run(("launchctl", "print", domain), deadline)
        if output.code == 0:
            return replace(parse(output.text), handle=domain)
    if output is not None and output.code == NOT_FOUND:
        raise unknown_to("launchd")
    raise garbled("launchd")


def _domains(unit: str) -> tuple[str, ...]:
    if "/" in unit:
        return (unit,)
    mine = () if sys.platform == "win32" else (f"gui/{os.getuid()}/{unit}",)
    return (*mine, f"system/{unit}")


def parse(text: str) -> Seen:
    """The state, pid and number of runs in the text of `launchctl print`. Raises UnreachableError."""
    found: dict[str, str] = {}
    for name, value in LINE.findall(text):
        found.setdefault(name, value.strip())
    if "state" not in found:
        raise garbled("launchd")
    word = found["state"]
    runs, pid, code = (_number(found.get(name, "")) for name in ("runs", "pid", "last exit code"))
    state = "running" if word == "running" else "starting" if word.startswith("spawn") else "stopped"
    if state == "stopped" and code:
        state = "failed"
    return Seen(
        state=state,
        word=word,
        pid=pid,
        restarts=None if runs is None else max(0, runs - 1),
        online=1 if state == "running" else 0,
        exit_code=code if state != "running" else None,
        ended_by=found.get("last terminating signal", ""),
        kills_after_s=math.inf,  # `launchctl kill` only sends the signal
        more={name: found.get(name, "") for name in ("path", "stdout path", "stderr path")},
    )


def _number(text: str) -> int | None:
    """The number that a value begins with (`78: EX_CONFIG`); `(never exited)` is none."""
    found = re.match(r"-?\d+", text)
    return int(found.group()) if found else None


PLIST, DOMAIN = "plist", "domain"
DISABLED = re.compile(r'^\s*"([^"]+)" => (true|disabled)$', re.MULTILINE)  # macOS before and from 13


def disabled(text: str) -> frozenset[str]:
    """The labels in `launchctl print-disabled` that launchd will not load, in the words of old and new macOS.

    >>> sorted(disabled('\\t"a" => true\\n\\t"b" => disabled\\n\\t"c" => enabled\\n'))
    ['a', 'b']
    """
    return frozenset(label for label, _ in DISABLED.findall(text))


class Launchd:
    """Orders for one job. A stop unloads it (`KeepAlive` would start it again); a hold disables it as well.

    Restarted by SIGTERM and then a kickstart without `-k`, which kills. What it needs to be loaded again, its file and
    domain, is told by launchd only while it is loaded: `release` and `start` after a hold take it from the memory.
    """

    name = "launchd"

    def __init__(self, target: ProcessTarget) -> None:
        self._target = target
        self.planned = replace(PLANNED, handle=_domains(target.unit)[0], more={"path": "ITS-PLIST"})

    def look(self, deadline: Deadline) -> Seen:
        """A job that is not loaded is stopped, and held when launchd has it among the disabled."""
        domain = _domains(self._target.unit)[0]
        try:
            return replace(look(self._target, deadline), held=False)
        except UnreachableError as error:
            if error.failure.cause is not Cause.ABSENT or not self._is_disabled(domain, deadline):
                raise
        return Seen(state="stopped", word="disabled", online=0, held=True, at_boot=False, handle=domain)

    def lacks(self, verb: Verb, seen: Seen) -> Phrase:
        if verb in (Verb.START, Verb.RESTART) and seen.held:
            return say("it is held: nothing may start it")
        if verb in (Verb.STOP, Verb.HOLD) and not seen.held and not seen.more.get("path"):
            return say("launchd does not say from which file it was loaded: it could not be started again")
        return SILENCE

    def calls(self, verb: Verb, seen: Seen, memory: Facts) -> tuple[Call, ...]:
        job = seen.handle
        out = self._call("bootout", job)
        match verb:
            case Verb.RESTART:
                kick = self._call("kickstart", job)
                return (*((self._call("kill", "SIGTERM", job), _gone(seen.pid)) if seen.pid else ()), kick)
            case Verb.STOP:
                return (out,)
            case Verb.START:
                return (self._call("kickstart", job),)
            case Verb.HOLD:
                return (self._call("disable", job), *(() if seen.held else (out,)))
            case Verb.RELEASE:
                domain, _, _ = job.rpartition("/")
                load = self._call("bootstrap", domain, str(memory[PLIST])) if memory.get(PLIST) else None
                return (self._call("enable", job), *((load,) if load else ()))

    def memory(self, seen: Seen) -> Facts:
        return {PLIST: seen.more.get("path", ""), DOMAIN: seen.handle.rpartition("/")[0]}

    def _call(self, *argv: str) -> Call:
        whole = with_rights(("launchctl", *argv), sudo=self._target.sudo)
        return Call(argv=whole, judge=lambda output: by_code("launchctl", output))

    def _is_disabled(self, job: str, deadline: Deadline) -> bool:
        domain, _, label = job.rpartition("/")
        output = run(("launchctl", "print-disabled", domain), deadline)
        return output.code == 0 and label in disabled(output.text)


def _gone(pid: int) -> Call:
    """Wait until the old process has ended: a kickstart of one that still runs does nothing."""

    def act(deadline: Deadline) -> Output:
        while psutil.pid_exists(pid):
            if deadline.passed():
                return Output(code=1, text="", errors="")
            time.sleep(0.05)
        return Output(code=0, text="", errors="")

    judge: Callable[[Output], Phrase] = lambda output: (  # noqa: E731
        say("it does not end, and it is not killed") if output.code else SILENCE
    )
    return Call(argv=("await", "end"), judge=judge, act=act)
