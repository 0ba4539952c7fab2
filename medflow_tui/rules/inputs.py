"""What people choose before a plan is made: whether it is what the playbook takes."""

from __future__ import annotations

import re
from collections.abc import Mapping

from medflow_tui.model.playbook import Input, Playbook
from medflow_tui.model.words import SILENCE, Phrase, say

LONGEST = 200


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
