"""Each guard of the playbooks that look and hand over, and of the one that has devices read again, made to fail."""

from __future__ import annotations

import pytest

from medflow_tui.model.canonical import Fact
from medflow_tui.model.playbook import Effect, StepKind
from medflow_tui.model.procedure import Outcome
from medflow_tui.playbooks.load import load, shipped
from medflow_tui.rules.guards import evaluate
from medflow_tui.rules.permits import permits_of

CHECKS = ("payments", "data-isolation", "daily-backup-check", "stale-share", "clinic-connectivity")
WELL: dict[str, Fact] = {
    "environment": "lab",
    "identity.planned": "mongodb 1",
    "identity.now": "mongodb 1",
    "identity.same_queue": True,
    "plan.age_s": 0,
    "backend.ready": True,
    "redis.used": 1,
    "redis.maxmemory": 0,
    "redis.evicted": 0,
    "operator.role": "admin",
    "lock.holder": "",
    "journal.writable": True,
    "disk.free": 1 << 30,
    "power": "mains",
    "unread.jobs": 0,
    "unread.devices": "",
    "runs.ages_s": (),
    "approvals": 1,
    "playbook.risk": "R3",
    "playbook.approvals": 1,
}
OF_THE_ENGINE = ("people", "passive", "planted")  # the same for all playbooks, tested there
WRONG: dict[str, dict[str, Fact]] = {
    "environment": {"environment": "production", "playbook.approvals": 0},
    "approval": {"approvals": 0},
    "identity": {"identity.now": "mongodb 2"},
    "as_planned": {"plan.age_s": 1801},
    "backend_ready": {"backend.ready": False},
    "redis_room": {"redis.evicted": 3},
    "role": {"operator.role": "nurse"},
    "nobody_else": {"lock.holder": "grace", "lock.run": "r1", "lock.since": "10:00"},
    "journal": {"journal.writable": False},
    "disk": {"disk.free": 1 << 20},
    "power": {"power": "battery"},
    "shares": {"unread.jobs": 2, "unread.devices": "OCT 1"},
    "limits": {"runs.ages_s": ("60",)},
}
BOOKS = {name: load(shipped() / f"{name}.toml") for name in (*CHECKS, "post-incident", "device-resync")}
GUARDS = [
    (name, guard)
    for name, book in BOOKS.items()
    for guard in (*book.guards, *permits_of(book, "production"))
    if guard.kind not in OF_THE_ENGINE
]


@pytest.mark.parametrize(("name", "guard"), GUARDS, ids=[f"{name}-{guard.id}" for name, guard in GUARDS])
def test_each_guard_holds_when_all_is_well_and_stops_when_it_is_not(name: str, guard) -> None:  # type: ignore[no-untyped-def]
    assert evaluate(guard, WELL).outcome is Outcome.PASS
    failed = evaluate(guard, WELL | WRONG[guard.kind])
    assert failed.outcome is Outcome.FAIL
    assert failed.stops is guard.blocks
    assert failed.why.others["fr"]
    assert failed.fix.others["fr"]
    unknown: dict[str, Fact] = {key: value for key, value in WELL.items() if key not in WRONG[guard.kind]}
    assert evaluate(guard, unknown).outcome is Outcome.UNKNOWN


@pytest.mark.parametrize("name", CHECKS)
def test_a_playbook_that_looks_changes_nothing_and_asks_a_person(name: str) -> None:
    playbook = load(shipped() / f"{name}.toml")
    assert playbook.risk == "R0"
    assert {each.effect for each in playbook.steps} == {Effect.READ}
    assert [each.kind for each in playbook.steps] == [StepKind.ACTION, StepKind.DECISION, StepKind.ACTION]
    assert [each.id for each in playbook.steps[1].choices] == ["told", "mended", "clear", "nobody"]
