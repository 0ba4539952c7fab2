"""The dashboard: header, the sentence, four panes of verdicts, the log, the key bar."""

from __future__ import annotations

from dataclasses import dataclass, replace

from textual.app import ComposeResult
from textual.containers import Container
from textual.widget import Widget

from medflow_tui.model.health import Snapshot, Verdict
from medflow_tui.model.log import Level, LogNews
from medflow_tui.model.target import BACKUPS, CLINICS, DEVICES, LOG, PANES, SERVICES
from medflow_tui.model.words import Phrase, say
from medflow_tui.ui import commands
from medflow_tui.ui.panes.detail import DetailPane
from medflow_tui.ui.panes.log import LogPane
from medflow_tui.ui.panes.rows import RowsPane
from medflow_tui.ui.present.header import header
from medflow_tui.ui.present.health import called
from medflow_tui.ui.present.line import Line, Span, fit, width
from medflow_tui.ui.present.report import PANE_TITLES
from medflow_tui.ui.present.rows import Look, summary
from medflow_tui.ui.screens.base import KeyedScreen
from medflow_tui.ui.session import Session
from medflow_tui.ui.theme import style
from medflow_tui.ui.widgets.lines import Lines

NARROW, WIDE, TALL = 60, 120, 30
SMALLEST = (40, 12)
PANE_KEYS = {SERVICES: "F2", CLINICS: "F3", DEVICES: "F4", BACKUPS: "F5", LOG: "F6"}


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What this viewer chose to see; kept between sessions."""

    words: str = ""
    problems: bool = False
    maximised: str = ""
    paused: bool = False
    pane: str = SERVICES


class DashboardScreen(KeyedScreen):
    """Redraws when a snapshot arrives, when a line of log comes, at each minute, and at a key; never by itself."""

    def __init__(self, session: Session) -> None:
        self.place = commands.DASHBOARD
        super().__init__(session)
        for each in commands.at(commands.LOG):
            for key in each.keys:
                if key not in self._bindings.key_to_bindings:
                    self._bindings.bind(key, each.action, show=False)
        self.view = View()
        self._frozen: Snapshot | None = None
        self._is_roomy = False

    def compose(self) -> ComposeResult:
        yield Lines(style, classes="head", id="head")
        with Container(id="panes"):
            for pane in (SERVICES, CLINICS, DEVICES, BACKUPS):
                yield RowsPane(PANE_KEYS[pane], pane, PANE_TITLES[pane], self.session.language)
            yield LogPane(PANE_KEYS[LOG], self.session.language, self.session.site)
        yield self.new_bar()

    def on_mount(self) -> None:
        self.action_pane(self.view.pane)

    def on_resize(self) -> None:
        cells, lines = self.app.size
        self._is_roomy = cells >= WIDE and lines >= TALL
        self.set_class(cells < NARROW, "narrow")
        self.set_class(self._is_roomy and not self.has_class("beside"), "wide")
        if self.has_class("beside") and not self._is_roomy:
            self._close_beside()
        self.redraw()
        self.call_after_refresh(self.switchboard.begin)

    @property
    def snapshot(self) -> Snapshot:
        """What is shown: the newest, or the one that was held still."""
        return self._frozen or self.switchboard.snapshot

    @property
    def look(self) -> Look:
        """How it is drawn at this moment."""
        return Look(language=self.session.language, glyphs=self.session.glyphs, now=self.session.now())

    @property
    def rows_panes(self) -> list[RowsPane]:
        return list(self.query(RowsPane))

    @property
    def log_pane(self) -> LogPane:
        return self.query_one(LogPane)

    def take_snapshot(self) -> None:
        """News from the monitor."""
        if self._frozen is None:
            self.redraw()

    def redraw(self) -> None:
        """Everything for the present state; the widgets send only what changed."""
        cells, lines = self.app.size
        if cells < SMALLEST[0] or lines < SMALLEST[1]:
            note = self.session.language.say(say("terminal too small: 40 by 12 at least"))
            self.query_one("#head", Lines).show([(Span(fit(note, cells)),)])
            return
        snapshot, look = self.snapshot, self.look
        self.draw_header()
        shown = self._filtered(snapshot.verdicts, look)
        right = {SERVICES: cells >= NARROW, DEVICES: cells >= NARROW, CLINICS: self.has_class("wide")}
        if self.has_class("wide"):
            right[DEVICES] = False
        for pane in self.rows_panes:
            pane.ruled = right.get(pane.pane, False) and not self.view.maximised
            pane.take(
                tuple(each for each in snapshot.verdicts if each.pane == pane.pane),
                tuple(each for each in shown if each.pane == pane.pane),
                look,
            )
        self.log_pane.judged(tuple(each for each in snapshot.verdicts if each.pane == LOG))
        self.log_pane.take(LogNews(missed=self.log_pane.missed), look)
        self.draw_beside()
        self.draw_bar()

    def draw_beside(self) -> None:
        """The detail beside the list follows the selected row."""
        verdict = self.selected()
        if self.has_class("beside") and verdict is not None:
            pane = self.query_one(DetailPane)
            pane.about(verdict.target)
            pane.tell(verdict, self.switchboard.offers_for(verdict))

    def draw_header(self) -> None:
        """The two lines on top; also at each minute."""
        cells = self.app.size.width
        snapshot, look = self.snapshot, self.look
        armed = self.switchboard.armed_until
        first = header(
            self.session.site,
            snapshot,
            look,
            cells,
            armed_until=armed,
            paused=self.view.paused,
            note=self.session.note,
        )
        second: Line = summary(snapshot.verdicts, look, cells)
        if snapshot.notices:
            text = self.session.language.say(snapshot.notices[0], look.now)
            room = min(width(text), cells // 2 - 3)
            second = (
                *summary(snapshot.verdicts, look, cells - room - 3),
                Span("   "),
                Span(fit(text, room, look.glyphs.more), "warning"),
            )
        if self.switchboard.banner:
            second = (
                Span(f" {fit(self.tell(self.switchboard.banner), cells - 1, look.glyphs.more)}", "strong"),
            )
        self.query_one("#head", Lines).show([first, second])

    def draw_bar(self) -> None:
        """The keys that fit what has the focus."""
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
        if command.name == "playbooks":
            n = self.switchboard.fitting()
            if n:
                text += " " + self.tell(say("{n:number} fit", n=n))
        return text

    def tick(self) -> None:
        """Once a second: the log, and the clock when the minute is another one. Sends nothing when nothing changed."""
        follower = self.session.follower
        if follower is not None and not self.view.paused:
            news = follower.drain()
            if news.lines or news.dropped or news.notices or news.missed != self.log_pane.missed:
                self.log_pane.take(news, self.look)
            if self.has_class("wide") or self.view.maximised == LOG:
                self.log_pane.count(follower.histogram())
        if self._frozen is None:
            self.draw_header()

    def _filtered(self, verdicts: tuple[Verdict, ...], look: Look) -> tuple[Verdict, ...]:
        words = self.view.words.casefold().split()
        kept = []
        for each in verdicts:
            if self.view.problems and not each.health.is_trouble:
                continue
            text = (
                f"{called(each, look.language)} {each.target} {look.language.say(each.evidence, look.now)}".casefold()
                if words
                else ""
            )
            if all(word in text for word in words):
                kept.append(each)
        return tuple(kept)

    def on_descendant_focus(self) -> None:
        pane = self._focused_pane()
        if pane is not None and pane.id:
            self.view = replace(self.view, pane=pane.id)
        self.draw_beside()
        self.draw_bar()

    def _focused_pane(self) -> RowsPane | LogPane | None:
        return self.focused if isinstance(self.focused, RowsPane | LogPane) else None

    def selected(self) -> Verdict | None:
        """The row that keys speak of; in the log, the verdict on the logs."""
        pane = self._focused_pane()
        return pane.selected if pane is not None else None

    def go_to(self, target: str) -> bool:
        """Select a target wherever it is."""
        for pane in self.rows_panes:
            if pane.choose(target):
                self.action_pane(pane.pane)
                return True
        return False

    def action_pane(self, pane: str) -> None:
        if self.view.maximised and self.view.maximised != pane:
            self._set_maximised(pane)
        self.query_one(f"#{pane}", Widget).focus()

    def action_next_pane(self, step: int) -> None:
        now = self._focused_pane()
        at = PANES.index(now.id) if now is not None and now.id in PANES else 0
        self.action_pane(PANES[(at + step) % len(PANES)])

    def action_move(self, steps: int) -> None:
        pane = self._focused_pane()
        if pane is not None:
            pane.move(steps)
            self.draw_beside()

    def action_page(self, steps: int) -> None:
        pane = self._focused_pane()
        if pane is not None:
            pane.move(steps * max(1, pane.size.height - 2))
            self.draw_beside()

    def action_top(self) -> None:
        self.action_move(-1_000_000)

    def action_bottom(self) -> None:
        pane = self._focused_pane()
        if isinstance(pane, LogPane):
            pane.bottom()
        else:
            self.action_move(1_000_000)

    def action_details(self) -> None:
        from medflow_tui.ui.screens.detail import DetailScreen

        verdict = self.selected()
        if verdict is None:
            return
        if self._is_roomy and not self.has_class("beside"):
            self._open_beside()
        else:
            self.app.push_screen(DetailScreen(self.session, verdict.target))

    def _open_beside(self) -> None:
        """The list keeps its keys; the detail stands at its right."""
        if not self.query(DetailPane):
            pane = DetailPane(self.session, id="beside")
            pane.can_focus = False
            self.mount(pane, after="#panes")
        self.remove_class("wide")
        self.add_class("beside")
        self.call_after_refresh(self.redraw)

    def _close_beside(self) -> None:
        self.remove_class("beside")
        self.set_class(self._is_roomy, "wide")
        self.call_after_refresh(self.redraw)

    def action_problems(self) -> None:
        pane = self._focused_pane()
        if isinstance(pane, LogPane):
            pane.refilter(level=Level.INFO if pane.level is Level.WARN else Level.WARN)
            return
        self.view = replace(self.view, problems=not self.view.problems)
        self.redraw()

    def action_filter(self) -> None:
        pane = self._focused_pane()
        if isinstance(pane, LogPane):
            self.switchboard.ask(
                say("log: only lines that match (regular expression)"), pane.include, self._filter_log
            )
        else:
            self.switchboard.ask(say("show only rows with these words"), self.view.words, self._filter_rows)

    def _filter_rows(self, words: str) -> None:
        self.view = replace(self.view, words=words.strip())
        self.redraw()

    def _filter_log(self, words: str) -> None:
        self._tell_problem(self.log_pane.refilter(include=words))

    def action_exclude(self) -> None:
        self.switchboard.ask(
            say("log: without lines that match (regular expression)"),
            self.log_pane.exclude,
            self._exclude_log,
        )

    def _exclude_log(self, words: str) -> None:
        self._tell_problem(self.log_pane.refilter(exclude=words))

    def _tell_problem(self, why: Phrase | None) -> None:
        if why is not None:
            self.switchboard.say_briefly(why)

    def action_level(self) -> None:
        if isinstance(self._focused_pane(), LogPane):
            self.log_pane.next_level()

    def action_seek(self, level: str, direction: int) -> None:
        if isinstance(self._focused_pane(), LogPane) and not self.log_pane.seek(
            Level[level.upper()], direction
        ):
            self.switchboard.say_briefly(say("no further line of this level"))

    def action_logs(self) -> None:
        self.action_pane(LOG)

    def action_pause(self) -> None:
        paused = not self.view.paused
        self.view = replace(self.view, paused=paused)
        self._frozen = self.switchboard.snapshot if paused else None
        if self.session.follower is not None:
            self.session.follower.pause() if paused else self.session.follower.resume()
        self.redraw()

    def action_maximise(self) -> None:
        pane = self._focused_pane()
        self._set_maximised("" if self.view.maximised or pane is None else str(pane.id))

    def _set_maximised(self, pane: str) -> None:
        self.view = replace(self.view, maximised=pane)
        self.set_class(bool(pane), "maximised")
        for each in self.query(".pane"):
            each.set_class(each.id == pane, "alone")
        self.call_after_refresh(self.redraw)

    def action_refresh_now(self) -> None:
        verdict = self.selected()
        self.switchboard.looking.read_now(
            verdict.target if verdict is not None and self.view.maximised == "" else None
        )
        self.switchboard.say_briefly(say("reading again"))

    def action_acknowledge(self) -> None:
        self.switchboard.acknowledge(self.selected())

    def action_maintenance(self) -> None:
        self.switchboard.announce(self.selected())

    def action_back(self) -> None:
        if self.switchboard.banner:
            self.switchboard.say_briefly(None)
        elif self.view.words or self.view.problems:
            self.view = replace(self.view, words="", problems=False)
            self.redraw()
        elif self.view.maximised:
            self._set_maximised("")
        elif self.has_class("beside"):
            self._close_beside()

    def action_leave(self) -> None:
        if self.view.maximised:
            self._set_maximised("")
        else:
            self.switchboard.leave()
