"""Looks at MedFlow's HTTP services: readiness before liveness, checks before the top status, never a web page."""

from __future__ import annotations

from collections import deque
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from medflow_tui.clients import shapes
from medflow_tui.clients.http import Answer, Web, expect_object, limited, origin, refuse_status
from medflow_tui.clients.meter import Meter
from medflow_tui.clients.network import Deadline, UnreachableError
from medflow_tui.clients.prometheus import Traffic, traffic
from medflow_tui.clients.tools import Tools
from medflow_tui.model.errors import SecretError
from medflow_tui.model.health import Cause, Failure, Probe, Reading
from medflow_tui.model.targets.http import BACKEND, CENTRAL, FACE, FRONT, HttpTarget
from medflow_tui.model.words import say

_PASSED_ON = (
    Cause.SILENT,
    Cause.GARBLED,
    Cause.ABSENT,
    Cause.UNSUPPORTED,
)  # another page may still tell more


WELL = ("healthy", "ok")  # words that an answer 503 takes back


class HttpProbe:
    """Values of every role: role, ms, bytes (on the line, see `clients.meter`). Unknown numbers are 0, unknown words empty. By role further:

    backend   ready ("yes", "no", "absent", "silent", "unknown"), database_state (its word, or ""),
              detailed ("read", "locked", "absent", "unknown", "no key", "not asked"), shape ("head", "field", ""),
              database, redis_said ("ok", "error", ""), troubles (names of checks in error), uptime_s, connections,
              metrics ("read", "absent", "unknown", "not asked"), memory_bytes, started_at (datetime or None),
              requests, failed (in `window_s` seconds; requests None until a second reading), failed_total,
              api_used, api_calls (the polling budget)
    central   mongodb ("ok", "error", ""), version, dashboard ("read", "unknown", "not asked"), clinics, clinics_online
    ocr       status, redis ("ok", "error", ""), shares, shares_missing (names)
    face      status, version
    front     served_by ("nginx", "vite", "static")
    """

    def __init__(self, target: HttpTarget, tools: Tools) -> None:
        self._target, self._tools = target, tools
        self._host = origin(target.address)
        self._meter = Meter()
        self._until: dict[str, tuple[datetime, datetime]] = {}  # said when, wait until when
        self._past: deque[tuple[float, Traffic]] = deque()

    def read(self, deadline_s: float) -> tuple[Reading, ...]:
        deadline = Deadline.after(deadline_s)
        self._meter.take()
        try:
            with Web(
                self._target.address, ca_file=self._target.ca_file, now=self._tools.now, meter=self._meter
            ) as web:
                values, latency, paths = self._look(web, deadline)
        except UnreachableError as error:
            return (self._reading((self._first_path(),), failure=error.failure),)
        return (
            self._reading(
                paths,
                values={
                    "role": self._target.role,
                    "ms": latency,
                    "bytes": self._meter.take(),
                    **values,
                },
                latency_ms=latency,
            ),
        )

    def _look(self, web: Web, deadline: Deadline) -> tuple[dict[str, Any], float, tuple[str, ...]]:
        look = {BACKEND: self._backend, CENTRAL: self._central, FRONT: self._front}
        return look.get(self._target.role, self._service)(web, deadline)

    def _backend(self, web: Web, deadline: Deadline) -> tuple[dict[str, Any], float, tuple[str, ...]]:
        values, latency, paths = self._readiness(web, deadline)
        values |= self._metrics(web, _share(deadline, 0.5))
        detailed = self._detailed(web, deadline)
        detailed["memory_bytes"] = values["memory_bytes"] or detailed["memory_bytes"]
        values |= detailed
        values["api_calls"] = self._target.api_calls
        values["api_used"] = self._tools.budget.used(self._host, self._target.api_window_s, self._tools.now())
        more = (self._target.metrics_path, self._target.detailed_path)
        return values, latency, (*paths, *(each for each in more if each))

    def _readiness(self, web: Web, deadline: Deadline) -> tuple[dict[str, Any], float, tuple[str, ...]]:
        """Readiness proves life as well; /health is asked only where readiness says nothing."""
        word, path = "absent", self._target.ready_path
        if path:
            try:
                answer = self._ask(web, path, _share(deadline, 0.6))
                found = shapes.ready(answer.status, expect_object(answer, path, also=(503,)))
                if found.word != "unknown":
                    values = {"ready": found.word, "database_state": found.state}
                    return values, answer.latency_ms, (path,)
                word = "unknown"
            except UnreachableError as error:
                if error.failure.cause not in _PASSED_ON or not self._target.alive_path:
                    raise
                word = {Cause.SILENT: "silent", Cause.ABSENT: "absent"}.get(error.failure.cause, "unknown")
        alive = self._ask(web, self._target.alive_path or "/", _share(deadline, 0.8))
        expect_object(alive, self._target.alive_path)
        paths = tuple(each for each in (path, self._target.alive_path) if each)
        return {"ready": word, "database_state": ""}, alive.latency_ms, paths

    def _metrics(self, web: Web, deadline: Deadline) -> dict[str, Any]:
        values: dict[str, Any] = {
            "metrics": "not asked", "memory_bytes": 0, "started_at": None,
            "requests": None, "failed": 0, "window_s": 0.0, "failed_total": 0,
        }  # fmt: skip
        if not self._target.metrics_path:
            return values
        try:
            answer = self._ask(web, self._target.metrics_path, deadline)
        except UnreachableError:
            return values | {"metrics": "unknown"}
        seen = traffic(answer.text) if answer.status == 200 and not answer.is_html else None
        if seen is None:
            return values | {"metrics": "absent" if answer.status == 404 else "unknown"}
        values |= {"metrics": "read", "memory_bytes": seen.memory, "failed_total": seen.failed}
        if 0 < seen.started < 4e9:
            values["started_at"] = datetime.fromtimestamp(seen.started, UTC)
        return values | self._since_before(seen)

    def _since_before(self, seen: Traffic) -> dict[str, Any]:
        """Requests and failures since the reading that is at least `error_window_s` old, or the oldest there is.

        After a restart of the backend its counters began anew: so does this.
        """
        at, past = self._tools.now().timestamp(), self._past
        if past and (seen.started != past[-1][1].started or seen.requests < past[-1][1].requests):
            past.clear()
        while len(past) > 1 and past[1][0] <= at - self._target.error_window_s:
            past.popleft()
        past.append((at, seen))
        since, before = past[0]
        if len(past) == 1:
            return {}
        return {
            "requests": seen.requests - before.requests,
            "failed": max(0, seen.failed - before.failed),
            "window_s": max(0.0, at - since),
        }

    def _detailed(self, web: Web, deadline: Deadline) -> dict[str, Any]:
        path = self._target.detailed_path
        values: dict[str, Any] = {
            "detailed": "not asked", "shape": "", "database": "", "redis_said": "", "troubles": (),
            "uptime_s": 0.0, "connections": 0, "memory_bytes": 0,
        }  # fmt: skip
        if not path:
            return values
        try:
            key = self._tools.secret(self._target.health_key) if self._target.health_key else ""
            answer = self._ask(web, path, deadline, {"x-health-key": key} if key else None)
            if answer.status in (401, 403):
                return values | {"detailed": "locked"}
            found = shapes.detailed(expect_object(answer, path, also=(503,)))
        except SecretError:
            return values | {"detailed": "no key"}
        except UnreachableError as error:
            return values | {"detailed": "absent" if error.failure.cause is Cause.ABSENT else "unknown"}
        if found is None:
            return values | {"detailed": "unknown"}
        return {
            "detailed": "read",
            "shape": found.shape,
            "database": found.database,
            "redis_said": found.redis,
            "troubles": found.others,
            "uptime_s": found.uptime_s,
            "connections": found.connections,
            "memory_bytes": found.memory,
        }

    def _central(self, web: Web, deadline: Deadline) -> tuple[dict[str, Any], float, tuple[str, ...]]:
        path, dashboard = self._target.alive_path, self._target.dashboard_path
        answer = self._ask(web, path, _share(deadline, 0.6))
        found = expect_object(answer, path, also=(503,))
        _same_service(found, "central")
        values: dict[str, Any] = {
            "mongodb": shapes.verdict(found.get("mongodb")),
            "version": str(found.get("version", ""))[:20],
            "dashboard": "not asked", "clinics": 0, "clinics_online": 0,
        }  # fmt: skip
        if dashboard:
            values |= self._dashboard(web, dashboard, deadline)
        return values, answer.latency_ms, tuple(each for each in (path, dashboard) if each)

    def _dashboard(self, web: Web, path: str, deadline: Deadline) -> dict[str, Any]:
        """Two numbers of it; it also holds names and revenues, which are not kept."""
        try:
            found = expect_object(self._ask(web, path, deadline), path)
            clinics = found["dashboard"]["clinics"]
            total, online = clinics["total"], clinics["online"]
        except (UnreachableError, KeyError, TypeError):
            return {"dashboard": "unknown"}
        if not (type(total) is type(online) is int and 0 <= online <= total):
            return {"dashboard": "unknown"}
        return {"dashboard": "read", "clinics": total, "clinics_online": online}

    def _service(self, web: Web, deadline: Deadline) -> tuple[dict[str, Any], float, tuple[str, ...]]:
        path = self._target.alive_path
        answer = self._ask(web, path, deadline)
        found = expect_object(answer, path, also=(503,))
        said = str(found.get("status", ""))[:20].lower()
        values: dict[str, Any] = {"status": said if answer.status == 200 or said not in WELL else "503"}
        if self._target.role == FACE:
            _same_service(found, "face", must_say=True)
            return values | {"version": str(found.get("version", ""))[:20]}, answer.latency_ms, (path,)
        if not {"redis_connected", "ocr_ready", "network_shares"} & set(found):
            raise UnreachableError(Failure(cause=Cause.GARBLED, text=say("another service answers here")))
        shares = found.get("network_shares")
        shares = shares if isinstance(shares, dict) else {}
        values |= {
            "redis": shapes.verdict(found.get("redis_connected")),
            "shares": len(shares),
            "shares_missing": tuple(str(name)[:40] for name, there in shares.items() if there is not True),
        }
        return values, answer.latency_ms, (path,)

    def _front(self, web: Web, deadline: Deadline) -> tuple[dict[str, Any], float, tuple[str, ...]]:
        path = self._target.page_path
        answer = self._ask(web, path, deadline)
        refuse_status(answer, path)
        is_nginx = answer.header("server").lower().startswith("nginx")
        if not answer.is_html and not (answer.text.strip().lower() == "healthy" and answer.status == 200):
            raise UnreachableError(Failure(cause=Cause.GARBLED, text=say("not a web page")))
        if not answer.body.strip():
            raise UnreachableError(Failure(cause=Cause.GARBLED, text=say("an empty page")))
        served = "vite" if b"/@vite/client" in answer.body else "nginx" if is_nginx else "static"
        return {"served_by": served}, answer.latency_ms, (path,)

    def _ask(self, web: Web, path: str, deadline: Deadline, headers: dict[str, str] | None = None) -> Answer:
        """Only /api of the backend is limited by it, and counted. A page that said 429 is left alone until then."""
        target, now = self._target, self._tools.now()
        told, until = self._until.get(path, (now, now))
        if told <= now < until:  # a clock that was set back since ends the wait
            raise UnreachableError(limited(until))
        is_counted = target.role == BACKEND and path.startswith("/api")
        if is_counted:
            allowed = max(1, target.api_calls - target.api_reserve)
            free_at = self._tools.budget.take(self._host, allowed, target.api_window_s, now)
            if free_at is not None:
                raise UnreachableError(limited(free_at))
        try:
            return web.ask("GET", path, deadline, headers=headers)
        except UnreachableError as error:
            if error.failure.until is not None:
                self._until[path] = (now, error.failure.until)
                if is_counted:
                    self._tools.budget.forbid(self._host, error.failure.until, now)
            raise

    def _first_path(self) -> str:
        target = self._target
        if target.role == FRONT:
            return target.page_path
        return (target.ready_path if target.role == BACKEND else "") or target.alive_path

    def _reading(self, paths: tuple[str, ...], values: dict[str, Any] | None = None, **more: Any) -> Reading:
        return Reading(
            target=self._target.name,
            kind=self._target.kind,
            observed_at=self._tools.now(),
            how=say("GET {paths}", paths=", ".join(paths)),
            values=MappingProxyType(values or {}),
            **more,
        )


def _share(deadline: Deadline, part: float) -> Deadline:
    """A part of what is left, so that one page that hangs leaves time for the next."""
    return Deadline.after(deadline.left() * part)


def _same_service(found: dict[str, Any], part: str, *, must_say: bool = False) -> None:
    """Port 5002 is the default of three services: the name in the answer is believed, not the port."""
    name = str(found.get("service", ""))
    if not name and must_say:
        raise UnreachableError(Failure(cause=Cause.GARBLED, text=say("another service answers here")))
    if name and part not in name.lower():
        raise UnreachableError(
            Failure(cause=Cause.GARBLED, text=say("another service: {name}", name=name[:30]))
        )


def build(target: HttpTarget, tools: Tools) -> Probe:
    """The probe of one HTTP service."""
    return HttpProbe(target, tools)
