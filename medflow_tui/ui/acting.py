"""From a key to a run: what a playbook asks, making the plan in a worker thread, confirming, starting, going on."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING

from medflow_tui.model.errors import MedflowError, NoLoginError, ReauthError
from medflow_tui.model.performer import Login
from medflow_tui.model.plan import Plan
from medflow_tui.model.procedure import Playbook
from medflow_tui.model.words import Phrase, say
from medflow_tui.rules.leading import led_in
from medflow_tui.rules.permits import override_phrase
from medflow_tui.rules.reasons import agreed_to, gone_on, too_short, why_pass_over, written
from medflow_tui.ui.asking import Asking
from medflow_tui.ui.finding import Finding
from medflow_tui.ui.modals.armed import ARM_AFTER_S
from medflow_tui.ui.modals.confirm import Confirm
from medflow_tui.ui.passivity import Passivity
from medflow_tui.ui.present.line import Line, Span, wrap
from medflow_tui.ui.questions import ask_late, is_asked
from medflow_tui.ui.rights import Rights
from medflow_tui.ui.screens.plan import PlanScreen
from medflow_tui.ui.screens.playbooks import PlaybooksScreen
from medflow_tui.ui.screens.reading import ReadingScreen
from medflow_tui.ui.screens.run import RunScreen
from medflow_tui.ui.steering import Steering
from medflow_tui.ui.work import Work

if TYPE_CHECKING:
    from medflow_tui.runner.dispatch import Dispatch
    from medflow_tui.ui.app import MedflowApp


class Acting:
    """What is asked of the engine; nothing is changed without raised `rights` and a typed confirmation.

    `screen_id` names this screen to the runs: orders count from one screen only.
    """

    def __init__(self, app: MedflowApp) -> None:
        self._app = app
        self.screen_id = secrets.token_hex(4)
        self.rights = Rights(app)
        self.steering = Steering(app, self.screen_id)
        self.finding = Finding(app)
        self.passivity = Passivity(app)
        self._busy = False

    @property
    def _language(self) -> Callable[[Phrase], str]:
        return self._app.session.language.say

    def ask_late(self, question: Phrase, answered: Callable[[str], None]) -> None:
        """One line of text that counts (see `ui.questions`)."""
        ask_late(self._app, question, answered)

    def open_list(self, target: str = "") -> None:
        """The playbooks that fit."""
        if self._app.session.dispatch is None:
            self._tell(say("No playbook"), self._app.session.why_no_dispatch())
            return
        self._app.push_screen(PlaybooksScreen(self._app.session, target))

    def open_runs(self) -> None:
        """Runs, newest first."""
        self.finding.open_runs()

    def look_for_runs(self) -> None:
        """At start-up, and when a run was left."""
        self.finding.look_for_runs()

    def open_plan(self, playbook: Playbook) -> None:
        """What it asks first; then the plan: with the log-in when rights are raised, else a rehearsal."""
        dispatch, login = self._app.session.dispatch, self.rights.login
        if dispatch is None or self._busy:
            return
        why = dispatch.needs_login(playbook, login) if login is not None else None
        if why:
            self.rights.renew(why, lambda: self.open_plan(playbook))
            return
        Asking(self._app, playbook, login, lambda given: self._measure(dispatch, playbook, given)).begin()

    def _measure(self, dispatch: Dispatch, playbook: Playbook, given: dict[str, str]) -> None:
        login = self.rights.login
        self._busy = True
        self._app.say_briefly(say("measuring what it would touch…"))

        def work() -> None:
            try:
                if login is not None:
                    plan = dispatch.plan(playbook, login, given)
                else:
                    plan = dispatch.rehearse(playbook, given).plan
            except MedflowError as error:
                self._app.call_later(self._plan_failed, error.phrase, login is not None)
            except Exception as error:  # shown as a sentence, written to the own log
                self._app.session.report(error, "plan")
                self._app.call_later(
                    self._plan_failed, say("the plan could not be made: see the program's log"), False
                )
            else:
                self._app.call_later(self._show_plan, playbook, plan, login is None)

        Work("plan", work)

    def _plan_failed(self, why: Phrase, with_login: bool) -> None:
        self._busy = False
        if with_login:
            self.rights.lower(say("read-only again").also(why))
        else:
            self._app.say_briefly(why)
        self._tell(say("No plan"), why)

    def _tell(self, title: Phrase, why: Phrase) -> None:
        """A sentence that may be longer than one line."""
        self._app.push_screen(ReadingScreen(self._app.session, self._language(title), self._sentence(why)))

    def _sentence(self, phrase: Phrase) -> Callable[[int], list[Line]]:
        text = self._language(phrase)
        return lambda cells: [(Span(f" {each}"),) for each in wrap(text, cells - 3)]

    def _show_plan(self, playbook: Playbook, plan: Plan, rehearsal: bool) -> None:
        self._busy = False
        self._app.say_briefly(None)
        self._app.push_screen(PlanScreen(self._app.session, playbook, plan, rehearsal=rehearsal))

    def confirm(self, screen: PlanScreen, override: str = "") -> None:
        """The typed confirmation, bound to this plan; with the reason for an `override` a louder one."""
        if self._busy or screen.is_started:  # an enter too much, while it is being started or behind its run
            return
        plan, login, dispatch = screen.plan, self.rights.login, self._app.session.dispatch
        why = dispatch.needs_login(screen.playbook, login) if dispatch and login is not None else None
        if why:
            self.rights.renew(why, lambda: self.confirm(screen, override))
            return
        reason = self.rights.reason
        above = agreed_to(
            plan.site_name,
            reason,
            override=override,
            waits=dispatch is not None and dispatch.waits(screen.playbook, plan, override=override),
            led=led_in(plan.led),
        )
        phrase = override_phrase(plan.confirm) if override else plan.confirm

        def agreed() -> None:
            self._start(screen, phrase, override, reason)

        self._confirm(above, phrase, plan.arm_after_ms / 1000, agreed)

    def pass_over(self, screen: PlanScreen) -> None:
        """Ask why, then for the louder confirmation."""

        def answered(text: str) -> None:
            reason = written(text)
            wrong = too_short(reason, screen.playbook.override.reason_min_chars)
            if wrong:
                self._app.say_briefly(wrong)
            else:
                self.confirm(screen, reason)

        ask_late(self._app, why_pass_over(screen.playbook), answered, prepares=True)

    def _confirm(
        self, above: tuple[Phrase, ...], phrase: str, arm_after_s: float, agreed: Callable[[], None]
    ) -> None:
        if is_asked(self._app):
            return
        wait = say("Read the plan; the keys are not listened to yet. esc leaves, nothing done")
        ready = say("Type  {phrase}  and enter to start; esc leaves, nothing done", phrase=phrase)
        wrong = say("That is not  {phrase}  : nothing was started; type it, or esc", phrase=phrase)
        is_brief = self._app.economy.is_low
        if is_brief:  # on one line, with the plan in sight
            above = ()
            wait = say("the keys are not listened to yet; esc leaves, nothing done")
            ready = say("type  {phrase}  and enter to start now; esc leaves", phrase=phrase)
            wrong = say("not  {phrase}  : nothing was started; type it, or esc", phrase=phrase)

        def closed(has_agreed: bool | None) -> None:
            if has_agreed:
                agreed()

        tell = self._language
        lines = tuple(tell(each) for each in above)
        self._app.push_screen(
            Confirm(lines, tell(wait), tell(ready), tell(wrong), phrase, arm_after_s, is_brief=is_brief),
            closed,
        )

    def go_on(self, run: str, stop: str = "") -> None:
        """Go on with a run that waits for a person, or only to its end (`stop`): confirmed anew, by the plan it has."""
        dispatch = self._app.session.dispatch
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

        if self._busy:
            return
        self._busy = True

        def work() -> None:
            try:
                plan = dispatch.agreement(run)
            except MedflowError as error:
                self._app.call_later(self._done, error.phrase)
            else:
                self._app.call_later(self._ask_to_go_on, run, plan.confirm, stop)

        Work("agreement", work)

    def _ask_to_go_on(self, run: str, phrase: str, stop: str) -> None:
        self._busy = False
        reason = self.rights.reason
        above = gone_on(self._app.session.site.name, reason, stop)
        self._confirm(above, phrase, ARM_AFTER_S, lambda: self._resume(run, phrase, stop, reason))

    def _resume(self, run: str, typed: str, stop: str, reason: str) -> None:
        who = self._app.session.who

        def order(dispatch: Dispatch, login: Login) -> None:
            dispatch.resume(
                run,
                who=who,
                reason=reason,
                typed=typed,
                login=login,
                session=self.screen_id,
                stop=stop,
            )
            self._app.call_later(self._done, None)

        self._order(order)

    def _done(self, phrase: Phrase | None) -> None:
        self._busy = False
        self._app.say_briefly(phrase)

    def _start(self, screen: PlanScreen, typed: str, override: str, reason: str) -> None:
        who = self._app.session.who

        def order(dispatch: Dispatch, login: Login) -> None:
            folder = dispatch.start(
                screen.playbook,
                screen.plan,
                who=who,
                reason=reason,
                typed=typed,
                login=login,
                session=self.screen_id,
                override=override,
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
            except ReauthError as error:
                self._app.call_later(self._too_old, error.phrase)
            except MedflowError as error:
                self._app.call_later(self._plan_failed, error.phrase, isinstance(error, NoLoginError))
            except OSError:
                self._app.call_later(self._plan_failed, say("the run cannot be written down"), False)
            except Exception as error:  # whether it started, the runs tell
                self._app.session.report(error, "start")
                self._app.call_later(self._plan_failed, say("a fault of this program: see its log"), False)

        Work("start", work)

    def _too_old(self, why: Phrase) -> None:
        """The log-in became too old: it is given again, and the confirmation too."""
        self._busy = False
        self.rights.renew(why, lambda: None)

    def _show_run(self, screen: PlanScreen, run: str) -> None:
        self._busy = False
        screen.is_started = True
        if self._app.screen is screen:
            self._app.pop_screen()
        self._app.push_screen(RunScreen(self._app.session, run))
