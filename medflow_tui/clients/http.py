"""One HTTP call under a total deadline: no redirects, no cookies, a capped body, failures in words."""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any
from urllib.parse import urlsplit

import httpcore
import httpx

from medflow_tui.clients.meter import Meter
from medflow_tui.clients.network import Deadline, UnreachableError, failure_of, silent
from medflow_tui.clients.tools import utc_now
from medflow_tui.clients.transport import DeadlineNetwork, DeadlineTransport
from medflow_tui.model.health import Cause, Failure
from medflow_tui.model.words import say

BODY_CAP = 2 * 1024 * 1024
USER_AGENT = "medflow-tui"
_WAIT_UNTOLD_S, _WAIT_AT_MOST_S = 60.0, 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a server answered. `headers` are (lower-case name, value) in order; `latency_ms` is the whole call.

    The body is kept out of `repr`: it may hold what must not reach a log.
    """

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    latency_ms: float

    def __repr__(self) -> str:
        return f"Answer(status={self.status}, bytes={len(self.body)})"

    def header(self, name: str) -> str:
        """The first header of that lower-case name, or an empty text."""
        return next((value for key, value in self.headers if key == name), "")

    @property
    def is_html(self) -> bool:
        """True for a web page, by its type or by how it starts."""
        kind = self.header("content-type").partition(";")[0].strip().lower()
        return (
            kind in ("text/html", "application/xhtml+xml") or self.body.lstrip()[:9].lower() == b"<!doctype"
        )

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")

    def json(self) -> dict[str, Any]:
        """The JSON object that was answered. Raises UnreachableError (GARBLED) for anything else.

        An unknown path of the backend is a web page, with status 200 where it serves the front end too.
        """
        if self.is_html:
            raise UnreachableError(Failure(cause=Cause.GARBLED, text=say("a web page, not the service")))
        try:
            found = json.loads(self.body)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            raise UnreachableError(
                Failure(cause=Cause.GARBLED, text=say("not the expected answer"))
            ) from None
        return found


class Web:
    """Calls to one base URL. Not shared between threads; `close` it, or use it as a context."""

    def __init__(
        self,
        base_url: str,
        *,
        ca_file: str = "",
        now: Callable[[], datetime] = utc_now,
        cap: int = BODY_CAP,
        meter: Meter | None = None,
    ) -> None:
        """`meter` counts the bytes of all calls."""
        self._base, self._now, self._cap = base_url.rstrip("/"), now, cap
        self._host, self._port = _place(base_url)
        self._network = DeadlineNetwork(meter)
        self._ca_file, self._is_tls = ca_file, base_url.lower().startswith("https:")
        self._client: httpx.Client | None = None

    def __enter__(self) -> Web:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None

    def ask(
        self,
        method: str,
        path: str,
        deadline: Deadline,
        *,
        headers: Mapping[str, str] | None = None,
        body: object = None,
    ) -> Answer:
        """The answer, whatever its status but 429 (LIMITED with `until`). Raises UnreachableError.

        `body` is sent as JSON when it is not None. A redirect is an answer like any other and is not followed.
        """
        whole = deadline.left()
        self._network.deadline = deadline
        started = time.perf_counter()
        try:
            client = self._opened()
            with client.stream(method, self._base + path, headers=headers, json=body) as response:
                found = Answer(
                    status=response.status_code,
                    headers=tuple((name.lower(), value) for name, value in response.headers.multi_items()),
                    body=self._body(response),
                    latency_ms=(time.perf_counter() - started) * 1000,
                )
        except (httpx.InvalidURL, httpx.UnsupportedProtocol, httpcore.UnsupportedProtocol, UnicodeError):
            raise UnreachableError(Failure(cause=Cause.UNRESOLVED, text=say("not an http address"))) from None
        except (httpcore.TimeoutException, TimeoutError):
            raise UnreachableError(silent(whole)) from None
        except httpcore.RemoteProtocolError:
            raise UnreachableError(
                Failure(cause=Cause.GARBLED, text=say("not the answer of a web server"))
            ) from None
        except (httpcore.NetworkError, httpcore.ProtocolError, OSError) as error:
            raise UnreachableError(failure_of(error.__cause__ or error, self._host, self._port)) from None
        if found.status == 429:
            raise UnreachableError(limited(self._now() + timedelta(seconds=_wait_s(found, self._now()))))
        return found

    @contextmanager
    def same_connection(self) -> Iterator[None]:
        """What is asked within goes over the connection that is open, or not at all (UnreachableError, UNTRUSTED)."""
        self._network.is_closed = True
        try:
            yield
        finally:
            self._network.is_closed = False

    def _opened(self) -> httpx.Client:
        if self._client is None:
            context = trusted(self._ca_file) if self._is_tls else None
            self._client = httpx.Client(
                transport=DeadlineTransport(self._network, context),
                cookies=CookieJar(policy=DefaultCookiePolicy(allowed_domains=[])),
                headers={"user-agent": USER_AGENT, "accept-encoding": "identity"},
                follow_redirects=False,
                trust_env=False,
                timeout=None,  # noqa: S113  the network below holds the deadline of the whole call
            )
        return self._client

    def _body(self, response: httpx.Response) -> bytes:
        """The body as it came. One that is compressed although nobody asked could grow without bound: refused."""
        if response.headers.get("content-encoding", "identity").lower() not in ("", "identity"):
            raise UnreachableError(Failure(cause=Cause.GARBLED, text=say("answer compressed, nobody asked")))
        body = bytearray()
        for piece in response.iter_raw():
            body += piece
            if len(body) > self._cap:
                raise UnreachableError(
                    Failure(cause=Cause.GARBLED, text=say("answer larger than {cap:bytes}", cap=self._cap))
                )
        return bytes(body)


def expect_object(answer: Answer, path: str, also: tuple[int, ...] = ()) -> dict[str, Any]:
    """The JSON object of an answer with status 200 (or one of `also`). Raises UnreachableError."""
    if answer.status not in also or answer.is_html:
        refuse_status(answer, path)
    return answer.json()


def refuse_status(answer: Answer, path: str) -> None:
    match answer.status:
        case 200:
            return
        case 404:
            failure = Failure(cause=Cause.ABSENT, text=say("has no {path}", path=path))
        case 401 | 403:
            failure = Failure(cause=Cause.DENIED, text=say("may not be looked at"))
        case status if 300 <= status < 400:
            failure = Failure(cause=Cause.UNSUPPORTED, text=say("redirects: is it https?"))
        case status:
            failure = Failure(cause=Cause.GARBLED, text=say("answered {status}", status=str(status)))
    raise UnreachableError(failure)


def limited(until: datetime) -> Failure:
    """The host asked us to wait, or our own share of its calls is used up."""
    return Failure(cause=Cause.LIMITED, text=say("429 until {until:clock}", until=until), until=until)


def origin(base_url: str) -> str:
    """`host:port` in lower case: the name under which calls to one server are counted.

    >>> origin("http://Serveur/x"), origin("https://[::1]:5001")
    ('serveur:80', '::1:5001')
    """
    host, port = _place(base_url)
    return f"{host}:{port}"


def _place(base_url: str) -> tuple[str, int]:
    """Host and port of a URL; ("?", 0) for what is none, which a call then says in words."""
    try:
        parts = urlsplit(base_url)
        return parts.hostname or "?", parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        return "?", 0


def trusted(ca_file: str) -> ssl.SSLContext:
    """The trust of the system, or that of one CA file. Raises UnreachableError when the file cannot be used."""
    try:
        return ssl.create_default_context(cafile=ca_file or None)
    except (OSError, ValueError):
        text = say("CA file cannot be used: {path}", path=ca_file)
        raise UnreachableError(Failure(cause=Cause.FORBIDDEN, text=text)) from None


def _wait_s(answer: Answer, now: datetime) -> float:
    """Seconds to wait by `Retry-After` (seconds or a date), else by `RateLimit-Reset`, else one minute."""
    for told in (answer.header("retry-after"), answer.header("ratelimit-reset")):
        try:
            if told.strip().isdecimal():
                return min(float(told), _WAIT_AT_MOST_S)
            return min(max(0.0, (parsedate_to_datetime(told) - now).total_seconds()), _WAIT_AT_MOST_S)
        except (TypeError, ValueError, OverflowError):
            continue
    return _WAIT_UNTOLD_S
