"""What all rules of guards are made of: an answer, a fact that was measured, and the rule that only reads one fact."""

from __future__ import annotations

from collections.abc import Callable

from medflow_tui.model.canonical import Fact, Facts
from medflow_tui.model.procedure import Guard, Outcome
from medflow_tui.model.words import Phrase

Answer = tuple[Outcome, Phrase]
Rule = Callable[[Guard, Facts], Answer]


def by_fact(name: str, *, yes: Answer, no: Answer, unknown: Phrase) -> Rule:
    """The rule that answers `yes` when a fact is true, `no` when it is false, and else that it does not know."""

    def rule(guard: Guard, facts: Facts) -> Answer:
        match facts.get(name):
            case True:
                return yes
            case False:
                return no
            case _:
                return Outcome.UNKNOWN, unknown

    return rule


def word(facts: Facts, name: str) -> str:
    """A fact that is text; empty when it is none.

    >>> word({"who": "amani"}, "who"), word({"who": 3}, "who")
    ('amani', '')
    """
    value = facts.get(name, "")
    return value if isinstance(value, str) else ""


def number(facts: Facts, name: str) -> int | None:
    """A fact that is a whole number; None when it is none.

    >>> number({"n": 3}, "n"), number({"n": True}, "n")
    (3, None)
    """
    value: Fact | None = facts.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else None
