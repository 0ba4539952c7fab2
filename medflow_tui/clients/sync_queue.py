"""The device sync queue as it lies in Redis: lists of job ids by priority, job records that live for 24 h.

Source: `services/deviceSyncQueue.js` of the backend. A record's `data` may name a patient's folder: of a record only
its status and its times are kept.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from types import MappingProxyType
from typing import Any

from medflow_tui.clients.network import Deadline, UnreachableError
from medflow_tui.model.health import Cause, Failure
from medflow_tui.model.words import say

PRIORITIES = range(1, 11)
QUEUE, JOB = "device_sync:queue:{}", "device_sync:job:"
DELAYED, FAILED = "device_sync:delayed", "device_sync:failed"
SCAN_SHARE = 0.6  # of the time left: what was read before is not lost to a slow count
MADE_AT = re.compile(r"_(\d{12,14})_")  # the moment (ms) in the id that the backend gives
PLAUSIBLE_MS = 10**12  # 2001
_CHUNK = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """At most so many ids of lists, records of jobs, and keys looked at by SCAN."""

    ids: int
    records: int
    keys: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What is kept of a record: never its data. `worked_at` is the last moment a worker is known to have had it."""

    status: str
    created_at: datetime | None
    worked_at: datetime | None

    @property
    def waits_since(self) -> datetime | None:
        """When it was made, or for a job that was tried before, when that was."""
        return max((each for each in (self.created_at, self.worked_at) if each), default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lists:
    """Ids by list at one moment; `complete` is false when the budget cut one short (the oldest are kept)."""

    waiting: tuple[str, ...]
    delayed: tuple[str, ...]
    failed: tuple[str, ...]
    complete: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """The whole of it. `missing` are ids of pending jobs that are in no list: in a worker's hand, or lost.

    `undated` waiting jobs do not say since when. `gone` counts ids that wait although their record has ended; `failed_gone` likewise of the `failed_seen` looked
    at. `oldest_at` is the oldest of those that wait to be taken; `expires_in_s` is the shortest rest of life of a waiting record. `complete`: lists and records were all seen.
    """

    pending: Mapping[int, int]
    delayed: int
    delayed_due_at: datetime | None
    failed: int
    failed_seen: int
    failed_gone: int
    oldest_at: datetime | None
    expires_in_s: float | None
    gone: int
    undated: int
    done: int
    worked_at: datetime | None
    missing: frozenset[str]
    complete: bool


def read_queue(client: Any, budget: Budget, deadline: Deadline) -> Queue:
    """Read the queue on a Redis client with text answers; changes nothing. Errors are the client's."""
    counted = client.pipeline(transaction=False)
    for priority in PRIORITIES:
        counted.llen(QUEUE.format(priority))
    *lengths, delayed, due, failed = (
        counted.zcard(DELAYED).zrange(DELAYED, 0, 0, withscores=True).llen(FAILED).execute()
    )
    lists = read_lists(client, budget.ids)
    _keep(deadline)
    waiting = list(islice((*lists.waiting, *lists.delayed), budget.records))
    records = _records(client, waiting)
    alive = [each for each in waiting if each in records]
    failed_seen = lists.failed[: budget.records]
    failed_records = _records(client, failed_seen)
    _keep(deadline)
    others, all_keys = _others(client, lists, budget, Deadline.after(SCAN_SHARE * deadline.left()))
    stray = {name for name, job in others.items() if job.status == "pending"}
    if stray:  # a job may have come back to a list while we scanned
        again = read_lists(client, budget.ids)
        stray -= {*again.waiting, *again.delayed, *again.failed}
    jobs = (*records.values(), *failed_records.values(), *others.values())
    return Queue(
        pending=MappingProxyType(dict(zip(PRIORITIES, lengths, strict=True))),
        delayed=delayed,
        delayed_due_at=_from_ms(due[0][1]) if due else None,
        failed=failed,
        failed_seen=len(failed_seen),
        failed_gone=len(failed_seen) - len(failed_records),
        oldest_at=_oldest(records, lists),
        expires_in_s=_shortest_life(client, alive),
        gone=len(waiting) - len(alive),
        undated=sum(records[each].waits_since is None for each in alive),
        done=sum(job.status == "completed" for job in others.values()),
        worked_at=max((job.worked_at for job in jobs if job.worked_at), default=None),
        missing=frozenset(stray if lists.complete else ()),
        complete=all_keys and lists.complete and len(waiting) == len(lists.waiting) + len(lists.delayed),
    )


def _keep(deadline: Deadline) -> None:
    """A server that answers each question, but slowly, must not add up to more than the deadline."""
    if deadline.passed():
        raise UnreachableError(Failure(cause=Cause.OVERRUN, text=say("too slow to be read in time")))


def _oldest(records: Mapping[str, Job], lists: Lists) -> datetime | None:
    moments = (records[each].waits_since for each in lists.waiting if each in records)
    return min((each for each in moments if each), default=None)


def read_lists(client: Any, budget: int) -> Lists:
    """The ids of all lists, the oldest first, at most `budget` of each."""
    asked = client.pipeline(transaction=False)
    for priority in PRIORITIES:
        asked.lrange(QUEUE.format(priority), -budget, -1)
    *queues, delayed, failed = asked.zrange(DELAYED, 0, budget - 1).lrange(FAILED, 0, budget - 1).execute()
    found = [[*reversed(each)] for each in queues]
    return Lists(
        waiting=tuple(_in_turn(found)),
        delayed=tuple(delayed),
        failed=tuple(failed),
        complete=all(len(each) < budget for each in (*found, delayed, failed)),
    )


def _in_turn(lists: Sequence[Sequence[str]]) -> Iterable[str]:
    """The oldest of each list, then the second oldest of each: a short look must not see one priority only."""
    for place in range(max(map(len, lists), default=0)):
        for each in lists:
            if place < len(each):
                yield each[place]


def _records(client: Any, ids: Sequence[str]) -> dict[str, Job]:
    found: dict[str, Job] = {}
    for start in range(0, len(ids), _CHUNK):
        some = ids[start : start + _CHUNK]
        for name, text in zip(some, client.mget([JOB + each for each in some]), strict=True):
            if text is not None:
                found[name] = _job(name, text)
    return found


def _others(client: Any, lists: Lists, budget: Budget, deadline: Deadline) -> tuple[dict[str, Job], bool]:
    """Records of jobs that are in no list, and whether all of them were seen."""
    listed = {*lists.waiting, *lists.delayed, *lists.failed}
    found: dict[str, Job] = {}
    cursor, looked_at = 0, 0
    while True:
        cursor, keys = client.scan(cursor=cursor, match=JOB + "*", count=_CHUNK)
        looked_at += _CHUNK
        names = [name for name in dict.fromkeys(key[len(JOB) :] for key in keys) if name not in listed]
        found |= _records(client, names)
        if cursor == 0:
            return found, True
        if looked_at >= budget.keys or len(found) >= 4 * budget.records or deadline.passed():
            return found, False


def _shortest_life(client: Any, ids: Sequence[str]) -> float | None:
    """Seconds until the first of the records ends; None when none has an end."""
    asked = client.pipeline(transaction=False)
    for each in ids:
        asked.pttl(JOB + each)
    left = [each for each in (asked.execute() if ids else ()) if each >= 0]
    return min(left) / 1000 if left else None


def _job(name: str, text: str) -> Job:
    made = MADE_AT.search(name)
    made_at = _from_ms(float(made[1])) if made else None
    try:
        record = json.loads(text)
    except (ValueError, RecursionError):
        record = None
    if not isinstance(record, dict):
        return Job(status="unreadable", created_at=made_at, worked_at=None)
    attempts = record.get("attempts")
    last = attempts[-1] if isinstance(attempts, list) and attempts and isinstance(attempts[-1], dict) else {}
    worked = [
        _moment(each) for each in (record.get("completedAt"), record.get("failedAt"), last.get("startedAt"))
    ]
    return Job(
        status=str(record.get("status"))[:20],
        created_at=_moment(record.get("createdAt")) or made_at,
        worked_at=max((each for each in worked if each), default=None),
    )


def _moment(told: object) -> datetime | None:
    """An ISO text, or milliseconds since 1970, in UTC; None for what is no moment."""
    if isinstance(told, int | float) and told >= PLAUSIBLE_MS:
        return _from_ms(told)
    if not isinstance(told, str):
        return None
    try:
        found = datetime.fromisoformat(told)
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def _from_ms(score: float) -> datetime | None:
    try:
        return datetime.fromtimestamp(score / 1000, UTC)
    except (OverflowError, ValueError, OSError):
        return None
