"""What must hold before a change: one pure rule for each kind of guard, three answers, and the sentence for people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from medflow_tui.model.canonical import Facts
from medflow_tui.model.plan import GuardResult
from medflow_tui.model.playbook import Text
from medflow_tui.model.procedure import Guard, Outcome
from medflow_tui.model.words import say
from medflow_tui.rules.access_guards import ACCESS_KINDS, production
from medflow_tui.rules.answers import Answer, Rule, by_fact, number, word
from medflow_tui.rules.leading import led_by
from medflow_tui.rules.locks import Held, unreadable, why_not
from medflow_tui.rules.release_guards import RELEASE_KINDS
from medflow_tui.rules.service_guards import SERVICE_KINDS
from medflow_tui.rules.window_guards import window


def evaluate(guard: Guard, facts: Facts, at: str = "") -> GuardResult:
    """The result of one guard from what was measured; a fact that is missing was not measured: unknown.

    `at` is the step that would be started next: a guard that was written for one step stops nothing before. Where
    the sentence names the very `order` that is the way out, the playbook's general advice is left out.
    """
    outcome, said = KINDS[guard.kind](guard, facts)
    stops = (guard.blocks and guard.before in ("", at)) and (
        outcome is Outcome.FAIL or (outcome is Outcome.UNKNOWN and guard.on_unknown_blocks)
    )
    fix = Text() if "order" in said.values else guard.fix
    return GuardResult(id=guard.id, outcome=outcome, stops=stops, said=said, why=guard.why, fix=fix)


def evaluate_all(guards: Iterable[Guard], facts: Facts, at: str = "") -> tuple[GuardResult, ...]:
    """Every guard, in the playbook's order."""
    return tuple(evaluate(each, facts, at) for each in guards)


def _environment(guard: Guard, facts: Facts) -> Answer:
    match facts.get("environment"):
        case "production":
            return production(facts)
        case "drill" | "lab" as known:
            return Outcome.PASS, say("environment: {environment:word}", environment=known)
        case _:
            return Outcome.UNKNOWN, say("the environment of this site is not known")


def _identity(guard: Guard, facts: Facts) -> Answer:
    """With `same_queue` needed, backend and Redis must also hold the same queue."""
    planned, now = word(facts, "identity.planned"), word(facts, "identity.now")
    if facts.get("identity.same_queue") is False:
        return Outcome.FAIL, say("the backend and this Redis do not hold the same queue")
    if not now:
        return Outcome.UNKNOWN, say("cannot tell which server answers")
    if planned and planned != now:
        return Outcome.FAIL, say("another server answers than the one in the plan, or it was restarted")
    if not guard.need.get("same_queue"):
        return Outcome.PASS, say("the servers are the ones in the plan")
    if facts.get("identity.same_queue") is not True:
        return Outcome.UNKNOWN, say("not known whether the backend uses this Redis")
    return Outcome.PASS, say("backend and Redis are the ones in the plan")


def _redis_room(guard: Guard, facts: Facts) -> Answer:
    used, limit, evicted = (number(facts, f"redis.{name}") for name in ("used", "maxmemory", "evicted"))
    if used is None or limit is None or evicted is None:
        return Outcome.UNKNOWN, say("Redis cannot be read")
    if evicted > 0:
        return Outcome.FAIL, say("Redis has evicted {n:number} keys: jobs may be among them", n=evicted)
    if limit == 0:
        return Outcome.PASS, say("Redis {used:bytes}, nothing evicted", used=used)
    if used * 100 >= limit * (number(guard.need, "max_percent") or 90):
        return Outcome.FAIL, say(
            "Redis is nearly full: {used:bytes} of {limit:bytes}", used=used, limit=limit
        )
    return Outcome.PASS, say("Redis {used:bytes} of {limit:bytes}, nothing evicted", used=used, limit=limit)


def _role(guard: Guard, facts: Facts) -> Answer:
    needed, role = str(guard.need.get("role", "admin")), word(facts, "operator.role")
    if not role:
        return Outcome.UNKNOWN, say("not logged in: the role is known after the log-in")
    if role != needed:
        return Outcome.FAIL, say("your role is {role}, needed is {needed}", role=role, needed=needed)
    return Outcome.PASS, say("logged in with role {role}", role=role)


def _nobody_else(guard: Guard, facts: Facts) -> Answer:
    if lock := word(facts, "lock.unreadable"):
        return Outcome.UNKNOWN, unreadable(lock)
    holder = facts.get("lock.holder")
    if holder is None:
        return Outcome.UNKNOWN, say("cannot tell whether somebody else acts here")
    if holder == "":
        return Outcome.PASS, say("nobody else is acting here")
    over = facts.get("lock.over")
    held = Held(
        lock=word(facts, "lock.name"),
        who=str(holder),
        since=word(facts, "lock.since"),
        run=word(facts, "lock.run"),
        lives=facts.get("lock.lives") is not False,
        is_stale=facts.get("lock.stale") is True,
        is_over=over if isinstance(over, bool) else None,
    )
    if why := why_not(held):
        is_known = held.lives or held.is_over is not None
        return (Outcome.FAIL if is_known else Outcome.UNKNOWN), why
    return Outcome.PASS, say(
        "a lock was left behind by {who}, run {run}: its process is gone", who=held.who, run=held.run
    )


def _disk(guard: Guard, facts: Facts) -> Answer:
    free, floor = number(facts, "disk.free"), (number(guard.need, "floor_mib") or 64) * 1024 * 1024
    if free is None:
        return Outcome.UNKNOWN, say("free disk space not known")
    if free < floor:
        return Outcome.FAIL, say(
            "{free:bytes} free for journals, needed {floor:bytes}", free=free, floor=floor
        )
    return Outcome.PASS, say("{free:bytes} free for journals", free=free)


def _power(guard: Guard, facts: Facts) -> Answer:
    says = facts.get("power.says")
    source = (say("according to {source}", source=str(says)),) if says else ()
    match facts.get("power"):
        case "mains":
            return Outcome.PASS, say("power: mains").also(*source)
        case "battery":
            return Outcome.FAIL, say("power: battery").also(*source)
        case _:
            silent = (say("{source} does not tell", source=str(says)),) if says else ()
            return Outcome.UNKNOWN, say("power unknown").also(*silent)


def _shares(guard: Guard, facts: Facts) -> Answer:
    jobs, devices = number(facts, "unread.jobs"), word(facts, "unread.devices")
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
    age, limit = number(facts, "plan.age_s"), number(guard.need, "max_age_s") or 1800
    if age is None:
        return Outcome.UNKNOWN, say("the age of the plan is not known")
    if not -60 <= age <= limit:
        return Outcome.FAIL, say("the plan is {age:duration} old: make it again", age=age)
    losing, lost = number(facts, "plan.expired"), number(facts, "expired")
    reach, failed = number(facts, "plan.reach"), number(facts, "failed")
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


def _limits(guard: Guard, facts: Facts) -> Answer:
    """`runs.ages_s` are the seconds since each earlier run of this playbook that was begun, as words."""
    ages = facts.get("runs.ages_s")
    if not isinstance(ages, tuple):
        return Outcome.UNKNOWN, say("how often it was run is not known")
    found = [int(each) for each in ages if each.isdecimal()]
    most, per_s = number(guard.need, "max_runs") or 0, number(guard.need, "per_s") or 0
    pause, role = number(guard.need, "cool_down_s") or 0, word(guard.need, "escalate_to")
    recent = sum(each < per_s for each in found)
    if most and recent >= most:
        said = say("run {n:number} times in {per:duration}: call {role}", n=recent, per=per_s, role=role)
        return Outcome.FAIL, said
    if pause and any(each < pause for each in found):
        return Outcome.FAIL, say(
            "the last run is {age:duration} ago, {pause:duration} must pass", age=min(found), pause=pause
        )
    return Outcome.PASS, say("not run too often")


def _approval(guard: Guard, facts: Facts) -> Answer:
    """`incident.id` is there only while that incident stands for the second person."""
    led = led_by(facts)
    if led:
        return Outcome.PASS, led
    count, given = number(guard.need, "count") or 0, number(facts, "approvals")
    others = number(facts, "access.approvers")
    if others is not None and others < count and (given is None or given < count):
        return Outcome.FAIL, say("the site file names nobody else who may agree")
    if given is None:
        return Outcome.UNKNOWN, say("a second person has not agreed yet")
    if given < count:
        return Outcome.FAIL, say("{given:number} of {count:number} agreed", given=given, count=count)
    return Outcome.PASS, say("{given:number} of {count:number} agreed", given=given, count=count)


KINDS: Mapping[str, Rule] = {
    "environment": _environment,
    "identity": _identity,
    "backend_ready": by_fact(
        "backend.ready",
        yes=(Outcome.PASS, say("backend ready, database ok")),
        no=(Outcome.FAIL, say("backend not ready: its database is missing")),
        unknown=say("backend does not say whether it is ready"),
    ),
    "redis_room": _redis_room,
    "role": _role,
    "role_at_start": _role,
    "nobody_else": _nobody_else,
    "journal": by_fact(
        "journal.writable",
        yes=(Outcome.PASS, say("journal and audit writable")),
        no=(Outcome.FAIL, say("journal or audit cannot be written")),
        unknown=say("not known whether the journal can be written"),
    ),
    "disk": _disk,
    "power": _power,
    "shares": _shares,
    "as_planned": _as_planned,
    "window": window,
    "limits": _limits,
    "approval": _approval,
    **SERVICE_KINDS,
    **ACCESS_KINDS,
    **RELEASE_KINDS,
}
"""Every kind of guard that a playbook may name."""
