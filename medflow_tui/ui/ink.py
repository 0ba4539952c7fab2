"""Lines of spans as cells of a terminal, without Rich; a test holds it to what Rich makes of the same tokens."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache

from medflow_tui.ui.present.line import Line, width
from medflow_tui.ui.terminal.cell import Cell, Run, add_text
from medflow_tui.ui.theme import TOKENS, bare

ATTRIBUTES = {
    "bold": "1",
    "dim": "2",
    "italic": "3",
    "underline": "4",
}  # in the order in which Rich writes them
COLOURS = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")


@cache
def sgr(token: str) -> str:
    """The parameters that a terminal is sent for a token.

    >>> sgr("env-production"), sgr("stale"), sgr("")
    ('1;37;41', '3;90', '')
    """
    words = TOKENS[token].split()
    on = words.index("on") if "on" in words else len(words)
    front = [each for each in words[:on] if each not in ATTRIBUTES]
    codes = [code for word, code in ATTRIBUTES.items() if word in words]
    codes += [str(30 + _number(each)) for each in front]
    codes += [str(40 + _number(each)) for each in words[on + 1 :]]
    return ";".join(codes)


def _number(colour: str) -> int:
    plain = colour.removeprefix("bright_")
    return COLOURS.index(plain) + (60 if plain != colour else 0)


def runs(parts: Iterable[tuple[int, int, Line]], *, is_bare: bool = False) -> Iterator[Run]:
    """Line, column and cells of each part; where it `is_bare`, only what is news has a style.

    >>> list(runs([(0, 0, ())]))
    [(0, 0, [])]
    """
    for y, x, line in parts:
        cells: list[Cell] = []
        for text, token in line:
            add_text(cells, text, sgr(bare(token) if is_bare else token), width)
        yield y, x, cells
