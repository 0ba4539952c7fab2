"""How many bytes a reading moves over the line: what was sent and received, and an estimate of what carries it."""

from __future__ import annotations

import threading

from medflow_tui.rules.line import HANDSHAKE_BYTES

SEGMENT, AROUND_SEGMENT = 1400, 104  # bytes of content in a packet; headers of it and of its acknowledgement
TLS_HANDSHAKE_BYTES = 4500  # a hello, a chain of two or three certificates, the ends: 3 to 6 kB as a rule


class Meter:
    """`take` gives what came together since the last `take`. Safe from any thread.

    Content is counted; packets are estimated: seven of 60 bytes for a TCP connection opened and closed, 104 bytes
    around each 1,400, 4.5 kB for a TLS handshake. Look-ups of names and what the network repeats are not in it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._bytes = 0

    def connected(self) -> None:
        """A TCP connection was opened."""
        self.add(HANDSHAKE_BYTES)

    def sealed(self) -> None:
        """TLS was begun on it."""
        self.add(TLS_HANDSHAKE_BYTES)

    def moved(self, content: int) -> None:
        """So many bytes of content were sent or received."""
        self.add(content + AROUND_SEGMENT * -(-content // SEGMENT))

    def add(self, number: int) -> None:
        """So many bytes on the line, whatever they were."""
        with self._lock:
            self._bytes += number

    def take(self) -> int:
        """The bytes since the last time."""
        with self._lock:
            taken, self._bytes = self._bytes, 0
        return taken
