"""Where what stands on the dashboard; the style sheet says the same to Textual, and a test holds them together."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

from medflow_tui.model.target import BACKUPS, CLINICS, DEVICES, LOG, SERVICES

NARROW, WIDE, TALL = 60, 120, 30
SMALLEST = (40, 12)
HEAD, BAR = 2, 1  # lines above and below the panes
STACKED = (SERVICES, CLINICS, DEVICES, BACKUPS, LOG)


class Place(NamedTuple):
    """A part of the screen, in cells and lines."""

    x: int
    y: int
    cells: int
    lines: int


def places(cells: int, lines: int) -> dict[str, Place]:
    """The panes of the dashboard on a terminal of that size; none where it is too small.

    >>> places(80, 24)["devices"], places(30, 24)
    (Place(x=0, y=11, cells=43, lines=6), {})
    """
    if cells < SMALLEST[0] or lines < SMALLEST[1]:
        return {}
    room = lines - HEAD - BAR
    if cells < NARROW:
        down = _parts(room, (6, 4, 4, 3, 4))
        return {pane: Place(0, HEAD + y, cells, n) for pane, (y, n) in zip(STACKED, down, strict=True)}
    if cells >= WIDE and lines >= TALL:
        down = _parts(room, (14, 9, 22))
        across = [(SERVICES, 0, 2), (CLINICS, 2, 4), (DEVICES, 4, 6)]
        rows = [across, [(BACKUPS, 0, 6)], [(LOG, 0, 6)]]
        edges = [*(x for x, _ in _parts(cells, (1, 1, 1, 1, 1, 1))), cells]
    else:
        down = _parts(room, (9, 6, 6))
        rows = [[(SERVICES, 0, 1), (CLINICS, 1, 2)], [(DEVICES, 0, 1), (BACKUPS, 1, 2)], [(LOG, 0, 2)]]
        edges = [*(x for x, _ in _parts(cells, (43, 37))), cells]
    return {
        pane: Place(edges[left], HEAD + y, edges[right] - edges[left], n)
        for (y, n), row in zip(down, rows, strict=True)
        for pane, left, right in row
    }


def _parts(total: int, shares: tuple[int, ...]) -> list[tuple[int, int]]:
    """Offset and length of each share, without a gap.

    >>> _parts(21, (9, 6, 6))
    [(0, 9), (9, 6), (15, 6)]
    """
    whole = sum(shares)
    edges = [total * sum(shares[:n]) // whole for n in range(len(shares) + 1)]
    return [(start, end - start) for start, end in pairwise(edges)]
