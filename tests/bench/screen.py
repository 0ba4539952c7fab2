"""What a terminal showed, and when: the chunks of a run replayed through pyte."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable
from dataclasses import dataclass

import pyte

from tests.bench.terminal import Chunk, Size

# pyte takes the parameters of these for text; they show nothing.
_UNSHOWN = re.compile(r"\x1b\[[<=>][0-9;]*[a-zA-Z]|\x1b\[\?[0-9;]*\$p|\x1bP[^\x1b]*\x1b\\")
_REPEAT = re.compile(r"(.)\x1b\[(\d+)b", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Moment:
    """When something was on the screen first, and after how many bytes."""

    at: float
    bytes_before: int


class Screen:
    """A terminal emulator fed with bytes as they come."""

    def __init__(self, size: Size) -> None:
        self._screen = pyte.Screen(size.columns, size.lines)
        self._stream = pyte.Stream(self._screen)
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode

    def feed(self, data: bytes) -> None:
        text = _UNSHOWN.sub("", self._decode(data))
        self._stream.feed(_REPEAT.sub(lambda each: each[1] * (1 + int(each[2])), text))

    @property
    def lines(self) -> list[str]:
        return list(self._screen.display)

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


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
