"""A program on a pseudo-terminal with a screen that can be read: typed to, hung up, killed, waited for."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import pyte

PATIENCE_S = 45.0
ENTER, ESCAPE, F9 = "\r", "\x1b", "\x1b[20~"


@dataclass(slots=True)
class Terminal:
    """What the program wrote is on `screen`; every byte of it is in `written`."""

    process: subprocess.Popen[bytes]
    master: int
    columns: int
    lines: int
    written: bytearray = field(default_factory=bytearray)
    screen: pyte.Screen = field(init=False)
    _stream: pyte.ByteStream = field(init=False)

    def __post_init__(self) -> None:
        self.screen = pyte.Screen(self.columns, self.lines)
        self._stream = pyte.ByteStream(self.screen)

    @property
    def text(self) -> str:
        return "\n".join(self.screen.display)

    def read(self, within_s: float = 0.05) -> bool:
        """Take what was written meanwhile; False when the other side is closed."""
        ready, _, _ = select.select([self.master], [], [], within_s)
        if not ready:
            return True
        try:
            found = os.read(self.master, 65_536)
        except OSError:
            return False
        self.written += found
        self._stream.feed(found)
        return bool(found)

    def until(self, holds: Callable[[], Any], what: str, patience_s: float = PATIENCE_S) -> Any:
        """Wait for a state; the first true value, or a failed test that shows the screen."""
        ends = time.monotonic() + patience_s
        while time.monotonic() < ends:
            is_open = self.read()
            if value := holds():
                return value
            if not is_open:
                break
        raise AssertionError(f"not within {patience_s} s: {what}\n{self.text}")

    def shows(self, *words: str) -> None:
        """Wait until all of it is on the screen."""
        self.until(lambda: all(each in self.text for each in words), f"{words} on the screen")

    def type(self, text: str) -> None:
        os.write(self.master, text.encode())

    def ended(self) -> int:
        """Wait for its end, reading on; the exit code (negative: the signal)."""
        ends = time.monotonic() + PATIENCE_S
        while self.read() and self.process.poll() is None:
            assert time.monotonic() < ends, f"the program has not ended\n{self.text}"
        while select.select([self.master], [], [], 0)[0] and self.read(0):
            pass
        return self.process.wait(20)

    def send(self, data: bytes) -> None:
        """Bytes that no keyboard sends."""
        os.write(self.master, data)

    def resize(self, columns: int, lines: int) -> None:
        """The window has another size; the kernel tells the program."""
        self.columns, self.lines = columns, lines
        self.screen.resize(lines, columns)
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    @property
    def modes(self) -> list[Any]:
        """The modes of the terminal, as the program left them."""
        return termios.tcgetattr(self.master)

    def hang_up(self) -> None:
        """The line is gone: the kernel sends SIGHUP, and nothing can be written any more."""
        os.close(self.master)
        self.master = -1


@contextmanager
def running(
    command: tuple[str, ...],
    environment: Mapping[str, str],
    *,
    columns: int = 80,
    lines: int = 24,
    controlling: bool = True,
    deaf: bool = False,
) -> Iterator[Terminal]:
    """The program in a session of its own with the terminal as its controlling one; killed at the end if it lives.

    Not `controlling`: nobody tells it of a hang-up. `deaf`: started so that a hang-up is ignored (nohup).
    """
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def take_terminal() -> None:
        if controlling:
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        if deaf:
            signal.signal(signal.SIGHUP, signal.SIG_IGN)

    process = subprocess.Popen(
        command,
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env=dict(environment),
        start_new_session=True,
        preexec_fn=take_terminal,  # noqa: PLW1509 - system calls, made by the child
    )
    os.close(slave)
    terminal = Terminal(process, master, columns, lines)
    try:
        yield terminal
    finally:
        if process.poll() is None:
            with suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGKILL)
        process.wait()
        if terminal.master >= 0:
            os.close(terminal.master)
