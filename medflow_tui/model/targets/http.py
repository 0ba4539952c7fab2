"""A service that answers over HTTP as a target: the backend, the central server, OCR, face service, front end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from medflow_tui.model.fitting import refuse_other
from medflow_tui.model.target import Target

BACKEND, CENTRAL, OCR, FACE, FRONT = "backend", "central", "ocr", "face", "front"
ROLES = (BACKEND, CENTRAL, OCR, FACE, FRONT)


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpTarget(Target):
    """`address` is the base URL without a path (port 5001, 5002 or 5000: sites differ); `role` one of `ROLES`.

    `health_key` is a reference (`env:NAME`, `file:PATH`) to the key of /health/detailed, sent as X-Health-Key.
    `redis` and `mongodb` name the targets that it depends on (empty: it does without, or nobody watches them).
    An empty path is not asked for: `alive_path` for all but the front end, whose `page_path` must be a web page;
    ready, detailed and metrics for the backend, `dashboard_path` for the central server.
    `ca_file` is the only trust for https when given.

    Failed requests are those answered 5xx of all in `error_window_s`, judged from `error_min_requests` on.
    Memory is in MB (1,048,576 bytes): warning at `memory_warning_mb`; PM2 restarts it at `memory_limit_mb`.
    The limits are those of the backend for one address: `api_calls` in `api_window_s` for all of /api, of which
    reading leaves `api_reserve` to people's browsers behind the same address; /health* and /metrics are unlimited.
    """

    kind: ClassVar[str] = "http"

    address: str = ""
    role: str = BACKEND
    health_key: str = ""
    redis: str = ""
    mongodb: str = ""
    ca_file: str = ""
    contact: str = "vendor"
    alive_path: str = "/health"
    ready_path: str = "/health/ready"
    detailed_path: str = "/health/detailed"
    metrics_path: str = "/metrics"
    dashboard_path: str = "/api/dashboard"
    page_path: str = "/"
    latency_warning_ms: float = 1000.0
    memory_warning_mb: float = 400.0
    memory_limit_mb: float = 500.0
    error_warning_percent: float = 1.0
    error_critical_percent: float = 5.0
    error_window_s: float = 60.0
    error_min_requests: int = 20
    api_calls: int = 100
    api_reserve: int = 40
    api_window_s: float = 900.0

    @property
    def far_addresses(self) -> tuple[str, ...]:
        """The central server alone is not at the site."""
        return (self.address,) if self.role == CENTRAL else ()

    def __post_init__(self) -> None:
        refuse_other("role", self.role, ROLES)

    @property
    def depends_on(self) -> tuple[str, ...]:
        """Names of the targets whose readings the verdict on this one looks at."""
        return tuple(name for name in (self.redis, self.mongodb) if name)
