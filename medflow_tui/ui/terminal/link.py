"""The line to the person's terminal: whether it is there, and why it is not."""

from __future__ import annotations

import signal
import threading
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Loss:
    """Why the line counts as lost. `word` is for the program's own log, `code` is the exit code."""

    word: str
    code: int


LOST = 129  # 128 + SIGHUP: a lost terminal, whatever showed it
HANGUP = Loss("hang-up (SIGHUP)", LOST)
END_OF_INPUT = Loss("end of input on the terminal", LOST)
UNREADABLE = Loss("the terminal cannot be read", LOST)
UNWRITABLE = Loss("the terminal cannot be written", LOST)
STALLED = Loss("the terminal took no output for too long", LOST)
TERMINATED = Loss("told to end (SIGTERM)", 128 + signal.SIGTERM)
INTERRUPTED = Loss("told to end (SIGINT)", 128 + signal.SIGINT)

SIGNALS = {"SIGHUP": HANGUP, "SIGTERM": TERMINATED, "SIGINT": INTERRUPTED}


class Link:
    """Shared by the driver, its threads, the signal handlers and the watchdog. The first loss counts."""

    def __init__(self) -> None:
        self.loss: Loss | None = None
        self._lost = threading.Event()

    @property
    def is_lost(self) -> bool:
        return self.loss is not None

    def lose(self, loss: Loss) -> None:
        """From any thread or signal handler; never blocks (a handler that comes in between finds `loss` set)."""
        if self.loss is None:
            self.loss = loss
            self._lost.set()

    def wait(self, timeout_s: float | None = None) -> bool:
        """Until it is lost; False when the time was over first."""
        return self._lost.wait(timeout_s)
