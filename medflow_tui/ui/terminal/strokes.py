"""One line of the terminal: its cells that differ, written in the shortest way."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import compress, groupby
from operator import eq, itemgetter, ne

from medflow_tui.ui.terminal.cell import BLANK, Cell
from medflow_tui.ui.terminal.pen import Pen

Row = list[Cell]
NEAR = 4  # bytes of unchanged cells in the style in force that are no dearer than moving the cursor over them
FEW = 3  # blanks that are no dearer than erasing the rest of the line
FAR = 12  # cells
STREAK = 5  # equal cells from which a shorter way may pay
GAP = " " * STREAK
_GAPS = re.compile(f"{GAP} *")
MOVE = 4  # bytes, usually
_CHARACTER = itemgetter(0)


def draw(pen: Pen, y: int, wanted: Row, shown: Row, at: int, end: int, limit: int | None = None) -> int:
    """Write what differs between two columns, until that many bytes are reached; from which column on it may still.

    `shown` is changed with it, behind `end` too when the rest of the line is erased.
    """
    whole_end = end
    at, end = differing(wanted, shown, at, end)
    tail = _tail(wanted, end) if pen.can.erases_rest else end
    while at < end:
        while wanted[at] == shown[at]:
            at += 1
        if limit is not None and pen.size >= limit:
            return at
        if at >= tail and end - at > FEW:
            _erase_rest(pen, y, shown, tail, at)
            break
        while at > 0 and not wanted[at][0]:
            at -= 1
        stop = _run_end(wanted, shown, at, tail if at < tail < end - FEW else end)
        at = _write(pen, y, wanted, shown, at, stop, limit)
    return whole_end


def parts(wanted: Row, shown: Row, at: int, end: int) -> list[tuple[int, int]]:
    """Where a line differs between two columns, in parts that are far from each other.

    >>> parts([("a", "")] * 30, [("b", ""), *[("a", "")] * 28, ("b", "")], 0, 30)
    [(0, 1), (29, 30)]
    """
    found: list[tuple[int, int]] = []
    begins = last = -FAR
    for x in _differences(wanted, shown, at, end):
        if x - last >= FAR:
            found.append((begins, last + 1))
            begins = x
        last = x
    return [*found[1:], (begins, last + 1)] if found else []


def differing(wanted: Row, shown: Row, at: int, end: int) -> tuple[int, int]:
    """From which column to before which one a part of a line differs; none of it if they are the same.

    >>> differing([("a", ""), ("b", ""), ("c", "")], [("a", ""), ("?", ""), ("c", "")], 0, 3)
    (1, 2)
    """
    while at < end and wanted[end - 1] == shown[end - 1]:
        end -= 1
    while at < end and wanted[at] == shown[at]:
        at += 1
    return at, end


def _differences(wanted: Row, shown: Row, at: int, end: int) -> Iterator[int]:
    return compress(range(at, end), map(ne, wanted[at:end], shown[at:end]))


def cost(pen: Pen, y: int, wanted: Row, shown: Row) -> int:
    """How many bytes a line would be; nothing is changed."""
    if wanted == shown:
        return 0
    trial = pen.scratch()
    trial.x, trial.y, trial.style = 0, y, ""
    draw(trial, y, wanted, shown.copy(), 0, len(wanted))
    return trial.size


def _tail(wanted: Row, end: int) -> int:
    """From where on a line is blank to its end, looking back from `end`; `end` itself if it is not."""
    if end == 0 or wanted[end - 1] != BLANK or any(each != BLANK for each in wanted[end:]):
        return end
    while end > 0 and wanted[end - 1] == BLANK:
        end -= 1
    return end


def _erase_rest(pen: Pen, y: int, shown: Row, tail: int, at: int) -> None:
    """From anywhere between the end of the text and the first cell that differs."""
    if pen.y != y or not tail <= pen.x <= at:
        pen.move(y, 0 if tail == 0 else at)
    pen.erase("\x1b[K")
    shown[at:] = [BLANK] * (len(shown) - at)


def _run_end(wanted: Row, shown: Row, at: int, end: int) -> int:
    """Where a run that begins at a cell which differs ends: parts that are near each other are one run."""
    last, seen, gap = at, at, 0
    for probe in compress(range(at, end), map(eq, wanted[at:end], shown[at:end])):
        if probe > seen + 1:
            last, gap = probe - 1, 0
        seen = probe
        character, style = cell = wanted[probe]
        gap += len(character.encode("utf-8", "replace"))
        if gap > NEAR or (style != wanted[last][1] and cell != BLANK):
            return _whole(wanted, last + 1)
    return _whole(wanted, last + 1 if seen == end - 1 and seen > last else end)


def _whole(row: Row, stop: int) -> int:
    while stop < len(row) and not row[stop][0]:
        stop += 1
    return stop


def _write(pen: Pen, y: int, wanted: Row, shown: Row, at: int, stop: int, limit: int | None) -> int:
    """A run, or the beginning of one that is longer than the limit; from where on it is still to be written."""
    for begins, ends, is_streak in _streaks(pen, wanted, at, stop):
        at = begins
        while at < ends:
            if limit is not None and pen.size >= limit:
                return at
            if is_streak and _streak(pen, y, wanted[at], at, ends, is_last=ends == stop):
                part = ends
            else:
                most = ends if limit is None else at + max(1, limit - pen.size)
                part = _whole(wanted, min(ends, most))
                pen.move(y, at)
                pen.write(wanted[at:part])
            shown[at:part] = wanted[at:part]
            at = part
    return stop


def _streaks(pen: Pen, wanted: Row, at: int, stop: int) -> list[tuple[int, int, bool]]:
    """A run as parts, those apart that are one cell many times."""
    if stop - at < STREAK or not (pen.can.repeats or GAP in _text(wanted[at:stop])):
        return [(at, stop, False)]
    parts: list[tuple[int, int, bool]] = []
    begins = at
    for _, group in groupby(wanted[at:stop]):
        ends = at + len([*group])
        if ends - at >= STREAK:
            if begins < at:
                parts.append((begins, at, False))
            parts.append((at, ends, True))
            begins = ends
        at = ends
    return [*parts, (begins, stop, False)] if begins < stop else parts


def has_gap(row: Row) -> bool:
    """Whether there are blanks before its end that need not be written on a line that is blank."""
    return GAP in _text(row).rstrip()


def gains_blank(wanted: Row, shown: Row) -> bool:
    """Whether there is something in such a gap now: blanks that are there already cost nothing either way.

    >>> row = [("a", ""), *[BLANK] * 5, ("b", "")]
    >>> gains_blank(row, row), gains_blank(row, [("x", "")] * 7)
    (False, True)
    """
    text = _text(wanted)
    if len(text) != len(wanted):  # a wide character
        return has_gap(wanted)
    text = text.rstrip()
    return GAP in text and any(wanted[a:b] != shown[a:b] for a, b in map(re.Match.span, _GAPS.finditer(text)))


def _text(cells: Row) -> str:
    return "".join(map(_CHARACTER, cells))


def _streak(pen: Pen, y: int, cell: Cell, at: int, ends: int, *, is_last: bool) -> bool:
    """Erase or repeat cells that are all the same; False where that is no shorter."""
    cells = ends - at
    if cell == BLANK and pen.can.erases_cells and cells > MOVE + (0 if is_last else MOVE):
        pen.move(y, at)
        pen.erase(f"\x1b[{cells}X")
        return True
    if pen.can.repeats and cell[0].isascii() and len(cell[0]) == 1 and cells > MOVE + 1:
        pen.move(y, at)
        pen.repeat(cell, cells)
        return True
    return False
