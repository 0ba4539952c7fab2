"""What all screens with a page of text share: scrolling, and telling how much stands below."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.timer import Timer

from medflow_tui.model.words import say
from medflow_tui.ui.present.line import Line, Span, width
from medflow_tui.ui.screens.base import KeyedScreen
from medflow_tui.ui.theme import style
from medflow_tui.ui.widgets.lines import Lines
from medflow_tui.ui.widgets.scroll import Page

REST_S = 0.4  # what is said of a place is drawn when the key rests: passing over lines costs little


class PagedScreen(KeyedScreen):
    """Has one `Page`; moving keys move it. What it shows is drawn by `redraw`."""

    _resting: Timer | None = None

    def compose(self) -> ComposeResult:
        yield from self.compose_page(head=2)

    def compose_page(self, *, head: int, foot: bool = False) -> ComposeResult:
        """A title of one line or two, the page, lines below it where there is a `foot`, the key bar."""
        yield Lines(style, classes="head" if head == 2 else "head-1", id="title")
        yield Page(style, id="page")
        if foot:
            yield Lines(style, id="foot")
        yield self.new_bar()

    def on_mount(self) -> None:
        self.query_one(Page).focus()
        self.redraw()

    def on_resize(self) -> None:
        self.redraw()

    def redraw(self) -> None:
        """Everything but the key bar's own news."""
        raise NotImplementedError

    def show_foot(self, lines: Sequence[Line]) -> None:
        """Below the page, as high as it is long."""
        foot = self.query_one("#foot", Lines)
        foot.styles.height = len(lines)
        foot.show(lines)

    def bar_end(self, cells: int) -> tuple[Span, ...]:
        """How many lines stand below, for the end of the key bar."""
        below = self.query_one(Page).below
        if not below:
            return ()
        text = self.tell(say("lines below: {n:number}", n=below))
        return (Span(f"{text if width(text) < cells // 3 else f'+{below}'} ", "quiet"),)

    def scroll_page(self, steps: int) -> None:
        """Scroll by lines; how much stands below is said anew when the key rests, as each line of it would be sent too."""
        self.query_one(Page).move(steps)
        self._rest_later()

    def _rest_later(self) -> None:
        if self._resting is not None:
            self._resting.stop()
        self._resting = self.set_timer(REST_S, self.draw_bar)

    def action_move(self, steps: int) -> None:
        """A line on: only the mark moves, and every few lines as many come at once."""
        self.query_one(Page).walk(steps, (self.session.glyphs.marker, ""))
        self._rest_later()

    def action_page(self, steps: int) -> None:
        self.scroll_page(steps * max(1, self.query_one(Page).size.height - 1))

    def action_top(self) -> None:
        self.scroll_page(-1_000_000)

    def action_bottom(self) -> None:
        self.scroll_page(1_000_000)
