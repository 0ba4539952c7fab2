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
        """Those of the last frame, but for the lines that changed: each frame asks every widget for all of its lines.

        The seam to Textual 8.2.8 is `_styles_cache`, in which a change of style makes every line dirty. What it would
        add (border, padding, filters of colours) is left to it where there is any.
        """
        is_dirty = self._styles_cache.is_dirty
        is_same = crop == self._rendered_for
        if is_same and not any(map(is_dirty, crop.line_range)):
            return self._rendered
        if self._is_bare(crop):
            old = self._rendered if is_same else []
            self._rendered = [
                self.render_line(y) if is_dirty(y) or not old else old[number]
                for number, y in enumerate(crop.line_range)
            ]
            self._styles_cache.clear()
        else:
            self._rendered = super().render_lines(crop)
        self._rendered_for = crop
        return self._rendered

    def _is_bare(self, crop: Region) -> bool:
        """Whether its lines are all that there is of it."""
        is_whole = crop.x == 0 and crop.width == self.size.width
        return is_whole and not any(self.styles.gutter) and not self.app.get_line_filters()

    def render_line(self, y: int) -> Strip:
        """One line as Textual wants it."""
        spans = self._lines[y] if y < len(self._lines) else ()
        style_of = getattr(self.app, "style_of", self._style_of)
        segments = [Segment(text, style_of(token)) for text, token in spans if text]
        is_plain = all(text.isascii() for text, _ in spans)
        strip = Strip(segments, sum(len(text) for text, _ in spans) if is_plain else None)
        return strip.adjust_cell_length(self.size.width)
