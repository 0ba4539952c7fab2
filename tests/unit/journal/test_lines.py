"""Blocks of bytes cut into lines."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from medflow_tui.journal.lines import LONGEST_LINE, LineCutter

PIECES = st.sampled_from(
    [b"a", b" ", b"\t", b"\r", b"\n", b"\n\n", b"\r\n", b"\0", b"\xe9", "é".encode(), "❌".encode(), b"\xff"]
)


def cut(*blocks: bytes, skips: bool = False) -> tuple[list[str], int]:
    """What comes of the blocks, and how many lines were too long."""
    cutter = LineCutter()
    if skips:
        cutter.skip()
    lines = [line for block in blocks for line in cutter.feed(block)]
    return lines + cutter.flush(), cutter.cut


@given(st.lists(PIECES, max_size=60).map(b"".join), st.integers(0, 60), st.booleans())
@example(b"one\ntwo\r\n\n \nthree", 5, False)
def test_a_block_at_once_is_cut_as_it_is_byte_by_byte(data: bytes, at: int, skips: bool) -> None:
    slowly = cut(*(data[n : n + 1] for n in range(len(data))), skips=skips)
    assert cut(data, skips=skips) == slowly
    assert cut(data[:at], data[at:], skips=skips) == slowly


def test_a_line_that_is_too_long_loses_its_end_among_others_too() -> None:
    lines, number = cut(b"first\n" + b"x" * (LONGEST_LINE + 1) + b"\nlast\n")
    assert (lines, number) == (["first", "x" * LONGEST_LINE + "…", "last"], 1)


def test_a_long_line_within_bounds_is_whole() -> None:
    assert cut(b"first\n" + b"x" * LONGEST_LINE + b"\n")[0][1] == "x" * LONGEST_LINE
