"""What the sockets of a run have in common: one line there and one line back, for one caller after another."""

from __future__ import annotations

import json
import socket
import struct
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from medflow_tui.runner.wishes import Peer

WITHIN_S = 5.0
Record = dict[str, Any]


class Listener:
    """Answers in a thread of its own, from `listen` until `close`. `answer` may raise OSError and ValueError."""

    def __init__(self, name: str, answer: Callable[[socket.socket], Record]) -> None:
        self._answer = answer
        self._listening: socket.socket | None = None
        self._thread = threading.Thread(target=self._serve, name=name, daemon=True)

    def listen(self, bound: socket.socket, *, backlog: int) -> None:
        """On a socket that has its address; it is closed with this. Raises OSError, and then nothing is open."""
        try:
            bound.listen(backlog)
        except OSError:
            bound.close()
            raise
        self._listening = bound
        self._thread.start()

    def close(self) -> bool:
        """False when nothing was open."""
        if self._listening is None:
            return False
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join(WITHIN_S)
        return True

    def _serve(self) -> None:
        assert self._listening is not None
        while True:
            try:
                one, _ = self._listening.accept()
            except OSError:
                return
            with one, suppress(OSError, ValueError):
                one.settimeout(WITHIN_S)
                say_line(one, self._answer(one))


def unix_socket() -> socket.socket:
    """Raises AttributeError where there are none."""
    return socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)


def say_line(one: socket.socket, record: Record) -> None:
    """Raises OSError."""
    one.sendall(json.dumps(record, separators=(",", ":")).encode("utf-8") + b"\n")


def hear_line(one: socket.socket, longest: int) -> Any:
    """What the other side said. Raises OSError, and ValueError when it is no line of JSON, or a longer one."""
    found = bytearray()
    while not found.endswith(b"\n"):
        piece = one.recv(65536)
        found += piece
        if not piece or len(found) > longest:
            raise ValueError("no line")
    return json.loads(found.decode("utf-8"))


def peer_of(one: socket.socket) -> Peer | None:
    """The process at the other end; None where the kernel does not say."""
    if hasattr(socket, "SO_PEERCRED"):
        pid, uid, _ = struct.unpack("iII", one.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
        return Peer(pid=pid, uid=uid)
    if sys.platform == "darwin":
        credentials = one.getsockopt(0, 1, 76)  # SOL_LOCAL, LOCAL_PEERCRED: version, uid, groups
        return Peer(pid=0, uid=struct.unpack("II", credentials[:8])[1])
    return None
