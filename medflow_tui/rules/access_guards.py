"""Guards of who may act, where and when: production, roles, passive mode, and the identity planted in a server."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from medflow_tui.model.canonical import Facts
from medflow_tui.model.health import EPOCH
from medflow_tui.model.procedure import Guard, Outcome
from medflow_tui.model.words import SILENCE, Phrase, say
from medflow_tui.rules.answers import Answer, Rule, word
from medflow_tui.rules.leading import led_by

PLANTED, NONE, UNREAD = "planted.", "-", "?"


def production(facts: Facts) -> Answer:
    """What production asks of a playbook of this class."""
    match facts.get("playbook.risk"):
        case "R0" | "R1" | "R2":
            return Outcome.PASS, say("environment: {environment:word}", environment="production")
        case "R3" if facts.get("playbook.approvals"):
            led = say("environment: {environment:word}", environment="production") if led_by(facts) else None
            return Outcome.PASS, led or say("production: a second person must agree")
        case "R3":
            return Outcome.FAIL, say(
                "production: class R3 needs a second person, and this playbook asks none"
            )
        case "R4":
            return Outcome.FAIL, say("production: class R4 is refused until restoring is built")
        case _:
            return Outcome.UNKNOWN, say("the class of this playbook is not known")


def _people(guard: Guard, facts: Facts) -> Answer:
    """A role in MedFlow counts as much as one in the site file."""
    wanted, roles = guard.need.get("roles", ()), facts.get("access.roles", ())
    wanted, roles = (each if isinstance(each, tuple) else () for each in (wanted, roles))
    if set(wanted) & set(roles):
        return Outcome.PASS, say("you may do this")
    if facts.get("access.known") is not True:
        return Outcome.UNKNOWN, say("the site file names nobody who may do this")
    return Outcome.FAIL, say("this is for: {roles}", roles=", ".join(wanted))


def _passive(guard: Guard, facts: Facts) -> Answer:
    since, who = facts.get("passive.since"), word(facts, "passive.who")
    if since is None:
        return Outcome.UNKNOWN, say("not known whether this site is passive")
    if since == "":
        return Outcome.PASS, say("not passive")
    at = datetime.fromisoformat(str(since))
    if at == EPOCH:
        return Outcome.FAIL, say("passive: the file that says so cannot be read")
    return Outcome.FAIL, say("passive since {at:when} by {who}", at=at, who=who)


def _planted(guard: Guard, facts: Facts) -> Answer:
    """Each `planted.NAME` is `SITE/ENVIRONMENT/RANDOM` as that server itself says, `-` for none, `?` for not read.

    With `only_looks` needed, a server without an identity is not known. With `marks` it may have got one since the plan.
    """
    own, environment, unknown = word(facts, "site_code"), word(facts, "environment"), SILENCE
    for fact in sorted(each for each in facts if each.startswith(PLANTED)):
        name, told = fact.removeprefix(PLANTED), word(facts, fact)
        before = told if guard.need.get("marks") else str(facts.get(f"plan.{fact}", told))
        why = why_not_ours(name, told, before, site=own, environment=environment)
        is_bare = told == NONE == before and bool(guard.need.get("only_looks"))
        if why and not (told == UNREAD or is_bare):
            return Outcome.FAIL, why
        unknown = unknown or why
    return (Outcome.UNKNOWN, unknown) if unknown else (Outcome.PASS, say("the servers belong to this site"))


def why_not_ours(name: str, told: str, before: str, *, site: str, environment: str) -> Phrase:
    """Why a server that says this is not the one meant; `before` is what it said in the plan.

    >>> bool(why_not_ours("redis", "LSH-03/lab/9f", "LSH-03/lab/9f", site="LSH-02", environment="lab"))
    True
    """
    if told == UNREAD:
        return say("{name} does not tell which site it belongs to", name=name)
    if told != before and before != UNREAD:
        return say("{name}: another server answers than the one in the plan", name=name)
    if told == NONE:
        return (
            say("{name} carries no identity of this site", name=name)
            if environment == "production"
            else SILENCE
        )
    found, env, _ = (*told.split("/"), "", "")[:3]
    if (found, env) == (site, environment):
        return SILENCE
    return say(
        "{name} belongs to another site: {site}, {environment}", name=name, site=found, environment=env
    )


ACCESS_KINDS: Mapping[str, Rule] = {
    "people": _people,
    "passive": _passive,
    "planted": _planted,
}
