"""runit: looked at and told by `sv`; a `down` file keeps a service down when its runsv starts."""

from __future__ import annotations

import math
import os
import re
import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from medflow_tui.clients.command import Output, run
from medflow_tui.clients.network import Deadline
from medflow_tui.clients.supervisors.saying import by_code, with_rights
from medflow_tui.clients.supervisors.seen import Seen, forbidden, garbled, not_here, unknown_to
from medflow_tui.clients.supervisors.telling import PLANNED, Call
from medflow_tui.model.procedure import Facts
from medflow_tui.model.service import Verb
from medflow_tui.model.targets.process import ProcessTarget
from medflow_tui.model.words import SILENCE, Phrase, say

FOLDER = "/etc/service"
WAIT_S = 60  # `sv` itself says no after 7 s, while the service still ends
LINE = re.compile(r"^(run|down|finish): [^:]*: (?:\(pid (\d{1,10})\) )?(\d{1,12})s(.*)$", re.MULTILINE)
WAS_DOWN = "down_file"


def look(target: ProcessTarget, deadline: Deadline) -> Seen:
    """What runit knows of the service. Raises UnreachableError."""
    if shutil.which("sv") is None:
        raise not_here(say("not applicable here: no {program}", program="runit"))
    folder = folder_of(target)
    if not os.path.lexists(folder):
        raise unknown_to("runit")
    output = run(with_rights(("sv", "status", str(folder)), sudo=target.sudo), deadline)
    seen = parse(output.text, is_down_file=(folder / "down").exists())
    is_own = any((folder / "control" / each).exists() for each in ("t", "d", "k"))
    return replace(seen, kills_after_s=None if is_own else math.inf)  # a script of the site may do anything


def folder_of(target: ProcessTarget) -> Path:
    """The folder of the service: the unit when it is a path, else that of this name in `/etc/service`."""
    return Path(os.environ.get("SVDIR", FOLDER)) / target.unit


def parse(text: str, *, is_down_file: bool = False) -> Seen:
    """One line of `sv status` (a second one, of the log service, follows the first). Raises UnreachableError.

    >>> parse("run: /etc/service/backend: (pid 4711) 45s, normally down, want down, got TERM").state
    'stopping'
    """
    if "access denied" in text or "permission denied" in text.lower():
        raise forbidden(say("this account may not see it"))
    if "unable to open supervise/ok" in text or "runsv not running" in text:
        raise forbidden(say("runit does not watch it: no runsv runs for it"))
    found = LINE.search(text.partition("; run: log:")[0].partition("; down: log:")[0])
    if found is None:
        raise garbled("runit")
    word, pid, seconds, flags = found.groups()
    wants = "down" if "want down" in flags else "up" if "want up" in flags else ""
    state = "running" if word == "run" else "stopped"
    if word == "run" and (wants == "down" or "got TERM" in flags):
        state = "stopping"  # `sv restart` says "ok" while the old process still ends
    elif word == "finish" or (word == "down" and wants == "up"):
        state = "restarting"
    began = datetime.fromtimestamp(int(time.time()) - int(seconds), UTC)
    is_up = word == "run"
    return Seen(
        state=state,
        word=f"{word}{flags}".strip(),
        pid=int(pid) if pid and is_up else None,
        started_at=began if is_up else None,
        online=1 if state == "running" else 0,
        at_boot=not is_down_file,
        held=is_down_file and state == "stopped",
    )


class Runit:
    """Orders for one service. Held by a `down` file (nothing starts it at a boot) and `sv down` (nothing does now).

    Never `sv force-…`, which kills.
    """

    name = "runit"
    planned = PLANNED

    def __init__(self, target: ProcessTarget) -> None:
        self._target, self._folder = target, folder_of(target)

    def look(self, deadline: Deadline) -> Seen:
        return look(self._target, deadline)

    def lacks(self, verb: Verb, seen: Seen) -> Phrase:
        if verb in (Verb.START, Verb.RESTART) and seen.held:
            return say("it is held: nothing may start it")
        return SILENCE

    def calls(self, verb: Verb, seen: Seen, memory: Facts) -> tuple[Call, ...]:
        down = str(self._folder / "down")
        match verb:
            case Verb.RESTART:
                return (self._sv("restart"),)
            case Verb.STOP:
                return (self._sv("down"),)
            case Verb.START:
                return (self._sv("up"),)
            case Verb.HOLD:
                return (self._call("touch", "--", down), self._sv("down"))
            case Verb.RELEASE:
                return () if memory.get(WAS_DOWN) else (self._call("rm", "-f", "--", down),)

    def memory(self, seen: Seen) -> Facts:
        return {WAS_DOWN: seen.at_boot is False}

    def _sv(self, word: str) -> Call:
        def judge(output: Output) -> Phrase:
            said = output.text.lstrip()
            if output.code == 0 and said.startswith("ok:"):
                return SILENCE
            if said.startswith("timeout:"):
                return say("it does not end, and it is not killed")
            return by_code("runit", output) or say("{manager} not understood", manager="runit")

        return self._made(("sv", "-w", str(WAIT_S), word, str(self._folder)), judge)

    def _call(self, *argv: str) -> Call:
        return self._made(argv, lambda output: by_code(argv[0], output))

    def _made(self, argv: tuple[str, ...], judge: Callable[[Output], Phrase]) -> Call:
        return Call(argv=with_rights(argv, sudo=self._target.sudo), judge=judge)
