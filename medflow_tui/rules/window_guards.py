"""When a playbook may begin: not while people work, unless what it would interrupt is down anyway."""

from __future__ import annotations

from collections.abc import Mapping

from medflow_tui.model.canonical import Facts
from medflow_tui.model.playbook import Guard
from medflow_tui.model.procedure import Outcome
from medflow_tui.model.words import say
from medflow_tui.rules.answers import Answer, word

DOWN: Mapping[str, str] = {"backend": "backend.down", "mongodb": "mongodb.down"}
"""By the service that `unless_down` may name: the fact that says whether nobody can work with it now."""


def window(guard: Guard, facts: Facts) -> Answer:
    """Passes outside the opening hours, or while the service `unless_down` needed is down, whatever the hour.

    In a lab without hours nobody works; anywhere else hours that are not stated are not known.
    """
    is_open, service = facts.get("window.is_closed"), word(guard.need, "unless_down")
    is_down = facts.get(DOWN.get(service, "")) if service else False
    if is_open is False:
        return Outcome.PASS, say("outside the opening hours")
    if is_down is True:
        return Outcome.PASS, say("{service} does not work now: nobody is interrupted", service=service)
    if is_open is True and is_down is False:
        return Outcome.FAIL, say("people are working now: not in opening hours")
    if is_open is True:
        return Outcome.UNKNOWN, say(
            "people may be working now: not known whether {service} does", service=service
        )
    if facts.get("environment") == "lab":
        return Outcome.PASS, say("a lab without opening hours: nobody works here")
    return Outcome.UNKNOWN, say("the opening hours of this site are not known")
