"""The viewers of a collector: one thread serves them all, and none waits for another."""

from __future__ import annotations

import selectors
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from medflow_tui.model.health import Snapshot
from medflow_tui.monitor.meeting import Door, Peer, peer_of
from medflow_tui.monitor.wire import (
    BEAT,
    LONGEST_ORDER,
    REFUSED,
    GarbledError,
    Hello,
    Lines,
    SnapshotWriter,
    ordered,
)

BEAT_EVERY_S = 2.0
STALLED_AT_MOST_S = 600.0  # then its place is free again; it comes back when it wakes
MOST_VIEWERS = 64
AGAIN_S = 2.0  # a target that several viewers want read at once is read once
PIECE = 64 * 1024

Tell = Callable[[str], None]


@dataclass(slots=True, eq=False)
class _Viewer:
    """`waiting` is what of one message is not sent yet; `edition` is that of the newest snapshot begun."""

    connection: socket.socket
    peer: Peer | None
    waiting: memoryview
    moved_at: float
    edition: int = 0
    heard: Lines = field(default_factory=lambda: Lines(LONGEST_ORDER))
    wants_room: bool = False

    @property
    def name(self) -> str:
        return f"pid {self.peer.pid} uid {self.peer.uid}" if self.peer is not None else "of a user unknown"


class Audience:
    """`tell` may be called from any thread; `turn` and `close` by the one that serves.

    To each viewer at most one message is under way; when it is through, the newest snapshot follows, whatever came
    between. A viewer that stands still costs the rest of one message.
    """

    def __init__(
        self,
        door: Door,
        hello: Hello,
        read_now: Callable[[str | None], None],
        *,
        writer: SnapshotWriter | None = None,
        log: Tell = lambda text: None,
    ) -> None:
        self._door, self._hello, self._read_now, self._log = door, hello.written(), read_now, log
        self._writer = writer or SnapshotWriter()
        self._viewers: dict[socket.socket, _Viewer] = {}
        self._asked: dict[str | None, float] = {}
        self._newest: tuple[int, Snapshot] | None = None
        self._written: tuple[int, bytes] = (0, b"")
        self._selector = selectors.DefaultSelector()
        self._bell, self._rope = socket.socketpair()
        for each in (self._bell, self._rope):
            each.setblocking(False)
        for one in (self._bell, door.listening):
            self._selector.register(one, selectors.EVENT_READ)

    @property
    def viewers(self) -> int:
        """How many are here."""
        return len(self._viewers)

    def tell(self, snapshot: Snapshot) -> None:
        """The newest snapshot, for everybody."""
        self._newest = ((self._newest[0] if self._newest else 0) + 1, snapshot)
        self.wake()

    def wake(self) -> None:
        """End the turn that waits; also from a signal."""
        with suppress(OSError):
            self._rope.send(b"!")

    def turn(self, wait_s: float) -> None:
        """Wait for something to happen, at most so long, and do it."""
        for key, _ in self._selector.select(wait_s):
            match key.fileobj:
                case self._bell:
                    with suppress(OSError):
                        self._bell.recv(PIECE)
                case self._door.listening:
                    self._welcome()
                case socket.socket() as one:
                    self._hear(self._viewers[one])
        now = time.monotonic()
        for viewer in tuple(self._viewers.values()):
            self._send(viewer, now)

    def close(self) -> None:
        """Everybody sees the end at once."""
        for viewer in tuple(self._viewers.values()):
            self._dismiss(viewer, "")
        self._selector.close()
        self._bell.close()
        self._rope.close()

    def _welcome(self) -> None:
        with suppress(OSError):
            connection, _ = self._door.listening.accept()
            connection.setblocking(False)
            peer = peer_of(connection)
            viewer = _Viewer(connection, peer, memoryview(self._hello), time.monotonic())
            if not self._door.admits(peer) or len(self._viewers) >= MOST_VIEWERS:
                self._log(f"viewer refused: {viewer.name}")
                with connection, suppress(OSError):
                    connection.send(REFUSED)
                return
            self._viewers[connection] = viewer
            self._selector.register(connection, selectors.EVENT_READ)
            self._log(f"viewer came: {viewer.name}")

    def _hear(self, viewer: _Viewer) -> None:
        try:
            piece = viewer.connection.recv(PIECE)
        except BlockingIOError:
            return
        except OSError:
            piece = b""
        if not piece:
            self._dismiss(viewer, "left")
            return
        try:
            names = [ordered(line) for line in viewer.heard.feed(piece)]
        except GarbledError:
            self._dismiss(viewer, "said what is not understood")
            return
        for name in names:
            self._ask(name)

    def _ask(self, name: str | None) -> None:
        now = time.monotonic()
        self._asked = {each: at for each, at in self._asked.items() if now - at < AGAIN_S}
        if name not in self._asked and None not in self._asked:
            self._asked[name] = now
            self._read_now(name)

    def _send(self, viewer: _Viewer, now: float) -> None:
        try:
            while viewer.waiting or self._next(viewer, now):
                sent = viewer.connection.send(viewer.waiting[:PIECE])
                viewer.waiting, viewer.moved_at = viewer.waiting[sent:], now
        except BlockingIOError:
            if now - viewer.moved_at > STALLED_AT_MOST_S:
                self._dismiss(viewer, "stood still")
                return
        except OSError:
            self._dismiss(viewer, "is gone")
            return
        if bool(viewer.waiting) != viewer.wants_room:
            viewer.wants_room = bool(viewer.waiting)
            more = selectors.EVENT_WRITE if viewer.wants_room else 0
            self._selector.modify(viewer.connection, selectors.EVENT_READ | more)

    def _next(self, viewer: _Viewer, now: float) -> bool:
        """Put what this viewer gets next in its place; False when there is nothing to say."""
        newest = self._newest
        if newest is not None and viewer.edition < newest[0]:
            if self._written[0] < newest[0]:
                self._written = (newest[0], self._writer.write(newest[1]))
            viewer.edition, viewer.waiting = self._written[0], memoryview(self._written[1])
        elif now - viewer.moved_at > BEAT_EVERY_S:
            viewer.waiting = memoryview(BEAT)
        else:
            return False
        return True

    def _dismiss(self, viewer: _Viewer, why: str) -> None:
        self._selector.unregister(viewer.connection)
        del self._viewers[viewer.connection]
        viewer.connection.close()
        if why:
            self._log(f"viewer {why}: {viewer.name}")
