"""What all screens with a page of text share: scrolling, and telling how much stands below."""

from __future__ import annotations

from medflow_tui.model.words import say
from medflow_tui.ui.present.line import Span, width
from medflow_tui.ui.screens.base import KeyedScreen
from medflow_tui.ui.widgets.scroll import Page


class PagedScreen(KeyedScreen):
    """Has one `Page`; moving keys move it."""

    def bar_end(self, cells: int) -> tuple[Span, ...]:
        """How many lines stand below, for the end of the key bar."""
        below = self.query_one(Page).below
        if not below:
            return ()
        text = self.tell(say("lines below: {n:number}", n=below))
        return (Span(f"{text} ", "quiet"),) if width(text) < cells // 2 else ()

    def scroll_page(self, steps: int) -> None:
        """Scroll by lines, and say anew how much stands below."""
        self.query_one(Page).move(steps)
        self.draw_bar()

    def action_move(self, steps: int) -> None:
        self.scroll_page(steps)

    def action_page(self, steps: int) -> None:
        self.scroll_page(steps * max(1, self.query_one(Page).size.height - 1))

    def action_top(self) -> None:
        self.scroll_page(-1_000_000)

    def action_bottom(self) -> None:
        self.scroll_page(1_000_000)
