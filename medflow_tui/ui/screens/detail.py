"""The detail of one target, over the dashboard."""

from __future__ import annotations

from textual.app import ComposeResult

from medflow_tui.model.health import Verdict
from medflow_tui.ui.commands import DETAIL
from medflow_tui.ui.offers import offers_for
from medflow_tui.ui.panes.detail import DetailPane
from medflow_tui.ui.screens.paged import PagedScreen
from medflow_tui.ui.session import Session


class DetailScreen(PagedScreen):
    """Follows its target: redrawn with every snapshot."""

    place = DETAIL

    def __init__(self, session: Session, target: str) -> None:
        super().__init__(session)
        self.target = target

    def compose(self) -> ComposeResult:
        yield DetailPane(self.session, id="page")
        yield self.new_bar()

    def on_mount(self) -> None:
        pane = self.query_one(DetailPane)
        pane.focus()
        pane.about(self.target)
        self.call_after_refresh(self.redraw)

    @property
    def verdict(self) -> Verdict | None:
        """The verdict that this screen is about."""
        return self.switchboard.snapshot.find(self.target)

    def take_snapshot(self) -> None:
        """News from the monitor."""
        self.redraw()

    def redraw(self) -> None:
        if not self.is_whole:
            return
        verdict = self.verdict
        offers = offers_for(self.switchboard, verdict) if verdict is not None else ()
        self.query_one(DetailPane).tell(verdict, offers, self.switchboard.snapshot)
        self.call_after_refresh(self.draw_bar)

    def on_resize(self) -> None:
        self.call_after_refresh(self.redraw)

    def action_refresh_now(self) -> None:
        self.switchboard.looking.read_now(self.target)

    def action_acknowledge(self) -> None:
        self.switchboard.acknowledge(self.verdict)

    def action_maintenance(self) -> None:
        self.switchboard.announce(self.verdict)
