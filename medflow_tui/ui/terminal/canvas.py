"""What should be on the terminal and what is there, and the cheapest characters that make the one the other.

Textual re-sends whatever is marked dirty; here each cell is compared with what is known to be on the terminal, only
cells that differ are sent, and of those only the newest: what was not sent in time is never sent at all.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import accumulate
from operator import ne
from typing import TYPE_CHECKING

from medflow_tui.ui.terminal.cell import BLANK, Run
from medflow_tui.ui.terminal.pen import Pen
from medflow_tui.ui.terminal.repertoire import PLAIN, Repertoire
from medflow_tui.ui.terminal.strokes import Row, cost, differing, draw, gains_blank, has_gap, parts

if TYPE_CHECKING:
    from rich.color import ColorSystem
    from textual._compositor import CompositorUpdate

FEW = 40  # parts of lines, of which it does not take long to find the nearest each time
MUCH = 2  # lines of cells that differ
ERASE, ERASE_ALL = 5, 9  # bytes: of a line, of the lines from one on
Due = dict[int, tuple[int, int]]  # line → from which column to before which one it may differ


class Canvas:
    """`accept` what is wanted, `take` what is to be sent for it: at once, or slice by slice as the line takes it."""

    def __init__(self, repertoire: Repertoire = PLAIN) -> None:
        self._repertoire = repertoire
        self.width = self.height = 0
        self._blank_row: Row = []
        self._wanted: list[Row] = []
        self._shown: list[Row] = []
        self._first: Due = {}
        self._later: Due = {}
        self._afresh: set[int] = set()  # lines that are cheaper to write on a blank
        self._owes_clear = self._is_new = False
        self._pen = Pen(repertoire, 0)

    @property
    def differs(self) -> bool:
        """Whether anything is still to be sent."""
        return self._owes_clear or bool(self._first or self._later)

    def forget(self) -> None:
        """Nothing is known of the terminal any more: after a resume, or output of somebody else's."""
        self._shown = self._blank()
        self._pen = Pen(self._repertoire, self.width)
        self._owes_clear = bool(self.width and self.height)
        self._first.clear()
        self._afresh.clear()
        self._later = {
            y: (0, self.width)
            for y, (wanted, shown) in enumerate(zip(self._wanted, self._shown, strict=True))
            if wanted != shown
        }

    def fit(self, width: int, height: int) -> None:
        """Have another size, if it is another one: nothing is wanted yet, and nothing is known."""
        if (width, height) != (self.width, self.height):
            self.width, self.height = width, height
            self._blank_row = [BLANK] * width
            self._wanted = self._blank()
            self.forget()

    def accept(self, update: CompositorUpdate, colours: ColorSystem, *, first: bool = False) -> None:
        """What Textual has drawn is wanted from now on; if `first`, it is sent before all else that is due."""
        from medflow_tui.ui.terminal.frames import runs

        self.want(runs(update, colours), first=first)

    def want(self, runs: Iterable[Run], *, first: bool = False) -> None:
        """These cells are wanted from now on."""
        due = self._first if first else self._later
        for y, x, cells in runs:
            if 0 <= y < self.height and 0 <= x < self.width:
                self._want(due, y, x, cells[: self.width - x])

    def take(self, limit: int | None = None) -> str:
        """What to send next, at most about `limit` bytes of it (but some); empty when nothing differs."""
        if self._owes_clear:
            self._owes_clear = self._is_new = False
            self._pen.clear()
        is_much = self._is_much()
        if is_much and self._is_new:
            self._rearrange()
        self._is_new = False
        if self._draw_due(self._first, limit, is_much=is_much):
            self._draw_due(self._later, limit, is_much=is_much)
        return self._pen.lift()

    def _blank(self) -> list[Row]:
        return [self._blank_row.copy() for _ in range(self.height)]

    def _want(self, due: Due, y: int, x: int, cells: Row) -> None:
        wanted, shown, end = self._wanted[y], self._shown[y], x + len(cells)
        wanted[x:end] = cells
        self._afresh.discard(y)
        if shown[x:end] == cells:
            if wanted == shown:
                self._first.pop(y, None)
                self._later.pop(y, None)
            return
        x, end = differing(wanted, shown, x, end)
        if y in due:
            x, end = min(x, due[y][0]), max(end, due[y][1])
        due[y] = x, end
        self._is_new = True

    def _is_much(self) -> bool:
        """Whether so many cells differ that it is looked for more than each of them."""
        least, spans = MUCH * self.width, [*self._first.items(), *self._later.items()]
        if sum(end - at for _, (at, end) in spans) < least:
            return False
        found = 0
        for y, (at, end) in spans:
            found += sum(map(ne, self._wanted[y][at:end], self._shown[y][at:end]))
            if found >= least:
                return True
        return False

    def _draw_due(self, due: Due, limit: int | None, *, is_much: bool) -> bool:
        """Few parts in the order of the shortest ways, as columns of figures; many from top to bottom."""
        lines = sorted(due.items(), reverse=True)
        left = [
            (y, at, end) for y, span in lines for at, end in ([span] if is_much else self._parts(y, *span))
        ]
        is_all = True
        while left and is_all:
            near = left[-1] if is_much or len(left) > FEW else min(left, key=self._far)
            left.remove(near)
            is_all = self._draw(*near, limit)
        for y in [*due]:
            if self._wanted[y] == self._shown[y]:
                self._first.pop(y, None)
                self._later.pop(y, None)
        return is_all

    def _parts(self, y: int, at: int, end: int) -> list[tuple[int, int]]:
        return [(at, end)] if y in self._afresh else parts(self._wanted[y], self._shown[y], at, end)

    def _far(self, part: tuple[int, int, int]) -> int:
        return self._pen.far(part[0], part[1])

    def _draw(self, y: int, at: int, end: int, limit: int | None) -> bool:
        """Whether the limit was not reached before it was drawn."""
        if y in self._afresh:
            self._afresh.remove(y)
            self._pen.move(y, 0)
            self._pen.erase("\x1b[K")
            self._shown[y] = self._blank_row.copy()
        return draw(self._pen, y, self._wanted[y], self._shown[y], at, end, limit) >= end

    def _rearrange(self) -> None:
        """Move lines, or blank them, where that is cheaper than to write over them."""
        due = self._later | self._first
        if not self._scroll(due) and self._pen.can.erases_rest:
            self._blank_some(due)

    def _scroll(self, due: Due) -> bool:
        from medflow_tui.ui.terminal.shift import shift_of

        can = self._pen.can
        shift = shift_of(self._wanted, self._shown, due) if can.has_regions or can.shifts_lines else None
        if shift is None:
            return False
        lines = range(shift.top, shift.bottom)
        moved = shift.moved(self._shown)
        trial = self._pen.scratch()
        trial.scroll(shift.top, shift.bottom, shift.by, self.height)
        after = trial.size + sum(self._cost(y, row) for y, row in zip(lines, moved, strict=True))
        if all(before <= after for before in accumulate(self._cost(y, self._shown[y]) for y in lines)):
            return False
        self._pen.scroll(shift.top, shift.bottom, shift.by, self.height)
        self._shown[shift.top : shift.bottom] = moved
        self._renew(lines)
        return True

    def _blank_some(self, due: Due) -> None:
        gaining = [y for y in due if gains_blank(self._wanted[y], self._shown[y])]
        over, afresh = self._both_costs(gaining)
        self._afresh = {y for y in gaining if afresh[y] + ERASE < over[y]}
        if sum(over.values()) - sum(afresh.values()) > ERASE_ALL and len(gaining) * ERASE > ERASE_ALL:
            even = [y for y in due if y not in over and has_gap(self._wanted[y])]
            more_over, more_afresh = self._both_costs(even)
            free = dict.fromkeys(due, 0)
            self._blank_below(free | over | more_over, free | afresh | more_afresh)
        for y in self._afresh:
            (self._first if y in self._first else self._later)[y] = 0, self.width

    def _both_costs(self, lines: Iterable[int]) -> tuple[dict[int, int], dict[int, int]]:
        """In bytes, of writing over what is there, and of writing on blank lines."""
        over = {y: self._cost(y, self._shown[y]) for y in lines}
        blank = self._blank_row
        return over, {
            y: each if self._shown[y] == blank else self._cost(y, blank) for y, each in over.items()
        }

    def _blank_below(self, over: dict[int, int], afresh: dict[int, int]) -> None:
        saved, most, top = 0, ERASE_ALL, self.height
        for y in reversed(range(self.height)):
            if y in over:
                saved += min(over[y], afresh[y] + ERASE) - afresh[y]
            else:
                saved -= self._cost(y, self._blank_row)
            if saved > most:
                most, top = saved, y
        if top < self.height:
            self._pen.move(top, 0)
            self._pen.erase("\x1b[J")
            self._shown[top:] = [self._blank_row.copy() for _ in range(top, self.height)]
            self._renew(range(top, self.height))

    def _cost(self, y: int, shown: Row) -> int:
        return cost(self._pen, y, self._wanted[y], shown)

    def _renew(self, lines: range) -> None:
        """What is on these lines was changed: all that differs there is due."""
        for y in lines:
            is_first = y in self._first
            self._first.pop(y, None)
            self._later.pop(y, None)
            self._afresh.discard(y)
            if self._wanted[y] != self._shown[y]:
                (self._first if is_first else self._later)[y] = 0, self.width
