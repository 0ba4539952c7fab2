"""A widget that shows lines of text and repaints only the lines that changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

Spans = Sequence[tuple[str, str]]


class Lines(Widget):
    """Give it lines of (text, token) spans with `show`; `style_of` turns a token into a style."""

    DEFAULT_CSS = "Lines { height: 1fr; width: 1fr; }"

    def __init__(self, style_of: Callable[[str], Style], **options: object) -> None:
        super().__init__(**options)  # type: ignore[arg-type]
        self._style_of = style_of
        self._lines: list[tuple[tuple[str, str], ...]] = []

    def show(self, lines: Sequence[Spans]) -> None:
        """Put these lines in place of the old ones."""
        new = [tuple((text, token) for text, token in each) for each in lines]
        old, self._lines = self._lines, new
        for y in range(min(max(len(old), len(new)), max(self.size.height, 0) or len(new))):
            if (old[y] if y < len(old) else ()) != (new[y] if y < len(new) else ()):
                self.refresh(Region(0, y, max(1, self.size.width), 1))

    @property
    def texts(self) -> list[str]:
        """What is shown, without styles."""
        return ["".join(text for text, _ in each) for each in self._lines]

    def render_line(self, y: int) -> Strip:
        """One line as Textual wants it."""
        spans = self._lines[y] if y < len(self._lines) else ()
        strip = Strip([Segment(text, self._style_of(token)) for text, token in spans if text])
        return strip.adjust_cell_length(self.size.width)
