"""What a person is asked before a plan is made: why, the log-in, and what the playbook wants to know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from medflow_tui.cli.person import LeftError, Person
from medflow_tui.cli.speech import tell
from medflow_tui.clients.tools import utc_now
from medflow_tui.model.errors import RefusedError
from medflow_tui.model.performer import Login
from medflow_tui.model.playbook import REASON_MIN
from medflow_tui.model.words import say
from medflow_tui.rules.cleaning import clean
from medflow_tui.rules.inputs import LISTED, fault_of, meant
from medflow_tui.rules.redaction import redact

if TYPE_CHECKING:
    from medflow_tui.locale.language import Language
    from medflow_tui.model.playbook import Input, Playbook
    from medflow_tui.runner.dispatch import Dispatch


@dataclass(frozen=True, slots=True, kw_only=True)
class Questions:
    """Asked one after another; every one may be left, which raises LeftError, and then nothing was done."""

    dispatch: Dispatch
    language: Language
    person: Person

    def reason(self, playbook: Playbook) -> str:
        least = max(REASON_MIN, playbook.reason_min_chars)
        while True:
            typed = self.person.ask(
                say("Why do you want to act? ({n:number} characters at least; it is written down)", n=least)
            )
            reason = redact(clean(typed).strip())
            if len(reason) >= least:
                return reason
            self.person.tell(say("the reason is too short: {n:number} letters at least", n=least))

    def login(self) -> Login:
        """Raises LeftError when nothing is given."""
        name = self.person.ask(say("Your user name in MedFlow"))
        password = (
            self.person.ask_in_secret(say("Your password (kept in memory only, tried once)")) if name else ""
        )
        if not name or not password:
            raise LeftError(say("nothing was done: no log-in was given"))
        return Login(username=name, password=password, at=utc_now())

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


def wants_login(playbook: Playbook) -> bool:
    """Whether a person logs in for it, as in the dashboard, before anything is measured."""
    return playbook.reauth_s > 0 or any(each.effect.changes for each in playbook.steps)
