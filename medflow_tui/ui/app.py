"""The application: a switchboard between the screens, the monitor and the playbooks."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, ClassVar

from rich.style import Style
from textual.app import App
from textual.binding import BindingType
from textual.events import Event, Key, Paste
from textual.reactive import var
from textual.screen import Screen

from medflow_tui.model.health import EMPTY, Snapshot, Verdict
from medflow_tui.model.words import SILENCE, Phrase, say
from medflow_tui.ui import styles
from medflow_tui.ui.kept import Kept, take_up
from medflow_tui.ui.messages import LineLost, LogArrived, SnapshotArrived
from medflow_tui.ui.present.health import ASCII
from medflow_tui.ui.present.ring import rings
from medflow_tui.ui.screens.base import KeyedScreen
from medflow_tui.ui.screens.dashboard import DashboardScreen
from medflow_tui.ui.session import Session
from medflow_tui.ui.terminal.choice import chosen_driver
from medflow_tui.ui.terminal.link import Link
from medflow_tui.ui.terminal.painter import Painter
from medflow_tui.ui.terminal.sounding import ANSWERS_ITSELF, Sounding
from medflow_tui.ui.terminal.turns import Turns
from medflow_tui.ui.theme import bare_style, style
from medflow_tui.ui.thrift import Thrift

if TYPE_CHECKING:
    from medflow_tui.ui.acting import Acting
    from medflow_tui.ui.economy import Economy
    from medflow_tui.ui.leading import Leading
    from medflow_tui.ui.present.line import Line
    from medflow_tui.ui.terminal.curtain import Curtain

ONCE_MORE = say("nothing is interrupted; ctrl+c once more quits")
TICK_S = 1.0
LOG_FIRST_S = 0.06  # its last lines are on the screen by then; what looking imports would double that
SAID_FOR = timedelta(seconds=10)  # it hides the sentence that says what is wrong


class MedflowApp(App[int], inherit_bindings=False):
    """One viewer. Everything that may block happens elsewhere; news come as messages.

    Textual's own bindings are not taken over: its ctrl+q would quit from anywhere, its ctrl+c float a notice.
    """

    BINDINGS: ClassVar[list[BindingType]] = [("ctrl+c", "interrupt", "")]
    CSS_PATH: ClassVar[list[str | PurePath]] = styles.sheets()
    ENABLE_COMMAND_PALETTE = False
    AUTO_FOCUS = None

    snapshot: var[Snapshot] = var(EMPTY)

    def __init__(
        self,
        session: Session,
        *,
        stock_terminal: bool = False,
        curtain: Curtain | None = None,
        **options: Any,
    ) -> None:
        super().__init__(driver_class=chosen_driver(), **options)
        self.session = session
        self.link, self.curtain = Link(), curtain
        self.sounding = Sounding(asks=not any(map(os.environ.get, ANSWERS_ITSELF)))
        self.is_plain = session.glyphs == ASCII
        self.turns = Turns(self, super().on_event)
        self.thrift = Thrift(self)
        self._has_news = False
        self._acting: Acting | None = None
        self.has_begun = False
        self.banner: Phrase | None = None
        self._banner_ends = session.now()
        self.fault: Exception | None = None
        self.painter = None if stock_terminal else Painter(curtain)
        self.looking = session.looking_for(self._publish)
        self.snapshot = self.looking.snapshot
        self.dashboard = DashboardScreen(session)
        self.kept = Kept(session)

    def _publish(self, snapshot: Snapshot) -> None:
        self.post_message(SnapshotArrived(snapshot))

    def get_default_screen(self) -> Screen[Any]:
        """The dashboard is the bottom of the stack."""
        return self.dashboard

    async def on_event(self, event: Event) -> None:
        """Keys in their turn (see `ui.terminal.turns`)."""
        if isinstance(event, Key | Paste) and not event.is_forwarded:
            await self.turns.take(event)
        else:
            await super().on_event(event)

    def on_mount(self) -> None:
        self.app_resume_signal.subscribe(self, lambda _: self.action_redraw())
        self._read_people()

    def take_up_view(self) -> None:
        """The view in which this person left."""
        take_up(self.dashboard, self.session.kept)

    def on_line_lost(self, message: LineLost) -> None:
        """End; what still has to be written down is written."""
        self._end(message.code)

    def _end(self, code: int) -> None:
        if self.dashboard.is_whole:
            self.kept.look(self.dashboard)
        self.exit(return_code=code)

    def on_line_drained(self) -> None:
        """Draw what was left out while the line had no room."""
        if self.painter is None:
            self.refresh()
        else:
            self.painter.go_on(self)

    def begin(self) -> None:
        """Once, after the first paint: the clients that looking imports would hold it up."""
        if self.has_begun:
            return
        self.has_begun = True
        self.turns.open()
        if self.painter is not None:  # a size that is not the usual one is laid out once more
            self.dashboard.call_after_refresh(self.painter.lift, self)
        gc.freeze()
        gc.enable()
        self.set_interval(TICK_S, self._tick)
        if self.session.follower is None:
            self._begin_looking()
        else:
            self.session.follower.start(lambda: self.post_message(LogArrived()))
            self.set_timer(LOG_FIRST_S, self._begin_looking)

    def _begin_looking(self) -> None:
        self.looking.start()
        if self.session.dispatch is not None:
            self.acting.look_for_runs()
            self.dashboard.draw_bar()

    def on_snapshot_arrived(self, message: SnapshotArrived) -> None:
        before, self.snapshot = self.snapshot, message.snapshot
        if self.session.site.bell and rings(before, message.snapshot):
            self.bell()
        self._has_news = True
        if not self.thrift.holds_back:
            self._draw_news()

    def on_log_arrived(self) -> None:
        self.dashboard.take_log()

    def _draw_news(self) -> None:
        self._has_news = False
        for each in self.screen_stack:
            take = getattr(each, "take_snapshot", None)
            if take is not None:
                take()

    def _tick(self) -> None:
        if not self.dashboard.is_whole:
            return
        if self.banner is not None and self.session.now() >= self._banner_ends:
            self.say_briefly(None)
        if self._acting is not None:
            self._acting.rights.expire(self.session.now())
        self.thrift.look()
        if self.thrift.is_due():
            if self._has_news:
                self._draw_news()
            self.dashboard.tick()
        self.kept.look(self.dashboard)

    def _display(self, screen: Screen[Any], renderable: Any) -> None:
        """The seam to Textual: what the compositor made goes through the painter (see `ui.terminal.frames`)."""
        if self.painter is None or not self.painter.paint(
            self, renderable, first=self.turns.is_answered_by_paint()
        ):
            super()._display(screen, renderable)

    def _handle_exception(self, error: Exception) -> None:
        """The seam to Textual: it would print a traceback with local variables; `wiring.run_app` writes a report."""
        self._return_code = 1
        if self.fault is None:
            self.fault = self._exception = error
            self._exception_event.set()
        self._close_messages_no_wait()

    def action_redraw(self) -> None:
        """Draw all of it anew, whatever is on the terminal."""
        if self.painter is not None:
            self.painter.forget()
        self.refresh()

    def action_low_data(self) -> None:
        """Draw less, or all again."""
        self.thrift.toggle_low()

    def action_copy(self) -> None:
        """The row or the page, to the clipboard."""
        from medflow_tui.ui.taking import copy

        copy(self)

    def action_dump(self) -> None:
        """The screen, to a file."""
        from medflow_tui.ui.taking import dump

        dump(self)

    @property
    def bytes_out(self) -> int:
        """What all drawings cost so far."""
        return self.painter.bytes_out if self.painter is not None else 0

    def write_to_terminal(self, sequence: str) -> None:
        """What is for the terminal itself, and not for the screen."""
        if self._driver is not None:
            self._driver.write(sequence)

    def say_briefly(self, phrase: Phrase | None) -> None:
        """A sentence in the second line, for ten seconds, or until the next key back or the next sentence."""
        if not self.is_running:  # said by work that came to its end after the screens were taken down
            return
        self.banner, self._banner_ends = phrase, self.session.now() + SAID_FOR
        self.dashboard.draw_header()
        for each in self.screen_stack:
            if isinstance(each, KeyedScreen) and each.is_mounted:
                each.draw_bar()

    def ask(self, question: Phrase, value: str, answered: Callable[[str], None]) -> None:
        """One line of text; escape leaves without an answer."""

        def closed(text: str | None) -> None:
            if text is not None:
                answered(text)

        from medflow_tui.ui.modals.prompt import Prompt

        asked = Prompt(self.session.language.say(question), value=value, is_brief=self.economy.is_low)
        self.push_screen(asked, closed)

    def action_help(self) -> None:
        """The keys of the place where one is."""
        from medflow_tui.ui.present.help import help_lines
        from medflow_tui.ui.screens.reading import ReadingScreen

        place = getattr(self.screen, "place", "dashboard")
        if self.screen is self.dashboard and self.dashboard.log_pane.has_focus:
            place = "log"
        language, glyphs = self.session.language, self.session.glyphs
        self.push_screen(
            ReadingScreen(
                self.session,
                language.say(say("Help")),
                lambda cells: help_lines(place, language, glyphs, cells, self.session.commands),
            )
        )

    def action_command(self) -> None:
        """A command by name, or the name of a target."""
        self.ask(say("command, or the name of a target"), "", self._order)

    def _order(self, words: str) -> None:
        from medflow_tui.ui.ordering import carry_out

        carry_out(self, words.strip())

    def acknowledge(self, verdict: Verdict | None) -> None:
        """Ask why and for how long, and write it down."""
        from medflow_tui.ui.people import ask_acknowledgement

        ask_acknowledgement(self, verdict)

    def announce(self, verdict: Verdict | None) -> None:
        """Ask for a maintenance window, and write it down."""
        from medflow_tui.ui.people import ask_maintenance

        ask_maintenance(self, verdict)

    def _read_people(self) -> None:
        now = self.session.now()
        self.looking.set_people(self.session.desk.acknowledged(now), self.session.desk.maintenance(now))

    def people_changed(self) -> None:
        """Somebody wrote on the desk."""
        self._read_people()

    @property
    def economy(self) -> Economy:
        """How sparingly the screens are drawn now."""
        return self.thrift.economy

    @property
    def style_of(self) -> Callable[[str], Style]:
        """How a token looks now (see `ui.widgets.lines`)."""
        return bare_style if self.economy.is_low else style

    @property
    def acting(self) -> Acting:
        """What leads from a key to a run; made when it is first needed."""
        from medflow_tui.ui.acting import Acting

        if self._acting is None:
            self._acting = Acting(self)
        return self._acting

    @property
    def leading(self) -> Leading:
        """What changes an incident."""
        from medflow_tui.ui.leading import Leading

        return Leading(self)

    @property
    def armed_until(self) -> datetime | None:
        """Until when this person may act; None while read-only."""
        return self._acting.rights.until if self._acting is not None else None

    @property
    def waiting(self) -> Phrase:
        """That a run waits for somebody; stands in the second line until it is ended or put away."""
        return self._acting.finding.waiting if self._acting is not None else SILENCE

    def fitting(self) -> int:
        """How many playbooks fit what is wrong."""
        dispatch = self.session.dispatch if self.has_begun else None
        return len(dispatch.fitting(self.snapshot)) if dispatch is not None else 0

    def action_playbooks(self) -> None:
        """What can be done."""
        self.acting.open_list(getattr(self.screen, "target", ""))

    def action_raise_rights(self) -> None:
        """From read-only to acting, or back."""
        self.acting.rights.raise_or_lower()

    def action_runs(self) -> None:
        """Runs of playbooks."""
        self.acting.open_runs()

    def action_passive(self) -> None:
        """Stop everything that people would notice, or let it go on."""
        self.acting.passivity.change()

    def action_incident(self) -> None:
        """Who leads, and what that permits."""
        from medflow_tui.ui.screens.incident import IncidentScreen

        self.push_screen(IncidentScreen(self.session))

    def action_notices(self) -> None:
        """All that the second line has room for one of."""
        from medflow_tui.ui.present.notices import notice_lines
        from medflow_tui.ui.screens.reading import ReadingScreen

        def lines(cells: int) -> list[Line]:
            told = (*self.snapshot.notices, self.waiting, self.thrift.notice)
            return notice_lines(told, self.session.language, self.session.now(), cells)

        self.push_screen(ReadingScreen(self.session, self.session.language.say(say("Notices")), lines))

    def action_audit(self) -> None:
        """What was done here."""
        from medflow_tui.ui.screens.audit import AuditScreen

        self.push_screen(AuditScreen(self.session))

    def action_interrupt(self) -> None:
        """What people press who do not know the program: it interrupts nothing, and twice at the top it quits."""
        if self.screen is not self.dashboard:
            self.say_briefly(say("nothing is interrupted; q leads back"))
        elif self.banner == ONCE_MORE:
            self.leave()
        else:
            self.say_briefly(ONCE_MORE)

    def leave(self) -> None:
        """Quit from the top."""
        self._end(0)

    async def action_quit(self) -> None:
        self.leave()

    def on_unmount(self) -> None:
        self.looking.stop()
        if self.session.follower is not None:
            self.session.follower.stop()
