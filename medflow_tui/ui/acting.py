"""From a key to a run: making the plan in a worker thread, confirming, starting, going on, finding runs again."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from medflow_tui.model.errors import MedflowError
from medflow_tui.model.performer import Login
from medflow_tui.model.plan import Plan
from medflow_tui.model.procedure import Playbook, RunState
from medflow_tui.model.words import Phrase, say
from medflow_tui.rules.choosing import PRODUCTION
from medflow_tui.runner.report import PHASES, Report
from medflow_tui.ui.modals.confirm import Confirm
from medflow_tui.ui.present.line import Line, Span, wrap
from medflow_tui.ui.rights import Rights
from medflow_tui.ui.screens.plan import PlanScreen
from medflow_tui.ui.screens.playbooks import PlaybooksScreen
from medflow_tui.ui.screens.reading import ReadingScreen
from medflow_tui.ui.screens.run import RunScreen
from medflow_tui.ui.work import Work

if TYPE_CHECKING:
    from medflow_tui.runner.dispatch import Dispatch
    from medflow_tui.ui.app import MedflowApp

ARM_AFTER_S = 1.5


class Acting:
    """What is asked of the engine; nothing is changed without raised `rights` and a typed confirmation."""

    def __init__(self, app: MedflowApp) -> None:
        self._app = app
        self.rights = Rights(app)
        self._busy = False

    @property
    def _language(self) -> Callable[[Phrase], str]:
        return self._app.session.language.say

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
        login = self.rights.login if self._app.session.site.environment != "production" else None
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
            self.rights.lower(say("read-only again").also(why))
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
        above = (
            say("{site}: this will be done now, and written down in your name.", site=plan.site_name),
            say("Reason: {reason}", reason=self.rights.reason),
        )
        self._confirm(above, plan.confirm, plan.arm_after_ms / 1000, lambda: self._start(screen))

    def _confirm(
        self, above: tuple[Phrase, ...], phrase: str, arm_after_s: float, agreed: Callable[[], None]
    ) -> None:
        wait = say("Read the plan; the keys are not listened to yet. esc leaves, nothing done")
        ready = say("Type  {phrase}  and enter to start; esc leaves, nothing done", phrase=phrase)
        wrong = say("That is not  {phrase}  : nothing was started; type it, or esc", phrase=phrase)

        def closed(has_agreed: bool | None) -> None:
            if has_agreed:
                agreed()

        tell = self._language
        lines = tuple(tell(each) for each in above)
        self._app.push_screen(
            Confirm(lines, tell(wait), tell(ready), tell(wrong), phrase, arm_after_s), closed
        )

    def go_on(self, run: str) -> None:
        """Go on with a run that waits for a person: the same typed confirmation, for the plan that it has."""
        dispatch = self._app.session.dispatch
        if self._app.session.site.environment == "production":
            self._app.say_briefly(PRODUCTION)
            return
        if dispatch is None or self.rights.login is None:
            raising, going = self._app.session.key("raise"), self._app.session.key("go on")
            self._app.say_briefly(
                say(
                    "read-only: {raising} raises your rights, then {going} goes on with the run",
                    raising=raising,
                    going=going,
                )
            )
            return

        def work() -> None:
            try:
                plan = dispatch.agreement(run)
            except MedflowError as error:
                self._app.call_later(self._app.say_briefly, error.phrase)
            else:
                self._app.call_later(self._ask_to_go_on, run, plan.confirm)

        threading.Thread(target=work, name="agreement", daemon=True).start()

    def _ask_to_go_on(self, run: str, phrase: str) -> None:
        site = self._app.session.site.name
        above = (
            say("{site}: the run goes on now. What was started is read back first.", site=site),
            say("Reason: {reason}", reason=self.rights.reason),
        )
        self._confirm(above, phrase, ARM_AFTER_S, lambda: self._resume(run, phrase))

    def _resume(self, run: str, typed: str) -> None:
        def order(dispatch: Dispatch, login: Login) -> None:
            dispatch.resume(
                run, who=self._app.session.who, reason=self.rights.reason, typed=typed, login=login
            )
            self._app.call_later(self._resumed)

        self._order(order)

    def _resumed(self) -> None:
        self._busy = False
        self._app.say_briefly(None)

    def _start(self, screen: PlanScreen) -> None:
        def order(dispatch: Dispatch, login: Login) -> None:
            folder = dispatch.start(
                screen.playbook,
                screen.plan,
                who=self._app.session.who,
                reason=self.rights.reason,
                typed=screen.plan.confirm,
                login=login,
            )
            self._app.call_later(self._show_run, screen, folder.run)

        self._order(order)

    def _order(self, give: Callable[[Dispatch, Login], None]) -> None:
        """Start the process of a run in a worker thread, unless the rights have ended meanwhile."""
        dispatch, login = self._app.session.dispatch, self.rights.login
        if dispatch is None or login is None or self._busy:
            self._app.say_briefly(say("read-only again: nothing was started"))
            return
        self._busy = True

        def work() -> None:
            try:
                give(dispatch, login)
            except MedflowError as error:
                self._app.call_later(self._plan_failed, error.phrase, False)
            except OSError:
                self._app.call_later(self._plan_failed, say("the run cannot be written down"), False)

        Work("start", work)

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
        self._app.say_briefly(None if states else say("no run yet"))
        if not states:
            return
        if unfinished or len(states) == 1:
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
                phrase = say("{key} shows a run that is not over", key=self._app.session.key("runs"))
                phrase = phrase.also(PHASES[found[0].phase], found[0].said)
                self._app.call_later(self._app.say_briefly, phrase)

        threading.Thread(target=work, name="runs", daemon=True).start()
