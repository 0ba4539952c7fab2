"""`playbook run` and `playbook resume`: what the dashboard does with keys, as questions and lines at a terminal."""

from __future__ import annotations

import argparse
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from medflow_tui.cli.asking import Questions, Rights, inputs_of, wants_login
from medflow_tui.cli.following import Following
from medflow_tui.cli.person import ARM_AFTER_S, LeftError, Person, need_terminal, undisturbed
from medflow_tui.cli.playbook import choose, opened, rehearse, report_in
from medflow_tui.cli.speech import DONE, FAILED, complain, tell
from medflow_tui.clients.tools import utc_now
from medflow_tui.journal.desk import Desk
from medflow_tui.model.errors import MedflowError, ReauthError, RefusedError
from medflow_tui.model.performer import Login
from medflow_tui.model.playbook import REASON_MIN
from medflow_tui.model.procedure import Outcome, Phase, Then
from medflow_tui.model.words import Phrase, say
from medflow_tui.rules.leading import led_in
from medflow_tui.rules.permits import override_phrase
from medflow_tui.rules.reasons import WHY_PUT_AWAY, agreed_to, cause_of, gone_on, put_away
from medflow_tui.wiring import Options, choose_glyphs, who_am_i

if TYPE_CHECKING:
    from medflow_tui.locale.language import Language
    from medflow_tui.model.plan import Plan
    from medflow_tui.model.playbook import Playbook
    from medflow_tui.runner.dispatch import Dispatch
    from medflow_tui.ui.present.followed import Followed


def run(options: argparse.Namespace, common: Options) -> int:
    """Plan, confirm, start, follow; or with `--dry-run` only the plan. Exit codes: `cli.exits`."""
    dispatch, language = opened(common)
    playbook = choose(dispatch.playbooks, options.id)
    given = inputs_of(playbook, options.input)
    if options.dry_run:
        return rehearse(dispatch, language, playbook, given)
    need_terminal()
    acting = Acting(dispatch=dispatch, language=language, person=Person(speak=language.say))
    return acting.person.guarded(lambda: acting.start(playbook, given))


def resume(options: argparse.Namespace, common: Options) -> int:
    """Go on with a run that waits, end it, or follow one that goes on. Exit codes: `cli.exits`."""
    dispatch, language = opened(common)
    stop = Then.ROLL_BACK.value if options.take_back else Then.LEAVE.value if options.leave else ""
    stop = PUT_AWAY if options.put_away else stop
    need_terminal()
    acting = Acting(dispatch=dispatch, language=language, person=Person(speak=language.say))
    return acting.person.guarded(lambda: acting.go_on(options.run, stop))


PUT_AWAY = "put_away"


@dataclass(slots=True, kw_only=True)
class Acting:
    """One person at one terminal who acts; nothing is done before a plan was shown and its phrase typed."""

    dispatch: Dispatch
    language: Language
    person: Person
    session: str = ""
    rights: Rights = field(init=False)

    def __post_init__(self) -> None:
        self.session = secrets.token_hex(4)
        questions = Questions(dispatch=self.dispatch, language=self.language, person=self.person)
        self.rights = Rights(questions=questions)

    def start(self, playbook: Playbook, given: Mapping[str, str]) -> int:
        """From the questions to the end of the run."""
        self._tell_others()
        reason, login = self._asked(playbook)
        chosen = self._questions.inputs(playbook, given, login)
        plan, login = self._plan(playbook, chosen, login)
        run, why = "", "fault"
        try:
            run = self._confirmed(playbook, plan, login, reason)
            why = cause_of(plan.refusals) if plan.refusals else "confirm_wrong"
        except KeyboardInterrupt:
            why = "by_person"
            raise
        except MedflowError as error:
            why = error.cause
            raise
        finally:
            if not run:
                self.dispatch.left(plan, why)
        if not run:
            return FAILED
        self.person.tell(say("Started: run {run}. Ctrl-C asks whether to stop it.", run=run))
        return self._following(run).follow()

    def go_on(self, run: str, stop: str) -> int:
        """A run that waits goes on, or only to its end (`stop`); one that goes on is followed."""
        following = self._following(run)
        followed = following.look()
        tell(report_in(self.language).stand(followed.state))
        following.tell_stand(followed)
        phase, playbook = followed.state.phase, followed.playbook
        if stop == PUT_AWAY:
            return self._put_away(followed)
        if phase.is_alive and not stop:
            self.person.tell(
                say("It goes on: it is followed here, and orders are taken over when you give one.")
            )
            return following.follow()
        if phase.is_over or phase is Phase.DAMAGED or phase is Phase.PLANNED:
            complain(self.language.say(say("nothing can be gone on with here")))
            return DONE if phase is Phase.SUCCEEDED and not stop else FAILED
        if phase.is_alive or playbook is None:
            raise RefusedError(say("the run works now: follow it, and stop it with Ctrl-C first"))
        return self._gone_on(following, playbook, stop)

    def _put_away(self, followed: Followed) -> int:
        """Nothing is done to the run: with a reason, no banner tells of it any more."""
        phase, run = followed.state.phase, followed.state.run
        if not (phase.can_go_on or phase is Phase.DAMAGED):
            raise RefusedError(say("there is nothing to end: stop the run first"))
        why = self._questions.why(WHY_PUT_AWAY, REASON_MIN)
        desk = Desk(self.dispatch.state)
        try:
            desk.acknowledge(put_away(run, who=who_am_i(), why=why, now=utc_now()))
        except OSError as error:
            raise RefusedError(say("it cannot be written down"), "unwritable") from error
        self.person.tell(say("put away, and written down"))
        return DONE

    def _gone_on(self, following: Following, playbook: Playbook, stop: str) -> int:
        run, before = following.run, self.dispatch.follower(following.run)
        phrase = self.dispatch.agreement(run).confirm
        reason, login = self._asked(playbook)
        above = gone_on(self.dispatch.site.name, reason, stop)

        def give(login: Login | None) -> str:
            before.poll()
            self.dispatch.resume(
                run,
                who=who_am_i(),
                reason=reason,
                typed=phrase,
                login=login,
                session=self.session,
                stop=stop,
            )
            return run

        if not self._order(lambda: self._typed(phrase, above, ARM_AFTER_S), give, login):
            self.person.tell(say("the run waits as before"))
            return FAILED
        following.after = len(before.entries)
        return following.follow()

    def _confirmed(self, playbook: Playbook, plan: Plan, login: Login | None, reason: str) -> str:
        """The whole plan, then the phrase; the run that was started, or nothing."""
        tell("", *report_in(self.language).planned(plan), "")
        if plan.refusals:
            self.person.tell(say("it would not start").also(*(each.said for each in plan.refusals)))
        override = ""
        if self.dispatch.can_pass_over(playbook, plan):
            override = self._questions.override(playbook, is_stopped=bool(plan.refusals))
        if plan.refusals and not override:
            return ""
        waits = self.dispatch.waits(playbook, plan, override=override)
        above = agreed_to(plan.site_name, reason, override=override, waits=waits, led=led_in(plan.led))
        phrase = override_phrase(plan.confirm) if override else plan.confirm

        def give(login: Login | None) -> str:
            return self.dispatch.start(
                playbook,
                plan,
                who=who_am_i(),
                reason=reason,
                typed=phrase,
                login=login,
                session=self.session,
                override=override,
            ).run

        return self._order(lambda: self._typed(phrase, above, plan.arm_after_ms / 1000), give, login)

    def _order(
        self, agrees: Callable[[], bool], give: Callable[[Login | None], str], login: Login | None
    ) -> str:
        """The run, once a person has agreed and it was given its order; where the log-in is too old, both again."""
        while agrees():
            try:
                with undisturbed():
                    return give(login)
            except ReauthError as error:
                self.person.tell(error.phrase)
                login = self._questions.login()
            except OSError as error:
                raise RefusedError(say("the run cannot be written down"), "unwritable") from error
        return ""

    def _typed(self, phrase: str, above: tuple[Phrase, ...], arm_after_s: float) -> bool:
        """Whether exactly that was typed; what else was typed leads nowhere, and that is said."""
        self.person.tell(*above)
        question = say("Type  {phrase}  to agree; anything else leaves:", phrase=phrase)
        typed = self.person.confirm(question, arm_after_s=arm_after_s)
        if not typed:
            raise LeftError(say("left, nothing done"))
        if typed == phrase:
            return True
        self.person.tell(say("That is not  {phrase}  : nothing was started", phrase=phrase))
        return False

    def _plan(
        self, playbook: Playbook, chosen: Mapping[str, str], login: Login | None
    ) -> tuple[Plan, Login | None]:
        """Measured now; where only a log-in can tell whether it would start, it is asked for."""
        self.person.tell(say("measuring what it would touch…"))
        plan = self.dispatch.plan(playbook, login, chosen)
        unknown = [each for each in plan.refusals if each.outcome is Outcome.UNKNOWN]
        if login is not None or not plan.refusals or len(unknown) < len(plan.refusals):
            return plan, login
        self.dispatch.left(plan, "left")
        self.person.tell(say("only with your log-in can it be told whether it would start"))
        login = self._questions.login()
        return self.dispatch.plan(playbook, login, chosen), login

    @property
    def _questions(self) -> Questions:
        return self.rights.questions

    def _asked(self, playbook: Playbook) -> tuple[str, Login | None]:
        """Why, and the log-in where it takes one."""
        rights = self.rights
        rights.reason = self._questions.reason(playbook)
        rights.login = self._questions.login() if wants_login(playbook) else None
        return rights.reason, rights.login

    def _tell_others(self) -> None:
        for each in self.dispatch.going_on():
            self.person.tell(say("A run goes on here: {run}, by {who}", run=each.run, who=each.who))

    def _following(self, run: str) -> Following:
        return Following(
            dispatch=self.dispatch,
            language=self.language,
            glyphs=choose_glyphs(self.dispatch.site),
            person=self.person,
            rights=self.rights,
            report=report_in(self.language),
            who=who_am_i(),
            session=self.session,
            run=run,
        )
