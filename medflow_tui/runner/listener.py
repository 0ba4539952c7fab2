"""What the sockets of a run have in common: one line there and one line back, for one caller after another."""

from __future__ import annotations

import json
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from medflow_tui.runner.wishes import Peer

WITHIN_S = 5.0
MOST_AT_ONCE, MOST_OF_ONE = (
    64,
    8,
)  # callers, and those of one user: who says nothing keeps nobody else waiting
Record = dict[str, Any]


class Listener:
    """Answers in threads of its own, from `listen` until `close`: `answer` runs for several callers at once, and may raise
    OSError and ValueError."""

    def __init__(self, name: str, answer: Callable[[socket.socket], Record]) -> None:
        self._answer, self._name = answer, name
        self._listening: socket.socket | None = None
        self._callers: dict[socket.socket, tuple[int, threading.Thread]] = {}
        self._lock = threading.Lock()
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
        with self._lock:
            callers = dict(self._callers)
        for each in callers:
            with suppress(OSError):  # who has said nothing yet is not heard any more
                each.shutdown(socket.SHUT_RD)
        ends = time.monotonic() + WITHIN_S
        for _, thread in callers.values():
            thread.join(max(0.0, ends - time.monotonic()))
        return True

    def _serve(self) -> None:
        assert self._listening is not None
        while True:
            try:
                one, _ = self._listening.accept()
            except OSError:
                return
            with suppress(OSError, RuntimeError):  # a caller who has gone; no thread to be had
                self._begin(one)

    def _begin(self, one: socket.socket) -> None:
        """In a thread, or not at all: of too many callers at once the last are sent away."""
        peer = peer_of(one)
        uid = peer.uid if peer is not None else -1
        thread = threading.Thread(target=self._serve_one, args=(one,), name=self._name, daemon=True)
        with self._lock:
            mine = sum(1 for each, _ in self._callers.values() if each == uid)
            has_room = len(self._callers) < MOST_AT_ONCE and mine < MOST_OF_ONE
            if has_room:
                self._callers[one] = (uid, thread)
        if not has_room:
            one.close()
            return
        try:
            thread.start()
        except RuntimeError:
            self._forget(one)
            raise

    def _serve_one(self, one: socket.socket) -> None:
        try:
            with one, suppress(OSError, ValueError):
                one.settimeout(WITHIN_S)
                say_line(one, self._answer(one))
        finally:
            self._forget(one)

    def _forget(self, one: socket.socket) -> None:
        with self._lock:
            del self._callers[one]
        one.close()


def unix_socket() -> socket.socket:
    """Raises AttributeError where there are none."""
    return socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)


def say_line(one: socket.socket, record: Record) -> None:
    """Raises OSError."""
    one.sendall(json.dumps(record, separators=(",", ":")).encode("utf-8") + b"\n")


def hear_line(one: socket.socket, longest: int, within_s: float = WITHIN_S) -> Any:
    """What the other side said, all of it `within_s`. Raises OSError, and ValueError when it is no line of JSON (or one too
    deep to read), or a longer one."""
    found, ends = bytearray(), time.monotonic() + within_s
    while not found.endswith(b"\n"):
        left = ends - time.monotonic()
        if left <= 0:
            raise TimeoutError("no line in time")
        one.settimeout(left)
        piece = one.recv(65536)
        found += piece
        if not piece or len(found) > longest:
            raise ValueError("no line")
    one.settimeout(WITHIN_S)
    try:
        return json.loads(found.decode("utf-8"))
    except RecursionError as error:
        raise ValueError("too deep") from error


def peer_of(one: socket.socket) -> Peer | None:
    """The process at the other end; None where the kernel does not say."""
    if hasattr(socket, "SO_PEERCRED"):
        pid, uid, _ = struct.unpack("iII", one.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
        return Peer(pid=pid, uid=uid)
    if sys.platform == "darwin":
        credentials = one.getsockopt(0, 1, 76)  # SOL_LOCAL, LOCAL_PEERCRED: version, uid, groups
        return Peer(pid=0, uid=struct.unpack("II", credentials[:8])[1])
    return None
