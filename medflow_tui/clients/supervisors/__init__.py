"""The service managers that a site may have, one file each: what they know of one process, and what they can be told."""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable, Mapping
from importlib import import_module

from medflow_tui.clients.network import Deadline
from medflow_tui.clients.supervisors.seen import Seen
from medflow_tui.clients.supervisors.telling import Manager, Pace, Service, Supervisor
from medflow_tui.model.service import Place
from medflow_tui.model.targets.process import ProcessTarget

Look = Callable[[ProcessTarget, Deadline], Seen]
ORDERS: Mapping[str, tuple[str, str]] = {
    "systemd": ("systemd", "Systemd"),
    "pm2": ("pm2_orders", "Pm2"),
    "runit": ("runit", "Runit"),
    "compose": ("compose", "Compose"),
    "launchd": ("launchd", "Launchd"),
    "windows": ("windows", "WindowsService"),
    "pidfile": ("pidfile", "PidFile"),
}


def look(target: ProcessTarget, deadline: Deadline) -> Seen:
    """What the target's service manager knows of it. Raises UnreachableError: UNSUPPORTED when there is no such

    manager on this machine, ABSENT when it does not know the process.
    """
    manager = import_module(f"{__name__}.{target.manager}")
    found: Look = manager.look
    return found(target, deadline)


def supervisor(target: ProcessTarget, *, pace: Pace | None = None) -> Supervisor:
    """The one through which the target may be told something, from this machine."""
    module, name = ORDERS[target.manager]
    manager: Manager = getattr(import_module(f"{__name__}.{module}"), name)(target)
    return Service(manager, place_of(target.runs_on, sys.platform), pace=pace)


def place_of(runs_on: str, platform: str, here: str = "") -> Place:
    """Where a service runs that is on the machine of that name (empty: this one), whose system is `platform`.

    >>> place_of("serveur", "linux", here="clinic"), place_of("", "darwin")
    (<Place.ELSEWHERE: 'another machine'>, <Place.MACOS: 'macOS, here'>)
    """
    here = here or socket.gethostname()
    if runs_on and runs_on.partition(".")[0].casefold() not in (
        "localhost",
        here.partition(".")[0].casefold(),
    ):
        return Place.ELSEWHERE
    return {"darwin": Place.MACOS, "win32": Place.WINDOWS}.get(platform, Place.LINUX)
