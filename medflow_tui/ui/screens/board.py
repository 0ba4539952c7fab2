"""What the dashboard draws: header, the sentence, four panes of verdicts, the log, the key bar."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

from textual.app import ComposeResult
from textual.containers import Container
from textual.dom import DOMNode
from textual.widget import Widget

from medflow_tui.model.health import Snapshot, Verdict
from medflow_tui.model.log import LogNews
from medflow_tui.model.target import BACKUPS, CLINICS, DEVICES, LOG, SERVICES
from medflow_tui.model.words import SILENCE, Phrase, say
from medflow_tui.ui import commands
from medflow_tui.ui.economy import LogFlow
from medflow_tui.ui.logpace import draw_every_s, look_every_s
from medflow_tui.ui.offers import offer_label, offers_for
from medflow_tui.ui.panes.detail import DetailPane
from medflow_tui.ui.panes.log import LogPane
from medflow_tui.ui.panes.rows import RowsPane
from medflow_tui.ui.present.header import header, second_line
from medflow_tui.ui.present.line import Line, Span, width, wrap
from medflow_tui.ui.present.places import NARROW, SMALLEST, TALL, WIDE
from medflow_tui.ui.present.report import PANE_TITLES
from medflow_tui.ui.present.rows import Look, Sparks, row_text, sparks_of, with_sparks, with_words
from medflow_tui.ui.screens.base import KeyedScreen
from medflow_tui.ui.session import Session
from medflow_tui.ui.theme import style
from medflow_tui.ui.widgets.lines import Lines


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What this viewer chose to see; kept between sessions."""

    words: str = ""
    problems: bool = False
    maximised: str = ""
    paused: bool = False
    pane: str = SERVICES


class Board(KeyedScreen):
    """Redraws when a snapshot arrives, when a line of log comes, at each minute, and at a key; never by itself."""

    def __init__(self, session: Session) -> None:
        self.place = commands.DASHBOARD
        super().__init__(session)
        for each in commands.at(commands.LOG, session.commands):
            for key in each.keys:
                if key not in self._bindings.key_to_bindings:
                    self._bindings.bind(key, each.action, show=False)
        self.view = View()
        self.frozen: Snapshot | None = None
        self._cost: tuple[str, ...] = ()
        self._line: Phrase = SILENCE
        self._log_at, self._log_sent = float("-inf"), 0  # when it was drawn last, after how many bytes
        self._head: list[Line] = []
        self._sparks: Sparks = {}
        self._log = LogPane(session.key(LOG), session.language, session.site)
        self._drawn: tuple[Widget, ...] = ()
        self.is_roomy = False

    def compose(self) -> ComposeResult:
        head, bar = Lines(style, classes="head", id="head"), self.new_bar()
        self._drawn = (head, self._log, bar)
        yield head
        with Container(id="panes"):
            for pane in (SERVICES, CLINICS, DEVICES, BACKUPS):
                yield RowsPane(self.session.key(pane), pane, PANE_TITLES[pane], self.session.language)
            yield self._log
        yield bar

    def on_resize(self) -> None:
        cells, lines = self.app.size
        self.is_roomy = cells >= WIDE and lines >= TALL
        self.set_class(cells < SMALLEST[0] or lines < SMALLEST[1], "small")
        self.set_class(cells < NARROW, "narrow")
        self.set_class(self.is_roomy and not self.has_class("beside"), "wide")
        if self.has_class("beside") and not self.is_roomy:
            self.close_beside()
        self.redraw()
        self.call_after_refresh(self.switchboard.begin)

    @property
    def snapshot(self) -> Snapshot:
        """What is shown: the newest, or the one that was held still."""
        return self.frozen or self.switchboard.snapshot

    @property
    def look(self) -> Look:
        """How it is drawn at this moment."""
        is_low = self.switchboard.economy.is_low
        language, glyphs, now = self.session.language, self.session.glyphs, self.session.now()
        return Look(language=language, glyphs=glyphs, now=now, sparks=not is_low)

    @property
    def rows_panes(self) -> list[RowsPane]:
        return list(self.query(RowsPane))

    @property
    def is_whole(self) -> bool:
        """All that is drawn on stands: not before the first paint, and not while the program ends."""
        return bool(self._drawn) and all(self._stands(each) for each in self._drawn)

    def _stands(self, widget: DOMNode) -> bool:
        """As a query would find it, at a tenth of its price: it is asked several times a second."""
        while widget is not self:
            parent = widget.parent
            if parent is None or widget not in parent.children:
                return False
            widget = parent
        return True

    @property
    def log_pane(self) -> LogPane:
        return self._log

    def take_snapshot(self) -> None:
        """News from the monitor."""
        if self.frozen is None:
            self.redraw()

    def redraw(self) -> None:
        """Everything for the present state; the widgets send only what changed."""
        if not self.is_whole:
            return
        cells = self.app.size.width
        snapshot, look = self.snapshot, self.look
        self.draw_header()
        if self.has_class("small"):
            return
        if self.switchboard.economy.sparklines:
            self._sparks = sparks_of(snapshot.verdicts)
        verdicts = with_sparks(snapshot.verdicts, self._sparks)
        shown = self._filtered(verdicts, look)
        right = {SERVICES: cells >= NARROW, DEVICES: cells >= NARROW, CLINICS: self.has_class("wide")}
        if self.has_class("wide"):
            right[DEVICES] = False
        for pane in self.rows_panes:
            pane.ruled = right.get(pane.pane, False) and not self.view.maximised
            pane.take(
                tuple(each for each in verdicts if each.pane == pane.pane),
                tuple(each for each in shown if each.pane == pane.pane),
                look,
            )
        self.log_pane.judged(tuple(each for each in snapshot.verdicts if each.pane == LOG))
        self.log_pane.is_off = self.switchboard.economy.log is LogFlow.OFF
        self.log_pane.take(LogNews(missed=self.log_pane.missed), look)
        self.draw_beside()
        self.draw_bar()

    def draw_beside(self) -> None:
        """The detail beside the list follows the selected row."""
        verdict = self.selected()
        if self.has_class("beside") and verdict is not None:
            pane = self.query_one(DetailPane)
            pane.about(verdict.target)
            pane.tell(verdict, offers_for(self.switchboard, verdict), self.snapshot)

    def open_beside(self) -> None:
        """The list keeps its keys; the detail stands at its right."""
        if not self.query(DetailPane):
            pane = DetailPane(self.session, id="beside")
            pane.can_focus = False
            self.mount(pane, after="#panes")
        self.remove_class("wide")
        self.add_class("beside")
        self.call_after_refresh(self.redraw)

    def close_beside(self) -> None:
        self.remove_class("beside")
        self.set_class(self.is_roomy, "wide")
        self.call_after_refresh(self.redraw)

    def draw_header(self) -> None:
        """The two lines on top; also at each minute. What they cost is told anew only with something else of them."""
        if not self.is_whole:
            return
        cells = self.app.size.width
        if self.has_class("small"):
            note = self.session.language.say(say("terminal too small: 40 by 12 at least"))
            self.query_one("#head", Lines).show([(Span(f" {each}"),) for each in wrap(note, cells - 1)])
            return
        head = self._head_lines(cells)
        if head != self._head:
            self._cost = self.switchboard.thrift.cost(is_wide=cells >= WIDE)
            self._line = self.switchboard.thrift.line()
            self._head = head = self._head_lines(cells)
        self.query_one("#head", Lines).show(head)

    def _head_lines(self, cells: int) -> list[Line]:
        snapshot, look, thrift = self.snapshot, self.look, self.switchboard.thrift
        first = header(
            self.session.site,
            snapshot,
            look,
            cells,
            armed_until=self.switchboard.armed_until,
            paused=self.view.paused,
            note=self.session.note,
            line=self._line,
            cost=self._cost,
            thrift=thrift.word if snapshot.notices or self.switchboard.economy.is_low else SILENCE,
        )
        said = self.tell(self.switchboard.banner) if self.switchboard.banner else ""
        return [
            first,
            second_line(
                snapshot, look, cells, banner=said, waiting=self.switchboard.waiting, saving=thrift.notice
            ),
        ]

    def draw_bar(self) -> None:
        """The keys that fit what has the focus."""
        if not self.is_whole:
            return
        place = commands.LOG if isinstance(self.focused, LogPane) else commands.DASHBOARD
        bar = self.key_bar(self.app.size.width, place)
        if self.view.words or self.view.problems:
            tags = [f"/{self.view.words}"] if self.view.words else []
            tags += [self.tell(say("problems only"))] if self.view.problems else []
            tag = " ".join(tags)
            bar = (Span(f" {tag} ", "strong"), *self.key_bar(self.app.size.width - width(tag) - 2, place))
        self.query_one("#keys", Lines).show([bar])

    def bar_label(self, command: commands.Command) -> str:
        text = super().bar_label(command)
        return offer_label(self.switchboard, text) if command.name == "playbooks" else text

    def tick(self) -> None:
        """Once a second: the log, and the clock when the minute is another one. Sends nothing when nothing changed."""
        self.take_log()
        if self.frozen is None:
            self.draw_header()

    def take_log(self, *, is_asked: bool = False) -> None:
        """What came of the log: as often as is saved, or because somebody asked."""
        follower, now = self.session.follower, time.monotonic()
        if follower is None or self.view.paused or not self.is_whole:
            return
        economy = self.switchboard.economy
        if not is_asked and (economy.log is LogFlow.OFF or now - self._log_at < draw_every_s(economy)):
            return
        news = follower.drain()
        is_news = bool(news.lines or news.dropped or news.notices or news.missed != self.log_pane.missed)
        if self.has_class("wide") or self.view.maximised == LOG:
            self.log_pane.count(follower.histogram(), draws=not is_news)
        if is_news:
            self.log_pane.take(news, self.look)
            sent = self.switchboard.bytes_out
            cells = self.app.size.width * self.app.size.height
            follower.pace(look_every_s(sent - self._log_sent, now - self._log_at, cells))
            self._log_at, self._log_sent = now, sent

    @property
    def row_texts(self) -> list[str]:
        """What can be read in the rows, for every verdict."""
        return [row_text(each, self.look) for each in self.snapshot.verdicts]

    def _filtered(self, verdicts: tuple[Verdict, ...], look: Look) -> tuple[Verdict, ...]:
        found = with_words(verdicts, self.view.words, look)
        return tuple(each for each in found if each.health.is_trouble or not self.view.problems)

    def on_descendant_focus(self) -> None:
        pane = self.focused_pane()
        if pane is not None and pane.id:
            self.view = replace(self.view, pane=pane.id)
        self.draw_beside()
        self.draw_bar()

    def focused_pane(self) -> RowsPane | LogPane | None:
        return self.focused if isinstance(self.focused, RowsPane | LogPane) else None

    def selected(self) -> Verdict | None:
        """The row that keys speak of; in the log, the verdict on the logs."""
        pane = self.focused_pane()
        return pane.selected if pane is not None else None
