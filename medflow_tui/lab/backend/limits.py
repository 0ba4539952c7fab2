"""Rate limits by address, in the memory of the process (`middleware/rateLimiter.js`)."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from medflow_tui.lab.backend.answers import bare_error

EXEMPT = ("127.0.0.1", "::1", "localhost")
TOO_MANY = "Too many requests from this IP, please try again later"
TOO_MANY_LOGINS = "Too many authentication attempts, please try again later"
EXHAUSTED_S = 30.0  # a real window lasts up to 900 s; people who try the lab have less patience


@dataclass(slots=True)
class Window:
    """Calls counted until `ends` (seconds of a monotonic clock)."""

    ends: float
    calls: int = 0


@dataclass(slots=True, kw_only=True)
class Limiter:
    """`limit` calls in `window_s` from one address."""

    limit: int
    window_s: float
    windows: dict[str, Window] = field(default_factory=dict)

    def count(self, address: str, now: float, calls: int = 1) -> Window:
        """Count calls; the window they fall into."""
        window = self.windows.get(address)
        if window is None or window.ends <= now:
            window = self.windows[address] = Window(now + self.window_s)
        window.calls += calls
        return window

    def headers(self, window: Window, now: float) -> dict[str, str]:
        return {
            "RateLimit-Policy": f"{self.limit};w={self.window_s:.0f}",
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(max(0, self.limit - window.calls)),
            "RateLimit-Reset": str(math.ceil(window.ends - now)),
        }


class Limits:
    """All limiters. `exhaust` takes the exemption of loopback away and uses every window up."""

    def __init__(self) -> None:
        self.general = Limiter(limit=100, window_s=900)
        self.sensitive = Limiter(limit=30, window_s=900)
        self.login = Limiter(limit=5, window_s=900)
        self.exhausted = False

    def exhaust(self, wanted: bool) -> None:
        if wanted != self.exhausted:
            self.general.windows.clear()
        self.exhausted = wanted

    def check(self, request: web.Request, now: float) -> tuple[web.Response | None, dict[str, str]]:
        """A refusal or None, and the headers for the answer; only `/api` is limited."""
        address = address_of(request)
        if self.exhausted:
            window = self.general.windows.get("everyone")
            if window is None or window.ends <= now:
                window = self.general.windows["everyone"] = Window(now + EXHAUSTED_S, self.general.limit)
            window.calls += 1
            return self._refusal(self.general, window, now, TOO_MANY), {}
        if address in EXEMPT:
            return None, {}
        limiter = self.sensitive if request.path.startswith("/api/backups") else self.general
        window = limiter.count(address, now)
        if window.calls > limiter.limit:
            return self._refusal(limiter, window, now, TOO_MANY), {}
        return None, limiter.headers(window, now)

    def check_login(self, request: web.Request, now: float) -> web.Response | None:
        """Mounted twice in the real one: each attempt counts two, so the third is refused already."""
        address = address_of(request)
        if address in EXEMPT and not self.exhausted:
            return None
        window = self.login.count(address, now, calls=2)
        if window.calls <= self.login.limit:
            return None
        return self._refusal(self.login, window, now, TOO_MANY_LOGINS)

    def forgive_login(self, request: web.Request) -> None:
        """Only failures count."""
        window = self.login.windows.get(address_of(request))
        if window is not None:
            window.calls -= 2

    @staticmethod
    def _refusal(limiter: Limiter, window: Window, now: float, text: str) -> web.Response:
        refusal = bare_error(text, 429)
        refusal.headers.update(limiter.headers(window, now))
        refusal.headers["Retry-After"] = str(max(1, math.ceil(window.ends - now)))
        return refusal


def address_of(request: web.Request) -> Any:
    """`trust proxy` is 1: the last address in X-Forwarded-For counts."""
    forwarded = request.headers.get("X-Forwarded-For", "")
    return forwarded.split(",")[-1].strip() or request.remote
