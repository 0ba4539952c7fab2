"""Each guard made to hold, to fail, and not to know."""

from __future__ import annotations

import pytest

from medflow_tui.model.canonical import Facts
from medflow_tui.model.procedure import Guard, Outcome, Text
from medflow_tui.rules.guards import KINDS, evaluate

GIB = 1 << 30
PASS, FAIL, UNKNOWN = Outcome.PASS, Outcome.FAIL, Outcome.UNKNOWN
SAME = {"identity.now": "a", "identity.planned": "a", "identity.same_queue": True}
AGREED = {"plan.age_s": 60, "plan.expired": 1, "plan.reach": 17, "expired": 1, "failed": 3}

SITUATIONS: list[tuple[str, Facts, Outcome]] = [
    ("environment", {"environment": "production"}, FAIL),
    ("environment", {"environment": "drill"}, PASS),
    ("environment", {"environment": "lab"}, PASS),
    ("environment", {}, UNKNOWN),
    ("identity", SAME, PASS),
    ("identity", {**SAME, "identity.now": "b"}, FAIL),
    ("identity", {**SAME, "identity.same_queue": False}, FAIL),
    ("identity", {"identity.now": "a", "identity.planned": "a"}, UNKNOWN),
    ("identity", {**SAME, "identity.now": ""}, UNKNOWN),
    ("backend_ready", {"backend.ready": True}, PASS),
    ("backend_ready", {"backend.ready": False}, FAIL),
    ("backend_ready", {}, UNKNOWN),
    ("redis_room", {"redis.used": 41, "redis.maxmemory": 256, "redis.evicted": 0}, PASS),
    ("redis_room", {"redis.used": 41, "redis.maxmemory": 0, "redis.evicted": 0}, PASS),
    ("redis_room", {"redis.used": 240, "redis.maxmemory": 256, "redis.evicted": 0}, FAIL),
    ("redis_room", {"redis.used": 41, "redis.maxmemory": 256, "redis.evicted": 2}, FAIL),
    ("redis_room", {"redis.used": 41, "redis.maxmemory": 256}, UNKNOWN),
    ("role", {"operator.role": "admin"}, PASS),
    ("role", {"operator.role": "doctor"}, FAIL),
    ("role", {"operator.role": ""}, UNKNOWN),
    ("nobody_else", {"lock.holder": ""}, PASS),
    ("nobody_else", {"lock.holder": "amani", "lock.since": "x", "lock.run": "r", "lock.stale": False}, FAIL),
    ("nobody_else", {"lock.holder": "amani", "lock.since": "x", "lock.run": "r", "lock.stale": True}, PASS),
    ("nobody_else", {}, UNKNOWN),
    ("journal", {"journal.writable": True}, PASS),
    ("journal", {"journal.writable": False}, FAIL),
    ("journal", {}, UNKNOWN),
    ("disk", {"disk.free": GIB}, PASS),
    ("disk", {"disk.free": 1 << 20}, FAIL),
    ("disk", {}, UNKNOWN),
    ("power", {"power": "mains"}, PASS),
    ("power", {"power": "battery"}, FAIL),
    ("power", {}, UNKNOWN),
    ("shares", {"unread.jobs": 0, "unread.devices": ""}, PASS),
    ("shares", {"unread.jobs": 2, "unread.devices": "ZEISS"}, FAIL),
    ("shares", {}, UNKNOWN),
    ("as_planned", AGREED, PASS),
    ("as_planned", {**AGREED, "expired": 2}, FAIL),
    ("as_planned", {**AGREED, "failed": 18}, FAIL),
    ("as_planned", {**AGREED, "failed": 17}, PASS),
    ("as_planned", {**AGREED, "plan.age_s": 3600}, FAIL),
    ("as_planned", {**AGREED, "plan.age_s": -3600}, FAIL),
    ("as_planned", {"plan.age_s": 60, "plan.expired": 1, "plan.reach": 17}, UNKNOWN),
    ("as_planned", {}, UNKNOWN),
]


def guard(kind: str, **more: bool) -> Guard:
    return Guard(id=kind, kind=kind, why=Text(en="why"), fix=Text(en="fix"), **more)


@pytest.mark.parametrize(("kind", "facts", "outcome"), SITUATIONS)
def test_a_guard_has_three_answers(kind: str, facts: Facts, outcome: Outcome) -> None:
    result = evaluate(guard(kind), facts)
    assert result.outcome is outcome
    assert result.said
    assert result.stops is (outcome is not PASS)


def test_every_kind_is_made_to_hold_to_fail_and_not_to_know() -> None:
    seen = {(kind, outcome) for kind, _, outcome in SITUATIONS}
    assert seen == {(kind, outcome) for kind in KINDS for outcome in Outcome}


def test_a_guard_that_warns_never_stops() -> None:
    assert not evaluate(guard("shares", blocks=False), {"unread.jobs": 2, "unread.devices": "ZEISS"}).stops
    assert not evaluate(guard("power", blocks=False), {}).stops


def test_not_knowing_stops_unless_the_playbook_says_otherwise() -> None:
    assert evaluate(guard("disk"), {}).stops
    assert not evaluate(guard("disk", on_unknown_blocks=False), {}).stops
    assert evaluate(guard("disk", on_unknown_blocks=False), {"disk.free": 1}).stops


def test_production_is_told_why() -> None:
    said = evaluate(guard("environment"), {"environment": "production"}).said
    assert said.text == "production: plan and dry run only, until the full engine stands"
