"""A backend as small as can be, as a program of its own: `small_backend.py PORT LIVES [redis=URL] [mongodb=URL] [env=FILE]
[worse=FILE]`: from its second life on it fails while there is such a file.

Like MedFlow's: ready only with its database, gives up on a Redis that goes away, makes tokens with the secrets of its
environment file, and does not start with bad ones.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import signal
import sys
import threading
import time
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

USER, PASSWORD = "amani", "planted-Pa55word-of-amani"
FORBIDDEN = ("default", "password", "example", "secret", "changeme", "your-")


def packed(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode().rstrip("=")


def signed(claims: dict[str, Any], secret: str) -> str:
    head = packed(b'{"alg":"HS256","typ":"JWT"}') + "." + packed(json.dumps(claims).encode())
    return f"{head}.{packed(hmac.new(secret.encode(), head.encode(), hashlib.sha256).digest())}"


def claims_of(token: str, secret: str, kind: str) -> dict[str, Any] | None:
    head, _, signature = token.rpartition(".")
    wanted = packed(hmac.new(secret.encode(), head.encode(), hashlib.sha256).digest())
    if not hmac.compare_digest(wanted, signature):
        return None
    body = head.partition(".")[2]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return found if found["exp"] > time.time() and found["tokenType"] == kind else None


class World:
    """What the program has."""

    def __init__(self, options: dict[str, str]) -> None:
        self.options, self.started, self.failed = options, time.time(), 0
        self.secrets = {"JWT_SECRET": "a" * 40, "REFRESH_TOKEN_SECRET": "b" * 40}
        if "env" in options:
            lines = Path(options["env"]).read_text().splitlines()
            told = dict(each.split("=", 1) for each in lines if "=" in each and not each.startswith("#"))
            self.secrets = {name: told[name].strip("\"'") for name in self.secrets}
            bad = [
                each
                for each in self.secrets.values()
                if len(each) < 32 or any(word in each.lower() for word in FORBIDDEN)
            ]
            if bad or len(set(self.secrets.values())) < 2:
                sys.exit("environment security validation failed")

    def has_database(self) -> bool:
        if "mongodb" not in self.options:
            return True
        import pymongo

        try:
            with pymongo.MongoClient(self.options["mongodb"], serverSelectionTimeoutMS=300) as client:  # type: ignore[var-annotated]
                client.admin.command("ping")
        except pymongo.errors.PyMongoError:
            return False
        return True

    def keep_redis(self) -> None:
        """One connection; when it is lost, never another one."""
        import redis

        try:
            client = redis.Redis.from_url(
                self.options["redis"], lib_name="node-redis", lib_version="5", retry=None
            )
            while client.ping():
                time.sleep(0.05)
        except redis.RedisError:
            print("Redis: Max reconnection attempts reached", flush=True)


class Answers(BaseHTTPRequestHandler):
    world: World

    def log_message(self, *_: object) -> None:
        return

    def _say(self, status: int, body: Any, cookies: tuple[str, ...] = ()) -> None:
        content = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain" if isinstance(body, str) else "application/json")
        self.send_header("Content-Length", str(len(content)))
        for each in cookies:
            self.send_header("Set-Cookie", each)
        self.end_headers()
        self.wfile.write(content)

    def _bearer(self) -> dict[str, Any] | None:
        token = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
        return claims_of(token, self.world.secrets["JWT_SECRET"], "access") if token else None

    def do_GET(self) -> None:
        path, world = self.path.partition("?")[0], self.world
        if path == "/health/ready":
            ready = world.has_database()
            more = {} if ready else {"mongoState": "disconnected"}
            self._say(200 if ready else 503, {"ready": ready, **more})
        elif path == "/metrics":
            counts = "".join(
                f'medflow_http_requests_total{{route="/api",status_code="{code}"}} {n}\n'
                for code, n in (("200", 4), ("500", world.failed))
            )
            self._say(200, f"medflow_process_start_time_seconds {world.started}\n{counts}")
        elif path == "/api/csrf-token":
            self._say(200, {"success": True}, ("XSRF-TOKEN=x; Path=/",))
        elif self._bearer() is None:
            self._say(401, {"success": False, "error": "Not authorized to access this route"})
        elif path == "/api/auth/me":
            self._say(200, {"success": True, "data": {"username": USER, "role": "admin"}})
        elif path == "/api/devices/sync-queue/status":
            self._say(200, {"success": True, "data": {"startedAt": None, "pending": 4, "activeJobs": 3}})
        else:
            self._say(404, "Cannot GET")

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"{}")
        if self.path == "/api/auth/login":
            if (body.get("username"), body.get("password")) != (USER, PASSWORD):
                self._say(401, {"success": False, "error": "Invalid credentials"})
                return
            self._say(200, {"success": True, "user": {"username": USER, "role": "admin"}}, self._tokens())
        elif self.path == "/api/auth/refresh":
            morsel = SimpleCookie(self.headers.get("Cookie") or "").get("refreshToken")
            secret = self.world.secrets["REFRESH_TOKEN_SECRET"]
            if morsel is None or claims_of(morsel.value, secret, "refresh") is None:
                self._say(401, {"success": False, "error": "Invalid refresh token"})
                return
            self._say(200, {"success": True}, self._tokens())
        else:
            self._say(404, "Cannot POST")

    def _tokens(self) -> tuple[str, ...]:
        secrets, until = self.world.secrets, time.time() + 900
        access = signed(
            {"id": "u1", "role": "admin", "tokenType": "access", "exp": until}, secrets["JWT_SECRET"]
        )
        refresh = signed({"id": "u1", "tokenType": "refresh", "exp": until}, secrets["REFRESH_TOKEN_SECRET"])
        return (
            f"accessToken={access}; HttpOnly; Path=/",
            f"refreshToken={refresh}; HttpOnly; Path=/api/auth/refresh",
        )


def main(port: str, lives: str, *options: str) -> None:
    with Path(lives).open("a", buffering=1) as log:

        def end(*_: object) -> None:
            log.write("term\n")
            os._exit(0)

        signal.signal(signal.SIGTERM, end)
        world = World(dict(each.split("=", 1) for each in options))
        if "worse" in world.options and "start" in Path(lives).read_text():
            world.failed = 2 if Path(world.options["worse"]).exists() else 0
        if "redis" in world.options:
            threading.Thread(target=world.keep_redis, daemon=True).start()
        server = ThreadingHTTPServer(("127.0.0.1", int(port)), type("Own", (Answers,), {"world": world}))
        log.write("start\n")
        server.serve_forever(0.05)


if __name__ == "__main__":
    main(*sys.argv[1:])
