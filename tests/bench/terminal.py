"""A terminal of our own: a program runs on a pseudo-terminal, what it writes is kept with its times."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import re
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from tests.bench.answers import Answers
from tests.bench.keyboard import Keyboard
from tests.bench.line import HERE_AND_NOW, LEAST_PIECE, Chunk, Line, Wire

SAMPLE_EVERY_S = 0.25
MOST_AT_ONCE = 65536
FULL_S = 0.02  # between two looks whether a full line takes more
PATIENCE_S = 90.0
_UNWANTED = (
    "COLORTERM",
    "COLUMNS",
    "LINES",
    "NO_COLOR",
    "PYTHONDONTWRITEBYTECODE",
    "PYTHONUNBUFFERED",
    "SSH_CONNECTION",
    "SSH_TTY",
    "STY",
    "TMUX",
    "TMUX_PANE",
    "TEXTUAL_ANIMATIONS",
    "TERM_PROGRAM",
    "TERM_PROGRAM_VERSION",
)
_SEQUENCE = re.compile(rb"\x1b\[[<=>?]?[0-9;:]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[ -/]*[0-~]")


@dataclass(frozen=True, slots=True)
class Size:
    """Columns and lines."""

    columns: int
    lines: int

    @classmethod
    def of(cls, text: str) -> Size:
        """From "80x24"."""
        columns, _, lines = text.partition("x")
        return cls(int(columns), int(lines))

    def __str__(self) -> str:
        return f"{self.columns}x{self.lines}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """What is measured. `ready` is a pattern of the text of its first full paint.

    `opening` are the keys that lead to what is measured, `quit` those that end it (none: a hang-up).
    """

    name: str
    argv: tuple[str, ...]
    ready: str
    folder: Path
    quit: str = "q"
    opening: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Press:
    """A key and when a hand pressed it."""

    at: float
    key: str


@dataclass(frozen=True, slots=True)
class Sample:
    """The program and its children: CPU seconds so far, resident bytes together, how many they are."""

    at: float
    cpu_s: float
    resident: int
    processes: int


class Terminal:
    """One program on one pseudo-terminal behind a line, until the `with` block ends. Not to be shared between threads."""

    def __init__(
        self, program: Program, size: Size, *, line: Line = HERE_AND_NOW, term: str = "xterm-256color"
    ) -> None:
        self.program, self.size = program, size
        self._wire = Wire(line)
        self.chunks: list[Chunk] = []
        self.waits: list[
            tuple[float, float]
        ] = []  # when something came, and seconds until all of it is carried
        self.presses: list[Press] = []
        self.samples: list[Sample] = []
        self.exit_code: int | None = None
        self._answers, self._keyboard = Answers(), Keyboard()
        self._seen = b""
        self._hung_up = False
        self._next_sample = 0.0
        environment = {name: value for name, value in os.environ.items() if name not in _UNWANTED}
        environment |= {"TERM": term, "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", **program.environment}
        self._master, slave = os.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", size.lines, size.columns, 0, 0))
        self.began = time.monotonic()
        self._process = subprocess.Popen(
            program.argv,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=program.folder,
            env=environment,
            start_new_session=True,
            preexec_fn=_take_terminal,  # noqa: PLW1509 - a login_tty in the child is what a terminal is
        )
        os.close(slave)
        os.set_blocking(self._master, False)
        self._family = psutil.Process(self._process.pid)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    @property
    def now(self) -> float:
        """Seconds after the start."""
        return time.monotonic() - self.began

    @property
    def pid(self) -> int:
        return self._process.pid

    def watch(self, seconds: float) -> None:
        """Let it run, and keep what comes."""
        ends = self.now + seconds
        while (left := ends - self.now) > 0 and not self._hung_up:
            self._turn(left)

    def until_ready(self, patience_s: float = PATIENCE_S) -> None:
        """Let it run until its first full paint has come (by the text without sequences)."""
        self.until(self.program.ready, patience_s)

    def until(self, pattern: str, patience_s: float = PATIENCE_S) -> None:
        """Let it run until the text written so far contains the pattern. Raises TimeoutError."""
        wanted, ends, looked = re.compile(pattern.encode(), re.DOTALL), self.now + patience_s, -1
        while True:
            if looked != len(self._seen):
                looked = len(self._seen)
                if wanted.search(_SEQUENCE.sub(b"", self._seen)):
                    return
            if self._hung_up or self.now > ends:
                raise TimeoutError(f"{self.program.name}: no {pattern!r} in {self._seen[-2000:]!r}")
            self._turn(0.25)

    def press(self, key: str) -> None:
        """Send a key (a name of `NAMED`, or text)."""
        self.presses.append(Press(self.now, key))
        self._wire.post(self._keyboard.typed(key), self.now)
        self._deliver()

    def until_shown(self) -> None:
        """Let it run until the screen has everything that was written until now."""
        self.watch(self._wire.all_shown_at(self.now) - self.now)

    def resize(self, size: Size) -> None:
        """The window has another size."""
        self.size = size
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", size.lines, size.columns, 0, 0))

    def forget(self) -> int:
        """Let go of what came so far; how many bytes that was."""
        length = sum(len(each.data) for each in self.chunks)
        self.chunks.clear()
        self.presses.clear()
        self.samples.clear()
        self._seen = b""
        return length

    def sample(self) -> Sample:
        """CPU and memory at this moment; also kept."""
        cpu, resident, alive = 0.0, 0, 0
        with contextlib.suppress(psutil.Error):
            for each in (self._family, *self._family.children(recursive=True)):
                with contextlib.suppress(psutil.Error):
                    cpu += cpu_seconds(each)
                    resident += each.memory_info().rss
                    alive += 1
        taken = Sample(self.now, cpu, resident, alive)
        self.samples.append(taken)
        return taken

    def end(self, patience_s: float = 5.0) -> None:
        """Ask it to quit, then hang up, then end it; only the program itself is ended, by its id."""
        if self.exit_code is not None:
            return
        if self.program.quit:
            self._send(self.program.quit.encode())
            self._until_ended(patience_s)
        for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGKILL):
            if self._process.poll() is None:
                self._process.send_signal(number)
                self._until_ended(2.0)
        self.exit_code = self._process.wait()
        os.close(self._master)
        self._hung_up = True

    def _until_ended(self, patience_s: float) -> None:
        ends = self.now + patience_s
        while self._process.poll() is None and self.now < ends:
            if self._hung_up:
                time.sleep(0.02)
            else:
                self._turn(0.05, sampling=False)

    def _deliver(self) -> None:
        """Give the program the keys and answers that have come through the line."""
        if data := self._wire.arrived(self.now):
            self._send(data)

    def _send(self, data: bytes) -> None:
        if not self._hung_up:
            with contextlib.suppress(OSError):
                os.write(self._master, data)

    def _turn(self, most_s: float, *, sampling: bool = True) -> None:
        """Wait for output, at most so long; read it, answer it, take a sample when one is due."""
        if sampling:
            if self.now >= self._next_sample:
                self.sample()
                self._next_sample = self.now + SAMPLE_EVERY_S
            most_s = min(most_s, max(0.0, self._next_sample - self.now))
        self._deliver()
        if (arrival := self._wire.next_arrival()) is not None:
            most_s = min(most_s, max(0.0, arrival - self.now))
        room = self._wire.room(self.now) if sampling else MOST_AT_ONCE
        if room < LEAST_PIECE:
            time.sleep(min(most_s, FULL_S))
            return
        if not select.select([self._master], [], [], most_s)[0]:
            return
        try:
            data = os.read(self._master, min(room, MOST_AT_ONCE))
        except BlockingIOError:
            return
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            data = b""
        if not data:
            self._hung_up = True
            return
        self.chunks += self._wire.carry(data, now := self.now)
        if self._wire.line.rate:
            self.waits.append((now, self._wire.waiting(now) / self._wire.line.rate))
        self._seen += data
        self._keyboard.hear(data)
        if answers := self._answers.to(data):
            self._wire.post(answers, self._wire.all_shown_at(now))
            self._deliver()

    def bytes_between(self, begins: float, ends: float) -> int:
        """Bytes that came in that time."""
        return sum(len(each.data) for each in self.chunks if begins < each.at <= ends)


def cpu_seconds(process: psutil.Process) -> float:
    """Of a process with its ended threads and children; by its own clock, which does not count in hundredths."""
    times = process.cpu_times()
    try:
        own: float = time.clock_gettime((~process.pid << 3) | 2)  # clock_getcpuclockid of the C library
    except OSError:
        own = times.user + times.system
    return own + times.children_user + times.children_system


def _take_terminal() -> None:
    """In the child: its standard input becomes the controlling terminal, so that a hang-up reaches it."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
