"""The verdict on MongoDB in the situations of the field."""

from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

import pytest

from medflow_tui.model.health import Cause, Failure, Health, Judgement, Reading
from medflow_tui.model.targets.mongodb import AUDIT_KEPT_S, MongodbTarget
from medflow_tui.model.words import say
from medflow_tui.rules.judging import Context
from medflow_tui.rules.judging.mongodb import judge

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
TARGET = MongodbTarget(name="mongodb", address="mongodb://127.0.0.1:27017")

CALM: dict[str, Any] = {
    "version": "7.0.5",
    "uptime_s": 86_400,
    "connections": 37,
    "connections_limit": 838,
    "rejected": None,
    "role": "standalone",
    "set_name": "",
    "expected_set": "",
    "members": None,
    "missing": (),
    "empty": (),
    "collections": 79,
    "indexes_missing": (),
    "expiries": ({"collection": "auditlogs", "wanted_s": AUDIT_KEPT_S, "found_s": AUDIT_KEPT_S},),
    "profiler": 0,
    "slow": None,
    "slow_max_ms": None,
    "slow_capped": False,
    "documents": 320_000,
    "data_bytes": 2_000_000_000,
    "storage_bytes": 1_000_000_000,
    "index_bytes": 200_000_000,
    "unclean_told": False,
    "unclean_at": None,
}


def member(
    name: str, state: str = "SECONDARY", *, healthy: bool = True, lag_s: float | None = 0.0
) -> dict[str, Any]:
    return {"name": name, "state": state, "healthy": healthy, "lag_s": lag_s}


def rs0(*members: dict[str, Any]) -> dict[str, Any]:
    return {"role": "primary", "set_name": "rs0", "members": members}


def verdict(target: MongodbTarget = TARGET, **seen: Any) -> Judgement:
    reading = Reading(
        target="mongodb",
        kind="mongodb",
        observed_at=NOW,
        how=say("by hand"),
        values=MappingProxyType({**CALM, **seen}),
    )
    return judge(reading, target, Context(now=NOW))


def audit(kept_s: int | None) -> tuple[dict[str, Any], ...]:
    return ({"collection": "auditlogs", "wanted_s": AUDIT_KEPT_S, "found_s": kept_s},)


def texts(judgement: Judgement) -> list[str]:
    return [each.text for each in judgement.detail]


PRIMARY = member("a:27017", "PRIMARY")


@pytest.mark.parametrize(
    ("seen", "health", "evidence"),
    [
        ({}, Health.OK, "{n:number} of {limit:number} conn"),
        ({"connections_limit": None}, Health.OK, "{n:number} connections"),
        ({"connections": None, "connections_limit": None}, Health.OK, "answers"),
        ({"connections": 700}, Health.WARNING, "{n:number} of {limit:number} conn"),
        ({"connections": 838}, Health.CRITICAL, "{n:number} of {limit:number} conn"),
        ({"collections": 0, "missing": ("patients",)}, Health.CRITICAL, "no such database"),
        ({"missing": ("patients",)}, Health.CRITICAL, "{name} is missing"),
        ({"missing": ("patients", "users")}, Health.CRITICAL, "{n:number} collections missing"),
        ({"empty": ("patients",)}, Health.WARNING, "{name} is empty"),
        ({"indexes_missing": ("invoices (clinic, status)",)}, Health.WARNING, "{n:number} indexes missing"),
        ({"expiries": audit(None)}, Health.WARNING, "{name}: never deleted"),
        ({"expiries": audit(31_536_000)}, Health.CRITICAL, "{name}: kept {kept:duration}"),
        ({"expiries": audit(2 * AUDIT_KEPT_S)}, Health.WARNING, "{name}: kept {kept:duration}"),
        ({"profiler": 1, "slow": 3, "slow_max_ms": 400}, Health.OK, "{n:number} of {limit:number} conn"),
        ({"profiler": 1, "slow": 60, "slow_max_ms": 4000}, Health.WARNING, "{n:number} slow operations"),
        ({"expected_set": "rs0"}, Health.CRITICAL, "not in replica set {name}"),
        ({"role": "recovering"}, Health.CRITICAL, "not ready: recovering"),
        (rs0(PRIMARY, member("b:27017")), Health.OK, "{n:number} of {limit:number} conn"),
        ({**rs0(PRIMARY), "expected_set": "rs0"}, Health.OK, "{n:number} of {limit:number} conn"),
        ({**rs0(PRIMARY), "members": None}, Health.OK, "{n:number} of {limit:number} conn"),
        ({**rs0(), "members": None, "has_primary": False}, Health.CRITICAL, "no primary"),
        (rs0(PRIMARY, member("b:27017", lag_s=40.0)), Health.WARNING, "late by {lag:duration}"),
        (rs0(PRIMARY, member("b:27017", lag_s=400.0)), Health.CRITICAL, "late by {lag:duration}"),
        (rs0(PRIMARY, member("b:27017", "RECOVERING")), Health.WARNING, "{name} is {state}"),
        (
            rs0(PRIMARY, member("b:27017", "(not reachable/healthy)", healthy=False, lag_s=None)),
            Health.WARNING,
            "{name} is {state}",
        ),
        (rs0(member("a:27017", lag_s=None), member("b:27017", lag_s=None)), Health.CRITICAL, "no primary"),
        ({"missing": ("patients",), "connections": 700}, Health.CRITICAL, "{name} is missing"),
        ({"empty": ("users",), "expiries": audit(60)}, Health.CRITICAL, "{name}: kept {kept:duration}"),
    ],
)
def test_the_worst_finding_is_the_evidence(seen: dict[str, Any], health: Health, evidence: str) -> None:
    judgement = verdict(**seen)
    assert (judgement.health, judgement.evidence.text) == (health, evidence)
    assert bool(judgement.means) == health.is_trouble


def test_a_lesser_finding_stays_in_the_detail() -> None:
    judgement = verdict(missing=("patients",), connections=700)
    assert "{n:number} of {limit:number} conn" in texts(judgement)


def test_the_profiler_that_is_off_is_said() -> None:
    assert any("profiler off" in each for each in texts(verdict()))
    assert "slow operations: not told" in texts(verdict(profiler=None))


def test_no_limit_told_is_not_a_full_server() -> None:
    judgement = verdict(connections=3, connections_limit=None)
    assert judgement.health is Health.OK
    assert "{n:number} connections, limit not told" in texts(judgement)


def test_a_standalone_is_accepted_unless_a_replica_set_is_asked_for() -> None:
    strict = MongodbTarget(name="mongodb", expect_replica_set="yes")
    assert verdict().health is Health.OK
    assert verdict(strict).health is Health.WARNING


def test_a_site_that_wants_no_replica_set_is_not_told_about_the_name() -> None:
    relaxed = MongodbTarget(name="mongodb", expect_replica_set="no")
    assert verdict(relaxed, expected_set="rs0").health is Health.OK


def test_an_unclean_shutdown_is_told_with_its_moment() -> None:
    judgement = verdict(unclean_told=True, unclean_at=NOW)
    assert judgement.health is Health.OK
    assert any("not shut down properly" in each for each in texts(judgement))


def test_what_is_not_told_is_said() -> None:
    judgement = verdict(connections=None, connections_limit=None, documents=None, uptime_s=None)
    assert {"connections: not told", "size: not told in time"} <= set(texts(judgement))


@pytest.mark.parametrize(
    ("cause", "health"),
    [
        (Cause.REFUSED, Health.CRITICAL),
        (Cause.SILENT, Health.CRITICAL),
        (Cause.GARBLED, Health.CRITICAL),
        (Cause.DENIED, Health.UNKNOWN),
        (Cause.FORBIDDEN, Health.UNKNOWN),
        (Cause.UNSUPPORTED, Health.UNKNOWN),
    ],
)
def test_a_failure_is_judged_by_its_cause(cause: Cause, health: Health) -> None:
    reading = Reading(
        target="mongodb",
        kind="mongodb",
        observed_at=NOW,
        how=say("by hand"),
        failure=Failure(cause=cause, text=say("so it is")),
    )
    assert judge(reading, TARGET, Context(now=NOW)).health is health
