"""The line between a program and its screen: how fast it carries, how long it takes, and when it is full."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass

PIECE_S = 0.02  # of a carried chunk; a screen shows the beginning before the end has come
LEAST_PIECE = 64


@dataclass(frozen=True, slots=True)
class Chunk:
    """What came in one piece; `at` is when the screen had it, in seconds after the start of the program."""

    at: float
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """`rate` is bytes a second to the screen (0: no limit), `latency_s` the time each way.

    It takes no more from the program than leaves `holds` bytes waiting in it, as a server of SSH does.
    """

    rate: float = 0.0
    latency_s: float = 0.0
    holds: int = 65536


HERE_AND_NOW = Line()
THIN = Line(rate=8000.0, latency_s=0.3)  # 64 kbit/s with 300 ms each way


class Wire:
    """A line in use. It is told the time; it never looks at a clock.

    >>> wire = Wire(Line(rate=1000, latency_s=0.2))
    >>> [(round(each.at, 3), len(each.data)) for each in wire.carry(b"x" * 150, 5.0)]
    [(5.264, 64), (5.328, 64), (5.35, 22)]
    >>> round(wire.waiting(5.0))
    150
    >>> wire.post(b"key", 6.0)
    >>> wire.arrived(6.1), wire.arrived(6.2)
    (b'', b'key')
    """

    def __init__(self, line: Line) -> None:
        self.line = line
        self._free_at = 0.0
        self._posted: list[tuple[float, int, bytes]] = []
        self._number = 0

    def carry(self, data: bytes, now: float) -> Iterator[Chunk]:
        """What the program wrote, in the pieces in which the screen gets it."""
        line = self.line
        if not line.rate:
            yield Chunk(now + line.latency_s, data)
            return
        length = max(LEAST_PIECE, int(line.rate * PIECE_S))
        for start in range(0, len(data), length):
            piece = data[start : start + length]
            self._free_at = max(self._free_at, now) + len(piece) / line.rate
            yield Chunk(self._free_at + line.latency_s, piece)

    def waiting(self, now: float) -> float:
        """Bytes that the line has taken and not carried yet."""
        return max(0.0, self._free_at - now) * self.line.rate

    def room(self, now: float) -> int:
        """Bytes that the line takes now."""
        return int(self.line.holds - self.waiting(now))

    def all_shown_at(self, now: float) -> float:
        """When the screen has everything that was written until now."""
        return max(self._free_at, now) + self.line.latency_s

    def post(self, data: bytes, sent_at: float) -> None:
        """A key or an answer leaves the terminal."""
        self._number += 1
        heapq.heappush(self._posted, (sent_at + self.line.latency_s, self._number, data))

    def arrived(self, now: float) -> bytes:
        """What has reached the program since the last call."""
        found = b""
        while self._posted and self._posted[0][0] <= now:
            found += heapq.heappop(self._posted)[2]
        return found

    def next_arrival(self) -> float | None:
        """When the next key or answer reaches the program."""
        return self._posted[0][0] if self._posted else None
