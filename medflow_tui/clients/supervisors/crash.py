"""Why a service is as it is, read before anything is changed: its log, its last end, memory, what the kernel killed."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

import psutil

from medflow_tui.clients.command import run
from medflow_tui.clients.network import Deadline, UnreachableError
from medflow_tui.clients.supervisors import compose, runit, systemd
from medflow_tui.clients.supervisors.seen import Seen
from medflow_tui.model.service import Crash
from medflow_tui.model.targets.process import ProcessTarget
from medflow_tui.rules.cleaning import clean
from medflow_tui.rules.redaction import redact

LINES, SHOWN, WIDEST = 200, 20, 240
TAIL = 64 * 1024
KILLED = re.compile(
    r"Out of memory: Kill(?:ed)? process \d+ \(([^)]{1,32})\)|oom_reaper: reaped process \d+ \(([^)]{1,32})\)",
    re.IGNORECASE,
)
Log = tuple[str, str]


def look_at_crash(
    target: ProcessTarget, seen: Seen, starts: tuple[datetime, ...], taken_at: datetime, deadline: Deadline
) -> tuple[Crash, str]:
    """What is known, and the log as it is, which may hold personal data and secrets: only to be sealed away."""
    name, raw = log_of(target, seen, deadline)
    lines = [redact(clean(each))[:WIDEST] for each in raw.splitlines() if each.strip()]
    crash = Crash(
        taken_at=taken_at,
        state=seen.state,
        word=seen.word,
        exit_code=-1 if seen.exit_code is None else seen.exit_code,
        ended_by=seen.ended_by,
        restarts=-1 if seen.restarts is None else seen.restarts,
        unstable=int(seen.more.get("unstable") or -1),
        memory=_memory(seen.pid),
        memory_limit=seen.memory_limit or 0,
        killed=killed(_kernel(deadline)),
        starts=starts[-3:],
        log=name,
        lines=tuple(lines[-SHOWN:]),
    )
    return crash, raw


def log_of(target: ProcessTarget, seen: Seen, deadline: Deadline) -> Log:
    """Where the newest lines of the log are from, and the lines; both empty where there is none to be read."""
    found = _LOGS.get(target.manager)
    try:
        own = _of_pidfile(target, seen, deadline)
        return own if own[1] or found is None else found(target, seen, deadline)
    except (UnreachableError, OSError):
        return "", ""


def killed(kernel: str | None) -> tuple[str, ...] | None:
    """The programs that the kernel ended for want of memory, by its log; None when that may not be read.

    >>> killed("[ 12.3] Out of memory: Killed process 4711 (node) total-vm:9kB")
    ('node',)
    """
    if kernel is None:
        return None
    return tuple(dict.fromkeys(clean(a or b) for a, b in KILLED.findall(kernel)))


def _kernel(deadline: Deadline) -> str | None:
    try:
        output = run(("dmesg",), deadline)
    except UnreachableError:
        return None
    return output.text if output.code == 0 else None


def _memory(pid: int | None) -> int:
    try:
        return int(psutil.Process(pid).memory_info().rss) if pid else 0
    except (psutil.Error, OSError):
        return 0


def _of_systemd(target: ProcessTarget, seen: Seen, deadline: Deadline) -> Log:
    argv = ("journalctl", "--no-pager", "-o", "short-iso", "-n", str(LINES), "-u", systemd.unit_of(target))
    output = run(argv, deadline)
    return (
        ("journal", output.text) if output.code == 0 and "-- No entries --" not in output.text else ("", "")
    )


def _of_pm2(target: ProcessTarget, seen: Seen, deadline: Deadline) -> Log:
    """Its standard error, which is where a fall is told; standard output where that is empty."""
    return _first(seen.more.get("err", ""), seen.more.get("out", ""))


def _of_runit(target: ProcessTarget, seen: Seen, deadline: Deadline) -> Log:
    folder = runit.folder_of(target)
    return _first(*(str(folder / each) for each in ("log/main/current", "log/current", "main/current")))


def _of_compose(target: ProcessTarget, seen: Seen, deadline: Deadline) -> Log:
    output = run(compose.argv_of(target, "logs", "--timestamps", "--tail", str(LINES), seen.handle), deadline)
    both = output.text.splitlines() + output.errors.splitlines()
    return ("docker logs", "\n".join(sorted(both))) if output.code == 0 else ("", "")


def _of_launchd(target: ProcessTarget, seen: Seen, deadline: Deadline) -> Log:
    return _first(seen.more.get("stderr path", ""), seen.more.get("stdout path", ""))


def _of_pidfile(target: ProcessTarget, seen: Seen, deadline: Deadline) -> Log:
    return _first(target.output)


def _first(*paths: str) -> Log:
    """The tail of the first file that has something in it."""
    for each in paths:
        text = _tail(Path(each)) if each else ""
        if text:
            return each, text
    return "", ""


def _tail(path: Path) -> str:
    """The last lines of a file. A pipe or a device is not waited for."""
    try:
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        with os.fdopen(handle, "rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - TAIL))
            text = file.read(TAIL).decode("utf-8", "replace")
    except OSError:
        return ""
    return "\n".join(text.splitlines()[-LINES:])


_LOGS: Mapping[str, Callable[[ProcessTarget, Seen, Deadline], Log]] = {
    "systemd": _of_systemd,
    "pm2": _of_pm2,
    "runit": _of_runit,
    "compose": _of_compose,
    "launchd": _of_launchd,
    "pidfile": _of_pidfile,
}
