"""The plan of a playbook on one page: what each step does and touches, the guards, the way back; then the confirmation."""

from __future__ import annotations

from textual.app import ComposeResult

from medflow_tui.model.plan import Plan
from medflow_tui.model.procedure import Playbook
from medflow_tui.model.words import Phrase, say
from medflow_tui.rules.leading import led_in
from medflow_tui.runner.dry_run import rehearsed
from medflow_tui.ui.commands import PLAN, Command
from medflow_tui.ui.present.line import Span, wrap
from medflow_tui.ui.present.plan import plan_lines, plan_title
from medflow_tui.ui.screens.paged import PagedScreen
from medflow_tui.ui.session import Session
from medflow_tui.ui.widgets.lines import Lines
from medflow_tui.ui.widgets.scroll import Page
from medflow_tui.ui.work import Work

AGE_EVERY_S = 10.0


class PlanScreen(PagedScreen):
    """`rehearsal` is true for a plan that nobody can confirm (read-only, or production)."""

    place = PLAN

    def __init__(self, session: Session, playbook: Playbook, plan: Plan, *, rehearsal: bool) -> None:
        super().__init__(session)
        self.playbook, self.plan, self.rehearsal = playbook, plan, rehearsal
        self.is_started = False
        self._why_left = "line_lost"

    def compose(self) -> ComposeResult:
        yield from self.compose_page(head=2, foot=True)

    def on_mount(self) -> None:
        super().on_mount()
        self.set_interval(AGE_EVERY_S, self.redraw)

    def on_unmount(self) -> None:
        """A plan that was shown and left is recorded; a rehearsal is not."""
        dispatch, plan, why = self.session.dispatch, self.plan, self._why_left
        if dispatch is not None and not (self.is_started or self.rehearsal):
            Work("left", lambda: dispatch.left(plan, why))

    @property
    def approvals(self) -> int:
        """How many people besides this one must agree."""
        dispatch = self.session.dispatch
        return dispatch.approvals_needed(self.playbook, self.plan) if dispatch is not None else 0

    def redraw(self) -> None:
        if not self.is_whole:
            return
        cells, look = self.app.size.width, self.look
        rule = (Span(look.glyphs.bar * cells, "rule"),)
        self.query_one("#title", Lines).show([plan_title(self.plan, self.session.site, look, cells), rule])
        self.query_one(Page).put(plan_lines(self.plan, look, cells, self.session.key("runs")))
        texts = wrap(self.tell(self.next_step()), cells - 2)
        self.show_foot([(Span(f" {each}", "strong"),) for each in texts])
        self.call_after_refresh(self.draw_bar)

    def next_step(self) -> Phrase:
        """What one can do now, or why nothing."""
        others = say("a second person must agree before its first step: {n:number}", n=self.approvals)
        led = led_in(self.plan.led)
        needed = (others,) if self.approvals else (led,) if led else ()
        if self.rehearsal:
            return rehearsed(self.plan).also(*needed)
        if self.plan.refusals:
            refused = say("it would not start").also(*(each.said for each in self.plan.refusals))
            over = say("{key} passes over it, with a reason", key=self.session.key("pass over"))
            return refused.also(over) if self.can_pass_over else refused
        going = say("enter: go on to the confirmation · esc: leave, nothing done")
        return needed[0].also(going) if needed else going

    @property
    def can_start(self) -> bool:
        """Whether a confirmation would start anything."""
        return not (self.rehearsal or self.plan.refusals)

    @property
    def can_pass_over(self) -> bool:
        """Whether all that stops it, or the second person it waits for, may be passed over by this one."""
        dispatch = self.session.dispatch
        return (
            dispatch is not None and not self.rehearsal and dispatch.can_pass_over(self.playbook, self.plan)
        )

    def bar_label(self, command: Command) -> str:
        possible = {"confirm": self.can_start, "pass over": self.can_pass_over}
        return super().bar_label(command) if possible.get(command.name, True) else ""

    def action_back(self) -> None:
        self._why_left = "by_person"
        super().action_back()

    def action_pass_over(self) -> None:
        """Ask why; where it is not possible, say why not."""
        dispatch = self.session.dispatch
        if dispatch is None or self.rehearsal:
            self.switchboard.say_briefly(say("read-only: nothing is started"))
        elif self.can_pass_over:
            self.switchboard.acting.pass_over(self)
        else:
            why = dispatch.may_override(self.playbook, self.plan.role)
            self.switchboard.say_briefly(why or say("what stops it is nothing that may be passed over"))

    def action_confirm(self) -> None:
        """Ask for the typed confirmation; where that is not possible, the line above the keys says why."""
        if not self.can_start:
            return
        self.switchboard.acting.confirm(self)
