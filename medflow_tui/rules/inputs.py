"""What people choose before a plan is made: whether it is what the playbook takes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from medflow_tui.model.playbook import Input, Playbook
from medflow_tui.model.words import SILENCE, Phrase, say

LONGEST = 200
LISTED = 12  # options that are listed; the others are chosen by their name


def fault(playbook: Playbook, chosen: Mapping[str, str]) -> Phrase:
    """The first thing that is wrong; nothing when a plan may be made."""
    known = {each.id for each in playbook.inputs}
    for name in sorted(set(chosen) - known):
        return say("there is no input {name}", name=name)
    for given in playbook.inputs:
        wrong = _fault(given, chosen.get(given.id, ""))
        if wrong:
            return wrong
    return SILENCE


def fault_of(given: Input, options: Sequence[str], value: str) -> Phrase:
    """What is wrong with the answer to one input, when these are the `options` found for it now."""
    if value and options and value not in options:
        return say("that is not there to choose")
    return _fault(given, value)


def meant(text: str, options: Sequence[str]) -> str:
    """What was meant: one of the options by its number, unless that is a name itself; else the text.

    >>> meant("2", ("v1", "v2")), meant(" v1 ", ("v1", "v2")), meant("2", ("2", "3")), meant("9", ("v1",))
    ('v2', 'v1', '2', '9')
    """
    text = text.strip()
    is_number = text.isdecimal() and len(text) < 4 and 1 <= int(text) <= len(options)
    return options[int(text) - 1] if is_number and text not in options else text


def _fault(given: Input, value: str) -> Phrase:
    if not value:
        return SILENCE if given.optional else say("{name} must be chosen first", name=given.id)
    if len(value) > LONGEST or not value.isprintable() or value.startswith("-"):
        return say("{name}: not a value", name=given.id)
    if given.options and value not in given.options:
        return say("{name}: must be one of {words}", name=given.id, words=", ".join(given.options))
    if given.kind == "number" and not value.isdecimal():
        return say("{name}: must be a number", name=given.id)
    if given.pattern and not re.fullmatch(given.pattern, value):
        return say("{name}: not a value", name=given.id)
    return SILENCE
