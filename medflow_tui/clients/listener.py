"""Which process of this machine listens on a port, as far as the system lets us see."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import psutil

FRESH_S = 10.0
AGAIN_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """A process that owns a listening socket; `created` (s since 1970) tells it from a later one of the same pid."""

    pid: int
    name: str
    created: float


class ListenerTable:
    """All listening ports, looked up once for everyone who asks within `FRESH_S`: the walk through all sockets of all
    processes costs tens of milliseconds, and a thousand targets ask for it.

    A port that is not in the table, or whose process has ended, is looked up anew, at most once in `AGAIN_S`.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._lock = clock, threading.Lock()
        self._looked = -FRESH_S
        self._pids: dict[int, int] = {}
        self._known: dict[int, Listener] = {}

    def owner(self, port: int) -> Listener | None:
        """The listener on a port, or None when it is hidden from this account. Never raises."""
        with self._lock:
            if self._clock() - self._looked >= FRESH_S:
                self._look()
            found = self._listener(port)
            if found is None and self._clock() - self._looked >= AGAIN_S:
                self._look()
                found = self._listener(port)
            return found

    def _look(self) -> None:
        """Workers share the socket of their parent, which came first."""
        self._looked, self._pids = self._clock(), {}
        try:
            sockets = psutil.net_connections(kind="tcp")
        except (psutil.Error, OSError):
            return
        for each in sockets:
            if each.status == psutil.CONN_LISTEN and each.pid:
                port = each.laddr.port
                self._pids[port] = min(each.pid, self._pids.get(port, each.pid))

    def _listener(self, port: int) -> Listener | None:
        pid = self._pids.get(port)
        if pid is None:
            return None
        try:
            process = psutil.Process(pid)
            known = self._known.get(pid)
            if known is None or known.created != process.create_time():
                if known is not None:
                    del self._known[pid], self._pids[port]
                    return None
                known = Listener(pid=pid, name=process.name(), created=process.create_time())
                self._known[pid] = known
        except (psutil.Error, OSError):
            self._known.pop(pid, None)
            return None
        return known


_table = ListenerTable()  # one in the whole process, whoever asks


def listener_of(port: int) -> Listener | None:
    """The listener on a port, or None when it is hidden from this account; at most `FRESH_S` old."""
    return _table.owner(port)
