"""The device sync queue in Redis, and the worker that empties it, as `services/deviceSyncQueue.js` has them."""

from __future__ import annotations

import asyncio
import json
import random
import string
import time
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from medflow_tui.lab.backend.node_redis import NodeRedis, RedisGoneError

PREFIX = "device_sync:"
PRIORITIES = range(1, 11)
LIFE_S = 86_400
AT_ONCE = 3
WORK_S = 0.25
BACKOFF_S = (2.0, 4.0)
DELAYED_EVERY_S = 5.0


def iso(moment: datetime) -> str:
    """A moment as JavaScript writes it: `2026-11-23T07:59:11.696Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def new_job(job_type: str, data: dict[str, Any], options: dict[str, Any], now: datetime) -> dict[str, Any]:
    """A job record as it stands in `device_sync:job:<id>`."""
    ending = "".join(random.choices(string.ascii_lowercase + string.digits, k=9))
    retries = int(options.get("retries", 3))
    return {
        "id": f"{job_type}_{int(now.timestamp() * 1000)}_{ending}",
        "type": job_type,
        "data": data,
        "status": "pending",
        "priority": int(options.get("priority", 5)),
        "retries": retries,
        "retriesLeft": retries,
        "timeout": int(options.get("timeout", 60_000)),
        "createdAt": iso(now),
        "scheduledFor": None,
        "attempts": [],
    }


class JobQueue:
    """The queue as this backend process sees it; counters start at nothing with each process."""

    def __init__(self, redis: NodeRedis, devices: set[str]) -> None:
        self._redis, self._devices = redis, devices
        self._worker: asyncio.Task[None] | None = None
        self._active: set[asyncio.Task[None]] = set()
        self.processed, self.failed = 0, 0
        self.started_at: datetime | None = None

    def start(self) -> None:
        """Start the worker; once started it runs until the process ends."""
        if self._worker is None:
            self.started_at = datetime.now(UTC)
            self._worker = asyncio.get_running_loop().create_task(self._work())

    async def status(self) -> dict[str, Any]:
        """Without Redis `delayed` and `failedInQueue` are absent, and `pending` is a meaningless 0."""
        status: dict[str, Any] = {
            "processed": self.processed,
            "failed": self.failed,
            "pending": 0,
            "startedAt": iso(self.started_at) if self.started_at else None,
            "activeJobs": len(self._active),
        }
        with suppress(RedisGoneError):
            waiting = [await self._redis.call("LLEN", f"{PREFIX}queue:{each}") for each in PRIORITIES]
            delayed = await self._redis.call("ZCARD", f"{PREFIX}delayed")
            failed = await self._redis.call("LLEN", f"{PREFIX}failed")
            status |= {"pending": sum(waiting), "delayed": delayed, "failedInQueue": failed}
        return status

    async def add(self, job_type: str, data: dict[str, Any], options: dict[str, Any]) -> dict[str, Any]:
        """Queue a job; without Redis it runs at once."""
        job = new_job(job_type, data, options, datetime.now(UTC))
        delay_ms = int(options.get("delay", 0))
        try:
            if delay_ms:
                job["status"] = "delayed"
                await self._keep(job)
                await self._redis.call(
                    "ZADD", f"{PREFIX}delayed", int(time.time() * 1000) + delay_ms, job["id"]
                )
            else:
                await self._keep(job)
                await self._redis.call("LPUSH", f"{PREFIX}queue:{job['priority']}", job["id"])
        except RedisGoneError:
            error = self._error(job)
            more = {"error": error} if error else {"result": {"processed": True}}
            return {"jobId": job["id"], "status": "failed" if error else "completed", **more}
        return {"jobId": job["id"], "status": job["status"]}

    async def find(self, job_id: str) -> dict[str, Any] | None:
        try:
            text = await self._redis.call("GET", f"{PREFIX}job:{job_id}")
        except RedisGoneError:
            return None
        return None if text is None else dict(json.loads(text))

    async def retry_failed(self) -> int:
        """The number put back; ids whose record has expired are dropped, and the list is emptied all the same."""
        retried = 0
        try:
            for job_id in await self._redis.call("LRANGE", f"{PREFIX}failed", 0, -1):
                job = await self.find(job_id)
                if job is None:
                    continue
                job |= {"status": "pending", "retriesLeft": job["retries"]}
                await self._keep(job)
                await self._redis.call("LPUSH", f"{PREFIX}queue:{job['priority']}", job_id)
                retried += 1
            await self._redis.call("DEL", f"{PREFIX}failed")
        except RedisGoneError:
            return 0
        return retried

    async def clear_failed(self) -> int:
        try:
            count = int(await self._redis.call("LLEN", f"{PREFIX}failed"))
            await self._redis.call("DEL", f"{PREFIX}failed")
        except RedisGoneError:
            return 0
        return count

    async def _work(self) -> None:
        looked = 0.0
        while True:
            with suppress(RedisGoneError):
                if time.monotonic() - looked > DELAYED_EVERY_S:
                    looked = time.monotonic()
                    await self._promote()
                while len(self._active) < AT_ONCE and (job_id := await self._take()):
                    task = asyncio.get_running_loop().create_task(self._process(job_id))
                    self._active.add(task)
                    task.add_done_callback(self._active.discard)
            await asyncio.sleep(0.2)

    async def _take(self) -> str | None:
        for priority in PRIORITIES:
            job_id = await self._redis.call("RPOP", f"{PREFIX}queue:{priority}")
            if job_id is not None:
                return str(job_id)
        return None

    async def _promote(self) -> None:
        due = await self._redis.call("ZRANGEBYSCORE", f"{PREFIX}delayed", "-inf", int(time.time() * 1000))
        for job_id in due:
            if await self._redis.call("ZREM", f"{PREFIX}delayed", job_id):
                job = await self.find(job_id)
                if job is not None:
                    await self._redis.call("LPUSH", f"{PREFIX}queue:{job['priority']}", job_id)

    async def _process(self, job_id: str) -> None:
        """Taken from its list, its record still says `pending`: that is how a power cut loses it."""
        job = await self.find(job_id)
        if job is None:
            return
        started = iso(datetime.now(UTC))
        await asyncio.sleep(WORK_S)
        error = self._error(job)
        attempt = {"startedAt": started, "attempt": len(job["attempts"]) + 1}
        job["attempts"].append(attempt | ({"error": error} if error else {}))
        now = iso(datetime.now(UTC))
        with suppress(RedisGoneError):
            if error is None:
                self.processed += 1
                await self._keep(job | {"status": "completed", "completedAt": now})
            else:
                await self._fail(job, error, now)

    async def _fail(self, job: dict[str, Any], error: str, now: str) -> None:
        job["retriesLeft"] -= 1
        if job["retriesLeft"] > 0:
            wait_s = BACKOFF_S[min(len(job["attempts"]), len(BACKOFF_S)) - 1]
            await self._keep(job | {"status": "delayed"})
            await self._redis.call("ZADD", f"{PREFIX}delayed", int((time.time() + wait_s) * 1000), job["id"])
            return
        self.failed += 1
        await self._keep(job | {"status": "failed", "failedAt": now, "error": error})
        await self._redis.call("LPUSH", f"{PREFIX}failed", job["id"])
        await self._redis.call("LTRIM", f"{PREFIX}failed", 0, 999)

    def _error(self, job: dict[str, Any]) -> str | None:
        return None if job["data"].get("deviceId") in self._devices else "Device not found"

    async def _keep(self, job: dict[str, Any]) -> None:
        await self._redis.call("SET", f"{PREFIX}job:{job['id']}", json.dumps(job), "EX", LIFE_S)
