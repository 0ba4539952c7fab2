"""Looks at the own line, the central server, what waits to be sent, and the line to each clinic."""

from __future__ import annotations

from collections.abc import Sequence

from medflow_tui.actions.checking import CheckCrew, Subject, check_crew
from medflow_tui.actions.handing_over import Sighting
from medflow_tui.actions.names import CLINIC_CHECK as ACTIONS
from medflow_tui.clients.tools import Tools
from medflow_tui.model.canonical import Fact, Facts
from medflow_tui.model.performer import Login
from medflow_tui.model.site import Site
from medflow_tui.model.words import Phrase, say

KNOCKS = 4


def numbers(seen: Sequence[Sighting]) -> Facts:
    """Clinics, and changes that wait or are given up; what could not be counted is missing."""
    found: dict[str, Fact] = {}
    for each in seen:
        if each.reading.kind == "clinics" and "clinics" in each.reading.values:
            values = each.reading.values
            found["clinics"] = values["clinics"]
            if not values["queue_failure"]:
                found |= {"waiting": values["waiting"], "given_up": values["given_up"]}
    return found


def message(facts: Facts) -> Phrase:
    """What to say to the person in charge."""
    names = ("clinics", "waiting", "given_up")
    clinics, waiting, lost = (value if isinstance(value := facts.get(name), int) else None for name in names)
    return say(
        "{clinics:number} clinics; {waiting:number} changes wait to be sent, {lost:number} are given up; "
        "which clinics do not answer is in the list",
        clinics=clinics,
        waiting=waiting,
        lost=lost,
    )


SUBJECT = Subject(kinds=("uplink", "clinics"), numbers=numbers, message=message, looks=KNOCKS)


def crew(site: Site, tools: Tools, login: Login | None) -> CheckCrew:
    """The crew at this site. Raises RefusedError when it names no clinics."""
    return check_crew(SUBJECT, site, tools, ACTIONS)
