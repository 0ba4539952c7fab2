"""A text to read: help, details, lists of what is to be said."""

from __future__ import annotations

from collections.abc import Callable

from textual.app import ComposeResult

from medflow_tui.ui.commands import READ
from medflow_tui.ui.present.line import Line, Span, fit
from medflow_tui.ui.screens.paged import PagedScreen
from medflow_tui.ui.session import Session
from medflow_tui.ui.widgets.lines import Lines
from medflow_tui.ui.widgets.scroll import Page


class ReadingScreen(PagedScreen):
    """`text` gives the lines for a width; `title` stands above them."""

    place = READ

    def __init__(self, session: Session, title: str, text: Callable[[int], list[Line]]) -> None:
        super().__init__(session)
        self._heading, self._text = title, text

    def compose(self) -> ComposeResult:
        yield from self.compose_page(head=1)

    def redraw(self) -> None:
        """The text for the present width."""
        if not self.is_whole:
            return
        cells = self.app.size.width
        self.query_one("#title", Lines).show([(Span(f" {fit(self._heading, cells - 1)}", "title"),)])
        self.query_one(Page).put(self._text(cells))
        self.call_after_refresh(self.draw_bar)
