"""What the bench reads from bytes, however they are cut."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from tests.bench.screen import Screen
from tests.bench.terminal import Size

BYTES = (
    b"\x1b[?2026$p\x1b[2;3Hab\x1b[1;31m-\x1b[4b\x1bEnext\x1b[>1u\x1bP>|xterm\x1b\\\x1b[4;1H\xe2\x96\xb8 row"
)
SHOWN = [" " * 10, "  ab-----".ljust(10), "next".ljust(10), "▸ row".ljust(10)]


@given(st.lists(st.integers(0, len(BYTES)), max_size=8))
def test_pieces_show_what_the_whole_shows(cuts: list[int]) -> None:
    screen, ends = Screen(Size(10, 4)), sorted({0, *cuts, len(BYTES)})
    for begin, end in itertools.pairwise(ends):
        screen.feed(BYTES[begin:end])
    assert screen.lines == SHOWN
    assert screen.marks[3][0] == "▸"
