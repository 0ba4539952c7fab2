"""Looks at payments that are stuck, wait, or left no trace, and hands counts and ids of invoices over."""

from __future__ import annotations

from collections.abc import Sequence

from medflow_tui.actions.checking import CheckCrew, Subject, check_crew
from medflow_tui.actions.handing_over import Named, Sighting
from medflow_tui.actions.names import PAYMENT_CHECK as ACTIONS
from medflow_tui.clients.invoices import disputed
from medflow_tui.clients.mongodb import connected
from medflow_tui.clients.mongodb_identity import identity_of
from medflow_tui.clients.network import Deadline
from medflow_tui.clients.tools import Tools
from medflow_tui.model.canonical import Fact, Facts
from medflow_tui.model.performer import Login
from medflow_tui.model.site import Site
from medflow_tui.model.target import Target
from medflow_tui.model.targets.payments import PaymentsTarget
from medflow_tui.model.words import Phrase, say

COUNTS = {
    "stuck": "stuck",
    "pending": "waiting",
    "overdue": "overdue",
    "unsettled": "unsettled",
    "unaudited": "unaudited",
}


def numbers(seen: Sequence[Sighting]) -> Facts:
    """Sums over the databases that are looked at; what could not be counted is missing."""
    found: dict[str, Fact] = {}
    for fact, name in COUNTS.items():
        counted = [each.reading.values[name] for each in seen if each.reading.values.get(name) is not None]
        if counted:
            found[fact] = sum(counted)
    return found


def message(facts: Facts) -> Phrase:
    """What to say to the person in charge."""
    return say(
        "{stuck:number} invoices disagree with their payments, {unaudited:number} payments left no trace; "
        "the ids are in the list; nothing was mended by hand",
        stuck=_number(facts, "stuck"),
        unaudited=_number(facts, "unaudited"),
    )


def named(target: Target, tools: Tools) -> tuple[Named, ...]:
    """Ids of the invoices. Raises UnreachableError, SecretError."""
    assert isinstance(target, PaymentsTarget)
    with connected(target, tools, Deadline.after(target.deadline_s)) as server:
        found = disputed(server, target)
    return (
        Named(
            label=say("Invoices paid in full whose status does not say so:"),
            fact="settled_ids",
            ids=found.settled,
        ),
        Named(
            label=say("Invoices with payments whose status says none:"), fact="ignored_ids", ids=found.ignored
        ),
        Named(
            label=say("Invoices whose payments do not add up:"), fact="mismatched_ids", ids=found.mismatched
        ),
        Named(
            label=say("Invoices with a payment that left no trace:"),
            fact="unaudited_ids",
            ids=found.unaudited or (),
        ),
    )


def identity(target: Target, tools: Tools) -> str:
    """Which database answers. Raises UnreachableError, SecretError."""
    assert isinstance(target, PaymentsTarget)
    with connected(target, tools, Deadline.after(target.deadline_s)) as server:
        return identity_of(server)


def _number(facts: Facts, name: str) -> int | None:
    value = facts.get(name)
    return value if isinstance(value, int) else None


SUBJECT = Subject(kinds=("payments",), numbers=numbers, message=message, named=named, identity=identity)


def crew(site: Site, tools: Tools, login: Login | None) -> CheckCrew:
    """The crew at this site. Raises RefusedError when it names no payments."""
    return check_crew(SUBJECT, site, tools, ACTIONS)
