"""A connection to Redis that never outlives its deadline."""

from __future__ import annotations

import errno
import json
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol, TypeVar
from urllib.parse import urlsplit

import redis
from redis.backoff import NoBackoff
from redis.connection import Connection, SSLConnection
from redis.retry import Retry

from medflow_tui.clients.expected import IDENTITY_KEY, Expected, told_in
from medflow_tui.clients.network import Deadline, UnreachableError, connect, failure_of, silent
from medflow_tui.model.health import Cause, Failure
from medflow_tui.model.words import say

if TYPE_CHECKING:
    from medflow_tui.clients.tools import Tools

CLIENT_NAME = "medflow-tui"
ANSWERS_CAP = 64 * 1024 * 1024  # of one connection; far more than our budgets of keys and records can take
NOT_REDIS = Failure(cause=Cause.GARBLED, text=say("not the answer of Redis"))
SCHEMES = ("redis", "rediss")
T = TypeVar("T")
# What an answer of the wrong shape raises in the library's parsers and in ours.
MISFITS = (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError, RecursionError)


class Reached(Protocol):
    """What a target must have to be reached as a Redis; `password` is a reference."""

    @property
    def address(self) -> str: ...
    @property
    def password(self) -> str: ...


@contextmanager
def ours(target: Reached, tools: Tools, deadline: Deadline) -> Iterator[redis.Redis]:
    """As `connected`, to a target of the site; raises SecretError too.

    In a run the server must first say, on this very connection, that it is the one of the plan (`tools.expected`).
    """
    password = tools.secret(target.password) if target.password else ""
    with connected(target.address, password, deadline) as client:
        if tools.expected is not None:
            tools.expected.demand(target, _told(client, tools.expected))
        yield client


def _told(client: redis.Redis, expected: Expected) -> str:
    """As `told_by`; `?` where what only looks may not read it."""
    try:
        return told_by(client)
    except redis.exceptions.NoPermissionError:
        if not expected.only_looks:
            raise
        return "?"


@contextmanager
def connected(address: str, password: str, deadline: Deadline) -> Iterator[redis.Redis]:
    """A client on one connection, which is not opened again when it is lost; every failure leaves as UnreachableError.

    The deadline is that of all calls together: the library's time-outs are those of one piece of an answer, so that a
    server that is stopped in the middle, or drips, would hold it far longer. There are no retries.
    """
    host, port = _place(address)
    whole = deadline.left()
    client = _opened(address, password, deadline)
    try:
        yield client
    except redis.exceptions.TimeoutError as error:
        raise UnreachableError(silent(whole)) from error
    except (redis.exceptions.AuthenticationError, redis.exceptions.NoPermissionError) as error:
        raise UnreachableError(
            Failure(cause=Cause.DENIED, text=say("password refused or missing"))
        ) from error
    except redis.exceptions.BusyLoadingError as error:
        raise UnreachableError(Failure(cause=Cause.GARBLED, text=say("loading its data"))) from error
    except redis.exceptions.ConnectionError as error:
        raise UnreachableError(_unconnected(error, host, port)) from error
    except OSError as error:
        raise UnreachableError(failure_of(error, host, port)) from error
    except (redis.exceptions.RedisError, *MISFITS) as error:
        raise UnreachableError(NOT_REDIS) from error
    finally:
        client.close()


def _unconnected(error: redis.exceptions.ConnectionError, host: str, port: int) -> Failure:
    cause = error.__cause__ or error.__context__
    if isinstance(cause, OSError):
        return failure_of(cause, host, port)
    if "max number of clients" in str(error):
        return Failure(cause=Cause.GARBLED, text=say("all its connections are taken"))
    return NOT_REDIS


def told_by(client: redis.Redis) -> str:
    """The identity that was planted: `SITE/ENVIRONMENT/RANDOM`, `-` for none, `?` for what is none."""
    found: Any = client.get(IDENTITY_KEY)
    if found is None:
        return "-"
    try:
        return told_in(json.loads(found))
    except (ValueError, TypeError):
        return "?"


def takes_writes(client: redis.Redis) -> bool:
    """PING. False when it lives but refuses every write, because it could not save (MISCONF, which PING gets, too)."""
    try:
        client.ping()
    except redis.exceptions.ResponseError as error:
        if not str(error).startswith("MISCONF"):
            raise
        return False
    return True


def if_told(ask: Callable[[], T], otherwise: T) -> T:
    """What was asked, or `otherwise` when the server refuses this command: renamed, or not for this user."""
    try:
        return ask()
    except redis.exceptions.ResponseError:
        return otherwise


def _place(address: str) -> tuple[str, int]:
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "127.0.0.1", parts.port or 6379
    except ValueError:
        parts = None
    if parts is None or parts.scheme not in SCHEMES:
        text = say("the address is not redis://host:port")
        raise UnreachableError(Failure(cause=Cause.UNSUPPORTED, text=text))
    return host, port


def _opened(address: str, password: str, deadline: Deadline) -> redis.Redis:
    """A client that has not spoken yet."""
    pool = redis.ConnectionPool.from_url(
        address,
        connection_class=_Sealed if urlsplit(address).scheme == "rediss" else _Plain,
        line=_OneLine(deadline),
        password=password or None,
        socket_timeout=None,
        protocol=2,  # the other begins with HELLO, which Redis before 6 (that of Windows) does not know
        retry=Retry(NoBackoff(), 0),
        client_name=CLIENT_NAME,
        decode_responses=True,
        encoding_errors="replace",
    )
    return redis.Redis.from_pool(pool)


class _OneLine:
    """Opens the connection of a client, once: the library would open another one, to whoever answers by then."""

    def __init__(self, deadline: Deadline) -> None:
        self.deadline, self._is_used = deadline, False

    def open(self, host: str, port: int) -> socket.socket:
        if self._is_used:
            raise ConnectionResetError(errno.ECONNRESET, "closed by the other side")
        self._is_used = True
        return connect(host, port, self.deadline)


class _Plain(Connection):
    def __init__(self, *, line: _OneLine, **more: Any) -> None:
        super().__init__(**more)  # type: ignore[no-untyped-call]
        self._line = line

    def _connect(self) -> Any:
        return _Line(self._line.open(self.host, self.port), self._line.deadline)


class _Sealed(SSLConnection):
    def __init__(self, *, line: _OneLine, **more: Any) -> None:
        super().__init__(**more)
        self._line = line

    def _connect(self) -> Any:
        plain = self._line.open(self.host, self.port)
        try:
            sealed = self._wrap_socket_with_ssl(plain)  # type: ignore[no-untyped-call]
            return _Line(sealed, self._line.deadline)
        except (OSError, redis.exceptions.RedisError):
            plain.close()
            raise


class _Line:
    """The socket of a connection: every read and write ends at the deadline of them all, and answers have a limit."""

    def __init__(self, plain: socket.socket, deadline: Deadline) -> None:
        self._plain, self._deadline, self._left = plain, deadline, ANSWERS_CAP
        self._wanted: float | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._plain, name)

    def settimeout(self, seconds: float | None) -> None:
        """The library asks for less when it only wants to know whether something is there already."""
        self._wanted = seconds

    def recv(self, size: int) -> bytes:
        self._arm()
        piece = self._plain.recv(size)
        self._left -= len(piece)
        if self._left < 0:
            raise redis.exceptions.InvalidResponse("more than was asked for")
        return piece

    def sendall(self, data: bytes) -> None:
        self._arm()
        self._plain.sendall(data)

    def _arm(self) -> None:
        if self._deadline.passed():
            raise TimeoutError
        left = self._deadline.left()
        self._plain.settimeout(left if self._wanted is None else min(left, self._wanted))
