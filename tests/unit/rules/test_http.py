"""What is concluded of MedFlow's HTTP services, situation by situation from the field."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

import pytest

from medflow_tui.model.health import Cause, Failure, Health, Judgement, Reading
from medflow_tui.model.targets.http import BACKEND, CENTRAL, FACE, FRONT, OCR, HttpTarget
from medflow_tui.model.words import say
from medflow_tui.rules.judging.context import Context
from medflow_tui.rules.judging.http import judge

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
MB = 1024 * 1024
READY: dict[str, Any] = {
    "role": BACKEND, "ms": 41.0, "ready": "yes", "database_state": "", "detailed": "read", "shape": "head",
    "database": "ok", "redis_said": "", "troubles": (), "uptime_s": 3600.0, "connections": 55, "metrics": "read",
    "memory_bytes": 308 * MB, "started_at": NOW - timedelta(hours=1), "requests": 200, "failed": 0, "window_s": 60.0,
    "failed_total": 0, "api_used": 12, "api_calls": 100,
}  # fmt: skip
CONNECTED = {"backend_clients": 9, "backend_known": True}


def reading(values: Mapping[str, Any], failure: Failure | None = None, name: str = "backend") -> Reading:
    return Reading(
        target=name,
        kind="http",
        observed_at=NOW,
        how=say("GET {paths}", paths="/health"),
        values=MappingProxyType(dict(values)),
        failure=failure,
    )


def failed(cause: Cause, name: str = "backend") -> Reading:
    return reading({}, Failure(cause=cause, text=say("refused")), name)


def backend(redis: Reading | None = None, mongodb: Reading | None = None, **changed: Any) -> Judgement:
    target = HttpTarget(name="backend", role=BACKEND, redis="redis", mongodb="mongodb")
    others = {
        each.target: each for each in (redis or reading(CONNECTED, name="redis"), mongodb) if each is not None
    }
    return judge(reading(READY | changed), target, Context(now=NOW, readings=others))


def test_ready_with_its_database_and_redis_is_ok() -> None:
    found = backend()
    assert (found.health, found.evidence.text, found.evidence.values["ms"]) == (
        Health.OK,
        "ready in {ms:ms}",
        41.0,
    )
    assert found.figure == 41.0
    assert not found.means


@pytest.mark.parametrize(
    ("changed", "health", "evidence"),
    [
        ({"ready": "no", "database_state": "disconnected"}, Health.CRITICAL, "database disconnected"),
        ({"ready": "no", "database_state": "connecting"}, Health.CRITICAL, "database connecting"),
        ({"ready": "no", "database_state": ""}, Health.CRITICAL, "not ready"),
        ({"ready": "silent"}, Health.CRITICAL, "alive, its database silent"),
        ({"ready": "absent"}, Health.UNKNOWN, "alive, readiness unknown"),
        ({"ready": "unknown"}, Health.UNKNOWN, "alive, readiness unknown"),
        ({"database": "error"}, Health.CRITICAL, "its database check fails"),
        ({"ready": "absent", "database": "error"}, Health.CRITICAL, "its database check fails"),
        ({"troubles": ("websocket",)}, Health.WARNING, "its checks fail: {names}"),
        ({"memory_bytes": 399 * MB}, Health.OK, "ready in {ms:ms}"),
        ({"memory_bytes": 400 * MB}, Health.WARNING, "uses {memory:bytes}"),
        ({"requests": 1000, "failed": 9}, Health.OK, "ready in {ms:ms}"),
        ({"requests": 1000, "failed": 10}, Health.WARNING, "{share:percent} of requests fail"),
        ({"requests": 1000, "failed": 50}, Health.CRITICAL, "{share:percent} of requests fail"),
        ({"requests": 19, "failed": 19}, Health.OK, "ready in {ms:ms}"),
        ({"requests": None, "failed": 0}, Health.OK, "ready in {ms:ms}"),
        ({"ms": 999.0}, Health.OK, "ready in {ms:ms}"),
        ({"ms": 1000.0}, Health.WARNING, "slow: {ms:ms}"),
        (
            {"metrics": "absent", "requests": None, "memory_bytes": 0, "started_at": None},
            Health.OK,
            "ready in {ms:ms}",
        ),
    ],
)
def test_the_backend_is_judged_by_what_it_does(
    changed: dict[str, Any], health: Health, evidence: str
) -> None:
    found = backend(**changed)
    assert (found.health, found.evidence.text) == (health, evidence)


@pytest.mark.parametrize("detailed", ["locked", "absent", "unknown", "no key", "not asked"])
def test_without_its_detailed_checks_less_is_known_and_nothing_is_wrong(detailed: str) -> None:
    found = backend(detailed=detailed, shape="", database="", connections=0)
    assert found.health is Health.OK


def test_a_locked_detail_is_said() -> None:
    texts = [each.text for each in backend(detailed="locked", shape="", database="").detail]
    assert "its own checks need a health key: known by readiness only" in texts


@pytest.mark.parametrize(
    ("redis", "health", "evidence"),
    [
        (failed(Cause.REFUSED, "redis"), Health.WARNING, "ready, no redis"),
        (failed(Cause.SILENT, "redis"), Health.WARNING, "ready, no redis"),
        (
            reading({"backend_clients": 0, "backend_known": True}, name="redis"),
            Health.WARNING,
            "gave up on redis",
        ),
        (
            reading({"backend_clients": 0, "backend_known": False}, name="redis"),
            Health.UNKNOWN,
            "ready, redis unknown",
        ),
        (failed(Cause.DENIED, "redis"), Health.UNKNOWN, "ready, redis unknown"),
        (failed(Cause.OVERRUN, "redis"), Health.UNKNOWN, "ready, redis unknown"),
        (reading(CONNECTED, name="another"), Health.UNKNOWN, "ready, redis unknown"),
    ],
)
def test_the_link_to_redis_is_told_by_redis(redis: Reading, health: Health, evidence: str) -> None:
    found = backend(redis)
    assert (found.health, found.evidence.text) == (health, evidence)
    assert found.means


def test_a_backend_that_gave_up_means_a_restart_is_needed() -> None:
    found = backend(reading({"backend_clients": 0, "backend_known": True}, name="redis"))
    assert found.means.text == "works without Redis until the backend is restarted"


def test_an_old_reading_of_redis_tells_nothing_any_more() -> None:
    target = HttpTarget(name="backend", redis="redis")
    context = Context(now=NOW + timedelta(minutes=11), readings={"redis": reading(CONNECTED, name="redis")})
    assert judge(reading(READY), target, context).health is Health.UNKNOWN


@pytest.mark.parametrize(
    ("said", "health"), [("ok", Health.OK), ("error", Health.WARNING), ("", Health.UNKNOWN)]
)
def test_the_backend_is_believed_on_redis_only_where_redis_cannot_tell(said: str, health: Health) -> None:
    untold = reading({"backend_clients": 0, "backend_known": False}, name="redis")
    assert backend(untold, redis_said=said).health is health
    assert backend(reading(CONNECTED, name="redis"), redis_said="error").health is Health.OK


def test_a_site_without_redis_is_in_order() -> None:
    found = judge(reading(READY), HttpTarget(name="backend", redis=""), Context(now=NOW))
    assert found.health is Health.OK


@pytest.mark.parametrize(
    ("cause", "health", "evidence"),
    [
        (Cause.SILENT, Health.CRITICAL, "database answers nothing"),
        (Cause.REFUSED, Health.WARNING, "ready, database not seen"),
        (Cause.DENIED, Health.OK, "ready in {ms:ms}"),
        (Cause.OVERRUN, Health.OK, "ready in {ms:ms}"),
    ],
)
def test_ready_on_a_frozen_database_is_not_believed(cause: Cause, health: Health, evidence: str) -> None:
    found = backend(mongodb=failed(cause, "mongodb"))
    assert (found.health, found.evidence.text) == (health, evidence)


def test_the_worst_leads_and_the_rest_stands_in_the_detail() -> None:
    found = backend(failed(Cause.REFUSED, "redis"), memory_bytes=450 * MB, database="error")
    texts = [each.text for each in found.detail]
    assert found.evidence.text == "its database check fails"
    assert texts[:2] == ["ready, no redis", "uses {memory:bytes}"]


@pytest.mark.parametrize(
    ("cause", "health"),
    [
        (Cause.REFUSED, Health.CRITICAL),
        (Cause.SILENT, Health.CRITICAL),
        (Cause.GARBLED, Health.CRITICAL),
        (Cause.LIMITED, Health.UNKNOWN),
        (Cause.DENIED, Health.UNKNOWN),
        (Cause.UNSUPPORTED, Health.UNKNOWN),
    ],
)
@pytest.mark.parametrize("role", [BACKEND, CENTRAL, OCR, FACE, FRONT])
def test_a_failure_is_down_or_unknown_and_tells_what_people_notice(
    role: str, cause: Cause, health: Health
) -> None:
    found = judge(failed(cause), HttpTarget(name="x", role=role), Context(now=NOW))
    assert found.health is health
    assert found.means


CENTRAL_OK = {
    "ms": 9.0,
    "mongodb": "ok",
    "version": "1.0.0",
    "dashboard": "read",
    "clinics": 4,
    "clinics_online": 2,
}
OCR_OK = {"ms": 9.0, "status": "healthy", "redis": "ok", "shares": 2, "shares_missing": ()}


@pytest.mark.parametrize(
    ("role", "values", "health", "evidence"),
    [
        (CENTRAL, CENTRAL_OK, Health.OK, "{online:number} of {clinics:number} seen"),
        (CENTRAL, CENTRAL_OK | {"dashboard": "not asked"}, Health.OK, "ready in {ms:ms}"),
        (CENTRAL, CENTRAL_OK | {"dashboard": "unknown"}, Health.WARNING, "dashboard cannot be read"),
        (CENTRAL, CENTRAL_OK | {"mongodb": "error"}, Health.CRITICAL, "database disconnected"),
        (CENTRAL, CENTRAL_OK | {"mongodb": ""}, Health.UNKNOWN, "alive, database unknown"),
        (OCR, OCR_OK, Health.OK, "healthy in {ms:ms}"),
        (OCR, OCR_OK | {"redis": "error", "status": "degraded"}, Health.WARNING, "alive, no redis"),
        (
            OCR,
            OCR_OK | {"shares_missing": ("zeiss",)},
            Health.WARNING,
            "{missing:number} of {shares:number} shares off",
        ),
        (OCR, OCR_OK | {"status": "degraded"}, Health.WARNING, "says degraded"),
        (OCR, OCR_OK | {"status": ""}, Health.UNKNOWN, "alive, says {status}"),
        (FACE, {"ms": 9.0, "status": "healthy", "version": "2.0.0"}, Health.OK, "healthy in {ms:ms}"),
        (FACE, {"ms": 9.0, "status": "starting", "version": ""}, Health.WARNING, "alive, says {status}"),
        (FRONT, {"ms": 9.0, "served_by": "vite"}, Health.OK, "page in {ms:ms}"),
        (FRONT, {"ms": 2000.0, "served_by": "nginx"}, Health.WARNING, "slow: {ms:ms}"),
    ],
)
def test_the_other_services(role: str, values: dict[str, Any], health: Health, evidence: str) -> None:
    found = judge(reading(values), HttpTarget(name="x", role=role), Context(now=NOW))
    assert (found.health, found.evidence.text) == (health, evidence)


def test_what_it_depends_on_is_what_the_site_file_names() -> None:
    assert HttpTarget(name="b", redis="redis", mongodb="db").depends_on == ("redis", "db")
    assert HttpTarget(name="b").depends_on == ()
