"""One cell of a terminal: a character and its style."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

Cell = tuple[str, str]  # character (empty behind a wide one), style as SGR parameters
Run = tuple[int, int, list[Cell]]  # line, column, cells from there on
BLANK: Cell = (" ", "")
SHORT = 24  # characters of a text that is likely to be drawn again


@lru_cache(maxsize=1024)
def shows_on_blank(sgr: str) -> bool:
    """Whether a blank in this style looks other than a plain one: background, underline, reverse, strike, overline.

    >>> shows_on_blank("1;31"), shows_on_blank("1;30;46"), shows_on_blank("38;5;4"), shows_on_blank("4")
    (False, True, False, True)
    """
    codes = iter(sgr.split(";"))
    for code in codes:
        if code == "38":
            for _ in range(1 if next(codes, "") == "5" else 3):
                next(codes, "")
        elif code in ("4", "5", "6", "7", "9", "21", "48", "53") or (
            len(code) > 1 and code[:-1] in ("4", "10")
        ):
            return True
    return False


def add_text(cells: list[Cell], text: str, sgr: str, size_of: Callable[[str], int]) -> None:
    """A text behind other cells: after a wide character one is empty, a combining one is part of the cell before.

    >>> row = []
    >>> add_text(row, "e\u0301 ", "31", {"e": 1, "\u0301": 0, " ": 1}.get)
    >>> row == [("e\u0301", "31"), BLANK]
    True
    """
    if text.isascii():
        cells += _short_cells(text, sgr) if len(text) <= SHORT or text.isspace() else _ascii_cells(text, sgr)
        return
    blank = (" ", sgr) if shows_on_blank(sgr) else BLANK
    for each in text:
        size = size_of(each)
        if size == 0 and cells:
            at = len(cells) - 1 if cells[-1][0] else max(0, len(cells) - 2)
            cells[at] = (cells[at][0] + each, sgr if cells[at] == BLANK else cells[at][1])
        elif size:
            cells += [blank if each == " " else (each, sgr), *[("", sgr)] * (size - 1)]


def _ascii_cells(text: str, sgr: str) -> tuple[Cell, ...]:
    blank = (" ", sgr) if shows_on_blank(sgr) else BLANK
    return tuple([blank if each == " " else (each, sgr) for each in text])


@lru_cache(maxsize=2048)
def _short_cells(text: str, sgr: str) -> tuple[Cell, ...]:
    """Names, levels and the room behind a text return in each frame."""
    return _ascii_cells(text, sgr)
