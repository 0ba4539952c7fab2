"""Looks at the device sync queue: straight in Redis, and at what the backend says of its worker."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from medflow_tui.clients.network import Deadline, UnreachableError
from medflow_tui.clients.redis import ours
from medflow_tui.clients.sync_queue import Budget, Queue, read_queue
from medflow_tui.clients.tools import Tools
from medflow_tui.clients.worker_status import PATH, StatusCall, WorkerStatus
from medflow_tui.model.errors import SecretError
from medflow_tui.model.health import Cause, Failure, Probe, Reading
from medflow_tui.model.targets.queue import QueueTarget
from medflow_tui.model.words import Phrase, say

HOW = say("lists and job records in Redis")
HOW_API = say("GET {path} of the backend", path=PATH)
HOW_BOTH = HOW.also(HOW_API)
SETTLED = timedelta(seconds=5)  # the backend writes a record a moment before it lists the job

Outcome = WorkerStatus | Failure | None


class QueueProbe:
    """First reading, the queue. Values: waiting (pending and delayed), pending {priority: count}, delayed,

    delayed_due_at, failed, failed_seen, failed_gone, oldest_at, expires_in_s, gone, undated, done, worked_at, lost, in_hand,
    complete, worker ("started", "none", "no redis", "unknown"). Moments are ISO texts in UTC, or None.

    Reading `name/worker`: api ("answers", "failed", "none"), why (a Phrase), started_at, has_redis, processed, active,
    redis (was it read), waiting, oldest_at, worked_at. Reading `name/api` only while the backend does not tell, and
    once more when it does again.
    """

    def __init__(self, target: QueueTarget, tools: Tools) -> None:
        self._target, self._tools = target, tools
        self._call = StatusCall(target, tools)
        self._missing_since: dict[str, datetime] = {}
        self._is_call_shown = False

    def read(self, deadline_s: float) -> tuple[Reading, ...]:
        deadline = Deadline.after(deadline_s)
        found = self._redis(Deadline(deadline.ends - (deadline_s / 2 if self._call.is_possible else 0.0)))
        worker = self._api(deadline) if self._call.is_possible else None
        return (self._queue(found, worker), self._worker(found, worker), *self._calls(found, worker))

    def _redis(self, deadline: Deadline) -> Queue | Failure:
        target = self._target
        budget = Budget(ids=target.id_budget, records=target.record_budget, keys=target.scan_budget)
        try:
            with ours(target, self._tools, deadline) as client:
                return read_queue(client, budget, deadline)
        except UnreachableError as error:
            return error.failure
        except SecretError as error:
            return Failure(cause=Cause.DENIED, text=error.phrase)

    def _api(self, deadline: Deadline) -> WorkerStatus | Failure:
        try:
            return self._call.ask(deadline)
        except UnreachableError as error:
            return error.failure
        except SecretError as error:
            return Failure(cause=Cause.DENIED, text=error.phrase)

    def _queue(self, found: Queue | Failure, worker: Outcome) -> Reading:
        if isinstance(found, Failure):
            return self._reading("", HOW, failure=found)
        lost = self._lost(found, worker)
        return self._reading(
            "",
            HOW,
            values={
                "waiting": sum(found.pending.values()) + found.delayed,
                "pending": found.pending,
                "delayed": found.delayed,
                "delayed_due_at": _iso(found.delayed_due_at),
                "failed": found.failed,
                "failed_seen": found.failed_seen,
                "failed_gone": found.failed_gone,
                "oldest_at": self._oldest(found),
                "expires_in_s": found.expires_in_s,
                "gone": found.gone,
                "undated": found.undated,
                "done": found.done,
                "worked_at": _iso(found.worked_at),
                "lost": lost,
                "in_hand": len(found.missing) - lost,
                "complete": found.complete,
                "worker": _state(worker),
            },
        )

    def _oldest(self, found: Queue) -> str | None:
        """Since when a job waits to be taken; a delayed one waits from the moment it was due."""
        due = found.delayed_due_at
        overdue = due if due and due < self._tools.now() else None
        return _iso(min((each for each in (found.oldest_at, overdue) if each), default=None))

    def _lost(self, found: Queue, worker: Outcome) -> int:
        """Pending jobs in no list: lost when they stay so, or at once when there is no worker to have them in hand."""
        now = self._tools.now()
        self._missing_since = {each: self._missing_since.get(each, now) for each in found.missing}
        if isinstance(worker, WorkerStatus) and worker.started_at is None and now - worker.at < SETTLED:
            return len(found.missing)
        patience = timedelta(seconds=self._target.lost_after_s)
        return sum(now - since >= patience for since in self._missing_since.values())

    def _worker(self, found: Queue | Failure, worker: Outcome) -> Reading:
        values: dict[str, Any] = {"api": "none", "redis": isinstance(found, Queue)}
        how = HOW
        match worker:
            case WorkerStatus():
                how = HOW_BOTH
                values |= {
                    "api": "answers",
                    "started_at": _iso(worker.started_at),
                    "has_redis": worker.has_redis,
                    "processed": worker.processed,
                    "active": worker.active,
                }
            case Failure():
                values |= {"api": "failed", "why": worker.text}
        if isinstance(found, Failure):
            if not isinstance(worker, WorkerStatus):
                return self._reading("worker", how, failure=found)
            return self._reading("worker", HOW_API, values=values)
        values |= {
            "waiting": sum(found.pending.values()) + found.delayed,
            "oldest_at": self._oldest(found),
            "worked_at": _iso(found.worked_at),
        }
        return self._reading("worker", how, values=values)

    def _calls(self, found: Queue | Failure, worker: Outcome) -> tuple[Reading, ...]:
        """The call, while it fails; a row that was shown and is left out of a failed reading would go stale."""
        if isinstance(worker, Failure):
            self._is_call_shown = True
            return (self._reading("api", HOW_API, failure=worker),)
        self._is_call_shown = self._is_call_shown and isinstance(found, Failure)
        if self._is_call_shown and worker is not None:
            return (self._reading("api", HOW_API, latency_ms=worker.latency_ms),)
        return ()

    def _reading(
        self, part: str, how: Phrase, values: Mapping[str, Any] | None = None, **more: Any
    ) -> Reading:
        return Reading(
            target=f"{self._target.name}/{part}" if part else self._target.name,
            kind=self._target.kind,
            observed_at=self._tools.now(),
            how=how,
            values=MappingProxyType(dict(values or {})),
            **more,
        )


def _state(worker: Outcome) -> str:
    if not isinstance(worker, WorkerStatus):
        return "unknown"
    if not worker.has_redis:
        return "no redis"
    return "none" if worker.started_at is None else "started"


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def build(target: QueueTarget, tools: Tools) -> Probe:
    """The probe of the device sync queue."""
    return QueueProbe(target, tools)
