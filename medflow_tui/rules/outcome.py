"""Whether a program or a call kept what its step promises: exit code, words, and numbers, never the exit code alone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from medflow_tui.model.canonical import Facts
from medflow_tui.model.playbook import NO_FACTS, Expect
from medflow_tui.model.procedure import Outcome
from medflow_tui.model.words import SILENCE, Phrase, say


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One of three answers, why, and the numbers that named groups of the patterns found."""

    outcome: Outcome
    said: Phrase = SILENCE
    facts: Facts = field(default_factory=lambda: NO_FACTS)


def judge(expect: Expect, exit_code: int | None, stdout: str, stderr: str) -> Judged:
    """What a program's end says. A named group in a pattern that must be there is a number: `(?P<restored>\\d+)`.

    >>> judge(Expect(stdout_require=(r"(?P<n>[0-9]+) restored",)), 0, "12 restored", "").facts
    {'n': 12}
    >>> judge(Expect(stderr_forbid=("^ERROR",)), 0, "", "x\\nERROR: no").outcome.name
    'FAIL'
    """
    if exit_code is None:
        return Judged(outcome=Outcome.UNKNOWN, said=say("it did not end"))
    if exit_code not in expect.exit:
        return Judged(outcome=Outcome.FAIL, said=say("ended with {code:number}", code=exit_code))
    for patterns, text in ((expect.stdout_forbid, stdout), (expect.stderr_forbid, stderr)):
        for pattern in patterns:
            if re.search(pattern, text, re.MULTILINE):
                return Judged(
                    outcome=Outcome.FAIL, said=say("ended well, but says {pattern}", pattern=pattern)
                )
    numbers: dict[str, int] = {}
    for pattern in expect.stdout_require:
        found = re.search(pattern, stdout, re.MULTILINE) or re.search(pattern, stderr, re.MULTILINE)
        if found is None:
            return Judged(
                outcome=Outcome.FAIL, said=say("ended well, but does not say {pattern}", pattern=pattern)
            )
        numbers |= {name: int(each) for name, each in found.groupdict().items() if each and each.isdecimal()}
    return Judged(outcome=Outcome.PASS, facts=numbers)


def compare(expect: Expect, facts: Facts, planned: Facts, past: Mapping[str, Facts]) -> Judged:
    """Whether the numbers that a step found are those expected; one that is not there is not known."""
    for name, wanted in expect.numbers.items():
        should = wanted if isinstance(wanted, int) else _value(wanted, planned, past)
        found = facts.get(name)
        if not _is_number(found) or not _is_number(should):
            return Judged(outcome=Outcome.UNKNOWN, said=say("{name} is not known", name=name))
        if found != should:
            said = say(
                "{name} is {found:number}, expected {should:number}",
                name=name,
                found=int(str(found)),
                should=int(str(should)),
            )
            return Judged(outcome=Outcome.FAIL, said=said)
    return Judged(outcome=Outcome.PASS)


def _value(name: str, planned: Facts, past: Mapping[str, Facts]) -> object:
    step, _, fact = name.partition(".")
    return (planned if step == "plan" else past.get(step, NO_FACTS)).get(fact)


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
