"""The HTTP probe against servers that answer as the field's do, lies included."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from medflow_tui.clients.tools import Tools
from medflow_tui.journal.budget import SharedBudget
from medflow_tui.model.errors import SecretError
from medflow_tui.model.health import Cause, Failure, Health, Reading
from medflow_tui.model.site import Site
from medflow_tui.model.targets.http import BACKEND, CENTRAL, FACE, FRONT, OCR, HttpTarget
from medflow_tui.model.words import say
from medflow_tui.probes.http import HttpProbe, build
from medflow_tui.rules.judging import Context, judge
from tests.contracts.scripted_web import PAGE, Call, Script, ScriptedWeb, free_port, raw_server, scripted_web

KEY = "health-key-of-the-lab"
MB = 1024 * 1024
CHECKS = {
    "mongodb": {"status": "ok", "state": "connected", "connections": {"current": 55}},
    "redis": {"status": "error", "error": "redis.ping is not a function"},
    "memory": {"status": "ok", "rss": "308MB"},
    "cpu": {"status": "ok"},
}
HEALTH = Script(200, {"status": "ok", "timestamp": "2026-03-02T09:00:00.000Z"})
INDEX = Script(200, b"<!DOCTYPE html><html><div id=root></div></html>", "text/html")


@dataclass(slots=True)
class Clock:
    at: datetime = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at


@dataclass(slots=True)
class Metrics:
    """What the backend counted; changed by the tests between two looks."""

    started: float = 1764000000.0
    ok: int = 1000
    failed: int = 3
    looks: int = field(default=0)

    def __call__(self, _call: Call) -> Script:
        self.looks += 1
        counts = {("/", "200"): self.ok, ("/", "500"): self.failed, ("/detailed", "503"): 5000 + self.looks}
        lines = [
            f'medflow_http_requests_total{{method="GET",route="{route}",status_code="{status}"}} {count}'
            for (route, status), count in counts.items()
        ]
        lines += [f"medflow_process_start_time_seconds {self.started}"]
        lines += [f"medflow_process_resident_memory_bytes {310 * MB}"]
        return Script(200, "\n".join(lines).encode(), "text/plain; version=0.0.4")


def only_with_key(call: Call) -> Script:
    if call.headers.get("x-health-key") != KEY:
        return Script(401, {"success": False, "error": "Unauthorized", "message": "…"})
    return Script(503, {"status": "degraded", "uptime": 38.25, "checks": CHECKS})


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def tools(tmp_path: Path, clock: Clock) -> Tools:
    def secret(reference: str) -> str:
        if reference != "env:HEALTH_KEY":
            raise SecretError(say("no such secret"))
        return KEY

    site = Site(code="LAB", name="Lab", environment="lab")
    return Tools(site=site, secret=secret, budget=SharedBudget(tmp_path), state=tmp_path, now=clock)


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture
def web(metrics: Metrics) -> Iterator[ScriptedWeb]:
    with scripted_web() as found:
        found.answers |= {
            "GET /health": HEALTH,
            "GET /health/ready": Script(200, {"ready": True, "timestamp": "…"}),
            "GET /health/detailed": only_with_key,
            "GET /metrics": metrics,
        }
        yield found


def target_at(url: str, role: str = BACKEND, **more: Any) -> HttpTarget:
    return HttpTarget(name=role, address=url, role=role, **more)


def backend(web: ScriptedWeb, tools: Tools, **more: Any) -> HttpProbe:
    return HttpProbe(replace(target_at(web.url, health_key="env:HEALTH_KEY"), **more), tools)


def read(probe: HttpProbe, deadline_s: float = 3.0) -> Reading:
    (found,) = probe.read(deadline_s)
    return found


def values_of(reading: Reading) -> dict[str, Any]:
    assert reading.failure is None, reading.failure
    return dict(reading.values)


def failure_of(reading: Reading) -> Failure:
    assert reading.failure is not None
    assert not reading.values
    return reading.failure


def test_a_backend_in_order_is_read_by_readiness_metrics_and_checks(web: ScriptedWeb, tools: Tools) -> None:
    reading = read(backend(web, tools))
    values = values_of(reading)
    assert (values["ready"], values["detailed"], values["shape"]) == ("yes", "read", "head")
    assert (values["database"], values["redis_said"], values["connections"]) == ("ok", "", 55)
    assert values["memory_bytes"] == 310 * MB
    assert values["started_at"] == datetime.fromtimestamp(1764000000, UTC)
    assert values["requests"] is None
    assert reading.latency_ms == values["ms"] > 0
    assert web.paths() == ["GET /health/ready", "GET /metrics", "GET /health/detailed"]


def test_looking_changes_nothing_and_asks_only_with_get(web: ScriptedWeb, tools: Tools) -> None:
    read(backend(web, tools))
    assert {each.method for each in web.calls} == {"GET"}
    assert all(each.body is None and "cookie" not in each.headers for each in web.calls)


def test_a_database_that_is_not_connected_is_no_good_news_whatever_health_says(
    web: ScriptedWeb, tools: Tools
) -> None:
    body = {"ready": False, "reason": "Database not connected", "mongoState": "disconnected"}
    web.answers["GET /health/ready"] = Script(503, body)
    values = values_of(read(backend(web, tools)))
    assert (values["ready"], values["database_state"]) == ("no", "disconnected")


@pytest.mark.parametrize(
    ("script", "word"),
    [
        (Script(404, PAGE, "text/html"), "absent"),
        (INDEX, "unknown"),
        (Script(503, PAGE, "text/html"), "unknown"),
        (Script(200, {"status": "ok"}), "unknown"),
    ],
    ids=["absent", "front end", "proxy", "other answer"],
)
def test_without_readiness_it_is_alive_and_no_more_is_claimed(
    web: ScriptedWeb, tools: Tools, script: Script, word: str
) -> None:
    web.answers["GET /health/ready"] = script
    assert values_of(read(backend(web, tools)))["ready"] == word
    assert web.paths()[:2] == ["GET /health/ready", "GET /health"]


def test_a_web_page_where_json_is_expected_is_not_alive(web: ScriptedWeb, tools: Tools) -> None:
    web.answers = {
        f"GET {path}": INDEX for path in ("/health", "/health/ready", "/health/detailed", "/metrics")
    }
    assert failure_of(read(backend(web, tools))).cause is Cause.GARBLED


def test_readiness_that_hangs_while_health_answers_is_silent(web: ScriptedWeb, tools: Tools) -> None:
    released = threading.Event()

    def hang(_call: Call) -> Script:
        released.wait(30)
        return Script(200, {"ready": True})

    web.answers["GET /health/ready"] = hang
    started = time.monotonic()
    try:
        values = values_of(read(backend(web, tools), 1.2))
        assert time.monotonic() - started < 1.9
    finally:
        released.set()
    assert values["ready"] == "silent"


@pytest.mark.parametrize(
    ("key", "word"), [("", "locked"), ("env:HEALTH_KEY", "read"), ("env:OTHER", "no key")]
)
def test_the_detailed_page_without_the_key_is_less_known_and_no_failure(
    web: ScriptedWeb, tools: Tools, key: str, word: str
) -> None:
    values = values_of(read(backend(web, tools, health_key=key)))
    assert (values["ready"], values["detailed"]) == ("yes", word)


def test_failed_requests_are_counted_between_looks_and_our_own_are_left_out(
    web: ScriptedWeb, tools: Tools, metrics: Metrics, clock: Clock
) -> None:
    probe = backend(web, tools)
    read(probe)
    metrics.ok, metrics.failed, clock.at = 1090, 13, clock.at + timedelta(seconds=30)
    values = values_of(read(probe))
    assert (values["requests"], values["failed"], values["window_s"]) == (100, 10, 30)
    for _ in range(4):
        clock.at += timedelta(seconds=30)
        values = values_of(read(probe))
    assert (values["requests"], values["failed"], values["window_s"]) == (0, 0, 60)


def test_after_a_restart_of_the_backend_counting_begins_anew(
    web: ScriptedWeb, tools: Tools, metrics: Metrics
) -> None:
    probe = backend(web, tools)
    read(probe)
    metrics.started, metrics.ok, metrics.failed = 1764009999.0, 5, 5
    assert values_of(read(probe))["requests"] is None
    metrics.failed = 6
    assert values_of(read(probe))["failed"] == 1


@pytest.mark.parametrize(
    ("script", "word"),
    [
        (Script(404, PAGE, "text/html"), "absent"),
        (INDEX, "unknown"),
        (Script(200, b"up 1"), "unknown"),
        (Script(500), "unknown"),
    ],
)
def test_metrics_that_cannot_be_read_are_said_so(
    web: ScriptedWeb, tools: Tools, script: Script, word: str
) -> None:
    web.answers["GET /metrics"] = script
    values = values_of(read(backend(web, tools)))
    assert (values["metrics"], values["memory_bytes"]) == (word, 308 * MB)


def test_429_is_passed_on_and_no_further_call_is_made_before_its_end(
    web: ScriptedWeb, tools: Tools, clock: Clock
) -> None:
    ready = web.answers["GET /health/ready"]
    web.answers["GET /health/ready"] = Script(429, {"success": False}, headers=(("Retry-After", "860"),))
    probe, until = backend(web, tools), clock.at + timedelta(seconds=860)
    for _ in range(3):
        failure = failure_of(read(probe))
        assert (failure.cause, failure.until) == (Cause.LIMITED, until)
    assert web.paths() == ["GET /health/ready"]
    web.answers["GET /health/ready"], clock.at = ready, until
    assert values_of(read(probe))["ready"] == "yes"


def test_a_429_of_one_page_leaves_that_page_alone(web: ScriptedWeb, tools: Tools) -> None:
    web.answers["GET /metrics"] = Script(429, {"success": False}, headers=(("Retry-After", "60"),))
    probe = backend(web, tools)
    assert [values_of(read(probe))["metrics"] for _ in range(3)] == ["unknown"] * 3
    assert web.paths().count("GET /metrics") == 1


def test_only_calls_to_api_are_counted_and_stop_before_the_limit(web: ScriptedWeb, tools: Tools) -> None:
    web.answers["GET /api/health"] = HEALTH
    probe = backend(web, tools, ready_path="", alive_path="/api/health", api_calls=5, api_reserve=3)
    assert [values_of(read(probe))["api_used"] for _ in range(2)] == [1, 2]
    assert failure_of(read(probe)).cause is Cause.LIMITED
    assert web.paths().count("GET /api/health") == 2
    plain = backend(web, tools)
    assert values_of(read(plain))["api_used"] == 2


CENTRAL_HEALTH = {"status": "ok", "service": "central-server", "version": "1.0.0", "mongodb": "connected"}
DASHBOARD = {
    "success": True,
    "dashboard": {
        "clinics": {"total": 4, "online": 2, "list": [{"clinicId": "MATADI_KC", "isOnline": False}]},
        "financial": {"totalRevenue": 123456},
    },
}


def look(web: ScriptedWeb, tools: Tools, role: str, **more: Any) -> Reading:
    return read(HttpProbe(target_at(web.url, role, **more), tools))


def test_the_central_server_tells_its_database_and_how_many_clinics_it_saw(
    web: ScriptedWeb, tools: Tools
) -> None:
    web.answers = {"GET /health": Script(200, CENTRAL_HEALTH), "GET /api/dashboard": Script(200, DASHBOARD)}
    values = values_of(look(web, tools, CENTRAL))
    assert (values["mongodb"], values["dashboard"]) == ("ok", "read")
    assert (values["clinics"], values["clinics_online"]) == (4, 2)
    assert "123456" not in repr(values)


def test_the_central_server_never_sees_a_clinic_token(web: ScriptedWeb, tools: Tools) -> None:
    web.answers = {"GET /health": Script(200, CENTRAL_HEALTH), "GET /api/dashboard": Script(200, DASHBOARD)}
    look(web, tools, CENTRAL)
    sent = {name for each in web.calls for name in each.headers}
    assert not sent & {"x-clinic-id", "x-sync-token", "x-master-token", "authorization"}


@pytest.mark.parametrize(
    "dashboard", [Script(500, {"success": False}), Script(200, {"success": True}), INDEX]
)
def test_a_dashboard_that_cannot_be_read_is_unknown(
    web: ScriptedWeb, tools: Tools, dashboard: Script
) -> None:
    body = CENTRAL_HEALTH | {"mongodb": "disconnected"}
    web.answers = {"GET /health": Script(200, body), "GET /api/dashboard": dashboard}
    values = values_of(look(web, tools, CENTRAL))
    assert (values["mongodb"], values["dashboard"]) == ("error", "unknown")


FACE_HEALTH = {"status": "healthy", "service": "face-recognition", "version": "2.0.0", "backend": "DeepFace"}


def test_the_face_service_on_the_central_port_is_not_taken_for_it(web: ScriptedWeb, tools: Tools) -> None:
    web.answers = {"GET /health": Script(200, FACE_HEALTH)}
    assert failure_of(look(web, tools, CENTRAL)).cause is Cause.GARBLED
    assert failure_of(look(web, tools, OCR)).cause is Cause.GARBLED
    assert values_of(look(web, tools, FACE))["status"] == "healthy"


def test_ocr_tells_its_redis_and_shares(web: ScriptedWeb, tools: Tools) -> None:
    body = {
        "status": "degraded",
        "version": "1.0.0",
        "redis_connected": False,
        "ocr_ready": True,
        "network_shares": {"zeiss": True, "solix": False},
    }
    web.answers = {"GET /health": Script(200, body)}
    values = values_of(look(web, tools, OCR))
    assert (values["redis"], values["shares"], values["shares_missing"]) == ("error", 2, ("solix",))


@pytest.mark.parametrize(
    ("script", "served"),
    [
        (INDEX, "static"),
        (replace(INDEX, body=b"<!doctype html><script src=/@vite/client></script>"), "vite"),
        (Script(200, b"healthy\n", "text/plain"), "static"),
    ],
)
def test_the_front_end_is_a_web_page(web: ScriptedWeb, tools: Tools, script: Script, served: str) -> None:
    web.answers = {"GET /": script}
    assert values_of(look(web, tools, FRONT))["served_by"] == served


@pytest.mark.parametrize(
    ("script", "cause"),
    [
        (Script(200, {"status": "ok"}), Cause.GARBLED),
        (Script(502, PAGE, "text/html"), Cause.GARBLED),
        (Script(404, PAGE, "text/html"), Cause.ABSENT),
        (Script(301, PAGE, "text/html", (("Location", "https://x/"),)), Cause.UNSUPPORTED),
        (Script(401, PAGE, "text/html"), Cause.DENIED),
    ],
)
def test_a_front_end_that_is_no_page_says_why(
    web: ScriptedWeb, tools: Tools, script: Script, cause: Cause
) -> None:
    web.answers = {"GET /": script}
    assert failure_of(look(web, tools, FRONT)).cause is cause


@pytest.mark.parametrize("role", [BACKEND, CENTRAL, OCR, FACE, FRONT])
def test_every_role_keeps_its_deadline_against_a_silent_server(role: str, tools: Tools) -> None:
    with raw_server(accepts=False) as url:
        started = time.monotonic()
        failure = failure_of(read(HttpProbe(target_at(url, role), tools), 0.8))
        assert time.monotonic() - started < 1.4
    assert failure.cause is Cause.SILENT


@pytest.mark.parametrize("role", [BACKEND, CENTRAL, OCR, FACE, FRONT])
def test_every_role_says_refused(role: str, tools: Tools) -> None:
    probe = build(target_at(f"http://127.0.0.1:{free_port()}", role), tools)
    (reading,) = probe.read(2.0)
    assert failure_of(reading).cause is Cause.REFUSED


@pytest.mark.parametrize("body", [b"\x00\xff", b"null", b"{}", b'{"service": 5, "checks": {"mongodb": 3}}'])
@pytest.mark.parametrize("role", [BACKEND, CENTRAL, OCR, FACE, FRONT])
def test_nonsense_never_raises(web: ScriptedWeb, tools: Tools, role: str, body: bytes) -> None:
    script = Script(200, body, "application/json")
    paths = ("/", "/health", "/health/ready", "/health/detailed", "/metrics", "/api/dashboard")
    web.answers = {f"GET {path}": script for path in paths}
    assert look(web, tools, role).target == role


READY = Script(200, {"ready": True})
HEALTHY_FACE = {"status": "healthy", "service": "face-recognition"}
BOTH = (
    "GET /health/ready",
    "GET /health/detailed",
    "GET /metrics",
    "GET /health",
    "GET /api/dashboard",
    "GET /",
)


@pytest.mark.parametrize(
    ("path", "script"),
    [
        ("GET /metrics", Script(200, b"up{" + b"a" * 1_000_000 + b"} 1", "text/plain")),
        ("GET /metrics", Script(200, b"up{" + b"}" * 1_000_000 + b" x y", "text/plain")),
        ("GET /metrics", Script(200, b'medflow_http_requests_total{a="b"} 1e308\n' * 9, "text/plain")),
        ("GET /metrics", Script(200, b"medflow_process_resident_memory_bytes 1e999", "text/plain")),
        ("GET /health/detailed", Script(200, {"checks": {"memory": {"rss": "9" * 400 + "KB"}}})),
        ("GET /health/detailed", Script(200, {"checks": [1], "connections": "x", "uptime": 10**400})),
        ("GET /health/ready", Script(200, b"[" * 500_000, "application/json")),
        ("GET /health/ready", Script(429, b"", headers=(("Retry-After", "\xb2"),))),
        (
            "GET /health/ready",
            Script(429, b"", headers=(("Retry-After", "Mon, 01 Jan 0001 00:00:00 +1400"),)),
        ),
        (
            "GET /api/dashboard",
            Script(200, b'{"dashboard": {"clinics": {"total": Infinity, "online": 1e400}}}'),
        ),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
@pytest.mark.parametrize("role", [BACKEND, CENTRAL])
def test_no_answer_makes_it_raise_or_takes_its_deadline_away(
    web: ScriptedWeb, tools: Tools, path: str, script: Script, role: str
) -> None:
    web.answers |= dict.fromkeys(BOTH, READY) | {path: script}
    probe = build(HttpTarget(name="x", address=web.url, role=role), tools)
    started = time.monotonic()
    for _ in range(2):
        probe.read(2.0)
    assert time.monotonic() - started < 3.0


@pytest.mark.parametrize("total", [-4, True, "4", 3.5, None])
def test_clinics_that_are_no_number_are_not_counted(web: ScriptedWeb, tools: Tools, total: object) -> None:
    web.answers["GET /health"] = Script(200, {"status": "ok", "mongodb": "connected"})
    counted = {"clinics": {"total": total, "online": total}}
    web.answers["GET /api/dashboard"] = Script(200, {"dashboard": counted})
    (reading,) = build(HttpTarget(name="x", address=web.url, role=CENTRAL), tools).read(2.0)
    assert reading.values["dashboard"] == "unknown"


@pytest.mark.parametrize("found", [{"status": "ok"}, {"status": "ok", "service": "central-server"}])
def test_the_backend_on_the_face_services_port_is_not_taken_for_it(
    web: ScriptedWeb, tools: Tools, found: dict[str, str]
) -> None:
    web.answers["GET /health"] = Script(200, found)
    (reading,) = build(HttpTarget(name="x", address=web.url, role=FACE), tools).read(2.0)
    assert reading.failure is not None
    assert reading.failure.cause is Cause.GARBLED


def test_a_good_word_with_503_is_not_good_news(web: ScriptedWeb, tools: Tools) -> None:
    target = HttpTarget(name="x", address=web.url, role=FACE)
    web.answers["GET /health"] = Script(503, HEALTHY_FACE)
    (reading,) = build(target, tools).read(2.0)
    assert judge(reading, target, Context(now=reading.observed_at)).health is Health.WARNING
    web.answers["GET /health"] = Script(200, HEALTHY_FACE)
    (reading,) = build(target, tools).read(2.0)
    assert judge(reading, target, Context(now=reading.observed_at)).health is Health.OK


@pytest.mark.parametrize("body", [b"", b"  \n"])
def test_an_empty_page_is_not_the_front_end(web: ScriptedWeb, tools: Tools, body: bytes) -> None:
    web.answers["GET /"] = Script(200, body, "text/html")
    (reading,) = build(HttpTarget(name="x", address=web.url, role=FRONT), tools).read(2.0)
    assert reading.failure is not None
    assert reading.failure.text.text == "an empty page"


@pytest.mark.parametrize(
    "address", ["http://h:99999", "https://[::1", "nonsense", "", "http://127.0.0.1:1/\0"]
)
@pytest.mark.parametrize("role", [BACKEND, FRONT])
def test_an_address_that_is_none_is_a_failure_in_words(tools: Tools, address: str, role: str) -> None:
    (reading,) = build(HttpTarget(name="x", address=address, role=role), tools).read(1.0)
    assert reading.failure is not None
    assert reading.failure.cause is Cause.UNRESOLVED


@pytest.mark.parametrize("key", ["cl\xe9", "two\nlines", "nul\0"])
def test_a_health_key_that_no_header_can_carry_is_no_failure(
    web: ScriptedWeb, tools: Tools, key: str
) -> None:
    web.answers |= {"GET /health/ready": READY, "GET /health/detailed": READY}
    target = HttpTarget(name="x", address=web.url, health_key="env:K")
    (reading,) = build(target, replace(tools, secret=lambda _: key)).read(1.0)
    assert (reading.failure, reading.values["ready"], reading.values["detailed"]) == (None, "yes", "unknown")
