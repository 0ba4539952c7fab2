"""Puts what is known into the arguments and answers of a step: `{name}` of the plan, `{step.fact}` of an earlier step.

A brace that is meant itself is written twice, as in JSON in an argument: `{{w: "majority"}}`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from medflow_tui.model.canonical import Fact, Facts

TOKEN = re.compile(r"\{\{|\}\}|\{([a-z][a-z0-9_-]*(?:\.[A-Za-z][A-Za-z0-9_.]*)?)\}")


class UnfilledError(Exception):
    """A name has no value; the argument is the name."""


def names(template: str) -> tuple[str, ...]:
    """The names in a template.

    >>> names("{site_code}-{look.waiting}")
    ('site_code', 'look.waiting')
    >>> names("{{site_code}}")
    ()
    """
    return tuple(found[1] for found in TOKEN.finditer(template) if found[1])


def is_filled_whole(template: str) -> bool:
    """Whether it is one placeholder and nothing else, or holds none.

    >>> is_filled_whole("{run_id}"), is_filled_whole("{{n: 1}}"), is_filled_whole("db={run_id}")
    (True, True, False)
    """
    found = TOKEN.fullmatch(template)
    return not names(template) or (found is not None and bool(found[1]))


def has_lone_brace(template: str) -> bool:
    """Whether a brace in it belongs to no placeholder and is not written twice.

    >>> has_lone_brace("{w: 1}"), has_lone_brace("{{w: 1}}"), has_lone_brace("{run_id}}")
    (True, False, True)
    """
    return not {"{", "}"}.isdisjoint(TOKEN.sub("", template))


def fill(template: str, facts: Facts, past: Mapping[str, Facts]) -> str:
    """The template with its values. Raises UnfilledError for one that is not known.

    >>> fill("{site_code} {look.waiting}", {"site_code": "LAB"}, {"look": {"waiting": 6}})
    'LAB 6'
    >>> fill('{{w: "{site_code}"}}', {"site_code": "LAB"}, {})
    '{w: "LAB"}'
    """
    return TOKEN.sub(
        lambda found: _plain(_value(found[1], facts, past)) if found[1] else found[0][0], template
    )


def filled(args: Facts, facts: Facts, past: Mapping[str, Facts]) -> dict[str, Fact]:
    """Every argument with its values. Raises UnfilledError."""
    return {
        name: fill(value, facts, past)
        if isinstance(value, str)
        else tuple(fill(each, facts, past) for each in value)
        if isinstance(value, tuple)
        else value
        for name, value in args.items()
    }


def _value(name: str, facts: Facts, past: Mapping[str, Facts]) -> Fact:
    step, dot, fact = name.partition(".")
    found = (facts if step == "plan" else past.get(step, {})).get(fact) if dot else facts.get(name)
    if found is None:
        raise UnfilledError(name)
    return found


def _plain(value: Fact) -> str:
    return ", ".join(value) if isinstance(value, tuple) else str(value)
