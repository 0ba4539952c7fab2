"""A terminal emulator, frames as Textual draws them, and what all of a frame leaves on a terminal."""

from __future__ import annotations

from typing import Any, ClassVar

import pyte
from hypothesis import strategies as st
from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style
from textual._compositor import LayoutUpdate
from textual.geometry import Region
from textual.strip import Strip

Frame = list[list[tuple[str, str]]]
TEXTS = st.lists(
    st.sampled_from(["a", "b", " ", "é", "▲", "漢", "e\u0301", "       ", "----------"]), max_size=12
).map("".join)
STYLES = st.sampled_from(
    ["", "bold", "red", "bold white on red", "underline", "reverse", "bold red", "red on blue", "dim bold"]
)
ROWS = st.lists(st.tuples(TEXTS, STYLES), max_size=3)


def frames(height: int) -> st.SearchStrategy[Frame]:
    """Frames of so many lines."""
    return st.lists(ROWS, min_size=height, max_size=height)


class Screen(pyte.Screen):
    """With two things that pyte does not know: the repetition of a character, and the next line."""

    _last = ""

    def draw(self, data: str) -> None:
        self._last = data[-1:] or self._last
        super().draw(data)

    def repeat(self, count: int = 1) -> None:
        assert self._last.isascii(), "tmux and xterm repeat nothing else"
        super().draw(self._last * (count or 1))

    def next_line(self) -> None:
        assert self.cursor.y < self.lines - 1, "it would scroll"
        self.linefeed()
        self.carriage_return()


class Stream(pyte.Stream):
    """That knows their sequences."""

    csi: ClassVar = {**pyte.Stream.csi, "b": "repeat"}
    escape: ClassVar = {**pyte.Stream.escape, "E": "next_line"}
    events = frozenset([*pyte.Stream.events, "repeat", "next_line"])


class Terminal:
    """A terminal emulator and what is on it. It does not wrap, as Textual has it."""

    def __init__(self, width: int, height: int) -> None:
        self.screen = Screen(width, height)
        self.stream = Stream(self.screen)
        self.feed("\x1b[?7l")

    def feed(self, text: str) -> None:
        self.stream.feed(text)

    def cells(self) -> list[list[tuple[Any, ...]]]:
        return [
            [seen(self.screen.buffer[y][x]) for x in range(self.screen.columns)]
            for y in range(self.screen.lines)
        ]


def seen(cell: Any) -> tuple[Any, ...]:
    """What can be seen of a cell: of a blank, its background and the lines through and under it."""
    lines = (cell.data, cell.bg, cell.underscore, cell.reverse, cell.strikethrough)
    return lines if cell.data == " " and not cell.reverse else (*lines, cell.fg, cell.bold, cell.italics)


def layout(frame: Frame, width: int) -> LayoutUpdate:
    """The last column stays blank: pyte scrolls at a combining character there, which no terminal does."""
    strips = [
        [
            Strip([Segment(text, Style.parse(style)) for text, style in row if text])
            .adjust_cell_length(width - 1)
            .adjust_cell_length(width)
        ]
        for row in frame
    ]
    return LayoutUpdate(strips, Region(0, 0, width, len(frame)))  # type: ignore[arg-type]


class Console:
    """As much of a console as a strip needs."""

    _color_system = ColorSystem.STANDARD
    no_color = False


def stock(update: LayoutUpdate, width: int, height: int) -> list[list[tuple[Any, ...]]]:
    """What the update leaves on a terminal when all of it is sent."""
    terminal = Terminal(width, height)
    for y, strips in enumerate(update.strips):
        text = "".join(strip.render(Console()) for strip in strips)  # type: ignore[arg-type]
        terminal.feed(f"\x1b[{y + 1};1H{text}")
    return terminal.cells()
