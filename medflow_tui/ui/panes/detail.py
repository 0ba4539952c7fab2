"""The detail of one target as a page: on a screen of its own, or beside the list when the terminal is wide."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, cast

from textual.message import Message

from medflow_tui.model.health import Snapshot, Verdict
from medflow_tui.model.words import SILENCE, Phrase, say
from medflow_tui.ui.present.detail import Known, contact_for, detail_lines
from medflow_tui.ui.present.line import Span
from medflow_tui.ui.present.rows import Look
from medflow_tui.ui.session import Session
from medflow_tui.ui.theme import style
from medflow_tui.ui.widgets.scroll import Page

if TYPE_CHECKING:
    from medflow_tui.ui.app import MedflowApp
    from medflow_tui.ui.thrift import Thrift


class DetailPane(Page):
    """`about` chooses the target, whose history is then read in a thread; `tell` draws what is known now."""

    class HistoryArrived(Message):
        """Changes and figures, read from the file."""

        def __init__(self, target: str, known: Known) -> None:
            super().__init__()
            self.target, self.known = target, known

    def __init__(self, session: Session, **options: object) -> None:
        super().__init__(style, **options)
        self._session = session
        self.target = ""
        self._known = Known()
        self._verdict: Verdict | None = None
        self._offers: tuple[str, ...] = ()
        self._cost: tuple[Phrase, ...] = ()

    def about(self, target: str) -> None:
        """Another target; the same one is left as it is."""
        if target == self.target:
            return
        self.target, self._known = target, Known()
        self.rewind()
        threading.Thread(target=self._read_history, args=(target,), name="history-read", daemon=True).start()

    def _read_history(self, target: str) -> None:
        now, reader = self._session.now(), self._session.history
        site = self._session.site
        settings = next((each for each in site.targets if each.name == target.partition("/")[0]), None)
        known = Known(
            changes=reader.changes(target),
            samples=reader.samples(target, now - timedelta(days=1)),
            contact=contact_for(site, settings),
        )
        self.post_message(self.HistoryArrived(target, known))

    def on_detail_pane_history_arrived(self, message: HistoryArrived) -> None:
        message.stop()
        if message.target == self.target:
            self._known = message.known
            self.draw()

    def tell(self, verdict: Verdict | None, offers: tuple[str, ...], snapshot: Snapshot) -> None:
        """What is known now, and the playbooks that fit; None when the target is no longer watched."""
        from medflow_tui.rules.cost import told

        self._verdict, self._offers = verdict, offers
        screen = self._thrift.hourly
        self._cost = told(self._session.site, verdict.target, snapshot, screen) if verdict is not None else ()
        self.draw()

    @property
    def _thrift(self) -> Thrift:
        return cast("MedflowApp", self.app).thrift

    def draw(self) -> None:
        """All lines for the present width."""
        session, verdict = self._session, self._verdict
        if verdict is None:
            self.put([(Span(" " + session.language.say(say("this target is no longer watched"))),)])
            return
        look = Look(
            language=session.language,
            glyphs=session.glyphs,
            now=session.now(),
            sparks=not self._thrift.economy.is_low,
        )
        known = replace(self._known, playbooks=self._offers, budget=_budget(verdict), cost=self._cost)
        self.put(detail_lines(verdict, known, look, self.size.width))

    def on_resize(self) -> None:
        self.draw()
        super().on_resize()


def _budget(verdict: Verdict) -> Phrase:
    used, limit = verdict.values.get("api_used"), verdict.values.get("api_calls")
    if used is None or limit is None:
        return SILENCE
    return say(
        "calls to this host: {used:number} of {limit:number} allowed in the window", used=used, limit=limit
    )
