"""What leaves for the terminal, written by a thread of its own, so that a line that stands still holds up nobody."""

from __future__ import annotations

import os
import select
import threading
import time
from collections.abc import Callable

from medflow_tui.ui.terminal.link import STALLED, UNWRITABLE, Link
from medflow_tui.ui.terminal.sounding import QUESTION, Sounding

SLICE = 4096  # bytes given to the kernel at once
LOOK_EVERY_S = 0.25
STALL_S = 900.0  # a line that comes back sooner goes on as if nothing had been
BEHIND = 4096  # bytes that the kernel does not take; from then on frames are skipped, see `Painter`
PATIENCE_S = 0.5  # at the end, for what still waits
CANCEL = b"\x18"  # ends a sequence of which only the beginning was written


def open_again(descriptor: int) -> int:
    """The same terminal, opened anew, so that it can be non-blocking without being so for the shell.

    Where it may not be opened (after `su`), the same descriptor again: a stall is then noticed only when it ends.
    """
    try:
        return os.open(os.ttyname(descriptor), os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK)
    except OSError:
        return os.dup(descriptor)


class Writer(threading.Thread):
    """Stands in for Textual's `WriterThread` (`start`, `write`, `flush`, `stop`), whose queue blocks the application
    when it is full, and whose thread ends with the first error. Here `write` never blocks, and after an error nothing
    is written any more. The descriptor is closed at the end."""

    def __init__(
        self,
        descriptor: int,
        link: Link,
        drained: Callable[[], None],
        *,
        sounding: Sounding | None = None,
        encoding: str = "utf-8",
        stall_s: float = STALL_S,
    ) -> None:
        super().__init__(name="terminal-output", daemon=True)
        self._descriptor, self._link, self._drained = descriptor, link, drained
        self._sounding = sounding or Sounding(asks=False)
        self._question_ends = 0
        self._encoding, self._stall_s = encoding, stall_s
        self._waiting = bytearray()
        self._owes_frame = self._is_ending = self._is_broken = False
        self._cuts = self.written = 0
        self._changed = threading.Condition()

    @property
    def waiting(self) -> int:
        """Bytes that the kernel has not taken yet."""
        return len(self._waiting)

    def room(self, *, first: bool = False) -> int | None:
        """How many bytes of a frame are not too early; None: any number. `first` is for the answer to a key.

        When there is none, `drained` is called, in this thread, as soon as there is.
        """
        with self._changed:
            room = 0 if len(self._waiting) >= BEHIND else self._sounding.room(time.monotonic(), first=first)
            if room is not None:
                room = max(0, room - len(self._waiting))
            if room == 0:
                self._owe()
            return room

    def owe(self) -> None:
        """More is to be drawn than there was room for: call `drained` when there is again."""
        with self._changed:
            self._owe()

    def _owe(self) -> None:
        self._owes_frame = True
        self._changed.notify()

    def ask(self) -> None:
        """With what was just written goes a question to the terminal, when it is time for one."""
        with self._changed:
            if self._question_ends or self._is_broken:
                return
            if self._sounding.must_ask(time.monotonic(), len(self._waiting)):
                self._waiting += QUESTION.encode()
                self._question_ends = self.written + len(self._waiting)
                self._changed.notify()

    def write(self, text: str) -> None:
        """Have it written in its turn."""
        with self._changed:
            if not self._is_broken:
                self._waiting += text.encode(self._encoding, "replace")
                self._changed.notify()

    def flush(self) -> None:
        """There is nothing to be done: the thread writes as soon as it can."""

    def cut(self) -> None:
        """Forget what waits: what comes next is more important, and safe to send after half a sequence."""
        with self._changed:
            if self._waiting:
                self._waiting[:] = CANCEL
                self._question_ends = 0
                self._cuts += 1

    def stop(self) -> None:
        """Wait for what is still to be written, for a moment only."""
        with self._changed:
            self._is_ending = True
            self._changed.notify()
        self.join(PATIENCE_S)

    def run(self) -> None:
        """Until `stop` and everything is written, or until an error."""
        poll = select.poll()
        poll.register(self._descriptor, select.POLLOUT)
        try:
            while self._wait_for_text() and self._write_some(poll):
                pass
        finally:
            with self._changed:
                self._is_broken = True
                self._waiting.clear()
            os.close(self._descriptor)

    def _wait_for_text(self) -> bool:
        with self._changed:
            while not self._waiting and not self._is_ending:
                wait_s = self._sounding.wait_s(time.monotonic()) if self._owes_frame else None
                if wait_s == 0.0:
                    self._owes_frame = False
                    self._drained()
                    wait_s = None
                self._changed.wait(wait_s)
            return bool(self._waiting)

    def _write_some(self, poll: select.poll) -> bool:
        """False when it can be written no more."""
        ends = time.monotonic() + self._stall_s
        while not poll.poll(LOOK_EVERY_S * 1000):
            if self._is_ending:
                return False
            if time.monotonic() >= ends:
                self._link.lose(STALLED)
                return False
        with self._changed:
            data, cuts = bytes(self._waiting[:SLICE]), self._cuts
        try:
            written = os.write(self._descriptor, data)
        except BlockingIOError:
            time.sleep(LOOK_EVERY_S)
            return True
        except OSError:
            self._link.lose(UNWRITABLE)
            return False
        now = time.monotonic()
        self._sounding.sent(written, now)
        with self._changed:
            if cuts == self._cuts:
                del self._waiting[:written]
            self.written += written
            if self._question_ends and (self.written >= self._question_ends or cuts != self._cuts):
                self._question_ends = 0
                self._sounding.asked(now)
        return True
