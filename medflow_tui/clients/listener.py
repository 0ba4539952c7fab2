"""Which process of this machine listens on a port, as far as the system lets us see."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

HIDDEN_FOR_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """A process that owns a listening socket."""

    pid: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Owner:
    """Who was found for a port (pid 0: hidden from this account), by which descriptor, and what that led to."""

    pid: int
    descriptor: int
    socket: str
    looked: float

    def holds(self) -> bool:
        """Whether the same process still has the same socket: a listening one cannot be moved to another port."""
        if not self.pid:
            return time.monotonic() - self.looked < HIDDEN_FOR_S
        return bool(self.socket) and _socket(self.pid, self.descriptor) == self.socket


class ListenerTable:
    """The owners of all listening ports, each believed for as long as it still has its socket.

    The walk through all sockets of all processes costs tens of milliseconds, and a thousand targets ask for it; to see
    whether a descriptor still leads to the same socket costs microseconds (Linux; elsewhere the walk is made each time).
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._owners: dict[int, _Owner] = {}

    def owner(self, port: int) -> Listener | None:
        """The listener on a port, or None when it is hidden from this account. Never raises."""
        with self._lock:
            known = self._owners.get(port)
            if known is None or not known.holds():
                self._look()
                known = self._owners.get(port)
        if known is None or not known.pid:
            return None
        try:
            return Listener(pid=known.pid, name=psutil.Process(known.pid).name())
        except psutil.Error:
            return None

    def _look(self) -> None:
        """Workers share the socket of their parent, which came first."""
        found: dict[int, tuple[int, int]] = {}
        with suppress(psutil.Error, OSError):
            for each in psutil.net_connections(kind="tcp"):
                if each.status == psutil.CONN_LISTEN:
                    entry, port = (each.pid or 0, each.fd), each.laddr.port
                    known = found.get(port, entry)
                    found[port] = min(entry, known) if known[0] and entry[0] else max(entry, known)
        now = time.monotonic()
        self._owners = {
            port: _Owner(pid=pid, descriptor=fd, socket=_socket(pid, fd), looked=now)
            for port, (pid, fd) in found.items()
        }


def _socket(pid: int, descriptor: int) -> str:
    """What a descriptor of a process leads to; nothing where that cannot be seen."""
    try:
        return str(Path(f"/proc/{pid}/fd/{descriptor}").readlink())
    except OSError:
        return ""


_table = ListenerTable()  # one in the whole process, whoever asks


def listener_of(port: int) -> Listener | None:
    """The listener on a port, or None when it is hidden from this account."""
    return _table.owner(port)
