"""A typical session on a real terminal, each part of it counted: start, rows, detail, filter, raised rights, confirmation."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from tests.servers.small_site import surroundings
from tests.servers.terminal import ENTER, ESCAPE, Terminal, running

DOWN, CLEAR_FIELD = "\x1b[B", "\x15"  # the second is ctrl+u
ALL, CLEARLY = "all", 0.75  # of the usual bytes, at the most, in low-data mode
REASON = "device images are missing"


def parts(*, is_low: bool, columns: int = 80, lines: int = 24) -> dict[str, int]:
    """Bytes to the terminal by part."""
    words = ("--low",) if is_low else ()
    command = (sys.executable, "-m", "tests.servers.scene", "worker-not-started", *words)
    found: dict[str, int] = {}
    before = 0
    with running(command, surroundings(), columns=columns, lines=lines) as terminal:
        for name in _walk(terminal):
            settle(terminal)
            found[name] = len(terminal.written) - before
            before = len(terminal.written)
        terminal.type("qqqq")
    return found


def settle(terminal: Terminal) -> None:
    """Until nothing more comes: what was drawn is complete."""
    seen = -1
    while seen != len(terminal.written):
        seen = len(terminal.written)
        for _ in range(6):
            terminal.read(0.1)


def _walk(terminal: Terminal) -> Iterator[str]:
    terminal.shows("F2 Services", "? help")
    yield "start"
    for row in range(5):
        terminal.type(DOWN)
        _marked(terminal, row + 2)
    yield "5 rows down"
    terminal.type(ENTER)
    terminal.shows("obtained by")
    terminal.type(ESCAPE)
    terminal.shows("F2 Services")
    yield "detail and back"
    terminal.type("/")
    terminal.shows("only rows")
    terminal.type(f"queue{ENTER}")
    terminal.until(lambda: terminal.screen.display[-1].startswith(" /queue "), "filtered rows")
    terminal.type("/")
    terminal.shows("only rows")
    terminal.type(f"{CLEAR_FIELD}{ENTER}")
    terminal.until(lambda: "? help" in terminal.screen.display[-1][:8], "all rows again")
    yield "filter and back"
    terminal.type("u")
    for question, answer in (("10 char", REASON), ("user name", "amani"), ("password", "invented")):
        terminal.shows(question)
        terminal.until(lambda: "not listened to yet" not in terminal.text, "it listens")
        terminal.type(f"{answer}{ENTER}")
    terminal.shows("ACTING")
    yield "rights"
    terminal.type("b")
    terminal.shows("Device sync failure")
    terminal.type(ENTER)
    terminal.shows("Touches")
    yield "plan"
    terminal.type(ENTER)
    terminal.shows("ype  MATRIX_KIN SYNC  and enter")
    terminal.type("MATRIX_KIN SYN")
    terminal.until(lambda: terminal.text.count("MATRIX_KIN SYN") > 1, "what was typed")
    terminal.type(ESCAPE)
    terminal.until(lambda: "and enter to start" not in terminal.text, "nothing is asked any more")
    yield "confirm and leave"


def _marked(terminal: Terminal, row: int) -> None:
    terminal.until(lambda: terminal.screen.display[row + 2].startswith("▸"), f"row {row} is marked")


def with_sum(found: dict[str, int]) -> dict[str, int]:
    """And all of it together."""
    return {**found, ALL: sum(found.values())}
