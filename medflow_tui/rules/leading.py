"""An open incident with a commander, and what it permits: a change of data in production without a second person."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from medflow_tui.model.access import Access, Origin
from medflow_tui.model.canonical import Facts, digest
from medflow_tui.model.incident import BY_VOICE, HERE, Incident
from medflow_tui.model.playbook import Playbook
from medflow_tui.model.words import SILENCE, Phrase, say
from medflow_tui.rules.logins import is_same_login, is_unseen
from medflow_tui.rules.spoken import Spoken, challenge, shown

STANDS_FOR = timedelta(hours=24)
SLACK = timedelta(minutes=1)
STANDS_IN_CLASS = "R3"
ROLES = ("admin", "dba", "clinic_lead")
"""Who may open an incident, hand over its command, grade and close it."""
TEXT_MIN, TEXT_MOST, LOGIN_S = 10, 300, 300
"""Letters of what happened; seconds after which a log-in is too old for it."""
PURPOSE = "medflow-incident-v1"
ID = re.compile(r"INC-(\d{4})-(\d{3,6})")


def role_of(access: Access, acting: Iterable[Origin]) -> str:
    """The role in which that is done; empty where one of those whom the one who acts may be (`sudo`) has none for it.

    >>> from medflow_tui.model.access import Person
    >>> named = Access(people={"claire": Person(name="claire", roles=("nurse", "dba"))})
    >>> role_of(named, [Origin(user="claire")]), role_of(named, [Origin(user="claire"), Origin(user="beni")])
    ('dba', '')
    """
    found = [next((role for role in access.roles_of(each.user) if role in ROLES), "") for each in acting]
    return found[0] if found and all(found) else ""


def why_not_led(incident: Incident | None, acting: Iterable[Origin], now: datetime) -> Phrase:
    """Why no incident stands for a second person; nothing when this one does. `acting` is everybody the one who acts may
    be, and where they sit."""
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
    return why_not_now(incident, now) or _why_not_confirmed(incident, people)


def why_not_now(incident: Incident, now: datetime) -> Phrase:
    """Why it stands for nobody at this time.

    >>> from medflow_tui.model.incident import Severity
    >>> sev, at = Severity.SEV2, datetime(2026, 11, 28)
    >>> incident = Incident(id="INC-2026-004", severity=sev, commander="claire", opened_by="amani", opened_at=at)
    >>> why_not_now(incident, at - timedelta(hours=1)).text
    'the clock stands before the opening of the incident'
    """
    if now - incident.opened_at < -SLACK:
        return say("the clock stands before the opening of the incident")
    if now - incident.opened_at > STANDS_FOR:
        return say(
            "the incident was opened more than {limit:duration} ago", limit=int(STANDS_FOR.total_seconds())
        )
    if now - incident.confirmed_at < -SLACK:
        return say("the clock stands before the moment at which its commander confirmed")
    return SILENCE


def why_not_confirm(incident: Incident, acting: Iterable[Origin]) -> str:
    """Why this person, at this log-in, may not confirm to lead it, as a word of WHY_NOT_CONFIRM; empty when they may."""
    people = tuple(acting)
    if not any(_is_commander(incident, each) for each in people):
        return "no_role"
    if not all(each.user == incident.commander for each in people):
        return "same_login"  # became the commander (`sudo`, `su`)
    named = incident.named_from
    if named.user == incident.commander:  # who logged in must be seen all the same
        return "unseen" if any(is_unseen(each, each) for each in people) else ""
    if any(is_same_login(named, each) for each in people):
        return "same_login"
    return "unseen" if any(is_unseen(named, each) for each in people) else ""


WHY_NOT_CONFIRM: dict[str, Phrase] = {
    "no_role": say("only the commander confirms, from their own log-in"),
    "same_login": say("this is the log-in, or the terminal, of somebody else: the commander logs in alone"),
    "unseen": say("where this comes from cannot be seen on this machine: confirm over the phone instead"),
    "plan_changed": say("the incident is another one than was shown: look again"),
    "confirm_wrong": say("what was typed is not what is asked for"),
    "no_phone": say("the site file names no key of this commander: nothing is confirmed over the phone"),
    "locked_out": say("three wrong answers: nothing is taken for ten minutes"),
    "replayed": say("this answer was used before"),
    "expired": say("this answer comes too late: read out what stands there now"),
    "wrong_answer": say("that is not the answer"),
    "answers_damaged": say("the answers that were given before cannot be read: no answer is taken"),
}
"""Why a confirmation is not taken, by the word under which it is recorded."""


def why_not_instead(
    playbook: Playbook, incident: Incident | None, acting: Iterable[Origin], now: datetime
) -> Phrase:
    """The same for a playbook: only class R3, and only where its author has not forbidden it."""
    if playbook.risk != STANDS_IN_CLASS:
        return say("class {risk}: no incident stands for a second person", risk=playbook.risk)
    if not playbook.approval.incident:
        return say("this playbook wants a second person also in an incident")
    return why_not_led(incident, acting, now)


def confirm_phrase(site: str) -> str:
    """What the commander types.

    >>> confirm_phrase("LSH-02")
    'I LEAD LSH-02'
    """
    return f"I LEAD {site}"


def spoken_of(site: str, incident: Incident, window: int) -> Spoken:
    """What is read out to the commander: the answer is for this incident, this severity and this commander alone."""
    code = challenge(incident_hash(site, incident), incident.id, window)
    return told_to_lead(site, code, _size_of(incident))


def incident_hash(site: str, incident: Incident) -> str:
    """What a commander confirms: this incident, of this severity, led by them, as it was named last."""
    return digest(PURPOSE, {"site": site, **_size_of(incident), "named": incident.named})


def _size_of(incident: Incident) -> dict[str, str]:
    return {"incident": incident.id, "severity": incident.severity.value, "commander": incident.commander}


def told_to_lead(site: str, code: str, size: Mapping[str, str]) -> Spoken:
    """The same from what was heard: `size` are the names of the incident, its severity and its commander."""
    return Spoken(site=site, playbook="incident", playbook_sha256="", challenge=code, size=size)


def knocks(incident: Incident) -> Phrase:
    """How the commander confirms at this machine."""
    return say(
        "{who}, from a log-in of their own at this machine: {command}",
        who=incident.commander,
        command="medflow-tui incident confirm",
    )


def read_out(told: Spoken) -> tuple[Phrase, ...]:
    """What is said to the commander over the phone, and what they do with it."""
    return (
        say("Read out to {who}, who answers on their own machine:", who=told.size["commander"]),
        say(
            "site {site} · {id} · {severity} · commander {who} · challenge {code}",
            site=told.site,
            id=told.size["incident"],
            severity=told.size["severity"],
            who=told.size["commander"],
            code=shown(told.challenge),
        ),
        say("they type: {command}", command=f"medflow-tui incident answer {shown(told.challenge)}"),
    )


def led_told(incident: Incident) -> tuple[Phrase, ...]:
    """What it is, who leads, whether they have confirmed, or how it ended."""
    head = say(
        "{id}  {severity}  {what}", id=incident.id, severity=incident.severity.label, what=incident.text
    )
    led = say(
        "commander {who}; opened {at:moment} by {opener}",
        who=incident.commander,
        at=incident.opened_at,
        opener=incident.opened_by,
    )
    if not incident.is_open:
        over = say("closed {at:moment} by {who}", at=incident.closed_at, who=incident.closed_by)
        return (head, led, over)
    if not incident.is_confirmed:
        return (head, led, say("{who} has not confirmed to lead it", who=incident.commander))
    how = (
        say("confirmed {at:moment} over the phone", at=incident.confirmed_at)
        if incident.confirmed_how == BY_VOICE
        else say("confirmed {at:moment} from a log-in here", at=incident.confirmed_at)
    )
    return (head, led, how)


def permits_said(incident: Incident, known: Iterable[str], acting: Iterable[Origin], now: datetime) -> Phrase:
    """What the open incident permits to whom `acting` is; `known` are the people of the site file."""
    why = why_not_led(incident, acting, now)
    if incident.commander not in known:
        why = say("the site file names nobody {who} in [access.people]", who=incident.commander)
    if why:
        return say("it stands for no second person of yours").also(why)
    return say(
        "until {at:moment}, while it is open, class R3 needs no second person in production",
        at=incident.opened_at + STANDS_FOR,
    )


def led_said(number: str, severity: str, commander: str, confirmed_at: datetime) -> Phrase:
    """Why nobody else is asked.

    >>> led_said("INC-2026-004", "SEV2", "claire", datetime(2026, 11, 28, 10, 41)).values["who"]
    'claire'
    """
    return say(
        "no second person: incident {id}, {severity}, commander {who}, confirmed {at:when}",
        id=number,
        severity=severity,
        who=commander,
        at=confirmed_at,
    )


def led_in(incident: Incident | None) -> Phrase:
    """The same of the incident of a plan; nothing where there is none."""
    if incident is None:
        return SILENCE
    return led_said(incident.id, incident.severity.value, incident.commander, incident.confirmed_at)


def led_by(facts: Facts) -> Phrase:
    """The same from what guards are given; nothing where no incident stands for anybody."""
    found = [facts.get(f"incident.{name}") for name in ("id", "severity", "commander", "confirmed_at")]
    if not all(found):
        return SILENCE
    number, severity, commander, confirmed_at = map(str, found)
    return led_said(number, severity, commander, datetime.fromisoformat(confirmed_at))


def stands(incident: Incident) -> Phrase:
    """An open incident in few letters, for the second line of every screen."""
    said = {
        "id": incident.id,
        "severity": incident.severity.value,
        "who": incident.commander,
        "at": incident.opened_at,
    }
    if incident.is_confirmed or not incident.severity.is_major:
        return say("{id} {severity} since {at:when}: {who}", **said)
    return say("{id} {severity} since {at:when}: {who}, not confirmed", **said)


def next_id(year: int, known: Sequence[str]) -> str:
    """The number after the highest of a year; what is no number of an incident does not count.

    >>> next_id(2026, ("INC-2026-009", "INC-2025-700", "x")), next_id(2027, ())
    ('INC-2026-010', 'INC-2027-001')
    """
    numbers = [int(found[2]) for each in known if (found := ID.fullmatch(each)) and int(found[1]) == year]
    return f"INC-{year}-{max(numbers, default=0) + 1:03d}"


def _why_not_confirmed(incident: Incident, people: tuple[Origin, ...]) -> Phrase:
    """Why the commander's word is not one, or may be the word of the one who acts."""
    if not incident.is_confirmed:
        return say("{who} has not confirmed to lead it", who=incident.commander)
    if incident.confirmed_how != HERE:
        return SILENCE
    if any(is_same_login(each, incident.confirmed_from) for each in people):
        return say("its commander confirmed from the log-in, or the terminal, of the one who acts")
    if any(is_unseen(each, incident.confirmed_from) for each in people):
        return say("whether its commander confirmed from another log-in cannot be seen on this machine")
    return SILENCE


def _is_commander(incident: Incident, person: Origin) -> bool:
    return person.user == incident.commander or person.uid == incident.commander_uid >= 0
