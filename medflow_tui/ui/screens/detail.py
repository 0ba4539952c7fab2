"""The detail of one target, over the dashboard, or beside it when the terminal is wide."""

from __future__ import annotations

import threading
from datetime import timedelta

from textual.app import ComposeResult
from textual.message import Message

from medflow_tui.model.health import Verdict
from medflow_tui.model.words import Phrase, say
from medflow_tui.ui.commands import DETAIL
from medflow_tui.ui.present.detail import Known, contact_for, detail_lines
from medflow_tui.ui.present.line import Span
from medflow_tui.ui.present.rows import Look
from medflow_tui.ui.screens.base import KeyedScreen
from medflow_tui.ui.session import Session
from medflow_tui.ui.theme import style
from medflow_tui.ui.widgets.lines import Lines
from medflow_tui.ui.widgets.scroll import Page


class DetailScreen(KeyedScreen):
    """Follows its target: redrawn with every snapshot. History is read in a thread."""

    place = DETAIL

    class HistoryArrived(Message):
        """Changes and figures, read from the file."""

        def __init__(self, known: Known) -> None:
            super().__init__()
            self.known = known

    def __init__(self, session: Session, target: str) -> None:
        super().__init__(session)
        self.target = target
        self._known = Known()

    def compose(self) -> ComposeResult:
        yield Page(style, id="page")
        yield self.new_bar()

    def on_mount(self) -> None:
        self.query_one(Page).focus()
        self.call_after_refresh(self.redraw)
        threading.Thread(target=self._read_history, name="history-read", daemon=True).start()

    def _read_history(self) -> None:
        since = self.session.now() - timedelta(days=1)
        reader = self.session.history
        settings = next(
            (each for each in self.session.site.targets if each.name == self.target.partition("/")[0]), None
        )
        known = Known(
            changes=reader.changes(self.target),
            samples=reader.samples(self.target, since),
            contact=contact_for(self.session.site, settings),
        )
        self.post_message(self.HistoryArrived(known))

    def on_detail_screen_history_arrived(self, message: HistoryArrived) -> None:
        self._known = message.known
        self.redraw()

    @property
    def verdict(self) -> Verdict | None:
        """The verdict that this screen is about."""
        return self.switchboard.snapshot.find(self.target)

    def take_snapshot(self) -> None:
        """News from the monitor."""
        self.redraw()

    def redraw(self) -> None:
        verdict = self.verdict
        look = Look(language=self.session.language, glyphs=self.session.glyphs, now=self.session.now())
        cells = self.app.size.width
        self.query_one("#keys", Lines).show([self.key_bar(cells)])
        if verdict is None:
            self.query_one(Page).put([(Span(" " + self.tell(say("this target is no longer watched"))),)])
            return
        known = self._known
        offers = self.switchboard.offers_for(verdict)
        known = Known(
            changes=known.changes,
            samples=known.samples,
            contact=known.contact,
            playbooks=offers,
            budget=_budget(verdict),
        )
        self.query_one(Page).put(detail_lines(verdict, known, look, cells))

    def on_resize(self) -> None:
        self.call_after_refresh(self.redraw)

    def action_move(self, steps: int) -> None:
        self.query_one(Page).move(steps)

    def action_page(self, steps: int) -> None:
        page = self.query_one(Page)
        page.move(steps * max(1, page.size.height - 1))

    def action_top(self) -> None:
        self.query_one(Page).move(-1_000_000)

    def action_bottom(self) -> None:
        self.query_one(Page).move(1_000_000)

    def action_refresh_now(self) -> None:
        self.switchboard.looking.read_now(self.target)

    def action_acknowledge(self) -> None:
        self.switchboard.acknowledge(self.verdict)

    def action_maintenance(self) -> None:
        self.switchboard.announce(self.verdict)


def _budget(verdict: Verdict) -> Phrase:
    used, limit = verdict.values.get("api_used"), verdict.values.get("api_calls")
    if used is None or limit is None:
        return Phrase(text="")
    return say(
        "calls to this host: {used:number} of {limit:number} allowed in the window", used=used, limit=limit
    )
