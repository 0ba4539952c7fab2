"""From a key to a run: raising rights, making the plan in a worker thread, confirming, starting, finding runs again."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from medflow_tui.model.errors import MedflowError
from medflow_tui.model.performer import Login
from medflow_tui.model.plan import Plan
from medflow_tui.model.procedure import Playbook, RunState
from medflow_tui.model.words import Phrase, say
from medflow_tui.rules.choosing import PRODUCTION
from medflow_tui.rules.redaction import redact
from medflow_tui.runner.report import PHASES, Report
from medflow_tui.ui.modals.confirm import Confirm
from medflow_tui.ui.modals.prompt import Prompt
from medflow_tui.ui.present.line import Line, Span, wrap
from medflow_tui.ui.screens.plan import PlanScreen
from medflow_tui.ui.screens.playbooks import PlaybooksScreen
from medflow_tui.ui.screens.reading import ReadingScreen
from medflow_tui.ui.screens.run import RunScreen

if TYPE_CHECKING:
    from medflow_tui.ui.app import MedflowApp

ARMED_FOR = timedelta(minutes=15)
REASON_MIN = 10


class Acting:
    """Read-only until raised: a reason, the operator's own log-in (kept in memory only), fifteen minutes."""

    def __init__(self, app: MedflowApp) -> None:
        self._app = app
        self.until: datetime | None = None
        self._login: Login | None = None
        self._reason = ""
        self._busy = False

    @property
    def _language(self) -> Callable[[Phrase], str]:
        return self._app.session.language.say

    def lower(self, phrase: Phrase) -> None:
        """Read-only again; the log-in is forgotten."""
        self.until, self._login, self._reason = None, None, ""
        self._app.say_briefly(phrase)
        self._redraw()

    def _redraw(self) -> None:
        """Wherever the present rights are shown."""
        self._app.dashboard.redraw()
        for each in self._app.screen_stack:
            if isinstance(each, PlaybooksScreen):
                each.redraw()

    def expire(self, now: datetime) -> None:
        """Read-only again when the time is over."""
        if self.until is not None and now >= self.until:
            self.lower(say("read-only again: 15 minutes are over"))

    def raise_or_lower(self) -> None:
        """Ask for what raising needs, or put it down again."""
        if self.until is not None:
            self.lower(say("read-only again"))
            return
        if self._app.session.dispatch is None:
            self._app.say_briefly(say("there is nothing here that could be changed"))
            return
        if self._app.session.site.environment == "production":
            self._app.say_briefly(PRODUCTION)
            return
        self._ask(
            say("Why do you want to act? (10 characters at least; it is written down)"), self._with_reason
        )

    def _with_reason(self, reason: str) -> None:
        reason = redact(reason.strip())
        if len(reason) < REASON_MIN:
            self._app.say_briefly(say("still read-only: the reason is too short"))
            return
        self._reason = reason
        self._ask(say("Your user name in MedFlow"), self._with_name)

    def _with_name(self, name: str) -> None:
        def with_password(password: str) -> None:
            if not name.strip() or not password:
                self._app.say_briefly(say("still read-only: no log-in was given"))
                return
            self._login = Login(username=name.strip(), password=password)
            self.until = self._app.session.now() + ARMED_FOR
            self._app.say_briefly(
                say("you may act until {at:clock}; the log-in is tried when a plan is made", at=self.until)
            )
            self._redraw()

        self._ask(say("Your password (kept in memory only, tried once)"), with_password, secret=True)

    def _ask(self, question: Phrase, answered: Callable[[str], None], *, secret: bool = False) -> None:
        def closed(text: str | None) -> None:
            if text is None:
                self._app.say_briefly(say("still read-only"))
            else:
                answered(text)

        self._app.push_screen(Prompt(self._language(question), secret=secret), closed)

    def open_list(self, target: str = "") -> None:
        """The playbooks that fit."""
        if self._app.session.dispatch is None:
            self._app.say_briefly(say("no playbook is installed"))
            return
        self._app.push_screen(PlaybooksScreen(self._app.session, target))

    def open_plan(self, playbook: Playbook) -> None:
        """Make the plan in a worker thread, then show it; with the log-in when rights are raised, else a rehearsal."""
        dispatch = self._app.session.dispatch
        if dispatch is None or self._busy:
            return
        login = self._login if self._app.session.site.environment != "production" else None
        self._busy = True
        self._app.say_briefly(say("measuring what it would touch…"))

        def work() -> None:
            try:
                plan = (
                    dispatch.plan(playbook, login) if login is not None else dispatch.rehearse(playbook).plan
                )
            except MedflowError as error:
                self._app.call_later(self._plan_failed, error.phrase, login is not None)
            except Exception as error:  # shown as a sentence, written to the own log
                self._app.session.report(error, "plan")
                self._app.call_later(
                    self._plan_failed, say("the plan could not be made: see the program's log"), False
                )
            else:
                self._app.call_later(self._show_plan, playbook, plan, login is None)

        threading.Thread(target=work, name="plan", daemon=True).start()

    def _plan_failed(self, why: Phrase, with_login: bool) -> None:
        self._busy = False
        if with_login:
            self.lower(say("read-only again").also(why))
        else:
            self._app.say_briefly(why)
        self._app.push_screen(
            ReadingScreen(self._app.session, self._language(say("No plan")), self._sentence(why))
        )

    def _sentence(self, phrase: Phrase) -> Callable[[int], list[Line]]:
        text = self._language(phrase)
        return lambda cells: [(Span(f" {each}"),) for each in wrap(text, cells - 3)]

    def _show_plan(self, playbook: Playbook, plan: Plan, rehearsal: bool) -> None:
        self._busy = False
        self._app.say_briefly(None)
        self._app.push_screen(PlanScreen(self._app.session, playbook, plan, rehearsal=rehearsal))

    def confirm(self, screen: PlanScreen) -> None:
        """The typed confirmation, bound to this plan."""
        plan = screen.plan
        lines = (
            self._language(
                say("{site}: this will be done now, and written down in your name.", site=plan.site_name)
            ),
            self._language(say("Reason: {reason}", reason=self._reason)),
        )
        wait = self._language(
            say("Read the plan; the keys are not listened to yet. esc leaves, nothing done")
        )
        ready = self._language(
            say("Type  {phrase}  and enter to start; esc leaves, nothing done", phrase=plan.confirm)
        )
        wrong = self._language(
            say("That is not  {phrase}  : nothing was started; type it, or esc", phrase=plan.confirm)
        )

        def closed(agreed: bool | None) -> None:
            if agreed:
                self._start(screen)

        self._app.push_screen(
            Confirm(lines, wait, ready, wrong, plan.confirm, plan.arm_after_ms / 1000), closed
        )

    def _start(self, screen: PlanScreen) -> None:
        dispatch, login = self._app.session.dispatch, self._login
        if dispatch is None or login is None or self._busy:
            self._app.say_briefly(say("read-only again: nothing was started"))
            return
        self._busy = True
        who, reason = self._app.session.who, self._reason

        def work() -> None:
            try:
                folder = dispatch.start(
                    screen.playbook,
                    screen.plan,
                    who=who,
                    reason=reason,
                    typed=screen.plan.confirm,
                    login=login,
                )
            except (MedflowError, OSError) as error:
                phrase = (
                    error.phrase if isinstance(error, MedflowError) else say("the run cannot be written down")
                )
                self._app.call_later(self._plan_failed, phrase, False)
            else:
                self._app.call_later(self._show_run, screen, folder.run)

        threading.Thread(target=work, name="start", daemon=True).start()

    def _show_run(self, screen: PlanScreen, run: str) -> None:
        self._busy = False
        if self._app.screen is screen:
            self._app.pop_screen()
        self._app.push_screen(RunScreen(self._app.session, run))

    def open_runs(self) -> None:
        """Runs, newest first; the newest one that is not over is opened at once."""
        dispatch = self._app.session.dispatch
        if dispatch is None:
            self._app.say_briefly(say("no run yet"))
            return

        def work() -> None:
            self._app.call_later(self._show_runs, dispatch.runs())

        threading.Thread(target=work, name="runs", daemon=True).start()

    def _show_runs(self, states: tuple[RunState, ...]) -> None:
        unfinished = [each for each in states if not each.phase.is_over]
        if not states:
            self._app.say_briefly(say("no run yet"))
        elif unfinished or len(states) == 1:
            self._app.push_screen(RunScreen(self._app.session, (unfinished or list(states))[0].run))
        else:
            report = Report(speak=self._language, language=self._app.session.language.code)
            lines = report.runs(states)
            self._app.push_screen(
                ReadingScreen(
                    self._app.session,
                    self._language(say("Runs of playbooks")),
                    lambda cells: [(Span(f" {part}"),) for each in lines for part in wrap(each, cells - 3)],
                )
            )

    def look_for_runs(self) -> None:
        """At start-up: a run that still goes on, or was interrupted, is told in the second line."""
        dispatch = self._app.session.dispatch
        if dispatch is None:
            return

        def work() -> None:
            found = dispatch.unfinished()
            if found:
                phrase = say("F9 shows a run that is not over").also(PHASES[found[0].phase], found[0].said)
                self._app.call_later(self._app.say_briefly, phrase)

        threading.Thread(target=work, name="runs", daemon=True).start()
