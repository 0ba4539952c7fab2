"""The list of playbooks: those that fit what is wrong first; one that cannot be used says why."""

from __future__ import annotations

from textual.app import ComposeResult

from medflow_tui.model.procedure import Playbook
from medflow_tui.model.words import Phrase, say
from medflow_tui.rules.choosing import PRODUCTION
from medflow_tui.ui.commands import PLAYBOOKS
from medflow_tui.ui.present.header import headline
from medflow_tui.ui.present.line import Line, Span, fit, wrap
from medflow_tui.ui.present.rows import Look
from medflow_tui.ui.screens.base import KeyedScreen
from medflow_tui.ui.session import Session
from medflow_tui.ui.theme import style
from medflow_tui.ui.widgets.lines import Lines
from medflow_tui.ui.widgets.scroll import Page


class PlaybooksScreen(KeyedScreen):
    """Enter opens the plan of the chosen one."""

    place = PLAYBOOKS

    def __init__(self, session: Session, target: str = "") -> None:
        super().__init__(session)
        self._target = target
        self._at = 0

    def compose(self) -> ComposeResult:
        yield Lines(style, classes="head-1", id="title")
        yield Page(style, id="page")
        yield self.new_bar()

    def on_mount(self) -> None:
        self.query_one(Page).focus()
        self.redraw()

    def take_snapshot(self) -> None:
        self.redraw()

    def on_resize(self) -> None:
        self.redraw()

    @property
    def choices(self) -> list[tuple[Playbook, bool]]:
        """Every playbook, and whether it fits; the fitting ones first."""
        dispatch = self.session.dispatch
        if dispatch is None:
            return []
        fits = dispatch.fitting(self.switchboard.snapshot, self._target)
        return [(each, True) for each in fits] + [
            (each, False) for each in dispatch.playbooks if each not in fits
        ]

    def redraw(self) -> None:
        if not self.is_whole:
            return
        cells, code = self.app.size.width, self.session.language.code
        self.query_one("#title", Lines).show([self._title(cells)])
        lines: list[Line] = []
        for index, (playbook, fits) in enumerate(self.choices):
            mark = self.session.glyphs.marker if index == self._at else " "
            title = self.session.language.say(playbook.title.phrase(code))
            state = self.tell(say("fits what is wrong") if fits else say("nothing is wrong that it mends"))
            lines.append(
                (
                    Span(mark, "marker"),
                    Span(fit(title, 44), "strong" if fits else ""),
                    Span(f" {state}", "quiet"),
                )
            )
            for text in (self.session.language.say(playbook.summary.phrase(code)), self.tell(self.why_not())):
                lines += [(Span(f"    {each}", "quiet"),) for each in wrap(text, cells - 6)]
            lines.append(())
        self.query_one(Page).put(lines or [(Span(f" {self.tell(say('no playbook is installed'))}"),)])
        self.draw_bar()

    def _title(self, cells: int) -> Line:
        until = self.switchboard.armed_until
        mode = say("read-only") if until is None else say("ACTING until {at:clock}", at=until)
        look = Look(language=self.session.language, glyphs=self.session.glyphs, now=self.session.now())
        title = self.tell(say("Playbooks: what can be done"))
        return headline(title, self.session.site, self.tell(mode), look, cells)

    def why_not(self) -> Phrase:
        """Why it can only be looked at now."""
        if self.session.site.environment == "production":
            return PRODUCTION
        if self.switchboard.armed_until is None:
            return say(
                "read-only: {opening} shows the plan; {raising} raises your rights for 15 minutes",
                opening=self.session.key("open"),
                raising=self.session.key("raise"),
            )
        return say("enter logs you in and makes the plan; nothing is changed by that")

    def action_move(self, steps: int) -> None:
        self._at = max(0, min(self._at + steps, len(self.choices) - 1))
        self.redraw()

    def action_page(self, steps: int) -> None:
        self.action_move(steps)

    def action_top(self) -> None:
        self.action_move(-1000)

    def action_bottom(self) -> None:
        self.action_move(1000)

    def action_open(self) -> None:
        """The plan of the chosen playbook."""
        choices = self.choices
        if choices:
            self.switchboard.acting.open_plan(choices[self._at][0])
