"""A connection to Redis that never outlives its deadline."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from medflow_tui.clients.network import Deadline, UnreachableError, connect, failure_of, silent
from medflow_tui.model.health import Cause, Failure
from medflow_tui.model.words import say

CLIENT_NAME = "medflow-tui"


@contextmanager
def connected(address: str, password: str, deadline: Deadline) -> Iterator[redis.Redis]:
    """A client on one connection; every failure leaves as UnreachableError.

    The retries of the library kept a call hanging past 20 s on a frozen server, so there are none.
    """
    parts = urlsplit(address)
    host, port = parts.hostname or "127.0.0.1", parts.port or 6379
    connect(host, port, deadline).close()  # tells refused and unreachable from silent
    whole = deadline.left()
    client = redis.Redis.from_url(
        address,
        password=password or None,
        socket_timeout=deadline.left(),
        socket_connect_timeout=deadline.left(),
        retry=Retry(NoBackoff(), 0),
        client_name=CLIENT_NAME,
        decode_responses=True,
        encoding_errors="replace",
    )
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
        cause = error.__cause__ or error.__context__ or error
        raise UnreachableError(failure_of(cause, host, port)) from error
    except redis.exceptions.RedisError as error:
        raise UnreachableError(Failure(cause=Cause.GARBLED, text=say("not the answer of Redis"))) from error
    finally:
        client.close()
