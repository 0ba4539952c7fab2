"""What a terminal showed, and when: the chunks of a run replayed through pyte."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

import pyte

from tests.bench.line import Chunk
from tests.bench.terminal import Size

# pyte takes the parameters of these for text; they show nothing.
_UNSHOWN = re.compile(r"\x1b\[[<=>][0-9;]*[a-zA-Z]|\x1b\[\?[0-9;]*\$p|\x1bP[^\x1b]*\x1b\\")
MARKERS, MARKED = ("▸", ">"), range(3)
_BEGUN = re.compile(r"\x1b(?:\[[^@-~\x1b]*|P[^\x1b]*\x1b?)?$")  # a sequence whose end has not come yet


@dataclass(frozen=True, slots=True)
class Moment:
    """When something was on the screen first, and after how many bytes."""

    at: float
    bytes_before: int


class _Cells(pyte.Screen):
    """With two things that pyte does not know: the repetition of a character, and the next line."""

    _last = ""

    def draw(self, data: str) -> None:
        self._last = data[-1:] or self._last
        super().draw(data)

    def repeat(self, count: int = 1) -> None:
        super().draw(self._last * (count or 1))

    def next_line(self) -> None:
        self.carriage_return()
        self.linefeed()


class _Stream(pyte.Stream):
    """That knows their sequences."""

    csi: ClassVar = {**pyte.Stream.csi, "b": "repeat"}
    escape: ClassVar = {**pyte.Stream.escape, "E": "next_line"}
    events = frozenset([*pyte.Stream.events, "repeat", "next_line"])


class Screen:
    """A terminal emulator fed with bytes as they come."""

    def __init__(self, size: Size) -> None:
        self._screen, self._rest = _Cells(size.columns, size.lines), ""
        self._stream = _Stream(self._screen)
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode

    def feed(self, data: bytes) -> None:
        text = self._rest + self._decode(data)
        begun = _BEGUN.search(text)
        whole = text[: begun.start()] if begun else text
        self._rest = text[len(whole) :]
        self._stream.feed(_UNSHOWN.sub("", whole))

    @property
    def lines(self) -> list[str]:
        return list(self._screen.display)

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    @property
    def marks(self) -> tuple[tuple[object, ...], ...]:
        """What tells the chosen row from the others: a marker before it, or its colours."""
        cells = (
            [self._screen.buffer[line][column] for column in MARKED] for line in range(self._screen.lines)
        )
        return tuple(
            (row[0].data if row[0].data in MARKERS else "", *((each.bg, each.reverse) for each in row))
            for row in cells
        )


def replay(chunks: Iterable[Chunk], size: Size) -> Screen:
    """The screen after all of them."""
    screen = Screen(size)
    for each in chunks:
        screen.feed(each.data)
    return screen


def first_seen(pattern: str, chunks: Iterable[Chunk], size: Size) -> Moment | None:
    """When the text of the screen (lines joined) contained the pattern first; None when it never did."""
    screen, wanted, size_so_far = Screen(size), re.compile(pattern, re.DOTALL), 0
    for each in chunks:
        screen.feed(each.data)
        size_so_far += len(each.data)
        if wanted.search(screen.text):
            return Moment(each.at, size_so_far)
    return None
