"""Which process of this machine listens on a port, as far as the system lets us see."""

from __future__ import annotations

from dataclasses import dataclass

import psutil


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """A process that owns a listening socket; `created` (s since 1970) tells it from a later one of the same pid."""

    pid: int
    name: str
    created: float


def listener_of(port: int, known: Listener | None = None) -> Listener | None:
    """The listener on a port, or None when it is hidden from this account.

    `known` is the answer of last time: it is looked at first, which spares a walk through all processes.
    """
    if known is not None and _still(known, port):
        return known
    try:
        listening = [
            each.pid
            for each in psutil.net_connections(kind="tcp")
            if each.status == psutil.CONN_LISTEN and each.laddr.port == port and each.pid
        ]
        if not listening:
            return None
        process = psutil.Process(min(listening))  # workers share the socket of the parent, which came first
        return Listener(pid=process.pid, name=process.name(), created=process.create_time())
    except (psutil.Error, OSError):
        return None


def _still(known: Listener, port: int) -> bool:
    try:
        process = psutil.Process(known.pid)
        if process.create_time() != known.created:
            return False
        sockets = process.net_connections(kind="tcp")
    except (psutil.Error, OSError):
        return False
    return any(each.status == psutil.CONN_LISTEN and each.laddr.port == port for each in sockets)
