"""Reasons that people give before they act: as they are kept, what is agreed to with one, and putting a run away with one."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from medflow_tui.model.health import Acknowledgement
from medflow_tui.model.plan import GuardResult
from medflow_tui.model.playbook import REASON_MIN, Playbook
from medflow_tui.model.words import SILENCE, Phrase, say
from medflow_tui.rules.cleaning import clean
from medflow_tui.rules.redaction import redact

CAUSES = {
    "window": "window",
    "limits": "rate_limit",
    "passive": "passive",
    "people": "no_role",
    "role": "no_role",
    "nobody_else": "lock_held",
}
"""By which word the audit names a guard that alone stops a plan; all others are `guard`."""
PUT_AWAY_FOR = timedelta(days=3650)
WHY_PUT_AWAY = say("Why is it put away? (10 characters at least; it is written down)")


def written(text: str) -> str:
    """As a reason is kept: without control characters, secrets and names."""
    return redact(clean(text).strip())


def too_short(reason: str, least: int = REASON_MIN) -> Phrase:
    """Nothing when it is long enough."""
    if len(reason) >= least:
        return SILENCE
    return say("the reason is too short: {n:number} letters at least", n=least)


def cause_of(refusals: Iterable[GuardResult]) -> str:
    """By which word the audit says why a plan would not start (`rules.auditing.record.REASONS`)."""
    found = {CAUSES.get(each.id, "guard") for each in refusals}
    return found.pop() if len(found) == 1 else "guard"


def why_pass_over(playbook: Playbook) -> Phrase:
    """What is asked before anything is passed over."""
    return say(
        "Why must this be passed over? ({n:number} letters at least; somebody looks at it)",
        n=playbook.override.reason_min_chars,
    )


def agreed_to(
    site: str, reason: str, *, override: str = "", waits: bool = False, led: Phrase = SILENCE
) -> tuple[Phrase, ...]:
    """What stands above the confirmation: `override` is the reason for passing over, `waits` for a second person, `led`
    why for none."""
    above = [
        say("{site}: this will be done now, and written down in your name.", site=site),
        say("Reason: {reason}", reason=reason),
    ]
    if override:
        above.append(say("Passed over, because: {reason}", reason=override))
    if waits:
        above.append(say("Before its first step it waits for a second person."))
    elif led and not override:
        above.append(led)
    return tuple(above)


def gone_on(site: str, reason: str, stop: str) -> tuple[Phrase, ...]:
    """The same above the confirmation that a run goes on, or to its end: `leave` or `roll_back`."""
    what = {
        "": say("{site}: the run goes on now. What was started is read back first.", site=site),
        "leave": say("{site}: the run is ended as it stands. Nothing is taken back.", site=site),
        "roll_back": say("{site}: what the run did is taken back now, step by step.", site=site),
    }[stop]
    return what, say("Reason: {reason}", reason=reason)


def put_away_name(run: str) -> str:
    """Under which name a run that was put away stands on the desk."""
    return f"run {run}"


def put_away(run: str, *, who: str, why: str, now: datetime) -> Acknowledgement:
    """For the desk: no banner tells of this run any more."""
    return Acknowledgement(target=put_away_name(run), who=who, why=why, at=now, until=now + PUT_AWAY_FOR)
