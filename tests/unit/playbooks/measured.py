"""What a measured site says to every kind of guard when all is well, and what makes each kind fail."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType

from medflow_tui.model.canonical import Fact
from medflow_tui.model.procedure import Guard, Playbook
from medflow_tui.playbooks.load import load_all, shipped

BOOKS: Mapping[str, Playbook] = {each.id: each for each in load_all(shipped())}
NOW = datetime(2026, 11, 23, 13, 32, tzinfo=UTC)
INPUTS: Mapping[str, str] = {"version": "2.4.0", "script": "none", "hours": "6"}
"""What people choose, by the name of the input."""
_NEW = f"release.{INPUTS['version']}"


def _of_service(name: str) -> dict[str, Fact]:
    return {
        f"service.{name}.applies": True,
        f"service.{name}.manager": "systemd",
        f"service.{name}.state": "running",
        f"service.{name}.pid": 4711,
        f"service.{name}.restarts_15min": 0,
        f"service.{name}.kills": True,
        f"service.{name}.kills_after_s": 90,
    }


WELL: Mapping[str, Fact] = MappingProxyType({
    "environment": "lab", "playbook.risk": "R3", "playbook.approvals": 1, "approvals": 1,
    "access.known": True, "access.roles": ("admin", "technician", "dba"), "access.approvers": 1,
    "passive.since": "", "site_code": "LAB", "planted.redis": "LAB/lab/9f",
    "identity.planned": "mongodb 1", "identity.now": "mongodb 1", "identity.same_queue": True,
    "plan.age_s": 0, "plan.expired": 1, "plan.reach": 17, "expired": 1, "failed": 3,
    "backend.down": False, "mongodb.down": False,
    "backend.ready": True, "redis.used": 1, "redis.maxmemory": 0, "redis.evicted": 0,
    "redis.answers": True, "redis.backend_clients": 0, "mongodb.answers": True,
    "operator.role": "admin", "lock.holder": "", "journal.writable": True, "disk.free": 1 << 30,
    "power": "mains", "unread.jobs": 0, "unread.devices": "", "window.is_closed": False, "runs.ages_s": (),
    "services": ("backend", "mongodb"), **_of_service("backend"), **_of_service("mongodb"),
    "db_role": "standalone", "db_journal": True, "db_free_mib": 4096, "db_dump": False, "secrets.file_fits": True,
    "input_version": INPUTS["version"], "input_script": "none", "version_now": "2.3.0", "plan.version_now": "2.3.0",
    f"{_NEW}.fault": "", f"{_NEW}.ready": True, f"{_NEW}.node_fits": "yes", f"{_NEW}.node": ">=18", "release.node": "20.11.0",
    f"{_NEW}.data": "", f"{_NEW}.back": "",
    f"{_NEW}.scripts": ("migrate",), f"{_NEW}.refused": (), "release.strays": 0, "release.free": 1 << 40,
    "backup.command": "sees", "backup.level": "L1", "backup.verified_age_s": 60, "backup.set": "nightly",
})  # fmt: skip
"""By the name of the fact: nothing stands in the way of anything."""

WRONG: Mapping[str, Mapping[str, Fact]] = MappingProxyType({
    "environment": {"environment": "production", "playbook.approvals": 0},
    "people": {"access.roles": ("nurse",)},
    "passive": {"passive.since": "2026-11-28T01:02:03+00:00"},
    "planted": {"planted.redis": "LSH-03/lab/9f"},
    "approval": {"approvals": 0},
    "window": {"window.is_closed": True},
    "limits": {"runs.ages_s": ("1",)},
    "identity": {"identity.now": "mongodb 2"},
    "as_planned": {"plan.age_s": 1801},
    "backend_ready": {"backend.ready": False},
    "backend_ails": {"backend.ready": True},
    "redis_room": {"redis.evicted": 3},
    "redis_left": {"redis.backend_clients": 9},
    "role": {"operator.role": "nurse"},
    "role_at_start": {"operator.role": "nurse"},
    "nobody_else": {"lock.holder": "grace", "lock.run": "r1", "lock.since": "10:00"},
    "journal": {"journal.writable": False},
    "disk": {"disk.free": 1 << 20},
    "power": {"power": "battery"},
    "shares": {"unread.jobs": 2, "unread.devices": "OCT 1"},
    "service_here": {"services": ("other",)},
    "service_restarts": {f"service.{each}.restarts_15min": 3 for each in ("backend", "mongodb")},
    "mongodb_answers": {"mongodb.answers": False},
    "mongodb_alone": {"db_role": "primary"},
    "mongodb_journal": {"db_journal": False},
    "mongodb_room": {"db_free_mib": 1},
    "ends_cleanly": {f"service.{each}.kills_after_s": 10 for each in ("backend", "mongodb")},
    "no_dump": {"db_dump": True},
    "environment_file": {"secrets.file_fits": False},
    "release_whole": {f"{_NEW}.fault": "files-missing"},
    "release_another": {"version_now": "2.2.0"},
    "release_node": {f"{_NEW}.node_fits": "no"},
    "release_data": {f"{_NEW}.data": "data-newer", f"{_NEW}.back": "data-newer"},
    "release_script": {"input_script": "seed"},
    "release_strays": {"release.strays": 2},
    "release_room": {"release.free": 1 << 20},
    "verified_backup": {"backup.verified_age_s": 1 << 20},
    "backup_first": {"backup.command": "", "backup.verified_age_s": 1 << 20},
})  # fmt: skip
"""By the kind of the guard: facts over those that are well, with which it fails."""
UNMEASURED: Mapping[str, Mapping[str, Fact | None]] = MappingProxyType({
    "window": {"window.is_closed": None, "environment": "production"},
    "people": {"access.known": False, "access.roles": ()},
    "planted": {"planted.redis": "?"},
    "release_script": {"input_script": None},
})  # fmt: skip
"""Where a guard does not know with other facts than by missing (None) those of `WRONG`."""


def well(guard: Guard) -> dict[str, Fact]:
    """All is well for this guard, which of two contrary ones may want the opposite of the other."""
    return {**WELL, **({"backend.ready": False} if guard.kind == "backend_ails" else {})}


def wrong(guard: Guard) -> dict[str, Fact]:
    """What makes this guard fail. Raises KeyError for a kind that nobody can make fail."""
    told = {**well(guard), **WRONG[guard.kind]}
    if guard.kind == "service_here":
        told["services"] = tuple(
            each for each in ("backend", "mongodb") if each != guard.need.get("service", "backend")
        )
    return told


def unmeasured(guard: Guard) -> dict[str, Fact]:
    """What leaves this guard without an answer."""
    told = {**well(guard), **UNMEASURED.get(guard.kind, dict.fromkeys(WRONG[guard.kind]))}
    return {name: value for name, value in told.items() if value is not None}
