"""Failed jobs of the device sync queue one by one, and how many wait: what a retry must know before and after.

Source: `services/deviceSyncQueue.js` of the backend. A record's `data` may name a patient's folder: of it only the
device's identifier is kept, and ids that do not look like the backend's own are not passed on.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from medflow_tui.clients.network import Deadline
from medflow_tui.clients.redis import Reached, ours
from medflow_tui.clients.sync_queue import DELAYED, FAILED, JOB, PRIORITIES, QUEUE
from medflow_tui.clients.tools import Tools

OWN_ID = re.compile(r"[a-z_]{1,40}_\d{10,16}_[a-z0-9]{1,20}")
LONGEST_LIST = 1000  # the backend trims it to that
_CHUNK = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedJob:
    """One id in the list of failed jobs. Without a record (`has_expired`) a retry loses it.

    `failed_at` is the record's own word (ISO), by which a job that failed again is told from one not retried.
    """

    id: str
    failed_at: str = ""
    device: str = ""
    has_expired: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueSight:
    """The queue at one moment, with the server it lies on: `server` names that very start of Redis."""

    waiting: int
    delayed: int
    failed: tuple[FailedJob, ...]
    server: str
    used: int
    maxmemory: int
    evicted: int

    @property
    def expired(self) -> int:
        return sum(each.has_expired for each in self.failed)


def look(target: Reached, tools: Tools, deadline: Deadline) -> QueueSight:
    """Everything of `QueueSight` over one connection; changes nothing. Raises UnreachableError and SecretError."""
    with ours(target, tools, deadline) as client:
        found = client.info()
        waiting, delayed = _lengths(client)
        return QueueSight(
            waiting=waiting,
            delayed=delayed,
            failed=tuple(_failed(client)),
            server=str(found.get("run_id", ""))[:12],
            used=int(found.get("used_memory", 0)),
            maxmemory=int(found.get("maxmemory", 0)),
            evicted=int(found.get("evicted_keys", 0)),
        )


def waiting(target: Reached, tools: Tools, deadline: Deadline) -> tuple[int, int]:
    """Jobs waiting and jobs delayed, and nothing else. Raises UnreachableError and SecretError."""
    with ours(target, tools, deadline) as client:
        return _lengths(client)


def _lengths(client: Any) -> tuple[int, int]:
    asked = client.pipeline(transaction=False)
    for priority in PRIORITIES:
        asked.llen(QUEUE.format(priority))
    *lengths, delayed = asked.zcard(DELAYED).execute()
    return sum(lengths), delayed


def _failed(client: Any) -> Iterator[FailedJob]:
    ids = client.lrange(FAILED, 0, LONGEST_LIST - 1)
    for start in range(0, len(ids), _CHUNK):
        some = ids[start : start + _CHUNK]
        for name, record in zip(some, client.mget([JOB + each for each in some]), strict=True):
            yield _job(name, record)


def _job(name: str, record: str | None) -> FailedJob:
    shown = name if OWN_ID.fullmatch(name) else "other_" + sha256(name.encode()).hexdigest()[:16]
    if record is None:
        return FailedJob(id=shown, has_expired=True)
    try:
        found = json.loads(record)
        data = found.get("data")
        device = data.get("deviceId") if isinstance(data, dict) else ""
        return FailedJob(
            id=shown, failed_at=str(found.get("failedAt") or "")[:40], device=str(device or "")[:40]
        )
    except (ValueError, AttributeError, RecursionError):
        return FailedJob(id=shown)
