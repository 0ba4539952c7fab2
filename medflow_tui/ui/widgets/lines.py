"""A widget that shows lines of text and repaints only the lines that changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

Spans = Sequence[tuple[str, str]]


class Lines(Widget):
    """Give it lines of (text, token) spans with `show`; `style_of` turns a token into a style.

    A `style_of` of the application comes before it.
    """

    DEFAULT_CSS = "Lines { height: 1fr; width: 1fr; }"

    def __init__(self, style_of: Callable[[str], Style], **options: object) -> None:
        super().__init__(**options)  # type: ignore[arg-type]
        self._style_of = style_of
        self._lines: list[tuple[tuple[str, str], ...]] = []
        self._rendered: list[Strip] = []
        self._rendered_for: Region | None = None

    def show(self, lines: Sequence[Spans]) -> None:
        """Put these lines in place of the old ones."""
        new = [tuple(each) for each in lines]
        old, self._lines = self._lines, new
        height = min(max(len(old), len(new)), max(self.size.height, 0) or len(new))
        changed = [
            (old[y] if y < len(old) else ()) != (new[y] if y < len(new) else ()) for y in range(height)
        ]
        top = 0
        for has_changed, alike in groupby(changed):
            below = top + len(list(alike))
            if has_changed:
                self.refresh(Region(0, top, max(1, self.size.width), below - top))
            top = below

    @property
    def texts(self) -> list[str]:
        """What is shown, without styles."""
        return ["".join(text for text, _ in each) for each in self._lines]

    def render_lines(self, crop: Region) -> list[Strip]:
        """Those of the last frame while none of them changed: each frame asks every widget for all of its lines.

        The seam to Textual 8.2.8 is `_styles_cache`, in which a change of style makes every line dirty.
        """
        if crop != self._rendered_for or any(map(self._styles_cache.is_dirty, crop.line_range)):
            self._rendered, self._rendered_for = super().render_lines(crop), crop
        return self._rendered

    def render_line(self, y: int) -> Strip:
        """One line as Textual wants it."""
        spans = self._lines[y] if y < len(self._lines) else ()
        style_of = getattr(self.app, "style_of", self._style_of)
        segments = [Segment(text, style_of(token)) for text, token in spans if text]
        is_plain = all(text.isascii() for text, _ in spans)
        strip = Strip(segments, sum(len(text) for text, _ in spans) if is_plain else None)
        return strip.adjust_cell_length(self.size.width)
