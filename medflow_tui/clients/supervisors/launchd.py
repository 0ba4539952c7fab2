"""launchd of macOS, by `launchctl print`, whose text is for people and may change: only three lines are read."""

from __future__ import annotations

import os
import re
import sys

from medflow_tui.clients.command import run
from medflow_tui.clients.network import Deadline
from medflow_tui.clients.supervisors.seen import Seen, garbled, unknown_to
from medflow_tui.model.targets.process import ProcessTarget

LINE = re.compile(r"^\t(state|pid|runs|last exit code) = (.+)$", re.MULTILINE)
NOT_FOUND = 113  # "Could not find service … in domain"


def look(target: ProcessTarget, deadline: Deadline) -> Seen:
    """What launchd knows of the label, among the agents of this person and then of the system.

    A label with its domain (`gui/501/com.medflow.MATRIX`) is looked for there only.
    """
    output = None
    for domain in _domains(target.unit):
        output = run(("launchctl", "print", domain), deadline)
        if output.code == 0:
            return parse(output.text)
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
    )


def _number(text: str) -> int | None:
    """The number that a value begins with (`78: EX_CONFIG`); `(never exited)` is none."""
    found = re.match(r"-?\d+", text)
    return int(found.group()) if found else None
