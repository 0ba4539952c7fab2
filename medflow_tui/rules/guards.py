"""What must hold before a change: one pure rule for each kind of guard, three answers, and the sentence for people."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from medflow_tui.model.canonical import Fact, Facts
from medflow_tui.model.plan import GuardResult
from medflow_tui.model.procedure import Guard, Outcome
from medflow_tui.model.words import Phrase, say

Answer = tuple[Outcome, Phrase]
Rule = Callable[[Guard, Facts], Answer]


def evaluate(guard: Guard, facts: Facts) -> GuardResult:
    """The result of one guard from what was measured; a fact that is missing was not measured: unknown."""
    outcome, said = KINDS[guard.kind](guard, facts)
    stops = guard.blocks and (
        outcome is Outcome.FAIL or (outcome is Outcome.UNKNOWN and guard.on_unknown_blocks)
    )
    return GuardResult(id=guard.id, outcome=outcome, stops=stops, said=said, why=guard.why, fix=guard.fix)


def evaluate_all(guards: tuple[Guard, ...], facts: Facts) -> tuple[GuardResult, ...]:
    """Every guard, in the playbook's order."""
    return tuple(evaluate(each, facts) for each in guards)


def _environment(guard: Guard, facts: Facts) -> Answer:
    match facts.get("environment"):
        case "production":
            return Outcome.FAIL, say("production: plan and dry run only, until the full engine stands")
        case "drill" | "lab" as known:
            return Outcome.PASS, say("environment: {environment:word}", environment=known)
        case _:
            return Outcome.UNKNOWN, say("the environment of this site is not known")


def _identity(guard: Guard, facts: Facts) -> Answer:
    planned, now = _word(facts, "identity.planned"), _word(facts, "identity.now")
    if facts.get("identity.same_queue") is False:
        return Outcome.FAIL, say("the backend and this Redis do not hold the same queue")
    if not now:
        return Outcome.UNKNOWN, say("cannot tell which backend answers")
    if planned and planned != now:
        return Outcome.FAIL, say("another backend answers than the one in the plan, or it was restarted")
    if facts.get("identity.same_queue") is not True:
        return Outcome.UNKNOWN, say("not known whether the backend uses this Redis")
    return Outcome.PASS, say("backend and Redis are the ones in the plan")


def _backend_ready(guard: Guard, facts: Facts) -> Answer:
    match facts.get("backend.ready"):
        case True:
            return Outcome.PASS, say("backend ready, database ok")
        case False:
            return Outcome.FAIL, say("backend not ready: its database is missing")
        case _:
            return Outcome.UNKNOWN, say("backend does not say whether it is ready")


def _redis_room(guard: Guard, facts: Facts) -> Answer:
    used, limit, evicted = (_number(facts, f"redis.{name}") for name in ("used", "maxmemory", "evicted"))
    if used is None or limit is None or evicted is None:
        return Outcome.UNKNOWN, say("Redis cannot be read")
    if evicted > 0:
        return Outcome.FAIL, say("Redis has evicted {n:number} keys: jobs may be among them", n=evicted)
    if limit == 0:
        return Outcome.PASS, say("Redis {used:bytes}, nothing evicted", used=used)
    if used * 100 >= limit * (_number(guard.need, "max_percent") or 90):
        return Outcome.FAIL, say(
            "Redis is nearly full: {used:bytes} of {limit:bytes}", used=used, limit=limit
        )
    return Outcome.PASS, say("Redis {used:bytes} of {limit:bytes}, nothing evicted", used=used, limit=limit)


def _role(guard: Guard, facts: Facts) -> Answer:
    needed, role = str(guard.need.get("role", "admin")), _word(facts, "operator.role")
    if not role:
        return Outcome.UNKNOWN, say("not logged in: the role is known after the log-in")
    if role != needed:
        return Outcome.FAIL, say("your role is {role}, needed is {needed}", role=role, needed=needed)
    return Outcome.PASS, say("logged in with role {role}", role=role)


def _nobody_else(guard: Guard, facts: Facts) -> Answer:
    holder = facts.get("lock.holder")
    if holder is None:
        return Outcome.UNKNOWN, say("cannot tell whether somebody else acts here")
    if holder == "":
        return Outcome.PASS, say("nobody else is acting here")
    since, run = _word(facts, "lock.since"), _word(facts, "lock.run")
    if facts.get("lock.stale") is True:
        return Outcome.PASS, say(
            "a lock was left behind by {who}, run {run}: its process is gone", who=str(holder), run=run
        )
    return Outcome.FAIL, say(
        "{who} is acting here since {since}, run {run}", who=str(holder), since=since, run=run
    )


def _journal(guard: Guard, facts: Facts) -> Answer:
    match facts.get("journal.writable"):
        case True:
            return Outcome.PASS, say("journal and audit writable")
        case False:
            return Outcome.FAIL, say("journal or audit cannot be written")
        case _:
            return Outcome.UNKNOWN, say("not known whether the journal can be written")


def _disk(guard: Guard, facts: Facts) -> Answer:
    free, floor = _number(facts, "disk.free"), (_number(guard.need, "floor_mib") or 64) * 1024 * 1024
    if free is None:
        return Outcome.UNKNOWN, say("free disk space not known")
    if free < floor:
        return Outcome.FAIL, say(
            "{free:bytes} free for journals, needed {floor:bytes}", free=free, floor=floor
        )
    return Outcome.PASS, say("{free:bytes} free for journals", free=free)


def _power(guard: Guard, facts: Facts) -> Answer:
    match facts.get("power"):
        case "mains":
            return Outcome.PASS, say("power: mains")
        case "battery":
            return Outcome.FAIL, say("power: battery")
        case _:
            return Outcome.UNKNOWN, say("power unknown")


def _shares(guard: Guard, facts: Facts) -> Answer:
    jobs, devices = _number(facts, "unread.jobs"), _word(facts, "unread.devices")
    if jobs is None:
        return Outcome.UNKNOWN, say("not known which shares can be read")
    if jobs:
        return Outcome.FAIL, say(
            "{n:number} jobs would fail again: not read {devices}", n=jobs, devices=devices
        )
    if devices:
        return Outcome.FAIL, say("not read: {devices}", devices=devices)
    return Outcome.PASS, say("every share was read")


def _as_planned(guard: Guard, facts: Facts) -> Answer:
    """More would be lost or touched than was agreed, or the agreement is old: ask again.

    `plan.reach` counts what had failed and what was waiting: a job that waited then may have failed since.
    """
    age, limit = _number(facts, "plan.age_s"), _number(guard.need, "max_age_s") or 1800
    if age is None:
        return Outcome.UNKNOWN, say("the age of the plan is not known")
    if not -60 <= age <= limit:
        return Outcome.FAIL, say("the plan is {age:duration} old: make it again", age=age)
    losing, lost = _number(facts, "plan.expired"), _number(facts, "expired")
    reach, failed = _number(facts, "plan.reach"), _number(facts, "failed")
    if losing is None or reach is None:
        return Outcome.PASS, say("measured now")
    if lost is None or failed is None:
        return Outcome.UNKNOWN, say("the queue cannot be measured again")
    if lost > losing:
        return Outcome.FAIL, say(
            "{now:number} jobs would be lost, not {planned:number}", now=lost, planned=losing
        )
    if failed > reach:
        return Outcome.FAIL, say(
            "{now:number} jobs have failed, planned were {planned:number} at most", now=failed, planned=reach
        )
    return Outcome.PASS, say("the queue is as planned")


def _word(facts: Facts, name: str) -> str:
    value = facts.get(name, "")
    return value if isinstance(value, str) else ""


def _number(facts: Facts, name: str) -> int | None:
    value: Fact | None = facts.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


KINDS: Mapping[str, Rule] = {
    "environment": _environment,
    "identity": _identity,
    "backend_ready": _backend_ready,
    "redis_room": _redis_room,
    "role": _role,
    "nobody_else": _nobody_else,
    "journal": _journal,
    "disk": _disk,
    "power": _power,
    "shares": _shares,
    "as_planned": _as_planned,
}
"""Every kind of guard that a playbook may name."""
