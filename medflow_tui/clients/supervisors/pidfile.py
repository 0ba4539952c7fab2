"""A plain pid file: the process whose number it holds, unless that number has been given to another one since."""

from __future__ import annotations

from pathlib import Path

import psutil

from medflow_tui.clients.network import Deadline, UnreachableError
from medflow_tui.clients.supervisors.seen import Seen
from medflow_tui.model.health import Cause, Failure
from medflow_tui.model.targets.process import ProcessTarget
from medflow_tui.model.words import say

SLACK_S = 2.0  # a start time is counted in ticks of the kernel, a file's time is not
STOPPED = Seen(state="stopped", word="no such process", online=0)


def look(target: ProcessTarget, deadline: Deadline) -> Seen:
    """Running when the pid lives and started before the file was written; without the file it is stopped."""
    path = Path(target.pid_file)
    try:
        written, text = path.stat().st_mtime, path.read_text(encoding="ascii")[:32]
    except FileNotFoundError:
        return Seen(state="stopped", word="no pid file", online=0)
    except (OSError, UnicodeDecodeError):
        raise UnreachableError(Failure(cause=Cause.FORBIDDEN, text=say("pid file cannot be read"))) from None
    if not text.strip().isdecimal():
        raise UnreachableError(Failure(cause=Cause.FORBIDDEN, text=say("pid file holds no number")))
    pid = int(text)
    try:
        process = psutil.Process(pid)
        if process.create_time() > written + SLACK_S:
            return Seen(state="stopped", word="pid given to another process", online=0)
        if process.status() in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD):
            return STOPPED
    except psutil.NoSuchProcess:
        return STOPPED
    except psutil.AccessDenied:
        pass
    return Seen(state="running", word="running", pid=pid)
