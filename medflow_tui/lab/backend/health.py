"""Health and metrics of the lab's backend (field section 1.1): what they say is not always so."""

from __future__ import annotations

import os
import platform
import time

import psutil
from aiohttp import web

from medflow_tui.lab.backend import tokens
from medflow_tui.lab.backend.answers import answer, now_text
from medflow_tui.lab.backend.service import SERVICE

NEVER_UPDATED = (
    "websocket_connections",
    "db_connection_pool_size",
    "cache_hits_total",
    "cache_misses_total",
    "db_queries_total",
    "queue_length",
    "prescriptions_dispensed_total",
    "invoices_unpaid",
)


async def health(_request: web.Request) -> web.Response:
    """Says ok whenever the process answers, with MongoDB and Redis both down too."""
    return answer({"status": "ok", "timestamp": now_text()})


async def ready(request: web.Request) -> web.Response:
    state = request.app[SERVICE].mongodb_state
    if state == "connected":
        return answer({"ready": True, "timestamp": now_text()})
    return answer({"ready": False, "reason": "Database not connected", "mongoState": state}, 503)


async def live(request: web.Request) -> web.Response:
    uptime = round(time.monotonic() - request.app[SERVICE].started, 3)
    return answer({"alive": True, "timestamp": now_text(), "uptime": uptime})


async def startup(request: web.Request) -> web.Response:
    if request.app[SERVICE].mongodb_state == "connected":
        return answer({"started": True, "timestamp": now_text()})
    return answer({"started": False, "reason": "Database initialization incomplete"}, 503)


async def detailed(request: web.Request) -> web.Response:
    """The first shape in the field. Redis is always an error here, so the top status is worth nothing."""
    service = request.app[SERVICE]
    if not await _may_see_details(request):
        text = "Valid API key or admin authentication required"
        return answer({"success": False, "error": "Unauthorized", "message": text}, 401)
    connected = service.mongodb_state == "connected"
    mongodb = {"status": "ok" if connected else "error", "state": service.mongodb_state}
    if connected:
        mongodb |= {"responseTime": "0ms", "version": "7.0.5"}
        mongodb["connections"] = {"current": 55, "available": 1000}  # type: ignore[assignment]
    body = {
        "status": "degraded",
        "timestamp": now_text(),
        "uptime": round(time.monotonic() - service.started, 2),
        "environment": "production",
        "checks": {
            "mongodb": mongodb,
            "redis": {"status": "error", "error": "redis.ping is not a function"},
            "memory": _memory(),
            "cpu": {"status": "ok", "user": "11.68s", "system": "1.98s"},
        },
        "performance": {"checkDuration": "8ms"},
        "system": {
            "platform": "linux",
            "arch": platform.machine(),
            "nodeVersion": "v20.20.2",
            "pid": os.getpid(),
        },
    }
    return answer(body, 503)


async def metrics(request: web.Request) -> web.Response:
    """Prometheus text; several families are never updated, as in the real one."""
    service = request.app[SERVICE]
    resident = psutil.Process().memory_info().rss
    lines = [
        "# HELP medflow_process_start_time_seconds Start time of the process since unix epoch in seconds.",
        "# TYPE medflow_process_start_time_seconds gauge",
        f"medflow_process_start_time_seconds {service.started_at:.0f}",
        "# TYPE medflow_process_resident_memory_bytes gauge",
        f"medflow_process_resident_memory_bytes {resident}",
        "# TYPE medflow_nodejs_eventloop_lag_p99_seconds gauge",
        "medflow_nodejs_eventloop_lag_p99_seconds 0.011",
        "# TYPE medflow_http_requests_total counter",
    ]
    for (method, route, status), count in sorted(service.counts.items()):
        labels = f'method="{method}",route="{route}",status_code="{status}"'
        lines.append(f"medflow_http_requests_total{{{labels}}} {count}")
    lines.append("# TYPE medflow_http_errors_total counter")
    for (method, route, status), count in sorted(service.counts.items()):
        if status >= "400":
            kind = "server_error" if status >= "500" else "client_error"
            lines.append(
                f'medflow_http_errors_total{{method="{method}",route="{route}",error_type="{kind}"}} {count}'
            )
    for name in NEVER_UPDATED:
        lines += [f"# TYPE medflow_{name} gauge", f"medflow_{name} 0"]
    return web.Response(text="\n".join(lines) + "\n", content_type="text/plain", charset="utf-8")


def _memory() -> dict[str, str]:
    """Strings with units, as there."""
    resident = psutil.Process().memory_info().rss >> 20
    return {
        "status": "ok",
        "heapUsed": "198MB",
        "heapTotal": "232MB",
        "rss": f"{resident}MB",
        "external": "21MB",
        "usedPercent": "85.4%",
    }


async def _may_see_details(request: web.Request) -> bool:
    """The key, or an administrator's Bearer token; the cookie is not read here."""
    service = request.app[SERVICE]
    key = request.headers.get("X-Health-Key") or request.query.get("key")
    if key:
        return bool(key == service.settings["health_key"])
    token = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
    claims = tokens.claims_of(token, service.settings["jwt_secret"])
    return claims is not None and claims.get("role") == "admin"


ROUTES = [
    web.get("/health", health),
    web.get("/health/ready", ready),
    web.get("/health/live", live),
    web.get("/health/startup", startup),
    web.get("/health/detailed", detailed),
    web.get("/metrics", metrics),
]
