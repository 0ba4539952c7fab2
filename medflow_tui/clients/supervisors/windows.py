"""A Windows service, through psutil. (PM2 and scheduled tasks on SERVEUR run as one, too.)"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psutil

from medflow_tui.clients.network import Deadline, UnreachableError
from medflow_tui.clients.supervisors.seen import Seen, not_here, unknown_to
from medflow_tui.model.health import Cause, Failure
from medflow_tui.model.targets.process import ProcessTarget
from medflow_tui.model.words import say

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
        return parse(service.status(), service.pid())
    except psutil.NoSuchProcess:
        raise unknown_to("Windows") from None
    except psutil.AccessDenied:
        text = say("this account may not see it")
        raise UnreachableError(Failure(cause=Cause.FORBIDDEN, text=text)) from None


def parse(status: str, pid: int | None) -> Seen:
    """What psutil says of a service.

    >>> parse("start_pending", None).state
    'starting'
    """
    state = STATES.get(status, "stopped")
    return Seen(state=state, word=status, pid=pid or None, online=1 if state == "running" else 0)
