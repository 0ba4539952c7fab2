"""The page of the incident: read by a worker thread when it is opened, changed, or told anew by the monitor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.message import Message

from medflow_tui.model.errors import MedflowError
from medflow_tui.model.incident import Incident
from medflow_tui.model.words import SILENCE, Phrase, say
from medflow_tui.rules.leading import permits_said
from medflow_tui.ui import commands
from medflow_tui.ui.command import INCIDENT, Command
from medflow_tui.ui.present.bar import bar
from medflow_tui.ui.present.header import headline
from medflow_tui.ui.present.incident import incident_lines, next_step
from medflow_tui.ui.present.line import Line, Span, width, wrap
from medflow_tui.ui.screens.paged import PagedScreen
from medflow_tui.ui.session import Session
from medflow_tui.ui.widgets.lines import Lines
from medflow_tui.ui.widgets.scroll import Page
from medflow_tui.ui.work import Work

if TYPE_CHECKING:
    from medflow_tui.runner.confirming import Doorstep

BACK = "back"
OF_AN_OPEN_ONE = ("hand over", "grade", "close incident")


class IncidentScreen(PagedScreen):
    """Follows nothing of its own, so it costs nothing while it stands."""

    place = INCIDENT

    class Read(Message):
        """The incident that is open, what it permits to the one who looks, or why nobody can tell."""

        def __init__(self, incident: Incident | None, permits: Phrase, why: Phrase = SILENCE) -> None:
            super().__init__()
            self.incident, self.permits, self.why = incident, permits, why

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.incident: Incident | None = None
        self._permits, self._why = SILENCE, say("reading…")
        self._told = self._edition = 0
        self._doorstep: Doorstep | None = None

    def compose(self) -> ComposeResult:
        yield from self.compose_page(head=2, foot=True)

    def on_mount(self) -> None:
        from medflow_tui.runner.confirming import Doorstep

        super().on_mount()
        self._doorstep = Doorstep(lambda: self.app.call_later(self.read_again))
        self.read_again()

    def on_unmount(self) -> None:
        """Nobody waits for the commander any more."""
        if self._doorstep is not None:
            Work("incident", self._doorstep.leave)

    def take_snapshot(self) -> None:
        """Somebody may have changed it."""
        told = hash(tuple(map(str, self.switchboard.snapshot.notices)))
        if told != self._told:
            self._told = told
            self.read_again()

    def read_again(self) -> None:
        """Of several that are asked for at once the last counts."""
        self._edition += 1
        Work("incident", lambda edition=self._edition: self._read(edition))  # type: ignore[misc]

    def _read(self, edition: int) -> None:
        found = self._found()
        if edition == self._edition:
            self.post_message(found)

    def _found(self) -> Read:
        from medflow_tui.runner.origin import acting

        desk = self.session.incidents_of()
        if desk is None:
            return self.Read(None, SILENCE, self.session.why_no_dispatch())
        try:
            found = desk.now_open()
            if self._doorstep is not None:
                self._doorstep.keep(desk, found)
        except MedflowError as error:
            return self.Read(None, SILENCE, error.phrase.also(say("it stands for nobody")))
        if found is None:
            return self.Read(None, SILENCE)
        people = self.session.site.access.people
        return self.Read(found, permits_said(found, people, acting(), self.session.now()))

    def on_incident_screen_read(self, message: Read) -> None:
        self.incident, self._permits, self._why = message.incident, message.permits, message.why
        self.redraw()

    def redraw(self) -> None:
        if not self.is_whole:
            return
        cells, look = self.app.size.width, self.look
        title = headline(self.tell(say("Incident")), self.session.site, "", look, cells)
        self.query_one("#title", Lines).show([title, (Span(look.glyphs.bar * cells, "rule"),)])
        lines = [] if self._why else incident_lines(self.incident, self._permits, look, cells)
        self.query_one(Page).put(lines)
        step = self.tell(next_step(self.incident, self._why, self.session.key("lead")))
        self.show_foot([(Span(f" {each}", "strong"),) for each in wrap(step, cells - 2)] if step else [])
        self.call_after_refresh(self.draw_bar)

    def key_bar(self, cells: int, place: str | None = None) -> Line:
        """The way back stands on it, whatever else has no room."""
        known = commands.at(place or self.place, self.session.commands)
        back = bar(
            [each for each in known if each.name == BACK], cells, self.session.language, self.bar_label
        )
        room = cells - sum(width(each.text) for each in back)
        others = [each for each in known if each.name != BACK]
        return (*bar(others, room, self.session.language, self.bar_label), *back)

    def bar_label(self, command: Command) -> str:
        is_open = self.incident is not None
        is_possible = {
            "open incident": not is_open and not self._why,
            **dict.fromkeys(OF_AN_OPEN_ONE, is_open),
            "lead": self.incident is not None and not self.incident.is_confirmed,
            "raise": self.switchboard.armed_until is None,
        }
        return super().bar_label(command) if is_possible.get(command.name, True) else ""

    def action_open_incident(self) -> None:
        """How grave, who leads, what happened; then the code of the site."""
        if self.incident is None and not self._why:
            self.switchboard.leading.open()

    def action_lead(self) -> None:
        """The commander confirms."""
        if self.incident is not None:
            self.switchboard.leading.confirm(self.incident)

    def action_hand_over(self) -> None:
        """Somebody else leads."""
        if self.incident is not None:
            self.switchboard.leading.hand_over(self.incident)

    def action_grade(self) -> None:
        """Graver, or less grave."""
        if self.incident is not None:
            self.switchboard.leading.grade(self.incident)

    def action_close_incident(self) -> None:
        """It is over."""
        if self.incident is not None:
            self.switchboard.leading.close(self.incident)
