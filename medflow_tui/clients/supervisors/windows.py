"""A Windows service, through psutil. (PM2 and scheduled tasks on SERVEUR run as one, too.)"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import psutil

from medflow_tui.clients.command import Output
from medflow_tui.clients.network import Deadline, UnreachableError
from medflow_tui.clients.supervisors.saying import refused
from medflow_tui.clients.supervisors.seen import Seen, not_here, unknown_to
from medflow_tui.clients.supervisors.telling import PLANNED, Call
from medflow_tui.model.health import Cause, Failure
from medflow_tui.model.procedure import Facts
from medflow_tui.model.service import Verb
from medflow_tui.model.targets.process import ProcessTarget
from medflow_tui.model.words import SILENCE, Phrase, say

STARTS = "starts"
START_WORDS = {"automatic": "auto", "manual": "demand"}
NOT_STARTED, ALREADY_RUNNING = 1062, 1056  # ERROR_SERVICE_NOT_ACTIVE, ERROR_SERVICE_ALREADY_RUNNING
STATES = {
    "running": "running",
    "start_pending": "starting",
    "continue_pending": "starting",
    "stop_pending": "stopping",
    "pause_pending": "stopping",
    "paused": "stopped",
    "stopped": "stopped",
}


def look(target: ProcessTarget, deadline: Deadline) -> Seen:
    """What Windows knows of the service. The call is local and short; it cannot wait for the service itself."""
    get: Callable[[str], Any] | None = getattr(psutil, "win_service_get", None)
    if get is None:
        raise not_here(say("not applicable here: no {program}", program="Windows"))
    try:
        service = get(target.unit)
        return parse(service.status(), service.pid(), service.start_type())
    except psutil.NoSuchProcess:
        raise unknown_to("Windows") from None
    except psutil.AccessDenied:
        text = say("this account may not see it")
        raise UnreachableError(Failure(cause=Cause.FORBIDDEN, text=text)) from None


def parse(status: str, pid: int | None, starts: str = "") -> Seen:
    """What psutil says of a service: how it is, its process, and whether Windows starts it.

    >>> parse("start_pending", None).state
    'starting'
    """
    state = STATES.get(status, "stopped")
    return Seen(
        state=state,
        word=status,
        pid=pid or None,
        online=1 if state == "running" else 0,
        at_boot=starts == "automatic" if starts else None,
        held=starts == "disabled" and state == "stopped",
        kills_after_s=math.inf,  # Windows kills at a shutdown only
        more={STARTS: starts},
    )


class WindowsService:
    """Orders for one service, by `sc.exe`, which answers before the service has stopped. Held by `start= disabled`.

    Only for a program that runs on that Windows itself; written after sc.exe's documentation, tested on recordings.
    """

    name = "windows"
    planned = replace(PLANNED, more={STARTS: "automatic"})

    def __init__(self, target: ProcessTarget) -> None:
        self._target, self._unit = target, target.unit

    def look(self, deadline: Deadline) -> Seen:
        return look(self._target, deadline)

    def lacks(self, verb: Verb, seen: Seen) -> Phrase:
        if verb in (Verb.START, Verb.RESTART) and seen.more.get(STARTS) == "disabled":
            return say("it is held: nothing may start it")
        return SILENCE

    def calls(self, verb: Verb, seen: Seen, memory: Facts) -> tuple[Call, ...]:
        stop, start = self._call("stop", self._unit), self._call("start", self._unit)
        match verb:
            case Verb.RESTART:
                return (stop, self._stopped(), start)
            case Verb.STOP:
                return (stop,)
            case Verb.START:
                return (start,)
            case Verb.HOLD:
                return (self._call("config", self._unit, "start=", "disabled"), stop)
            case Verb.RELEASE:
                word = START_WORDS.get(str(memory.get(STARTS, "")), "")
                return (self._call("config", self._unit, "start=", word),) if word else ()

    def memory(self, seen: Seen) -> Facts:
        return {STARTS: seen.more.get(STARTS, "")}

    def _call(self, word: str, *argv: str) -> Call:
        wanted = {"stop": NOT_STARTED, "start": ALREADY_RUNNING}.get(word)

        def judge(output: Output) -> Phrase:
            """The exit status is the error number of Windows; what is so already was not needed."""
            if output.code in (0, wanted):
                return SILENCE
            denied = replace(output, errors="access is denied") if output.code == 5 else output
            return refused(denied) or say(
                "{program} says no (exit {code})", program="sc.exe", code=str(output.code)
            )

        return Call(argv=("sc.exe", word, *argv), judge=judge)

    def _stopped(self) -> Call:
        """Wait until it has stopped: `sc start` of one that still stops is refused."""

        def act(deadline: Deadline) -> Output:
            while look(self._target, deadline).state != "stopped":
                if deadline.passed():
                    return Output(code=1, text="", errors="")
                time.sleep(0.1)
            return Output(code=0, text="", errors="")

        def judge(output: Output) -> Phrase:
            return say("it does not end, and it is not killed") if output.code else SILENCE

        return Call(argv=("await", "stopped"), judge=judge, act=act)
