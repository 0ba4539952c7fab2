"""Whether a second person must agree, whether this one may, and who has agreed so far."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from medflow_tui.model.access import Access, Origin
from medflow_tui.model.health import EPOCH
from medflow_tui.model.incident import Incident
from medflow_tui.model.playbook import Playbook
from medflow_tui.model.procedure import Entry, Mark
from medflow_tui.model.words import Phrase, say
from medflow_tui.rules.leading import why_not_instead
from medflow_tui.rules.logins import is_same_login, is_unseen

PRODUCTION, ALWAYS = "production", "R4"
SLACK = timedelta(minutes=1)
WHY_NOT: dict[str, Phrase] = {
    "self": say("nobody agrees to what they asked for themselves"),
    "same_login": say("this is the log-in, or the terminal, of the one who asks: log in by yourself"),
    "unseen": say("where this comes from cannot be seen on this machine: agree over the phone instead"),
    "expired": say("too late: the code or the time to agree has run out"),
    "plan_changed": say("this is for another plan than the one that waits"),
    "replayed": say("this answer was used before"),
    "wrong_answer": say("that is not the answer"),
    "wrong_site": say("this is for another site"),
    "locked_out": say("three wrong answers: nothing is taken for ten minutes"),
    "no_role": say("you have no role in the site file that may agree to this"),
    "confirm_wrong": say("what was typed is not what is asked for"),
    "no_phone": say("this playbook takes no agreement over the phone"),
    "not_awaited": say("nobody is waited for"),
    "answers_damaged": say("the answers that were given before cannot be read: no answer is taken"),
}
"""Why an agreement is not taken, by the word under which it is recorded."""


def needed(
    playbook: Playbook,
    environment: str,
    incident: Incident | None = None,
    *,
    acting: Iterable[Origin] = (),
    now: datetime = EPOCH,
) -> int:
    """How many people besides the requester: in production what the playbook says, for class R4 also elsewhere.

    In class R3 an open `incident` with a commander stands for them; `acting` is everybody the requester may be.
    """
    if environment != PRODUCTION and playbook.risk != ALWAYS:
        return 0
    return playbook.approval.count if why_not_instead(playbook, incident, acting, now) else 0


def refusal(playbook: Playbook, access: Access, requester: Origin, other: Origin) -> str:
    """Why this person may not agree, as one of the words of WHY_NOT; empty when they may."""
    if other.uid < 0 or not other.user:
        return "no_role"
    if playbook.approval.distinct_from_requester:
        if other.uid == requester.uid or other.user == requester.user:
            return "self"
        if is_same_login(requester, other):
            return "same_login"
        if is_unseen(requester, other):
            return "unseen"
    if not set(access.roles_of(other.user)) & set(playbook.approval.roles):
        return "no_role"
    return ""


def approvers(playbook: Playbook, access: Access, user: str) -> tuple[str, ...]:
    """Who else may agree, by the site file."""
    allowed = set(playbook.approval.roles)
    is_own = playbook.approval.distinct_from_requester
    return tuple(
        each.name
        for each in access.people.values()
        if allowed & set(each.roles) and not (is_own and each.name == user)
    )


def agreed(
    playbook: Playbook,
    access: Access,
    entries: Iterable[Entry],
    *,
    plan_hash: str,
    site: str,
    user: str,
    uid: int,
    now: datetime,
) -> tuple[str, ...]:
    """Who has agreed to this very plan, is still allowed to, and is not the one who acts now; nobody counts twice."""
    found = []
    for entry in entries:
        facts = entry.facts
        who = str(facts.get("who", ""))
        if entry.mark is not Mark.APPROVED or (facts.get("plan_hash"), facts.get("site")) != (
            plan_hash,
            site,
        ):
            continue
        if not -SLACK <= now - entry.at <= timedelta(seconds=playbook.approval.expires_s):
            continue
        if playbook.approval.distinct_from_requester and (who == user or facts.get("uid") == uid):
            continue
        if who and set(access.roles_of(who)) & set(playbook.approval.roles):
            found.append(who)
    return tuple(dict.fromkeys(found))
