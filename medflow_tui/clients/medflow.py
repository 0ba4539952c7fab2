"""A logged-in session with the MedFlow backend: envelopes, cookies, CSRF, rate limits, errors in words.

Source of every fact: the backend's own behaviour (auth middleware, apiResponse and errorResponse envelopes,
csrf and rateLimiter middleware).
"""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import urlsplit

from medflow_tui.clients.envelope import Reply, person_only, unwrap
from medflow_tui.clients.http import Answer, Web, limited, origin
from medflow_tui.clients.network import Deadline, UnreachableError
from medflow_tui.clients.tools import Budget, utc_now
from medflow_tui.model.errors import RefusedError
from medflow_tui.model.health import Cause, Failure
from medflow_tui.model.words import say

LOGIN, REFRESH, ME, CSRF = "/api/auth/login", "/api/auth/refresh", "/api/auth/me", "/api/csrf-token"
FAILED_LOGINS_AT_MOST = (
    2  # in 15 min from one address; the third is answered 429, the fifth locks the account
)
CALLS_ALLOWED = 100  # in 15 min from one address, whoever calls
TOKEN_LIFE_S = 14 * 60.0  # one minute less than the backend's own 15
_MAY_HAVE_ARRIVED = (Cause.SILENT, Cause.GARBLED)
SLOW_REFUSAL_MS = 4000.0  # with its database down the backend says 401 too, after 5 s


class AnsweredError(UnreachableError):
    """The backend answered, with an error; `status` is the HTTP status, `code` its own word for it or empty."""

    def __init__(self, failure: Failure, *, status: int, code: str = "") -> None:
        super().__init__(failure)
        self.status, self.code = status, code


class SecondFactorError(AnsweredError):
    """The password was right; the account needs a second factor, which this program does not ask for."""


class MedflowSession:
    """One person's session. Not shared between threads. The password is not kept, the tokens only in memory.

    `deadline_s` holds for each call as a whole. Every call to /api is counted in `budget`; reads stop `reserve`
    calls before the `limit` of the window, so that people's browsers behind the same address and a person who
    acts still have some; a `limit` of 0 counts nothing. All methods raise UnreachableError with a Failure in words (AnsweredError when the
    backend itself answered an error). A failed change is never repeated: its fate is to be read back.
    """

    def __init__(
        self,
        base_url: str,
        *,
        deadline_s: float,
        budget: Budget,
        limit: int = CALLS_ALLOWED,
        reserve: int = 40,
        window_s: float = 900.0,
        ca_file: str = "",
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._web = Web(base_url, ca_file=ca_file, now=now)
        self._base_url, self._host, self._deadline_s = base_url, origin(base_url), deadline_s
        self._budget, self._limit, self._reserve, self._window_s = budget, limit, reserve, window_s
        self._now = now
        self._cookies: dict[str, str] = {}
        self._renewed = 0.0
        self._tried = False
        self._role = self._name = ""
        self._whole: Deadline | None = None
        self._prove: Callable[[Web, Deadline], None] | None = None

    def __repr__(self) -> str:
        return f"MedflowSession({self._host}, role={self._role!r})"

    def __enter__(self) -> MedflowSession:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection and forget the tokens. The backend is told nothing: it keeps no sessions."""
        self._cookies.clear()
        self._web.close()

    @property
    def role(self) -> str:
        """The role of the person logged in (`admin`, `doctor`, …); empty before log-in."""
        return self._role

    @property
    def name(self) -> str:
        """The name of the person logged in; empty before log-in."""
        return self._name

    @property
    def tokens(self) -> tuple[str, str]:
        """Those for access and for renewal, as they are: to prove that such are refused. Never to be written down."""
        return self._cookies.get("accessToken", ""), self._cookies.get("refreshToken", "")

    @property
    def is_logged_in(self) -> bool:
        return "accessToken" in self._cookies

    @property
    def is_clear(self) -> bool:
        """True when the password would travel readable: plain http to another machine."""
        parts = urlsplit(self._base_url)
        return parts.scheme != "https" and not _is_loopback(parts.hostname or "")

    def keep_to(self, deadline: Deadline) -> None:
        """From now on all calls together end by then, besides each by its own `deadline_s`."""
        self._whole = deadline

    def prove_by(self, prove: Callable[[Web, Deadline], None]) -> None:
        """From now on each change is sent over the connection on which `prove` has just found the right server.

        It raises UnreachableError for another one; then nothing is sent.
        """
        self._prove = prove

    def login(self, username: str, password: str) -> str:
        """Log in and answer the role. Tried once in the life of a session, whatever happens.

        Failed log-ins are counted for all processes of this machine: after two in 15 minutes none is sent any more.
        Raises RefusedError for a second try, SecondFactorError, AnsweredError, UnreachableError.
        """
        if self._tried:
            raise RefusedError(say("log-in is tried once only"))
        self._tried = True
        key = self._host + LOGIN
        if self._budget.used(key, self._window_s, self._now()) >= FAILED_LOGINS_AT_MOST:
            until = self._budget.take(key, FAILED_LOGINS_AT_MOST, self._window_s, self._now())
            if until is not None:
                raise UnreachableError(limited(until))
        try:
            answer = self._send(
                "POST", LOGIN, body={"username": username, "password": password}, is_change=True
            )
            found = self._object(answer)
        except UnreachableError as error:
            if error.failure.cause in _MAY_HAVE_ARRIVED:
                self._budget.take(key, FAILED_LOGINS_AT_MOST, self._window_s, self._now())
            raise
        if answer.status != 200 or found.get("success") is not True:
            self._budget.take(key, FAILED_LOGINS_AT_MOST, self._window_s, self._now())
            raise AnsweredError(_login_failure(answer.status, found), status=answer.status)
        data = found.get("data")
        if isinstance(data, dict) and data.get("requiresTwoFactor"):
            text = say("needs a second factor")
            raise SecondFactorError(Failure(cause=Cause.DENIED, text=text), status=200, code="2FA")
        if not self.is_logged_in:
            text = say("log-in gave no token")
            raise AnsweredError(Failure(cause=Cause.GARBLED, text=text), status=answer.status)
        self._renewed = time.monotonic()
        self._keep_person(found.get("user"))
        if not self._role:
            self._keep_person(self.get(ME).data)
        return self._role

    def get(self, path: str) -> Reply:
        """Read `path` (with its query), e.g. `/api/devices/sync-queue/status`."""
        return self._reply("GET", path)

    def post(self, path: str, json: object = None) -> Reply:
        """Change something. Sent once."""
        return self._reply("POST", path, {} if json is None else json)

    def delete(self, path: str) -> Reply:
        """Remove something. Sent once."""
        return self._reply("DELETE", path)

    def _reply(self, method: str, path: str, body: object = None) -> Reply:
        if path in (LOGIN, REFRESH):
            raise RefusedError(say("log-in is tried once only"))
        self._renew_when_due()
        is_change = method != "GET"
        if is_change and "XSRF-TOKEN" not in self._cookies:
            self._send("GET", CSRF, is_change=True)
        answer = self._send(method, path, body=body, is_change=is_change)
        found = self._object(answer)
        if answer.status >= 400 or found.get("success") is not True:
            raise _answered(answer, found)
        reply = unwrap(found, status=answer.status, latency_ms=answer.latency_ms)
        return person_only(reply) if path.partition("?")[0] == ME else reply

    def _renew_when_due(self) -> None:
        """A new token by the refresh cookie when the old one is about to die; a refusal ends the session."""
        if not self.is_logged_in or time.monotonic() - self._renewed < TOKEN_LIFE_S:
            return
        answer = self._send("POST", REFRESH, body={}, is_change=False)
        if answer.status != 200 or self._object(answer).get("success") is not True:
            self._cookies.clear()
            text = say("session ended, log in again")
            raise AnsweredError(Failure(cause=Cause.DENIED, text=text), status=answer.status)
        self._renewed = time.monotonic()

    def _send(self, method: str, path: str, *, body: object = None, is_change: bool) -> Answer:
        left = self._deadline_s if self._whole is None else min(self._deadline_s, self._whole.left())
        if self._whole is not None and self._whole.passed():
            raise UnreachableError(Failure(cause=Cause.OVERRUN, text=say("no time left to ask")))
        if path.startswith("/api"):
            allowed = self._limit if is_change or self._limit <= 0 else max(1, self._limit - self._reserve)
            until = self._budget.take(self._host, allowed, self._window_s, self._now())
            if until is not None:
                raise UnreachableError(limited(until))
        deadline = Deadline.after(left)
        try:
            with self._proven(method, path, deadline):
                answer = self._web.ask(method, path, deadline, headers=self._headers(method, path), body=body)
        except UnreachableError as error:
            if error.failure.until is not None:
                host = self._host + LOGIN if path == LOGIN else self._host
                self._budget.forbid(host, error.failure.until, self._now())
            raise
        self._keep_cookies(answer)
        return answer

    def _proven(self, method: str, path: str, deadline: Deadline) -> AbstractContextManager[None]:
        if self._prove is None or method == "GET" or path in (LOGIN, REFRESH):
            return nullcontext()
        self._prove(self._web, deadline)
        return self._web.same_connection()

    def _headers(self, method: str, path: str) -> dict[str, str]:
        """The token goes as Bearer: a `Secure` cookie may not go over plain http, and a stale cookie would win."""
        headers, cookies = {"accept": "application/json"}, {}
        if self.is_logged_in and path not in (LOGIN, REFRESH):
            headers["authorization"] = f"Bearer {self._cookies['accessToken']}"
        if path == REFRESH and "refreshToken" in self._cookies:
            cookies["refreshToken"] = self._cookies["refreshToken"]
        elif method != "GET" and path != LOGIN and "XSRF-TOKEN" in self._cookies:
            headers["x-xsrf-token"] = cookies["XSRF-TOKEN"] = self._cookies["XSRF-TOKEN"]
        if cookies:
            headers["cookie"] = "; ".join(f"{name}={value}" for name, value in cookies.items())
        return headers

    def _keep_cookies(self, answer: Answer) -> None:
        for name, value in answer.headers:
            if name != "set-cookie":
                continue
            try:
                found = SimpleCookie(value)
            except CookieError:
                continue
            for key, morsel in found.items():
                if key in ("accessToken", "refreshToken", "XSRF-TOKEN") and morsel.value not in ("", "none"):
                    self._cookies[key] = morsel.value

    def _object(self, answer: Answer) -> dict[str, Any]:
        """The JSON object, or what its absence means."""
        if answer.status == 404 and answer.is_html:
            raise AnsweredError(
                Failure(cause=Cause.ABSENT, text=say("no such call in this version")), status=404
            )
        return answer.json()

    def _keep_person(self, user: object) -> None:
        if not isinstance(user, dict):
            return
        names = (user.get("firstName"), user.get("lastName"))
        whole = " ".join(each for each in names if isinstance(each, str) and each)
        self._role = str(user.get("role") or "")[:40]
        self._name = (str(user.get("name") or "") or whole or str(user.get("username") or ""))[:80]


def _login_failure(status: int, found: Mapping[str, Any]) -> Failure:
    """The server's own text is matched, never quoted: a 400 repeats the password."""
    text = str(found.get("error") or found.get("message") or "").lower()
    if status == 401 and "locked" in text:
        return Failure(cause=Cause.DENIED, text=say("the account is locked"))
    if status == 401 and "deactivated" in text:
        return Failure(cause=Cause.DENIED, text=say("the account is deactivated"))
    if status in (400, 401, 403):
        return Failure(cause=Cause.DENIED, text=say("user name or password refused"))
    if status >= 500:
        return Failure(cause=Cause.GARBLED, text=say("log-in failed there: is its database down?"))
    return Failure(cause=Cause.GARBLED, text=say("log-in answered {status}", status=str(status)))


def _answered(answer: Answer, found: Mapping[str, Any]) -> AnsweredError:
    code = str(found.get("code") or "")[:40]
    error = found.get("error")
    if isinstance(error, str) and error.startswith("CSRF_"):
        code = error[:40]
    return AnsweredError(_failure(answer, code), status=answer.status, code=code)


def _failure(answer: Answer, code: str) -> Failure:
    status = answer.status
    cause, text = Cause.GARBLED, say("answered {status}", status=str(status))
    if status == 401 and answer.latency_ms >= SLOW_REFUSAL_MS:
        text = say("refused after {after:ms}: is its database down?", after=answer.latency_ms)
        cause = Cause.DENIED
    elif status == 401:
        cause, text = Cause.DENIED, say("not logged in, or log-in ended")
    elif code.startswith("CSRF_"):
        cause, text = Cause.DENIED, say("refused: {code}", code=code)
    elif status == 403:
        cause, text = Cause.DENIED, say("this role may not do that")
    elif status == 404:
        cause, text = Cause.ABSENT, say("not found there")
    elif status < 400:
        text = say("answered without success")
    elif status >= 500:
        text = say("error {status} of the backend", status=str(status))
    return Failure(cause=cause, text=text)


def calls_allowed(base_url: str) -> int:
    """How many calls to /api the backend takes from here in 15 minutes; 0 for loopback, which it does not limit.

    >>> calls_allowed("http://127.0.0.1:5001"), calls_allowed("https://10.0.0.4")
    (0, 100)
    """
    return 0 if _is_loopback(urlsplit(base_url).hostname or "") else CALLS_ALLOWED


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
