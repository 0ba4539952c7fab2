"""What the pen sends is the shortest, and does what it should on a terminal."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medflow_tui.ui.terminal.pen import Pen, restyled
from medflow_tui.ui.terminal.repertoire import PLAIN, SCREEN, TMUX, VT100, XTERM, Repertoire
from tests.contracts.emulated import Terminal

KINDS = [PLAIN, VT100, SCREEN, XTERM, TMUX]
WIDTH, HEIGHT = 30, 12
PLACES = st.tuples(st.integers(0, HEIGHT - 1), st.integers(0, WIDTH - 1))
ATTRIBUTES = st.lists(st.sampled_from(["1", "3", "4", "5", "7", "9"]), unique=True)
FRONT = st.sampled_from(["", "31", "94", "38;5;4", "38;2;1;48;3"])
BACK = st.sampled_from(["", "44", "103", "48;5;7"])
STYLES = st.builds(
    lambda attributes, front, back: ";".join(filter(None, [*attributes, front, back])),
    ATTRIBUTES,
    FRONT,
    BACK,
)


def written(text: str) -> object:
    terminal = Terminal(4, 1)
    terminal.feed(f"{text}x")
    return terminal.screen.buffer[0][0]


@pytest.mark.parametrize("unsets", [True, False])
@given(old=STYLES, new=STYLES)
def test_one_style_becomes_the_other(unsets: bool, old: str, new: str) -> None:
    text = restyled(old, new, unsets=unsets)
    assert written(f"\x1b[{old}m{text}") == written(f"\x1b[{new}m")
    assert len(text) <= len(f"\x1b[;{new}m")


@pytest.mark.parametrize("kind", KINDS)
@given(places=st.lists(PLACES, min_size=1, max_size=12))
def test_it_goes_to_every_place_by_some_way(kind: Repertoire, places: list[tuple[int, int]]) -> None:
    pen, terminal = Pen(kind, WIDTH), Terminal(WIDTH, HEIGHT)
    for y, x in places:
        pen.move(y, x)
        pen.write([("x", "")])
    text = pen.lift()
    terminal.feed(text)
    expected = {(y, x) for y, x in places}
    found = {(y, x) for y in range(HEIGHT) for x in range(WIDTH) if terminal.screen.buffer[y][x].data == "x"}
    assert found == expected
    assert len(text) <= sum(len(f"\x1b[{y + 1};{x + 1}Hx") for y, x in places)


def test_behind_a_character_that_terminals_differ_about_it_goes_by_the_column() -> None:
    pen = Pen(XTERM, WIDTH)
    pen.move(3, 3)
    pen.write([("漢", ""), ("", "")])
    assert pen.way(3, 8) == "\x1b[9G"


def test_where_it_stands_is_not_known_after_others_may_have_written() -> None:
    pen = Pen(XTERM, WIDTH)
    pen.move(3, 3)
    pen.write([("x", "")])
    pen.lift()
    assert pen.way(3, 5) == "\x1b[4;6H"
