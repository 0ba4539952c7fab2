"""Each guard made to hold, to fail, and not to know."""

from __future__ import annotations

from typing import Any

import pytest

from medflow_tui.model.canonical import Facts
from medflow_tui.model.procedure import Guard, Outcome, Text
from medflow_tui.rules.guards import KINDS, evaluate
from medflow_tui.rules.releases import NONE

GIB = 1 << 30
PASS, FAIL, UNKNOWN = Outcome.PASS, Outcome.FAIL, Outcome.UNKNOWN
SAME = {"identity.now": "a", "identity.planned": "a", "identity.same_queue": True}
AGREED = {"plan.age_s": 60, "plan.expired": 1, "plan.reach": 17, "expired": 1, "failed": 3}

LEFT: Facts = {
    "lock.holder": "amani",
    "lock.since": "x",
    "lock.run": "r",
    "lock.stale": True,
    "lock.lives": False,
}
OURS: Facts = {"site_code": "LAB", "environment": "lab", "planted.redis": "LAB/lab/9f"}
HERE: Facts = {
    "services": ("backend", "mongodb"),
    "service.backend.applies": True,
    "service.backend.manager": "systemd",
    "service.backend.state": "failed",
}

SITUATIONS: list[tuple[str, Facts, Outcome]] = [
    ("environment", {"environment": "production"}, UNKNOWN),
    ("environment", {"environment": "production", "playbook.risk": "R2"}, PASS),
    ("environment", {"environment": "production", "playbook.risk": "R3", "playbook.approvals": 1}, PASS),
    ("environment", {"environment": "production", "playbook.risk": "R3", "playbook.approvals": 0}, FAIL),
    ("environment", {"environment": "production", "playbook.risk": "R4", "playbook.approvals": 1}, FAIL),
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
    ("nobody_else", {**LEFT, "lock.over": True}, PASS),
    ("nobody_else", {**LEFT, "lock.over": True, "lock.stale": False}, FAIL),
    ("nobody_else", {**LEFT, "lock.over": False}, FAIL),
    ("nobody_else", LEFT, UNKNOWN),
    ("nobody_else", {}, UNKNOWN),
    ("nobody_else", {"lock.unreadable": "redis"}, UNKNOWN),
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
    ("window", {"window.is_closed": False}, PASS),
    ("window", {"window.is_closed": True}, FAIL),
    ("window", {}, UNKNOWN),
    ("limits", {"runs.ages_s": ()}, PASS),
    ("limits", {"runs.ages_s": ("7000",)}, PASS),
    ("limits", {"runs.ages_s": ("7000", "3000")}, FAIL),
    ("limits", {"runs.ages_s": ("90000", "86401", "3000")}, PASS),
    ("limits", {"runs.ages_s": ("899",)}, FAIL),
    ("limits", {}, UNKNOWN),
    ("approval", {"approvals": 1}, PASS),
    ("approval", {"approvals": 0}, FAIL),
    ("approval", {}, UNKNOWN),
    ("approval", {"access.approvers": 1}, UNKNOWN),
    ("approval", {"access.approvers": 0}, FAIL),
    ("approval", {"access.approvers": 0, "approvals": 1}, PASS),
    ("people", {"access.known": True, "access.roles": ("dba",)}, PASS),
    ("people", {"access.known": True, "access.roles": ("nurse",)}, FAIL),
    ("people", {"access.known": False, "access.roles": ()}, UNKNOWN),
    ("passive", {"passive.since": ""}, PASS),
    ("passive", {"passive.since": "2026-11-28T01:02:03+00:00", "passive.who": "amani"}, FAIL),
    ("passive", {}, UNKNOWN),
    ("planted", OURS, PASS),
    ("planted", {**OURS, "plan.planted.redis": "LAB/lab/9f"}, PASS),
    ("planted", {**OURS, "planted.redis": "-"}, PASS),
    ("planted", {**OURS, "planted.redis": "-", "plan.planted.redis": "LAB/lab/9f"}, FAIL),
    ("planted", {**OURS, "planted.redis": "-", "environment": "production"}, FAIL),
    ("planted", {**OURS, "planted.redis": "LAB/lab/00", "plan.planted.redis": "LAB/lab/9f"}, FAIL),
    ("planted", {**OURS, "planted.redis": "LSH-03/lab/9f"}, FAIL),
    ("planted", {**OURS, "planted.redis": "LAB/production/9f"}, FAIL),
    ("planted", {**OURS, "planted.redis": "?"}, UNKNOWN),
    ("service_here", HERE, PASS),
    ("service_here", {**HERE, "services": ("mongodb",)}, FAIL),
    ("service_here", {**HERE, "service.backend.applies": False}, FAIL),
    (
        "service_here",
        {**HERE, "service.backend.owner": "pm2", "service.backend.owner_is_manager": False},
        FAIL,
    ),
    ("service_here", {**HERE, "service.backend.held": True}, FAIL),
    ("service_here", {**HERE, "service.backend.held": True, "service.backend.pid": 7}, PASS),
    ("service_here", {"services": ("backend",), "service.backend.manager": "systemd"}, UNKNOWN),
    ("service_here", {}, UNKNOWN),
    ("service_restarts", {"service.backend.restarts_15min": 2}, PASS),
    ("service_restarts", {"service.backend.restarts_15min": 3}, FAIL),
    ("service_restarts", {}, UNKNOWN),
    ("backend_ails", {"backend.ready": False}, PASS),
    ("backend_ails", {"backend.ready": True}, FAIL),
    ("backend_ails", {}, UNKNOWN),
    ("mongodb_answers", {"mongodb.answers": True}, PASS),
    ("mongodb_answers", {"mongodb.answers": False}, FAIL),
    ("mongodb_answers", {}, UNKNOWN),
    ("mongodb_alone", {"db_role": "standalone"}, PASS),
    ("mongodb_alone", {"db_role": "primary"}, FAIL),
    ("mongodb_alone", {}, UNKNOWN),
    ("mongodb_journal", {"db_journal": True}, PASS),
    ("mongodb_journal", {"db_journal": False}, FAIL),
    ("mongodb_journal", {}, UNKNOWN),
    ("mongodb_room", {"db_free_mib": 512}, PASS),
    ("mongodb_room", {"db_free_mib": 511}, FAIL),
    ("mongodb_room", {}, UNKNOWN),
    ("ends_cleanly", {"service.backend.kills": False}, PASS),
    ("ends_cleanly", {"service.backend.kills": True, "service.backend.kills_after_s": 75}, PASS),
    ("ends_cleanly", {"service.backend.kills": True, "service.backend.kills_after_s": 10}, FAIL),
    ("ends_cleanly", {"service.backend.kills_after_s": 10, "service.backend.pid": 0}, PASS),
    ("ends_cleanly", {"service.backend.pid": 7}, UNKNOWN),
    ("ends_cleanly", {}, UNKNOWN),
    ("redis_left", {"redis.answers": True, "redis.backend_clients": 0}, PASS),
    ("redis_left", {"redis.answers": True, "redis.backend_clients": 9}, FAIL),
    ("redis_left", {"redis.answers": False}, FAIL),
    ("redis_left", {"redis.answers": True}, UNKNOWN),
    ("redis_left", {}, UNKNOWN),
    ("no_dump", {"db_dump": False}, PASS),
    ("no_dump", {"db_dump": True}, FAIL),
    ("no_dump", {}, UNKNOWN),
    ("role_at_start", {"operator.role": "admin"}, PASS),
    ("role_at_start", {"operator.role": "doctor"}, FAIL),
    ("role_at_start", {}, UNKNOWN),
    ("environment_file", {"secrets.file_fits": True}, PASS),
    ("environment_file", {"secrets.file_fits": False}, FAIL),
    ("environment_file", {}, UNKNOWN),
]
CHOSEN: dict[str, Any] = {"input_version": "2.4.0", "version_now": "2.3.0"}
SITUATIONS += [
    ("release_whole", {**CHOSEN, "release.2.4.0.fault": ""}, PASS),
    ("release_whole", {**CHOSEN, "release.2.4.0.fault": "files-missing"}, FAIL),
    ("release_whole", {}, UNKNOWN),
    ("release_another", CHOSEN, PASS),
    ("release_another", {**CHOSEN, "version_now": "2.4.0"}, FAIL),
    ("release_another", {**CHOSEN, "plan.version_now": "2.3.0", "version_now": "2.2.0"}, FAIL),
    ("release_another", {}, UNKNOWN),
    ("release_node", {**CHOSEN, "release.2.4.0.node_fits": "yes"}, PASS),
    ("release_node", {**CHOSEN, "release.2.4.0.node_fits": "no"}, FAIL),
    ("release_node", CHOSEN, UNKNOWN),
    ("release_data", {**CHOSEN, "release.2.4.0.data": ""}, PASS),
    ("release_data", {**CHOSEN, "release.2.4.0.data": "data-newer"}, FAIL),
    ("release_data", CHOSEN, UNKNOWN),
    ("release_script", {"input_script": NONE}, PASS),
    (
        "release_script",
        {**CHOSEN, "input_script": "x", "release.2.4.0.scripts": (), "release.2.4.0.refused": ()},
        FAIL,
    ),
    ("release_script", CHOSEN, UNKNOWN),
    ("release_strays", {"release.strays": 0}, PASS),
    ("release_strays", {"release.strays": 2}, FAIL),
    ("release_strays", {}, UNKNOWN),
    ("release_room", {"release.free": 1 << 40}, PASS),
    ("release_room", {"release.free": 1 << 20}, FAIL),
    ("release_room", {}, UNKNOWN),
    ("verified_backup", {"backup.verified_age_s": 60, "backup.level": "L1"}, PASS),
    ("verified_backup", {"backup.verified_age_s": 60, "backup.level": "L0"}, UNKNOWN),
    ("backup_first", {"backup.command": "sees"}, PASS),
    ("backup_first", {"backup.command": "blind"}, FAIL),
    ("backup_first", {}, UNKNOWN),
    ("verified_backup", {"environment": "production"}, FAIL),
    ("verified_backup", {"environment": "lab"}, UNKNOWN),
]
NEEDS: dict[str, Facts] = {
    "identity": {"same_queue": True},
    "limits": {"max_runs": 2, "per_s": 86400, "cool_down_s": 900, "escalate_to": "dba"},
    "approval": {"count": 1},
    "people": {"roles": ("dba", "admin")},
}


def guard(kind: str, **more: Any) -> Guard:
    return Guard(id=kind, kind=kind, why=Text(en="why"), fix=Text(en="fix"), need=NEEDS.get(kind, {}), **more)


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


def test_production_is_told_what_is_missing() -> None:
    facts: Facts = {"environment": "production", "playbook.risk": "R3", "playbook.approvals": 0}
    said = evaluate(guard("environment"), facts).said
    assert said.text.startswith("production: class R3 needs a second person")


def test_a_guard_of_one_step_stops_only_before_that_step() -> None:
    power = guard("power", before="switch")
    assert not evaluate(power, {"power": "battery"}).stops
    assert not evaluate(power, {"power": "battery"}, "load").stops
    assert evaluate(power, {"power": "battery"}, "switch").stops


def test_a_lock_that_was_left_or_cannot_be_read_names_its_own_way_out_in_place_of_general_advice() -> None:
    alone = guard("nobody_else")
    for facts in ({"lock.unreadable": "redis"}, {**LEFT, "lock.name": "redis"}):
        found = evaluate(alone, facts)
        assert found.said.values["order"] == "playbook unlock redis"
        assert found.fix == Text()
    assert evaluate(alone, {"lock.holder": "amani", "lock.run": "r"}).fix == alone.fix


def test_what_is_not_applicable_here_is_said_so_and_not_called_broken() -> None:
    for facts in ({**HERE, "services": ("mongodb",)}, {**HERE, "service.backend.applies": False}):
        assert evaluate(guard("service_here"), facts).said.text.startswith("not applicable here: ")
