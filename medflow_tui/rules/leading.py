"""An open incident with a commander, and what it permits: a change of data in production without a second person."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from medflow_tui.model.access import Origin
from medflow_tui.model.canonical import Facts
from medflow_tui.model.incident import Incident
from medflow_tui.model.playbook import Playbook
from medflow_tui.model.words import SILENCE, Phrase, say

STANDS_FOR = timedelta(hours=24)
SLACK = timedelta(minutes=1)
STANDS_IN_CLASS = "R3"
ROLES = ("admin", "dba", "clinic_lead")
"""Who may open an incident, hand over its command, grade and close it."""
TEXT_MIN, TEXT_MOST, LOGIN_S = 10, 300, 300
"""Letters of what happened; seconds after which a log-in is too old for it."""
ID = re.compile(r"INC-(\d{4})-(\d{3,6})")


def why_not_led(incident: Incident | None, acting: Iterable[Origin], now: datetime) -> Phrase:
    """Why no incident stands for a second person; nothing when this one does. `acting` is everybody the one who acts may be."""
    people = tuple(acting)
    if incident is None or not incident.is_open:
        return say("no incident is open")
    if not incident.severity.is_major:
        return say(
            "the incident is {severity}: only SEV1 and SEV2 stand for a second person",
            severity=incident.severity.label,
        )
    if not incident.commander or any(_is_commander(incident, each) for each in people):
        return say("whoever leads the incident decides, and does not act")
    if not people or any(each.uid < 0 or not each.user for each in people):
        return say("who acts is not known on this machine")
    if not -SLACK <= now - incident.opened_at <= STANDS_FOR:
        return say(
            "the incident was opened more than {limit:duration} ago", limit=int(STANDS_FOR.total_seconds())
        )
    return SILENCE


def why_not_instead(
    playbook: Playbook, incident: Incident | None, acting: Iterable[Origin], now: datetime
) -> Phrase:
    """The same for a playbook: only class R3, and only where its author has not forbidden it."""
    if playbook.risk != STANDS_IN_CLASS:
        return say("class {risk}: no incident stands for a second person", risk=playbook.risk)
    if not playbook.approval.incident:
        return say("this playbook wants a second person also in an incident")
    return why_not_led(incident, acting, now)


def led_said(number: str, severity: str, commander: str) -> Phrase:
    """Why nobody else is asked.

    >>> led_said("INC-2026-004", "SEV2", "claire").values["who"]
    'claire'
    """
    return say(
        "no second person: incident {id}, {severity}, commander {who}",
        id=number,
        severity=severity,
        who=commander,
    )


def led_in(incident: Incident | None) -> Phrase:
    """The same of the incident of a plan; nothing where there is none."""
    if incident is None:
        return SILENCE
    return led_said(incident.id, incident.severity.value, incident.commander)


def led_by(facts: Facts) -> Phrase:
    """The same from what guards are given; nothing where no incident stands for anybody."""
    found = [facts.get(f"incident.{name}") for name in ("id", "severity", "commander")]
    return led_said(*map(str, found)) if all(found) else SILENCE


def stands(incident: Incident) -> Phrase:
    """An open incident in few letters, for the second line of every screen."""
    return say(
        "{id} {severity} since {at:when}: {who}",
        id=incident.id,
        severity=incident.severity.value,
        who=incident.commander,
        at=incident.opened_at,
    )


def next_id(year: int, known: Sequence[str]) -> str:
    """The number after the highest of a year; what is no number of an incident does not count.

    >>> next_id(2026, ("INC-2026-009", "INC-2025-700", "x")), next_id(2027, ())
    ('INC-2026-010', 'INC-2027-001')
    """
    numbers = [int(found[2]) for each in known if (found := ID.fullmatch(each)) and int(found[1]) == year]
    return f"INC-{year}-{max(numbers, default=0) + 1:03d}"


def _is_commander(incident: Incident, person: Origin) -> bool:
    return person.user == incident.commander or person.uid == incident.commander_uid >= 0
