"""The service managers that a site may have, one file each: what they know of one process. Nothing is changed."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from medflow_tui.clients.network import Deadline
from medflow_tui.clients.supervisors.seen import Seen
from medflow_tui.model.targets.process import ProcessTarget

Look = Callable[[ProcessTarget, Deadline], Seen]


def look(target: ProcessTarget, deadline: Deadline) -> Seen:
    """What the target's service manager knows of it. Raises UnreachableError: UNSUPPORTED when there is no such

    manager on this machine, ABSENT when it does not know the process.
    """
    manager = import_module(f"{__name__}.{target.manager}")
    found: Look = manager.look
    return found(target, deadline)
