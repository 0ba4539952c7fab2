"""What the routes of the lab's backend share: its settings, its connections, its queue, and who is asking."""

from __future__ import annotations

import asyncio
import json
import os
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from aiohttp import web
from pymongo import AsyncMongoClient
from pymongo.errors import PyMongoError

from medflow_tui.lab.backend import tokens
from medflow_tui.lab.backend.jobs import JobQueue
from medflow_tui.lab.backend.limits import Limits
from medflow_tui.lab.backend.node_redis import CONNECTIONS, NodeRedis
from medflow_tui.lab.ports import HOST

SELECTION_MS = 5000
SYNC_EVERY_S = 60.0


class Service:
    """Settings: port, mongodb_port, redis_port, jwt_secret, health_key, identity, switches (path), devices (ids),

    start_worker. The file of switches is read again at each call: `{"rate_limited": bool}`.
    """

    def __init__(self, settings: dict[str, Any]) -> None:
        self.settings = settings
        self.started = time.monotonic()
        self.started_at = time.time()
        self.limits = Limits()
        self.redis = [NodeRedis(settings["redis_port"], tell) for _ in range(CONNECTIONS)]
        self.queue = JobQueue(self.redis[0], set(settings["devices"]))
        self.mongodb_state = "connecting"
        self.polling, self.initialized = False, False
        self.sync_started: datetime | None = None
        self.sync_count = 0
        self.counts: dict[tuple[str, str, str], int] = {}
        self.tasks: list[asyncio.Task[Any]] = []
        self.client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(
            HOST,
            settings["mongodb_port"],
            directConnection=True,
            serverSelectionTimeoutMS=SELECTION_MS,
            connectTimeoutMS=2000,
            socketTimeoutMS=SELECTION_MS,
            heartbeatFrequencyMS=1000,
            appname="medflow-backend",
            tz_aware=True,
        )
        self.database = self.client["medflow"]

    async def begin(self) -> None:
        """Connect; no port is opened before MongoDB answers, as in the real one."""
        self.tasks += [asyncio.create_task(each.keep()) for each in self.redis]
        while True:
            if await self._ping(SELECTION_MS / 1000):
                break
            await asyncio.sleep(0.05)
        tell("✅ Connected to MongoDB")
        self.tasks += [asyncio.create_task(self._watch_mongodb()), asyncio.create_task(self._sync_for_ever())]
        if self.settings.get("start_worker"):
            self.start_sync()

    def start_sync(self) -> None:
        """What POST auto-sync/start does: polling and the worker; devices are read soon after."""
        self.initialized = self.polling = True
        self.sync_started = datetime.now(UTC)
        self.queue.start()
        self.tasks.append(asyncio.create_task(self._sync_soon()))

    async def sync_all(self) -> list[dict[str, Any]]:
        """Read every device; without a start the SMB client is null and each one fails."""
        devices = await self.database["devices"].find({"active": True}).to_list()
        if not self.initialized:
            error = "Cannot read properties of null (reading 'scanDirectory')"
            return [{"device": each["name"], "success": False, "error": error} for each in devices]
        now = datetime.now(UTC)
        self.sync_count += 1
        await self.database["devices"].update_many(
            {"active": True, "integration.method": "folder-sync"},
            {
                "$set": {
                    "integration.lastSync": now,
                    "integration.lastConnection": now,
                    "integration.folderSync.lastFolderSync": now,
                    "integration.lastSyncStatus": "success",
                    "integration.status": "connected",
                    "integration.consecutiveErrors": 0,
                }
            },
        )
        for each in devices[:2]:
            await self.queue.add("folder_index", {"deviceId": str(each["_id"]), "basePath": "/"}, {})
        found = {"success": True, "filesFound": 3, "foldersFound": 1}
        return [
            {"device": each["name"], **found, "jobsQueued": 1 if place < 2 else 0}
            for place, each in enumerate(devices)
        ]

    async def user_of(self, request: web.Request) -> dict[str, Any] | None:
        """Whoever asks; None for any error on the way, a database that is down included.

        The cookie comes first: a stale one beats a good header.
        """
        token = request.cookies.get("accessToken", "")
        if not token:
            token = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
        claims = tokens.claims_of(token, self.settings["jwt_secret"])
        if claims is None or claims.get("tokenType") != "access":
            return None
        try:
            return await self.database["users"].find_one({"username": claims["username"]})
        except Exception:
            return None

    def read_switches(self) -> None:
        """Faults that the lab has ordered."""
        with suppress(OSError, ValueError):
            switches = json.loads(Path(self.settings["switches"]).read_text(encoding="utf-8"))
            self.limits.exhaust(bool(switches.get("rate_limited")))

    def audit(self, request: web.Request, status: int, took_ms: float) -> None:
        """One document for each call to `/api`, as the real one writes (kept six years there)."""
        if self.mongodb_state != "connected" or request.path in ("/api/auth/me", "/api/csrf-token"):
            return
        document = {
            "action": "DATA_CREATE" if request.method == "POST" else "DATA_READ",
            "resource": request.path_qs,
            "ipAddress": request.remote,
            "responseStatus": status,
            "responseTime": round(took_ms),
            "createdAt": datetime.now(UTC),
        }
        self.tasks = [each for each in self.tasks if not each.done()]
        self.tasks.append(asyncio.create_task(self._write_audit(document)))

    async def end(self) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        await self.client.close()
        tell("✅ All connections closed")

    async def _write_audit(self, document: dict[str, Any]) -> None:
        with suppress(PyMongoError):
            await self.database["auditlogs"].insert_one(document)

    async def _ping(self, within_s: float) -> bool:
        try:
            await asyncio.wait_for(self.client.admin.command("ping"), within_s)
        except (PyMongoError, TimeoutError):
            return False
        return True

    async def _watch_mongodb(self) -> None:
        while True:
            self.mongodb_state = "connected" if await self._ping(2.0) else "disconnected"
            await asyncio.sleep(0.5)

    async def _sync_soon(self) -> None:
        await asyncio.sleep(0 if self.settings.get("start_worker") else 5)
        with suppress(PyMongoError):
            await self.sync_all()

    async def _sync_for_ever(self) -> None:
        while True:
            await asyncio.sleep(SYNC_EVERY_S)
            with suppress(PyMongoError):
                await self._send_changes()
                if self.polling:
                    await self.sync_all()

    async def _send_changes(self) -> None:
        """The changes that waited for the central server have gone, and newer ones wait."""
        now, changes = datetime.now(UTC), self.database["syncqueues"]
        await changes.update_many(
            {"status": "pending"}, {"$set": {"createdAt": now, "updatedAt": now, "nextAttempt": now}}
        )


def tell(text: str) -> None:
    """A line on the console of the backend, which is how the real one tells its start-up and its outages."""
    os.write(1, (text + "\n").encode())


SERVICE: web.AppKey[Service] = web.AppKey("service", Service)
