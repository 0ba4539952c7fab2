"""Looks at one process through its service manager, and at what it uses through psutil."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

import psutil

from medflow_tui.clients.network import Deadline, UnreachableError
from medflow_tui.clients.supervisors import look
from medflow_tui.clients.supervisors.seen import Seen
from medflow_tui.clients.tools import Tools
from medflow_tui.journal.lives import Lives
from medflow_tui.model.health import Probe, Reading
from medflow_tui.model.targets.process import ProcessTarget
from medflow_tui.model.words import say
from medflow_tui.rules.restarts import known_since, lived, restarts

DAY = timedelta(hours=24)
MIB = 1024 * 1024


class ProcessProbe:
    """Values: state (running, starting, stopping, restarting, stopped, failed), word (the manager's own),

    pid, started_at, exit_code (each or None), instances, online, restarts (in 24 h, as far as seen), known_since
    (the first look that is remembered, or None), memory (bytes, None when not visible), memory_limit (bytes, None
    without one), cpu_percent (of one processor, since the last look; None at the first).
    """

    def __init__(self, target: ProcessTarget, tools: Tools) -> None:
        self._target, self._tools = target, tools
        self._lives = Lives(tools.state / "lives", target.name)
        self._cpu_before: tuple[tuple[int, float], float, float] | None = None

    def read(self, deadline_s: float) -> tuple[Reading, ...]:
        started = time.perf_counter()
        try:
            seen = look(self._target, Deadline.after(0.9 * deadline_s))
        except UnreachableError as error:
            return (self._reading(failure=error.failure),)
        latency = (time.perf_counter() - started) * 1000
        used, started_at = self._use(seen.pid) if seen.pid else ({"memory": None, "cpu_percent": None}, None)
        values = self._values(seen, seen.started_at or started_at)
        return (self._reading(values={**values, **used}, latency_ms=latency),)

    def _values(self, seen: Seen, started_at: datetime | None) -> dict[str, Any]:
        now = self._tools.now()
        lives = self._lives.all()
        if started_at is not None:
            lives = lived(lives, now, started_at, seen.restarts)
            self._lives.keep(lives)
        own_limit = int(self._target.memory_limit_mb * MIB) or None
        return {
            "state": seen.state,
            "word": seen.word,
            "pid": seen.pid,
            "started_at": started_at,
            "exit_code": seen.exit_code,
            "instances": seen.instances,
            "online": seen.online,
            "restarts": restarts(lives, now - DAY),
            "known_since": known_since(lives),
            "memory_limit": seen.memory_limit or own_limit,
        }

    def _use(self, pid: int) -> tuple[dict[str, Any], datetime | None]:
        """Memory and processor time of the process, and when it started; None for what we may not see."""
        nothing = {"memory": None, "cpu_percent": None}
        try:
            process = psutil.Process(pid)
            created = process.create_time()
        except (psutil.Error, OSError):
            return nothing, None
        started_at = datetime.fromtimestamp(created, UTC)
        try:
            memory, times = process.memory_info().rss, process.cpu_times()
        except (psutil.Error, OSError):
            return nothing, started_at
        now, spent = time.monotonic(), times.user + times.system
        before, self._cpu_before = self._cpu_before, ((pid, created), now, spent)
        percent = None
        if before is not None and before[0] == (pid, created) and now > before[1]:
            percent = 100.0 * max(0.0, spent - before[2]) / (now - before[1])
        return {"memory": memory, "cpu_percent": percent}, started_at

    def _reading(self, values: dict[str, Any] | None = None, **more: Any) -> Reading:
        return Reading(
            target=self._target.name,
            kind=self._target.kind,
            observed_at=self._tools.now(),
            how=say("asked {manager}, and the system", manager=self._target.manager),
            values=MappingProxyType(values or {}),
            **more,
        )


def build(target: ProcessTarget, tools: Tools) -> Probe:
    """The probe of one process."""
    return ProcessProbe(target, tools)
