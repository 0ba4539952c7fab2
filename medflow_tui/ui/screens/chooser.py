"""A list of rows to choose from: one line each, a mark before the chosen one, and words to filter by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.app import ComposeResult

from medflow_tui.model.words import Phrase, say
from medflow_tui.ui.present.line import Line, Span
from medflow_tui.ui.screens.paged import REST_S, PagedScreen
from medflow_tui.ui.widgets.lines import Lines
from medflow_tui.ui.widgets.scroll import Page

if TYPE_CHECKING:
    from medflow_tui.ui.session import Session


class ChooserScreen(PagedScreen):
    """What it lists is up to the subclass: `rows` and, below the list, `about` the chosen one."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._at = 0
        self.words = ""
        self._is_moving = False

    def rows(self, cells: int) -> list[Line]:
        """One line for each thing that can be chosen, without the mark."""
        raise NotImplementedError

    def heading(self, cells: int) -> Line:
        """The first line."""
        raise NotImplementedError

    def about(self, cells: int) -> list[Line]:
        """What stands below the list: of the chosen one, or of all."""
        return []

    @property
    def nothing(self) -> Phrase:
        """What is said when there is no row."""
        raise NotImplementedError

    def compose(self) -> ComposeResult:
        yield from self.compose_page(head=1, foot=True)

    def redraw(self) -> None:
        if not self.is_whole:
            return
        cells = self.app.size.width
        self.query_one("#title", Lines).show([self.heading(cells)])
        rows = self.rows(cells)
        self._at = max(0, min(self._at, len(rows) - 1))
        mark = self.session.glyphs.marker
        lines = [(Span(mark if index == self._at else " ", "marker"), *row) for index, row in enumerate(rows)]
        nothing = say("nothing has these words: {filter} asks for others", filter=self.session.key("filter"))
        told = self.tell(nothing if self.words else self.nothing)
        self.query_one(Page).put(lines or [(Span(f" {told}"),)])
        if not self._is_moving:
            self.show_foot(self.about(cells))
        self.call_after_refresh(self._keep_in_sight)

    def _rest(self) -> None:
        self._is_moving = False
        self.redraw()

    def _keep_in_sight(self) -> None:
        if not self.is_whole:
            return
        self.query_one(Page).reveal(self._at)
        self.draw_bar()

    def action_move(self, steps: int) -> None:
        self._at += steps
        self._is_moving = True
        if self._resting is not None:
            self._resting.stop()
        self._resting = self.set_timer(REST_S, self._rest)
        self.redraw()

    def action_page(self, steps: int) -> None:
        self.action_move(steps * max(1, self.query_one(Page).size.height - 1))

    def action_top(self) -> None:
        self.action_move(-1_000_000)

    def action_bottom(self) -> None:
        self.action_move(1_000_000)

    def action_filter(self) -> None:
        """Ask for the words."""
        self.switchboard.ask(
            say("What is seen? In your own words; empty shows all"), self.words, self._filter
        )

    def _filter(self, words: str) -> None:
        self.words, self._at = words.strip(), 0
        self.redraw()
