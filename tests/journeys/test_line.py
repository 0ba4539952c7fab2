"""The real program on a real terminal whose line goes away, stands still, or brings what no keyboard sends."""

from __future__ import annotations

import os
import re
import signal
import sqlite3
import time
from datetime import UTC, datetime
from pathlib import Path

import psutil
import pytest

from medflow_tui.journal.desk import Desk
from tests.servers.small_site import READY, own_log, program, surroundings
from tests.servers.terminal import Terminal, running

SOON_S = 4.0
LOST, TERMINATED, INTERRUPTED = 129, 143, 130
ENTER, ESCAPE = "\r", "\x1b"


def ends_soon(terminal: Terminal) -> int:
    """The exit code, of a program that ends within seconds."""
    began = time.monotonic()
    code = terminal.ended() if terminal.master >= 0 else terminal.process.wait(20)
    assert time.monotonic() - began < SOON_S
    return code


def is_restored(terminal: Terminal) -> bool:
    """Whether every mode that was switched on is off again, or the other way round, with the cursor to be seen."""
    at: dict[bytes, bool] = {}
    for found in re.finditer(rb"\x1b\[\?([\d;]+)([hl])", bytes(terminal.written)):
        for mode in found[1].split(b";"):
            at[mode] = found[2] == b"h"
    at.pop(b"2026", None)
    wanted_on = {b"7", b"25"}
    return {mode for mode, is_on in at.items() if is_on} == wanted_on


@pytest.mark.parametrize(
    ("number", "code"),
    [(signal.SIGHUP, LOST), (signal.SIGTERM, TERMINATED), (signal.SIGINT, INTERRUPTED)],
)
def test_told_to_end_it_ends_and_leaves_the_terminal_as_it_was(
    tmp_path: Path, number: signal.Signals, code: int
) -> None:
    with running(program(tmp_path), surroundings()) as terminal:
        before = terminal.modes
        terminal.shows(*READY)
        assert terminal.modes != before
        os.kill(terminal.process.pid, number)
        assert ends_soon(terminal) == code
        assert terminal.modes == before
        assert is_restored(terminal)
        assert b"Traceback" not in terminal.written
    assert f"({number.name})" in own_log(tmp_path)


@pytest.mark.parametrize("controlling", [True, False])
def test_quitting_leaves_the_terminal_as_it_was(tmp_path: Path, controlling: bool) -> None:
    with running(program(tmp_path), surroundings(), controlling=controlling) as terminal:
        before = terminal.modes
        terminal.shows(*READY)
        terminal.type("q")
        assert ends_soon(terminal) == 0
        assert terminal.modes == before
        assert is_restored(terminal)


@pytest.mark.parametrize(
    "how", [{}, {"deaf": True}, {"controlling": False}], ids=["told", "nohup", "not told"]
)
def test_a_line_that_is_gone_ends_it(tmp_path: Path, how: dict[str, bool]) -> None:
    with running(program(tmp_path), surroundings(), **how) as terminal:
        terminal.shows(*READY)
        terminal.hang_up()
        assert ends_soon(terminal) == LOST
    assert "line lost" in own_log(tmp_path)
    assert "fault" not in own_log(tmp_path)


def test_a_line_that_is_lost_while_it_starts_ends_it(tmp_path: Path) -> None:
    with running(program(tmp_path), surroundings()) as terminal:
        terminal.until(lambda: b"\x1b[?1049h" in terminal.written, "the alternate screen")
        terminal.hang_up()
        assert ends_soon(terminal) == LOST


def fill(terminal: Terminal) -> None:
    """Have it write until nothing more goes through, with nobody reading."""
    process = psutil.Process(terminal.process.pid)
    for round_ in range(150):
        terminal.send(b"\x0c")  # ctrl+l: a full repaint
        if round_ % 10 == 9:
            time.sleep(0.05)  # it draws the more often the better
    assert process.is_running()


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGHUP])
def test_output_that_stands_still_does_not_hold_up_its_end(tmp_path: Path, end: signal.Signals) -> None:
    with running(program(tmp_path), surroundings(), columns=240, lines=60) as terminal:
        before = terminal.modes
        terminal.shows(*READY)
        fill(terminal)
        os.kill(terminal.process.pid, end)
        began = time.monotonic()
        terminal.process.wait(20)
        assert time.monotonic() - began < SOON_S
        assert terminal.process.returncode in (LOST, TERMINATED)
        assert terminal.modes == before


def test_output_that_stands_still_and_a_line_that_is_lost_then(tmp_path: Path) -> None:
    with running(program(tmp_path), surroundings(), columns=240, lines=60) as terminal:
        terminal.shows(*READY)
        fill(terminal)
        terminal.hang_up()
        assert ends_soon(terminal) == LOST


def test_after_standing_still_the_screen_is_that_of_now(tmp_path: Path) -> None:
    with running(program(tmp_path), surroundings(), columns=240, lines=60) as terminal:
        terminal.shows(*READY)
        fill(terminal)
        terminal.type("m")  # one pane alone: seen only when it is drawn anew
        process = psutil.Process(terminal.process.pid)
        used = sum(process.cpu_times()[:2])
        time.sleep(1.5)
        assert sum(process.cpu_times()[:2]) - used < 0.75
        terminal.shows("F2 Services")
        terminal.until(lambda: "F6" not in terminal.text, "only one pane")
        terminal.type("q")  # all panes again
        terminal.shows("F6 Log")
        terminal.type("q")
        assert ends_soon(terminal) == 0


GARBAGE = {
    "X10 mouse": b"\x1b[M !!\x1b[M#\xf3\x85\x1b[MC\xe9\xe9",
    "X10 mouse in pieces": (b"\x1b", b"[M", b"q", b"qq"),
    "SGR mouse": b"\x1b[<0;33;12M\x1b[<0;33;12m\x1b[<35;-3;9M\x1b[<64;1;1M",
    "urxvt mouse": b"\x1b[32;200;10M\x1b[35;1;1M",
    "half a mouse report": b"\x1b[<35;10",
    "answers that nobody asked for": b"\x1b[?62;1;6c\x1b[>41;354;0c\x1b]11;rgb:0000/0000/0000\x07\x1bP>|XTerm(354)\x1b\\",
    "focus": b"\x1b[I\x1b[O\x1b[I",
    "latin-1": b"\xe0\xe8\xff\xc3\xf1\xfe",
    "zeros": b"\x00\x00\x80\x81\x9b\x9f",
    "unknown keys": b"\x1b[99~\x1b[1;99Z\x1bOz\x1b[[Q\x1b[?q",
}


@pytest.mark.parametrize("name", GARBAGE)
def test_what_no_keyboard_sends_does_nothing(tmp_path: Path, name: str) -> None:
    pieces = GARBAGE[name]
    with running(program(tmp_path), surroundings()) as terminal:
        terminal.shows(*READY)
        terminal.type("/")
        terminal.shows("show only rows with these words")
        terminal.type("back")
        terminal.shows("back")
        for each in (pieces,) if isinstance(pieces, bytes) else pieces:
            terminal.send(each)
            time.sleep(0.05)
        time.sleep(0.7)  # longer than Esc is waited for
        terminal.type("end" + ENTER)
        if name != "latin-1":
            terminal.shows("/backend")
        else:
            terminal.shows("/backàèÿÃñþend")
        terminal.type("q")
        assert ends_soon(terminal) == 0


def test_a_letter_in_latin_1_is_the_letter(tmp_path: Path) -> None:
    with running(program(tmp_path), surroundings()) as terminal:
        terminal.shows(*READY)
        terminal.send(b"/")
        terminal.shows("show only rows with these words")
        terminal.send(b"r\xe9seau\r")
        terminal.shows("/réseau")
        terminal.type("q")
        assert ends_soon(terminal) == 0


def test_escape_and_a_key_in_one_packet_are_two_keys(tmp_path: Path) -> None:
    with running(program(tmp_path), surroundings()) as terminal:
        terminal.shows(*READY)
        terminal.type("?")
        terminal.shows("Help")
        terminal.type(ESCAPE + "/")
        terminal.shows("show only rows with these words")


def test_pasted_text_is_text_and_no_keys(tmp_path: Path) -> None:
    with running(program(tmp_path), surroundings()) as terminal:
        terminal.shows(*READY)
        terminal.send(b"\x1b[200~qq?" + b"q" * 100_000 + b"\x1b[201~")
        terminal.send(b"/")
        terminal.shows("show only rows with these words")
        terminal.send(b"\x1b[200~back\x1b[31mend\x1b[201~\r")
        terminal.shows("/back[31mend")


def test_a_storm_of_sizes_ends_in_the_last_one(tmp_path: Path) -> None:
    with running(program(tmp_path), surroundings()) as terminal:
        terminal.shows(*READY)
        for step in range(300):
            terminal.resize(40 + step % 201, 12 + step % 50)
            terminal.read(0.001)
        terminal.resize(100, 30)
        written = len(terminal.written)
        terminal.until(lambda: "help" in terminal.screen.display[29], "the key bar on the last line")
        for _ in range(3):
            terminal.read(0.2)
        assert len(terminal.written) - written < 200_000
        terminal.type("\x0c")
        terminal.shows(*READY)
        fresh = terminal.text
        terminal.screen.reset()
        terminal.type("\x0c")
        terminal.shows(*READY)
        terminal.read(0.3)
        assert terminal.text == fresh
        terminal.type("q")
        assert ends_soon(terminal) == 0


@pytest.mark.parametrize("stop", [signal.SIGTSTP, signal.SIGSTOP])
def test_stopped_and_continued_it_draws_everything_again(tmp_path: Path, stop: signal.Signals) -> None:
    with running(program(tmp_path), surroundings()) as terminal:
        terminal.shows(*READY)
        process = psutil.Process(terminal.process.pid)
        for _ in range(2):
            os.kill(process.pid, stop)
            terminal.until(lambda: process.status() == psutil.STATUS_STOPPED, "it stands still")
            terminal.screen.reset()
            os.kill(process.pid, signal.SIGCONT)
            terminal.shows(*READY)
        assert sum(1 for each in process.threads()) < 40
        terminal.type("?")
        terminal.shows("Help")
        terminal.type("qq")
        assert ends_soon(terminal) == 0
        assert is_restored(terminal)


def test_what_is_being_written_down_when_the_line_is_lost_is_written_down(tmp_path: Path) -> None:
    with running(program(tmp_path), surroundings()) as terminal:
        terminal.shows(*READY)
        desk = sqlite3.connect(tmp_path / "state" / "desk.sqlite", isolation_level=None)
        desk.execute("PRAGMA journal_mode=WAL")
        desk.execute("BEGIN IMMEDIATE")
        try:
            terminal.type("a")
            terminal.shows("for how long, and why")
            terminal.type("2 h waiting for the electrician" + ENTER)
            terminal.until(lambda: "for how long, and why" not in terminal.text, "it is being written")
            terminal.hang_up()
            ends = time.monotonic() + SOON_S
            while "line lost" not in own_log(tmp_path) and time.monotonic() < ends:
                time.sleep(0.02)
            assert terminal.process.poll() is None
        finally:
            desk.execute("ROLLBACK")
            desk.close()
        assert ends_soon(terminal) == LOST
    (entry,) = Desk(tmp_path / "state").acknowledged(datetime.now(UTC)).values()
    assert entry.why == "waiting for the electrician"


def test_keys_that_arrive_all_at_once_are_all_taken_in_their_order(tmp_path: Path) -> None:
    with running(program(tmp_path), surroundings()) as terminal:
        terminal.shows(*READY)
        for _ in range(5):
            terminal.send(b"\x1b[17~/failed\r\x1bOQ/back\r")
            terminal.shows("level: info and above  /failed", "/back ")
            terminal.send(b"\x1b[17~/" + b"\x7f" * 6 + b"\r\x1bOQ\x1b")
            terminal.until(lambda: "/back" not in terminal.text, "no filter")
            terminal.type("\x1b[17~/")
            terminal.shows("log: only lines that match")
            terminal.send(b"\x15\r")
            terminal.until(lambda: "/failed" not in terminal.text, "no filter of the log")
        terminal.type("q")
        assert ends_soon(terminal) == 0


def test_quitting_waits_for_what_is_being_written_down_and_says_so(tmp_path: Path) -> None:
    with running(program(tmp_path), surroundings()) as terminal:
        terminal.shows(*READY)
        desk = sqlite3.connect(tmp_path / "state" / "desk.sqlite", isolation_level=None)
        desk.execute("PRAGMA journal_mode=WAL")
        desk.execute("BEGIN IMMEDIATE")
        try:
            terminal.type("a")
            terminal.shows("for how long, and why")
            terminal.type("2 h waiting for the electrician" + ENTER)
            terminal.until(lambda: "for how long, and why" not in terminal.text, "it is being written")
            terminal.type("q")
            terminal.shows("something is still being written down")
        finally:
            desk.execute("ROLLBACK")
            desk.close()
        assert terminal.ended() == 0
    assert len(Desk(tmp_path / "state").acknowledged(datetime.now(UTC))) == 1
