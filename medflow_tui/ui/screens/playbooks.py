"""The list of playbooks: those that fit what is wrong first; one that cannot be used says why."""

from __future__ import annotations

from medflow_tui.journal.orders import incident_said, passive_said
from medflow_tui.model.procedure import Playbook
from medflow_tui.model.words import SILENCE, Phrase, say
from medflow_tui.rules.reach import lacking
from medflow_tui.runner.dispatch import Dispatch
from medflow_tui.ui.commands import PLAYBOOKS, Command
from medflow_tui.ui.present.choice import Standing, choice_column, choice_lines, choice_row, standing_of
from medflow_tui.ui.present.header import headline
from medflow_tui.ui.present.line import Line, Span, wrap
from medflow_tui.ui.screens.chooser import ChooserScreen
from medflow_tui.ui.session import Session
from medflow_tui.ui.work import Work


class PlaybooksScreen(ChooserScreen):
    """Enter opens the plan of the chosen one."""

    place = PLAYBOOKS

    def __init__(self, session: Session, target: str = "") -> None:
        super().__init__(session)
        self._target = target
        self.passive = self.incident = SILENCE

    def on_mount(self) -> None:
        super().on_mount()
        self.look_whether_passive()

    def look_whether_passive(self) -> None:
        """Read it, and draw it when it has changed."""
        dispatch = self.session.dispatch
        if dispatch is not None:
            Work("passive", lambda: self._look(dispatch))

    def _look(self, dispatch: Dispatch) -> None:
        passive = dispatch.passive()
        said = passive_said(passive) if passive is not None else SILENCE
        incident = incident_said(dispatch.state)
        if (said, incident) != (self.passive, self.incident):
            self.app.call_later(self._stands, said, incident)

    def _stands(self, passive: Phrase, incident: Phrase) -> None:
        self.passive, self.incident = passive, incident
        self.redraw()

    def take_snapshot(self) -> None:
        """News, and a look whether somebody has stopped everything meanwhile."""
        self.look_whether_passive()
        self.redraw()

    @property
    def choices(self) -> list[tuple[Playbook, Standing]]:
        """The playbooks, and how they stand: the fitting ones first, then those that have nothing to mend here."""
        dispatch = self.session.dispatch
        if dispatch is None:
            return []
        fits = dispatch.fitting(self.switchboard.snapshot, self._target)
        kinds = {each.kind for each in self.session.site.targets}
        in_order = (*fits, *(each for each in dispatch.playbooks if each not in fits))
        wanted = dispatch.matching(self.words) if self.words else in_order
        found = [
            (
                each,
                standing_of(
                    each,
                    fits=each in fits,
                    kinds=kinds,
                    is_passive=bool(self.passive),
                    lacking=lacking(each, self.session.site),
                ),
            )
            for each in wanted
        ]
        return found if self.words else sorted(found, key=lambda pair: pair[1].order)

    @property
    def nothing(self) -> Phrase:
        return self.session.why_no_dispatch()

    def rows(self, cells: int) -> list[Line]:
        choices = self.choices
        column = choice_column(choices, self.look, cells)
        return [choice_row(each, standing, self.look, cells, column) for each, standing in choices]

    def about(self, cells: int) -> list[Line]:
        choices = self.choices
        lines = choice_lines(choices[self._at][0], self.look, cells) if choices else []
        return [
            *lines,
            *((Span(f" {each}", "quiet"),) for each in wrap(self.tell(self.how_it_stands()), cells - 2)),
        ]

    def heading(self, cells: int) -> Line:
        until = self.switchboard.armed_until
        mode = say("read-only") if until is None else say("ACTING until {at:clock}", at=until)
        title = self.tell(say("Playbooks: what can be done"))
        shown = say("PASSIVE") if self.passive else mode
        return headline(title, self.session.site, self.tell(shown), self.look, cells)

    def how_it_stands(self) -> Phrase:
        """The incident that is open, and why it can only be looked at now."""
        return self.incident.also(self.why_not()) if self.incident else self.why_not()

    def why_not(self) -> Phrase:
        """Why it can only be looked at now."""
        if self.passive:
            ending = say("{key} ends it", key=self.session.key("passive"))
            return say("everything is stopped here:").also(self.passive, ending)
        if self.switchboard.armed_until is None:
            return say(
                "read-only: {opening} shows the plan; {raising} raises your rights for 15 minutes",
                opening=self.session.key("open"),
                raising=self.session.key("raise"),
            )
        return say("enter logs you in and makes the plan; nothing is changed by that")

    def bar_label(self, command: Command) -> str:
        is_raised = command.name == "raise" and self.switchboard.armed_until is not None
        return "" if is_raised else super().bar_label(command)

    def action_open(self) -> None:
        """The plan of the chosen playbook."""
        choices = self.choices
        if choices:
            self.switchboard.acting.open_plan(choices[self._at][0])
