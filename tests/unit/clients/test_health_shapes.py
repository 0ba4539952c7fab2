"""Both shapes of the health pages, and the metrics, as captured in the field."""

from __future__ import annotations

from typing import Any

import pytest

from medflow_tui.clients.prometheus import samples, traffic
from medflow_tui.clients.shapes import Detailed, detailed, ready

MB = 1024 * 1024
HEAD: dict[str, Any] = {
    "status": "degraded",
    "uptime": 38.25,
    "environment": "production",
    "checks": {
        "mongodb": {
            "status": "ok",
            "state": "connected",
            "responseTime": "0ms",
            "version": "7.0.0",
            "connections": {"current": 55, "available": 1000},
        },
        "redis": {"status": "error", "error": "redis.ping is not a function"},
        "memory": {
            "status": "ok",
            "heapUsed": "198MB",
            "heapTotal": "232MB",
            "rss": "308MB",
            "usedPercent": "85.4%",
        },
        "cpu": {"status": "ok", "user": "11.68s", "system": "1.98s"},
    },
    "system": {"platform": "linux", "pid": 26350},
}
FIELD: dict[str, Any] = {
    "status": "healthy",
    "uptime": 7200,
    "uptimeFormatted": "2h",
    "memory": {"heapUsedMB": 180, "heapTotalMB": 220, "rssMB": 300},
    "connections": {"mongodb": "connected", "redis": "disconnected"},
    "checks": {
        "mongodb": {"status": "healthy", "responseTimeMs": 3},
        "websocket": {"status": "unhealthy", "details": {"connectedClients": 4}},
    },
}


def read(found: dict[str, Any]) -> Detailed:
    answer = detailed(found)
    assert answer is not None
    return answer


def test_the_published_shape_says_nothing_of_redis_whatever_it_says() -> None:
    assert read(HEAD) == Detailed(
        shape="head", database="ok", redis="", others=(), memory=308 * MB, uptime_s=38.25, connections=55
    )


def test_the_shape_of_the_site_scripts_is_read_too() -> None:
    assert read(FIELD) == Detailed(
        shape="field",
        database="ok",
        redis="error",
        others=("websocket",),
        memory=300 * MB,
        uptime_s=7200,
        connections=0,
    )


@pytest.mark.parametrize("top", ["ok", "healthy", "warning"])
@pytest.mark.parametrize("shape", [HEAD, FIELD], ids=["head", "field"])
def test_the_top_status_hides_no_broken_database(top: str, shape: dict[str, Any]) -> None:
    mongodb = {"status": "error", "state": "disconnected"}
    found = shape | {"status": top, "checks": shape["checks"] | {"mongodb": mongodb}}
    assert read(found).database == "error"


def test_a_good_word_on_a_lost_connection_is_not_believed() -> None:
    found = HEAD | {"checks": {"mongodb": {"status": "ok", "state": "disconnecting"}}}
    assert read(found).database == "error"


@pytest.mark.parametrize("found", [{}, {"status": "ok"}, {"checks": []}, {"checks": "x", "connections": 3}])
def test_an_answer_without_checks_is_none(found: dict[str, Any]) -> None:
    assert detailed(found) is None


@pytest.mark.parametrize("rss", ["much", "308", "-3MB", None, 308, {"a": 1}])
def test_a_memory_figure_in_another_form_is_not_told(rss: object) -> None:
    assert read({"checks": {"memory": {"rss": rss}}}).memory == 0


@pytest.mark.parametrize(
    ("status", "found", "word", "state"),
    [
        (200, {"ready": True}, "yes", ""),
        (200, {"status": "ready"}, "yes", ""),
        (
            503,
            {"ready": False, "reason": "Database not connected", "mongoState": "disconnected"},
            "no",
            "disconnected",
        ),
        (503, {"ready": False, "mongoState": "connecting"}, "no", "connecting"),
        (503, {"ready": False, "error": "secret"}, "no", ""),
        (503, {"status": "not_ready"}, "no", ""),
        (200, {"ready": False}, "no", ""),
        (503, {"ready": True}, "unknown", ""),
        (200, {"status": "ok"}, "unknown", ""),
        (200, {"ready": "yes"}, "unknown", ""),
        (200, {}, "unknown", ""),
    ],
)
def test_readiness_is_yes_no_or_unknown(status: int, found: dict[str, Any], word: str, state: str) -> None:
    answer = ready(status, found)
    assert (answer.word, answer.state) == (word, state)


METRICS = """\
# HELP medflow_http_requests_total Total number of HTTP requests
# TYPE medflow_http_requests_total counter
medflow_http_requests_total{method="GET",route="/",status_code="200"} 900
medflow_http_requests_total{method="POST",route="/",status_code="500"} 7
medflow_http_requests_total{method="GET",route="/status",status_code="502"} 3
medflow_http_requests_total{method="GET",route="/detailed",status_code="503"} 4000
medflow_http_requests_total{method="GET",route="/ready",status_code="503"} 12
medflow_http_requests_total{method="GET",route="/health/x",status_code="404"} 2
medflow_http_requests_total{method="GET",route="/a\\"b,c={}",status_code="404"} 90
medflow_http_errors_total{method="GET",route="/"} 10
medflow_process_start_time_seconds 1764000000.5
medflow_process_resident_memory_bytes 3.22961408e+08
medflow_broken{ NaN
medflow_nodejs_gc NaN 1764000000000
"""


def test_failed_requests_are_those_answered_5xx_without_our_own_looks_at_health() -> None:
    found = traffic(METRICS)
    assert found is not None
    assert (found.requests, found.failed) == (1000, 10)
    assert (found.started, found.memory) == (1764000000.5, 322961408)


def test_metrics_of_another_program_are_none() -> None:
    assert traffic("# TYPE up gauge\nup 1\nprocess_start_time_seconds 5\n") is None
    assert traffic("<!DOCTYPE html>") is None


def test_labels_may_hold_quotes_commas_and_braces() -> None:
    routes = [labels["route"] for name, labels, _ in samples(METRICS) if labels.get("status_code") == "404"]
    assert routes == ["/health/x", '/a\\"b,c={}']
