"""Looks at whether every patient belongs to a clinic that exists, and hands counts by clinic over."""

from __future__ import annotations

from collections.abc import Sequence

from medflow_tui.actions.checking import CheckCrew, Subject, check_crew
from medflow_tui.actions.handing_over import Named, Sighting
from medflow_tui.actions.names import ISOLATION_CHECK as ACTIONS
from medflow_tui.clients.mongodb import connected
from medflow_tui.clients.mongodb_identity import identity_of
from medflow_tui.clients.network import Deadline
from medflow_tui.clients.tenancy import lost
from medflow_tui.clients.tools import Tools
from medflow_tui.model.canonical import Fact, Facts
from medflow_tui.model.performer import Login
from medflow_tui.model.site import Site
from medflow_tui.model.target import Target
from medflow_tui.model.targets.isolation import IsolationTarget
from medflow_tui.model.words import Phrase, say

OF_PATIENTS = {"strays": "stray", "homeless": "homeless", "deleted": "deleted"}
WHY = {
    "stray": say("a clinic that does not exist"),
    "deleted": say("a clinic that is marked deleted"),
    "homeless": say("no clinic"),
}


def numbers(seen: Sequence[Sighting]) -> Facts:
    """Patients of no clinic that exists, and clinics; what could not be counted is missing."""
    found: dict[str, Fact] = {}
    counted = [each.reading.values for each in seen if each.reading.values.get("patients")]
    if counted:
        found["clinics"] = sum(each["clinics"] for each in counted)
        for fact, name in OF_PATIENTS.items():
            found[fact] = sum(each["patients"][name] for each in counted)
    return found


def message(facts: Facts) -> Phrase:
    """What to say to the person in charge."""
    told = {name: value for name in OF_PATIENTS if isinstance(value := facts.get(name), int)}
    return say(
        "{strays:number} patients name a clinic that does not exist, {deleted:number} a deleted one, "
        "{homeless:number} none; somebody may see what is not theirs; nothing was moved",
        strays=told.get("strays"),
        deleted=told.get("deleted"),
        homeless=told.get("homeless"),
    )


def named(target: Target, tools: Tools) -> tuple[Named, ...]:
    """Identifiers of clinics, with what names them, as counts: no patient's. Raises UnreachableError, SecretError."""
    assert isinstance(target, IsolationTarget)
    with connected(target, tools, Deadline.after(target.deadline_s)) as server:
        found = lost(server, target)
    return tuple(
        Named(
            label=say("Named by records, collection and number:").also(WHY[why]),
            fact=f"{why}_clinics",
            ids=tuple(
                f"{each.clinic or '-'} {each.collection} {each.count}" for each in found if each.why == why
            ),
        )
        for why in WHY
    )


def identity(target: Target, tools: Tools) -> str:
    """Which database answers. Raises UnreachableError, SecretError."""
    assert isinstance(target, IsolationTarget)
    with connected(target, tools, Deadline.after(target.deadline_s)) as server:
        return identity_of(server)


SUBJECT = Subject(kinds=("isolation",), numbers=numbers, message=message, named=named, identity=identity)


def crew(site: Site, tools: Tools, login: Login | None) -> CheckCrew:
    """The crew at this site. Raises RefusedError when it names no separation of clinics to watch."""
    return check_crew(SUBJECT, site, tools, ACTIONS)
