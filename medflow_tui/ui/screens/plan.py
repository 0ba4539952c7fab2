"""The plan of a playbook on one page: what each step does and touches, the guards, the way back; then the confirmation."""

from __future__ import annotations

from textual.app import ComposeResult

from medflow_tui.model.plan import Plan
from medflow_tui.model.procedure import Playbook
from medflow_tui.model.words import Phrase, say
from medflow_tui.runner.dry_run import rehearsed
from medflow_tui.ui.commands import PLAN, Command
from medflow_tui.ui.present.line import Span, wrap
from medflow_tui.ui.present.plan import plan_lines, plan_title
from medflow_tui.ui.present.rows import Look
from medflow_tui.ui.screens.paged import PagedScreen
from medflow_tui.ui.session import Session
from medflow_tui.ui.theme import style
from medflow_tui.ui.widgets.lines import Lines
from medflow_tui.ui.widgets.scroll import Page

AGE_EVERY_S = 10.0


class PlanScreen(PagedScreen):
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
        self.set_interval(AGE_EVERY_S, self.redraw)

    def on_resize(self) -> None:
        self.redraw()

    def redraw(self) -> None:
        if not self.is_whole:
            return
        cells = self.app.size.width
        look = Look(language=self.session.language, glyphs=self.session.glyphs, now=self.session.now())
        rule = (Span(look.glyphs.bar * cells, "rule"),)
        self.query_one("#title", Lines).show([plan_title(self.plan, self.session.site, look, cells), rule])
        self.query_one(Page).put(plan_lines(self.plan, look, cells))
        foot = self.query_one("#foot", Lines)
        texts = wrap(self.tell(self.next_step()), cells - 2)
        foot.styles.height = len(texts)
        foot.show([(Span(f" {each}", "strong"),) for each in texts])
        self.call_after_refresh(self.draw_bar)

    def next_step(self) -> Phrase:
        """What one can do now, or why nothing."""
        if self.rehearsal:
            return rehearsed(self.plan)
        if self.plan.refusals:
            return say("it would not start").also(*(each.said for each in self.plan.refusals))
        return say("enter: go on to the confirmation · esc: leave, nothing done")

    @property
    def can_start(self) -> bool:
        """Whether a confirmation would start anything."""
        return not (self.rehearsal or self.plan.refusals)

    def bar_label(self, command: Command) -> str:
        return "" if command.name == "confirm" and not self.can_start else super().bar_label(command)

    def action_confirm(self) -> None:
        """Ask for the typed confirmation; where that is not possible, the line above the keys says why."""
        if not self.can_start:
            return
        self.switchboard.acting.confirm(self)
