"""A small backend that answers for the device sync queue as the real one does, over a Redis of the test's own."""

from __future__ import annotations

import json
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import redis

USER, PASSWORD = "amani", "planted-Pa55word-of-amani"
QUEUE, FAILED, DELAYED, JOB = (
    "device_sync:queue:5",
    "device_sync:failed",
    "device_sync:delayed",
    "device_sync:job:",
)
READ_ALL, READ_STATUS = "/api/devices/auto-sync/sync-all", "/api/devices/auto-sync/status"
READ_ONE = re.compile(r"/api/devices/([^/]+)/auto-sync/trigger")
START, RETRY = "/api/devices/auto-sync/start", "/api/devices/sync-queue/retry-failed"


def iso(moment: datetime | None = None) -> str:
    found = (moment or datetime.now(UTC)).astimezone(UTC)
    return found.strftime("%Y-%m-%dT%H:%M:%S.") + f"{found.microsecond // 1000:03d}Z"


class SyncBackend:
    """State and behaviour; `on_post(path, moment)` is called before and after a change is made ("before", "after").

    `posts` counts changes that were made, `calls` every request by method and path. `broken_ids` fail again.
    """

    def __init__(self, redis_port: int, *, role: str = "admin") -> None:
        self.redis = redis.Redis(port=redis_port, decode_responses=True)
        self.role, self.ready = role, True
        self.started_at: str | None = None
        self.process_started = int(time.time())
        self.calls: Counter[str] = Counter()
        self.posts: Counter[str] = Counter()
        self.on_post: Callable[[str, str], None] = lambda path, moment: None
        self.devices = [
            {
                "_id": f"dev{n}",
                "deviceId": f"OCT000{n}",
                "name": f"OCT {n}",
                "integration": {"status": "connected"},
            }
            for n in range(8)
        ]
        self.broken_ids: set[str] = set()
        self.read_at: dict[str, str] = {str(each["_id"]): iso() for each in self.devices}
        self.off: set[str] = set()
        self.takes_jobs = True
        self._ending = threading.Event()
        self._number = 0

    def add_job(self, status: str = "pending", *, device: str = "dev1", expired: bool = False) -> str:
        self._number += 1
        name = f"file_process_1795420751{self._number:03d}_abcdefgh{self._number % 10}"
        record = {
            "id": name,
            "type": "file_process",
            "status": status,
            "retries": 3,
            "createdAt": iso(),
            "attempts": [],
            "data": {"deviceId": device, "filePath": "/KABILA_Marie_1961/scan.dcm"},
        }
        if status == "failed":
            record["failedAt"] = iso()
            self.redis.lpush(FAILED, name)
        else:
            self.redis.lpush(QUEUE, name)
        if not expired:
            self.redis.set(JOB + name, json.dumps(record), ex=86_400)
        return name

    def work(self) -> None:
        while not self._ending.wait(0.01):
            if self.started_at and self.takes_jobs and (name := self.redis.rpop(QUEUE)):
                assert isinstance(name, str)
                if name in self.broken_ids:
                    self._fail(name)
                else:
                    self.redis.delete(JOB + name)

    def _fail(self, name: str) -> None:
        record = json.loads(str(self.redis.get(JOB + name)))
        record |= {"status": "failed", "failedAt": iso(), "error": "share not reachable"}
        self.redis.set(JOB + name, json.dumps(record), ex=86_400)
        self.redis.lpush(FAILED, name)

    def end(self) -> None:
        self._ending.set()

    def change(self, path: str) -> tuple[int, dict[str, Any]] | None:
        self.on_post(path, "before")
        answer: dict[str, Any]
        if path == START:
            self.started_at = iso()
            answer = {
                "success": True,
                "message": "Auto-sync service started",
                "config": {"pollIntervalMinutes": 5},
            }
        elif path == RETRY:
            retried = 0
            for name in self.redis.lrange(FAILED, 0, -1):
                if self.redis.exists(JOB + name):
                    self.redis.lpush(QUEUE, name)
                    retried += 1
            self.redis.delete(FAILED)
            answer = {"success": True, "data": {"retried": retried}, "meta": {"timestamp": iso()}}
        elif path == READ_ALL:
            found = [self.read(str(each["_id"])) for each in self.devices]
            answer = {"success": True, "data": found, "meta": {"timestamp": iso()}}
        elif one := READ_ONE.fullmatch(path):
            answer = {"success": True, "data": self.read(one[1]), "meta": {"timestamp": iso()}}
            if not answer["data"]["success"]:
                answer = {"success": False, "error": answer["data"]["error"]}
        else:
            return None
        self.posts[path] += 1
        self.on_post(path, "after")
        return (200 if answer["success"] else 500), answer

    def read(self, device: str) -> dict[str, Any]:
        """One device is read: a job for a folder in it, or an error when it is off."""
        name = next(str(each["name"]) for each in self.devices if each["_id"] == device)
        if device in self.off:
            return {"device": name, "success": False, "error": "Device not accessible: KABILA_Marie_1961"}
        self.read_at[device] = iso(datetime.now(UTC) + timedelta(milliseconds=self.posts.total() + 1))
        self.add_job(device=device)
        return {"device": name, "success": True, "filesFound": 3, "foldersFound": 1, "jobsQueued": 1}

    def reading(self) -> dict[str, Any]:
        devices = [
            {
                "deviceId": each["_id"],
                "name": each["name"],
                "syncing": False,
                "lastSync": self.read_at[str(each["_id"])],
                "lastError": None,
            }
            for each in self.devices
        ]
        return {"initialized": self.started_at is not None, "devices": devices}

    def status(self) -> dict[str, Any]:
        return {
            "processed": 0,
            "failed": 0,
            "pending": self.redis.llen(QUEUE),
            "startedAt": self.started_at,
            "activeJobs": 0,
            "delayed": self.redis.zcard(DELAYED),
            "failedInQueue": self.redis.llen(FAILED),
        }


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # as Node: the connection stays open
    backend: SyncBackend

    def log_message(self, *_: object) -> None:
        return

    def _answer(
        self, status: int, body: Any, *, kind: str = "application/json", cookies: tuple[str, ...] = ()
    ) -> None:
        content = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        for each in cookies:
            self.send_header("Set-Cookie", each)
        self.end_headers()
        self.wfile.write(content)

    def _counted(self) -> str:
        path = self.path.partition("?")[0]
        self.backend.calls[f"{self.command} {path}"] += 1
        return path

    def _is_logged_in(self) -> bool:
        if self.headers.get("Authorization") == "Bearer token-of-amani":
            return True
        self._answer(401, {"success": False, "error": "Not authorized to access this route"})
        return False

    def do_GET(self) -> None:
        path, backend = self._counted(), self.backend
        if path == "/health/ready":
            if backend.ready:
                self._answer(200, {"ready": True, "timestamp": iso()})
            else:
                self._answer(
                    503, {"ready": False, "reason": "Database not connected", "mongoState": "disconnected"}
                )
        elif path == "/metrics":
            text = f"medflow_process_start_time_seconds {backend.process_started}\n"
            self._answer(200, text, kind="text/plain")
        elif path == "/api/csrf-token":
            message = {"success": True, "message": "CSRF token set in cookie"}
            self._answer(200, message, cookies=("XSRF-TOKEN=csrf1; Path=/",))
        elif path == "/api/devices/sync-queue/status":
            if self._is_logged_in():
                self._answer(200, {"success": True, "data": backend.status(), "meta": {}})
        elif path == READ_STATUS:
            if self._is_logged_in():
                self._answer(200, {"success": True, "data": backend.reading(), "meta": {}})
        elif path == "/api/devices":
            if self._is_logged_in():
                rows = backend.devices
                self._answer(
                    200,
                    {
                        "success": True,
                        "count": len(rows),
                        "total": len(rows),
                        "page": 1,
                        "pages": 1,
                        "data": rows,
                    },
                )
        else:
            self._no_such_route()

    def do_POST(self) -> None:
        path, backend = self._counted(), self.backend
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"{}")
        if path == "/api/auth/login":
            self._log_in(body)
            return
        if not self.headers.get("X-XSRF-TOKEN") or f"XSRF-TOKEN={self.headers['X-XSRF-TOKEN']}" not in (
            self.headers.get("Cookie") or ""
        ):
            self._answer(403, {"success": False, "error": "CSRF_MISSING_COOKIE", "message": "CSRF"})
            return
        if not self._is_logged_in():
            return
        if backend.role != "admin":
            self._answer(403, {"success": False})
            return
        answer = backend.change(path)
        if answer is None:
            self._no_such_route()
        else:
            self._answer(*answer)

    def _log_in(self, body: dict[str, str]) -> None:
        name = body.get("username") or body.get("email")
        if (name, body.get("password")) != (USER, PASSWORD):
            self._answer(401, {"success": False, "error": "Invalid credentials"})
            return
        user = {
            "id": "u1",
            "username": USER,
            "firstName": "Amani",
            "lastName": "B.",
            "role": self.backend.role,
        }
        answer = {"success": True, "message": "Login successful", "expiresIn": 900, "user": user}
        self._answer(
            200,
            answer,
            cookies=(
                "accessToken=token-of-amani; HttpOnly; Path=/",
                "refreshToken=r; HttpOnly; Path=/api/auth/refresh",
            ),
        )

    def _no_such_route(self) -> None:
        self._answer(
            404,
            f"<!DOCTYPE html><pre>Cannot {self.command} {self.path}</pre>",
            kind="text/html; charset=utf-8",
        )


@contextmanager
def running(redis_port: int, *, role: str = "admin") -> Iterator[tuple[SyncBackend, str]]:
    """The backend and its base URL; ended with the block."""
    backend = SyncBackend(redis_port, role=role)
    handler = type("Handler", (_Handler,), {"backend": backend})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    threads = [
        threading.Thread(target=server.serve_forever, args=(0.02,)),
        threading.Thread(target=backend.work),
    ]
    for each in threads:
        each.start()
    try:
        yield backend, f"http://127.0.0.1:{server.server_port}"
    finally:
        backend.end()
        server.shutdown()
        server.server_close()
        for each in threads:
            each.join()
        backend.redis.close()
