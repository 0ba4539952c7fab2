"""The thread that writes to the terminal, on a real pseudo-terminal that is read, not read, or gone."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from medflow_tui.ui.terminal.link import STALLED, UNWRITABLE, Link
from medflow_tui.ui.terminal.writer import BEHIND, Writer, open_again

PATIENCE_S = 10.0


@dataclass
class Line:
    """Both ends of a terminal, and the writer on it."""

    master: int
    slave: int
    link: Link = field(default_factory=Link)
    drained: threading.Event = field(default_factory=threading.Event)

    def writer(self, stall_s: float = 900.0) -> Writer:
        found = Writer(open_again(self.slave), self.link, self.drained.set, stall_s=stall_s)
        found.start()
        return found

    def read(self, length: int) -> bytes:
        data = b""
        while len(data) < length:
            data += os.read(self.master, 65_536)
        return data


@pytest.fixture
def line() -> Iterator[Line]:
    import tty

    master, slave = os.openpty()
    tty.setraw(slave)
    found = Line(master, slave)
    try:
        yield found
    finally:
        for each in (found.master, found.slave):
            if each >= 0:
                os.close(each)


def until(holds: Callable[[], object]) -> None:
    ends = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < ends
        time.sleep(0.01)


def stuff(writer: Writer) -> None:
    """Write until nothing more goes through; never held up oneself."""
    began = time.monotonic()
    for _ in range(100):
        writer.write("x" * 10_000)
    assert time.monotonic() - began < 1.0
    until(lambda: writer.written and writer.room() == 0)


def test_everything_is_written_in_its_order(line: Line) -> None:
    writer = line.writer()
    for each in ("a", "é", "\x1b[m", "z" * 9000):
        writer.write(each)
    writer.stop()
    sent = ("aé\x1b[m" + "z" * 9000).encode()
    assert line.read(len(sent)) == sent
    assert writer.written == len(sent)
    assert not writer.is_alive()


def test_a_line_that_stands_still_holds_up_nobody_and_goes_on_where_it_was(line: Line) -> None:
    writer = line.writer()
    stuff(writer)
    assert writer.waiting >= BEHIND
    assert not line.drained.is_set()
    assert line.read(1_000_000) == b"x" * 1_000_000
    assert line.drained.wait(PATIENCE_S)
    assert writer.room() is None
    writer.stop()


def test_a_line_that_stands_still_too_long_is_lost(line: Line) -> None:
    writer = line.writer(stall_s=0.3)
    stuff(writer)
    assert line.link.wait(PATIENCE_S)
    assert line.link.loss == STALLED
    writer.write("more")
    writer.stop()
    assert not writer.is_alive()


def test_the_end_does_not_wait_for_a_line_that_stands_still(line: Line) -> None:
    writer = line.writer()
    stuff(writer)
    began = time.monotonic()
    writer.stop()
    assert time.monotonic() - began < 2.0
    until(lambda: not writer.is_alive())


def test_what_waits_can_be_cut_off_for_something_more_important(line: Line) -> None:
    writer = line.writer()
    stuff(writer)
    writer.cut()
    writer.write("LEAVE")
    data = b""
    until(lambda: writer.waiting < 100 or os.read(line.master, 4096))
    while not data.endswith(b"LEAVE"):
        data += os.read(line.master, 65_536)
    assert data.endswith(b"x\x18LEAVE")
    assert len(data) < 500_000
    writer.stop()


def test_a_line_that_is_gone_is_lost(line: Line) -> None:
    writer = line.writer()
    os.close(line.master)
    line.master = -1
    writer.write("x")
    assert line.link.wait(PATIENCE_S)
    assert line.link.loss == UNWRITABLE
    for _ in range(100):
        writer.write("x" * 10_000)
    assert writer.waiting == 0
    writer.stop()
    assert not writer.is_alive()


def test_the_shell_finds_its_terminal_blocking_as_it_was(line: Line) -> None:
    writer = line.writer()
    assert os.get_blocking(line.slave)
    writer.stop()
