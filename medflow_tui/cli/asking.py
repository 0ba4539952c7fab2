"""What a person is asked before a plan is made: why, the log-in, and what the playbook wants to know."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from medflow_tui.cli.person import LeftError, Person, deaf
from medflow_tui.cli.speech import tell
from medflow_tui.clients.tools import utc_now
from medflow_tui.model.errors import RefusedError
from medflow_tui.model.performer import Login
from medflow_tui.model.playbook import REASON_MIN
from medflow_tui.model.words import Phrase, say
from medflow_tui.rules.inputs import LISTED, fault, fault_of, meant
from medflow_tui.rules.permits import ARMED_FOR
from medflow_tui.rules.reasons import too_short, why_pass_over, written

if TYPE_CHECKING:
    from medflow_tui.locale.language import Language
    from medflow_tui.model.playbook import Input, Playbook
    from medflow_tui.runner.dispatch import Dispatch


OVERRIDE = "OVERRIDE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Questions:
    """Asked one after another; every one may be left, which raises LeftError, and then nothing was done."""

    dispatch: Dispatch
    language: Language
    person: Person

    def reason(self, playbook: Playbook | None) -> str:
        least = max(REASON_MIN, playbook.reason_min_chars if playbook is not None else 0)
        return self.why(
            say("Why do you want to act? ({n:number} characters at least; it is written down)", n=least),
            least,
        )

    def why(self, question: Phrase, least: int) -> str:
        """A reason of so many characters, as it is kept; asked again until it is long enough."""
        while True:
            typed = self.person.ask(question)
            reason = written(typed)
            wrong = too_short(reason, least)
            if not wrong:
                return reason
            self.person.tell(wrong)

    def login(self) -> Login:
        """Raises LeftError when nothing is given."""
        return login_of(self.person)

    def override(self, playbook: Playbook, *, is_stopped: bool) -> str:
        """The reason for passing over what stops a plan, or the second person it waits for; empty: nothing is."""
        word = OVERRIDE
        question = (
            say("Type  {word}  to pass over it, with a reason; anything else leaves:", word=word)
            if is_stopped
            else say(
                "Type  {word}  to pass over the second person, with a reason; anything else goes on:",
                word=word,
            )
        )
        if self.person.confirm(question) != word:
            return ""
        return self.why(why_pass_over(playbook), playbook.override.reason_min_chars)

    def inputs(self, playbook: Playbook, given: Mapping[str, str], login: Login | None) -> dict[str, str]:
        found = dict(given)
        for each in playbook.inputs:
            options = self.dispatch.options(playbook, each, login)
            if each.id in found:
                wrong = fault_of(each, options, found[each.id])
                if wrong:
                    raise RefusedError(say("{name}: {what}", name=each.id, what=self.language.say(wrong)))
            else:
                found[each.id] = self._input(each, options)
        return {name: value for name, value in found.items() if value}

    def _input(self, given: Input, options: tuple[str, ...]) -> str:
        tell(*(f"{number}  {each}" for number, each in enumerate(options[:LISTED], 1)))
        if len(options) > LISTED:
            self.person.tell(say("and {n:number} more, by their name", n=len(options) - LISTED))
        question = given.label.phrase(self.language.code)
        question = question.also(*((say("its number, or its name"),) if options else ()))
        question = question.also(*((say("may stay empty"),) if given.optional else ()))
        while True:
            value = meant(self.person.ask(question), options)
            wrong = fault_of(given, options, value)
            if not wrong:
                return value
            self.person.tell(wrong)


@dataclass(slots=True, kw_only=True)
class Rights:
    """Of the person at this terminal, as on the screen: a reason and a log-in that they gave, for `ARMED_FOR`."""

    questions: Questions
    reason: str = ""
    login: Login | None = field(default=None, repr=False)
    _proved: Login | None = field(default=None, repr=False)

    def raised(self, playbook: Playbook | None) -> str:
        """The reason; it and the log-in are asked for where there are none, or none any more. Raises LeftError."""
        if self.login is None or not timedelta() <= utc_now() - self.login.at <= ARMED_FOR:
            self.reason = self.questions.reason(playbook)
            self.login = self.questions.login()
        return self.reason

    def proved(self, playbook: Playbook, run: str) -> None:
        """Raised, for a decision of a run: each log-in is tried at MedFlow once, and passes where that cannot tell now.

        Raises NoLoginError (recorded), LeftError.
        """
        self.raised(playbook)
        dispatch, login = self.questions.dispatch, self.login
        if login is not None and login is not self._proved:
            dispatch.permission.let_take(run, login, dispatch.prove)
            self._proved = login


def inputs_of(playbook: Playbook, words: Sequence[str]) -> dict[str, str]:
    """`name=value` as typed on the command line. Raises RefusedError for what the playbook does not take."""
    found: dict[str, str] = {}
    for each in words:
        name, equals, value = each.partition("=")
        if not equals or name in found:
            raise RefusedError(say("{word}: an input is given once, as name=value", word=each))
        found[name] = value
    known = {each.id: each for each in playbook.inputs}
    for name, value in found.items():
        wrong = fault_of(known[name], (), value) if name in known else fault(playbook, {name: value})
        if wrong:
            raise RefusedError(wrong)
    return found


def login_of(person: Person) -> Login:
    """Asked anew. Raises LeftError when nothing is given."""
    with deaf():  # in between too: a password that is typed ahead of its question is not shown
        name = person.ask(say("Your user name in MedFlow"))
        secret = say("Your password (kept in memory only, tried once)")
        password = person.ask_in_secret(secret) if name else ""
    if not name or not password:
        raise LeftError(say("nothing was done: no log-in was given"))
    return Login(username=name, password=password, at=utc_now())


def wants_login(playbook: Playbook) -> bool:
    """Whether a person logs in for it, as in the dashboard, before anything is measured."""
    return playbook.reauth_s > 0 or any(each.effect.changes for each in playbook.steps)
