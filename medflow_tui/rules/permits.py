"""What a playbook permits beside its guards, as guards of their own: when, how often, with whose agreement."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from types import MappingProxyType
from zoneinfo import ZoneInfo

from medflow_tui.model.access import Access
from medflow_tui.model.canonical import Fact
from medflow_tui.model.plan import GuardResult
from medflow_tui.model.playbook import Guard, Playbook, Step, Text
from medflow_tui.model.site import Site
from medflow_tui.model.words import SILENCE, Phrase, say
from medflow_tui.rules.approving import PRODUCTION, needed
from medflow_tui.rules.hours import open_since

ARMED_FOR = timedelta(minutes=15)
"""For how long a person who gave a reason and a log-in may give orders."""
SLACK_S = 60  # by which a clock may be set back
OVERRIDABLE = ("window", "limits", "approval")
DISRUPTIVE = ("R2", "R3", "R4")
MARKS = "site_identity.plant"
QUIET = ("passive", "people", "planted")
"""Kinds of which a plan says nothing while they hold."""


def _text(en: str, fr: str) -> Text:
    return Text(en=en, others=MappingProxyType({"fr": fr}))


WINDOW_FIX = _text(
    "Wait for closing time, or pass over it with a reason. Hours not known: opens, closes, days in [site] of the site file.",
    "Attendez la fermeture, ou passez outre avec un motif. Heures inconnues\u00a0: opens, closes, days dans [site] du fichier.",
)
LIMITS_WHY = _text("Doing it again and again hides the fault.", "Recommencer sans cesse cache la panne.")
LIMITS_FIX = _text("Call the person in charge.", "Appelez le responsable.")
APPROVAL_WHY = _text("Nobody does this alone.", "Personne ne fait cela seul.")
APPROVAL_FIX = _text(
    "Have a second person read this plan and agree.",
    "Faites lire ce plan par une deuxième personne, qui l'approuve.",
)


PASSIVE_WHY = _text(
    "Whoever leads has asked that nothing be touched now.",
    "La personne qui dirige a demandé de ne toucher à rien pour l'instant.",
)
PASSIVE_FIX = _text("Ask that person to end passive mode.", "Demandez-lui de lever le mode passif.")
PEOPLE_WHY = _text(
    "Only those named for it in the site file do this.",
    "Seules les personnes nommées pour cela dans le fichier du site le font.",
)
PEOPLE_FIX = _text(
    "Name people and their roles in [access.people] of the site file.",
    "Nommez les personnes et leurs rôles dans [access.people] du fichier du site.",
)
PLANTED_WHY = _text(
    "An address is not an identity: another server may answer there.",
    "Une adresse n'est pas une identité\u00a0: un autre serveur peut y répondre.",
)
PLANTED_FIX = _text(
    "Check the address in the site file; to mark a new server: playbook plant-identity.",
    "Vérifiez l'adresse du fichier du site\u00a0; pour marquer un nouveau serveur\u00a0: plant-identity.",
)


def permits_of(playbook: Playbook, environment: str = "", *, planning: bool = False) -> tuple[Guard, ...]:
    """The window, the limits and the approval of a playbook as far as it has them, and what holds for every playbook.

    For a plan (`planning`) a second person is no reason not to start: the run then waits for one.
    """
    limits, found = playbook.limits, list[Guard]()
    if playbook.window.deny:
        spared: dict[str, Fact] = {"unless_down": playbook.window.unless_down}
        found.append(
            Guard(id="window", kind="window", why=playbook.window.message, fix=WINDOW_FIX, need=spared)
        )
    if limits.max_runs or limits.cool_down_s:
        need: dict[str, Fact] = {
            "max_runs": limits.max_runs,
            "per_s": limits.per_s,
            "cool_down_s": limits.cool_down_s,
            "escalate_to": limits.escalate_to,
        }
        found.append(Guard(id="limits", kind="limits", why=LIMITS_WHY, fix=LIMITS_FIX, need=need))
    count = needed(playbook, environment)
    if count:
        found.append(
            Guard(
                id="approval",
                kind="approval",
                why=APPROVAL_WHY,
                fix=APPROVAL_FIX,
                need={"count": count},
                on_unknown_blocks=not planning,
            )
        )
    if any(each.effect.changes for each in playbook.steps):
        is_strict = environment == PRODUCTION and playbook.risk in ("R3", "R4")
        roles: dict[str, Fact] = {"roles": playbook.roles}
        found.append(
            Guard(
                id="people",
                kind="people",
                why=PEOPLE_WHY,
                fix=PEOPLE_FIX,
                need=roles,
                on_unknown_blocks=is_strict,
            )
        )
    if playbook.risk in DISRUPTIVE:
        found.append(Guard(id="passive", kind="passive", why=PASSIVE_WHY, fix=PASSIVE_FIX))
    found.append(_planted(playbook))
    return tuple(found)


def _planted(playbook: Playbook) -> Guard:
    """Whose the servers are: what only looks goes on where a server does not tell, and says so; never at another site's."""
    looks = playbook.risk not in DISRUPTIVE
    need: dict[str, Fact] = {"only_looks": looks, "marks": MARKS in playbook.actions()}
    return Guard(
        id="planted",
        kind="planted",
        why=PLANTED_WHY,
        fix=PLANTED_FIX,
        on_unknown_blocks=not looks,
        need=need,
    )


def is_old(playbook: Playbook, login_age_s: int) -> bool:
    """Whether people must log in again before this is begun.

    >>> from medflow_tui.model.playbook import Text
    >>> T = Text()
    >>> p = Playbook(id="p", version="1", title=T, summary=T, risk="R2", owner="", steps=(), guards=(), roles=(),
    ...     phrase="", locks=(), lease_s=1, reauth_s=300)
    >>> is_old(p, 299), is_old(p, 301), is_old(p, -1)
    (False, True, True)
    """
    limit = playbook.reauth_s
    return bool(limit) and playbook.risk in DISRUPTIVE and not 0 <= login_age_s <= limit


def too_old(playbook: Playbook, measured_at: datetime, now: datetime) -> Phrase:
    """Why a plan that was measured then may not be started any more; nothing when it may (`confirm.expires_s`).

    >>> from datetime import UTC
    >>> T = Text()
    >>> p = Playbook(id="p", version="1", title=T, summary=T, risk="R2", owner="", steps=(), guards=(), roles=(),
    ...     phrase="", locks=(), lease_s=1, plan_expires_s=900)
    >>> at = datetime(2026, 3, 2, 9, tzinfo=UTC)
    >>> [bool(too_old(p, at, at + timedelta(seconds=each))) for each in (0, 900, 901, -61)]
    [False, False, True, True]
    """
    age = (now - measured_at).total_seconds()
    if -SLACK_S <= age <= playbook.plan_expires_s:
        return SILENCE
    return say("the plan is {age:duration} old: make it again", age=age)


def why_not_theirs(step: Step, access: Access, user: str) -> Phrase:
    """Why this user may not answer a step that names roles; nothing when they may, or when the site names nobody."""
    if not step.roles or not access.people or set(step.roles) & set(access.roles_of(user)):
        return SILENCE
    return say("To be answered by: {roles}", roles=", ".join(step.roles))


def span_facts(playbook: Playbook, site: Site, now: datetime) -> dict[str, Fact]:
    """Whether now is in a span in which the playbook must not start; nothing when that is not known."""
    if "clinic_hours" not in playbook.window.deny or site.hours is None:
        return {}
    return {"window.is_closed": open_since(site.hours, ZoneInfo(site.timezone), now) is not None}


def overridden(
    playbook: Playbook, results: Iterable[GuardResult], reason: str, roles: Iterable[str]
) -> tuple[GuardResult, ...]:
    """The guards that stop and that this person may pass over with this reason."""
    if why_no_override(playbook, reason, roles):
        return ()
    return tuple(each for each in results if each.stops and each.id in passable(playbook))


def passable(playbook: Playbook) -> tuple[str, ...]:
    """What this playbook lets people pass over, as far as anything may be passed over at all."""
    return tuple(each for each in OVERRIDABLE if each in (playbook.override.guards or OVERRIDABLE))


def why_no_override(playbook: Playbook, reason: str, roles: Iterable[str]) -> Phrase:
    """Why nothing may be passed over; nothing when the window, the limits and the second person may."""
    rule = playbook.override
    if not rule.allowed or takes_last_way_back(playbook):
        return say("nothing may be passed over in this playbook")
    if not set(roles) & set(rule.roles):
        return say("passing over is for: {roles}", roles=", ".join(rule.roles))
    if len(reason.strip()) < rule.reason_min_chars:
        return say("the reason is too short: {n:number} letters at least", n=rule.reason_min_chars)
    return SILENCE


def takes_last_way_back(playbook: Playbook) -> bool:
    """Class R4 without an undo at its point of change (retire, prune): never to be passed over."""
    points = [each for each in playbook.steps if each.point_of_change]
    return playbook.risk == "R4" and (not points or not all(each.undo for each in points))


def override_phrase(confirm: str) -> str:
    """What is typed to pass over a guard: louder than the confirmation."""
    return f"OVERRIDE {confirm}"
