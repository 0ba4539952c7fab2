"""The physical floor: the words and numbers of `lab --still` or `lab --pulse`, written with as few bytes as we know of.

`raw_values.py still|pulse [ROWS]`: after the first paint only the characters that changed are written, each run of them
with the cheapest way to its place. Up and Down move a marker, q ends it.
"""

from __future__ import annotations

import os
import select
import sys
import termios
import time
import tty
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3]))

from medflow_tui.lab.pulse import CHANGING, ITEMS, Walk

PANES = ("Services", "Clinics", "Device sync", "Backups")
BEGIN, END = "\x1b[?1049h\x1b[?25l\x1b[2J", "\x1b[?25h\x1b[?1049l"
NEAR_GAP = 4  # so few unchanged characters are cheaper to write again than to jump over
STEPS = {b"\x1b[B": 1, b"\x1b[A": -1}
WIDTH = 7


class Pen:
    """Where the terminal's cursor is, and the cheapest way from there."""

    def __init__(self) -> None:
        self._at: tuple[int, int] | None = None

    def put(self, line: int, column: int, text: str) -> str:
        """Bytes that bring the text to its place."""
        moved = self._move(line, column)
        self._at = (line, column + len(text))
        return moved + text

    def _move(self, line: int, column: int) -> str:
        ways = [f"\x1b[{line + 1};{column + 1}H"]
        if self._at is not None and 0 <= line - self._at[0] <= len(ways[0]):
            step = column - self._at[1]
            aside = (
                ""
                if not step
                else f"\x1b[{step}C"
                if step > 0
                else min("\b" * -step, f"\x1b[{-step}D", key=len)
            )
            ways.append("\n" * (line - self._at[0]) + aside.replace("[1C", "[C").replace("[1D", "[D"))
        return min(ways, key=len)


def runs(old: str, new: str) -> Iterator[tuple[int, str]]:
    """The parts of a text that are not as they were, near ones joined.

    >>> list(runs("12,345  ", "12,999  ")), list(runs("1      2", "3      4"))
    ([(3, '999')], [(0, '3'), (7, '4')])
    """
    changed = [place for place, pair in enumerate(zip(old, new, strict=True)) if pair[0] != pair[1]]
    while changed:
        length = next(
            (n for n in range(1, len(changed)) if changed[n] - changed[n - 1] > NEAR_GAP), len(changed)
        )
        yield changed[0], new[changed[0] : changed[length - 1] + 1]
        changed = changed[length:]


def _in_blocks(columns: int, lines: int) -> list[tuple[int, int]]:
    """Line and column of each row: five a pane, two or three panes side by side."""
    wide = 2 if columns < 120 else 3
    panes = (divmod(place, wide) for place in range(CHANGING // len(ITEMS)))
    return [
        (3 + below * (lines // 3) + item, beside * (columns // wide) + 2)
        for below, beside in panes
        for item in range(len(ITEMS))
    ]


class Values:
    """The screen: a header, then blocks of rows side by side (or one long list), each row with a value."""

    def __init__(self, columns: int, lines: int, rows: int) -> None:
        self._pen, self._walk, self._marked = Pen(), Walk(), 0
        self._lines, self._is_long = lines, rows > CHANGING
        self._places = (
            [(3 + place, 2) for place in range(lines - 5)] if self._is_long else _in_blocks(columns, lines)
        )
        self._others = tuple(f"{1000 + place:,}".ljust(WIDTH) for place in range(CHANGING, len(self._places)))
        self._shown = self._texts()

    def first(self) -> str:
        """Everything."""
        put = self._pen.put
        text = put(0, 1, "LAB read-only oldest 09:00") + put(
            1, 1, f"● 0 problems in {len(self._places)} targets"
        )
        for number, (line, column) in enumerate(self._places):
            pane, item = divmod(number, len(ITEMS))
            if item == 0 and (pane == 0 or not self._is_long):
                text += put(line - 1, column - 1, f"F{2 + pane} {PANES[pane]}")
            text += put(line, column, f"● {ITEMS[item]:<9}{self._shown[number]}")
        keys = put(self._lines - 1, 1, "? help  enter details  / filter  ! problems  b playbooks  : command")
        return BEGIN + text + keys + self._mark("▸")

    def step(self) -> str:
        """A second later."""
        self._walk.step()
        before, self._shown, text = self._shown, self._texts(), ""
        for (line, column), old, new in zip(self._places, before, self._shown, strict=True):
            for place, part in runs(old, new):
                text += self._pen.put(line, column + 11 + place, part)
        return text

    def go(self, steps: int) -> str:
        """Another row is marked."""
        text = self._mark(" ")
        self._marked = (self._marked + steps) % len(self._places)
        return text + self._mark("▸")

    def _mark(self, sign: str) -> str:
        line, column = self._places[self._marked]
        return self._pen.put(line, column - 2, sign)

    def _texts(self) -> tuple[str, ...]:
        changing = (f"{each:,}".ljust(WIDTH) for each in self._walk.numbers[: len(self._places)])
        return (*changing, *self._others)


def follow(values: Values, *, is_live: bool) -> None:
    """Until q."""
    due = time.monotonic() + 1.0
    while True:
        wait_s = max(0.0, due - time.monotonic()) if is_live else None
        if select.select([0], [], [], wait_s)[0]:
            key = os.read(0, 64)
            if key in (b"q", b""):
                return
            os.write(1, (values.go(STEPS[key]) if key in STEPS else "").encode())
        elif is_live:
            due += 1.0
            os.write(1, values.step().encode())


def main() -> None:
    """On the terminal of standard input and output."""
    before, size = termios.tcgetattr(0), os.get_terminal_size(1)
    rows = int(sys.argv[2]) if len(sys.argv) > 2 else CHANGING
    values = Values(size.columns, size.lines, rows)
    tty.setraw(0)
    try:
        os.write(1, values.first().encode())
        follow(values, is_live=sys.argv[1] == "pulse")
    finally:
        os.write(1, END.encode())
        termios.tcsetattr(0, termios.TCSANOW, before)


if __name__ == "__main__":
    main()
