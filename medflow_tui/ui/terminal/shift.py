"""Lines that have moved up or down together, as a list or a log that scrolls."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from medflow_tui.ui.terminal.cell import BLANK, Cell

Row = list[Cell]
FEWEST = 2  # lines; whether moving so few pays is not decided here
PROBED = 16  # cells of a line by which it is found again, before all of it is compared
APART = 3  # lines of a group that have changed besides


@dataclass(frozen=True, slots=True)
class Shift:
    """The lines from `top` to before `bottom` move up by so many lines, or down by less than 0."""

    top: int
    bottom: int
    by: int

    def moved(self, rows: list[Row]) -> list[Row]:
        """The lines between top and bottom as they are afterwards.

        >>> Shift(0, 3, 1).moved([[("a", "")], [("b", "")], [("c", "")], [("d", "")]])
        [[('b', '')], [('c', '')], [(' ', '')]]
        """
        kept = rows[max(self.top, self.top + self.by) : min(self.bottom, self.bottom + self.by)]
        come = [[BLANK] * len(rows[self.top]) for _ in range(abs(self.by))]
        return [*kept, *come] if self.by > 0 else [*come, *kept]


def shift_of(wanted: list[Row], shown: list[Row], due: Mapping[int, tuple[int, int]]) -> Shift | None:
    """How most of the lines that are due have moved, looking at the columns that are due only.

    >>> rows = [[(each, "")] for each in "abcdefg"]
    >>> shift_of(rows[1:5] + rows[:1], rows[:5], {y: (0, 1) for y in range(5)})
    Shift(top=0, bottom=5, by=1)
    >>> shift_of(rows[:5], rows[:5], {1: (0, 1)}) is None
    True
    """
    begins, ends = min(at for at, _ in due.values()), max(end for _, end in due.values())
    some = slice(begins, ends, max(1, (ends - begins) // PROBED))
    before: dict[tuple[Cell, ...], list[int]] = {}
    for y, row in enumerate(shown):
        before.setdefault(tuple(row[some]), []).append(y)
    blank, found = [BLANK] * (ends - begins), []
    for y in sorted(due):
        line = wanted[y][begins:ends]
        if line != blank:
            alike = before.get(tuple(wanted[y][some]), ())
            found += [(y, was - y) for was in alike if shown[was][begins:ends] == line]
    votes = Counter(by for _, by in found if by)
    if not votes:
        return None
    by = votes.most_common(1)[0][0]
    group = _largest([y for y, each in found if each == by])
    if len(group) < FEWEST:
        return None
    return Shift(min(group[0], group[0] + by), max(group[-1], group[-1] + by) + 1, by)


def _largest(lines: list[int]) -> list[int]:
    groups: list[list[int]] = []
    for each in lines:
        if groups and each - groups[-1][-1] <= APART:
            groups[-1].append(each)
        else:
            groups.append([each])
    return max(groups, key=len)
