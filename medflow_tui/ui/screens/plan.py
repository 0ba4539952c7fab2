"""The plan of a playbook on one page: what each step does and touches, the guards, the way back; then the confirmation."""

from __future__ import annotations

from textual.app import ComposeResult

from medflow_tui.model.plan import Plan
from medflow_tui.model.procedure import Playbook
from medflow_tui.model.words import Phrase, say
from medflow_tui.runner.report import Report
from medflow_tui.ui.commands import PLAN
from medflow_tui.ui.present.line import Line, Span, wrap
from medflow_tui.ui.screens.base import KeyedScreen
from medflow_tui.ui.session import Session
from medflow_tui.ui.theme import style
from medflow_tui.ui.widgets.lines import Lines
from medflow_tui.ui.widgets.scroll import Page


class PlanScreen(KeyedScreen):
    """`rehearsal` is true for a plan that nobody can confirm (read-only, or production)."""

    place = PLAN

    def __init__(self, session: Session, playbook: Playbook, plan: Plan, *, rehearsal: bool) -> None:
        super().__init__(session)
        self.playbook, self.plan, self.rehearsal = playbook, plan, rehearsal

    def compose(self) -> ComposeResult:
        yield Lines(style, classes="head", id="title")
        yield Page(style, id="page")
        yield Lines(style, id="foot")
        yield self.new_bar()

    def on_mount(self) -> None:
        self.query_one(Page).focus()
        self.redraw()

    def on_resize(self) -> None:
        self.redraw()

    def redraw(self) -> None:
        cells = self.app.size.width
        language, glyphs = self.session.language, self.session.glyphs
        report = Report(speak=self.tell, language=language.code)
        planned = report.planned(self.plan)
        environment = f"env-{self.plan.environment}"
        head = (
            Span(f" {planned[0]}", "title"),
            Span("  "),
            Span(f" {language.word(self.plan.environment.upper())} ", environment),
        )
        self.query_one("#title", Lines).show([head, (Span(glyphs.bar * cells, "rule"),)])
        lines: list[Line] = []
        for text in planned[1:]:
            body = text.lstrip()
            indent = " " * (len(text) - len(body) + 1)
            token = "strong" if body[:1].isdigit() and text.startswith(" ") else ""
            lines += [(Span(indent + each, token),) for each in wrap(body, cells - 1 - len(indent))]
        lines += [
            (),
            *(
                (Span(f" {each}"),)
                for each in wrap(
                    self.tell(say("If the line drops: the run goes on; F9 finds it again.")), cells - 2
                )
            ),
        ]
        self.query_one(Page).put(lines)
        foot = self.query_one("#foot", Lines)
        texts = wrap(self.tell(self.next_step()), cells - 2)
        foot.styles.height = len(texts)
        foot.show([(Span(f" {each}", "strong"),) for each in texts])
        self.query_one("#keys", Lines).show([self.key_bar(cells)])

    def next_step(self) -> Phrase:
        """What one can do now, or why nothing."""
        if self.plan.refusals:
            return say("it would not start").also(*(each.said for each in self.plan.refusals))
        if self.rehearsal:
            return say("dry run: nothing was touched; esc leaves, nothing done")
        return say("enter: go on to the confirmation · esc: leave, nothing done")

    def action_confirm(self) -> None:
        """Ask for the typed confirmation."""
        if self.plan.refusals or self.rehearsal:
            return
        self.switchboard.acting.confirm(self)

    def action_move(self, steps: int) -> None:
        self.query_one(Page).move(steps)

    def action_page(self, steps: int) -> None:
        page = self.query_one(Page)
        page.move(steps * max(1, page.size.height - 1))

    def action_top(self) -> None:
        self.query_one(Page).move(-1_000_000)

    def action_bottom(self) -> None:
        self.query_one(Page).move(1_000_000)
