"""Keys of a Redis by the first part of their names: counted with SCAN, removed with UNLINK; never KEYS, never FLUSH."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import redis

from medflow_tui.clients.network import Deadline, UnreachableError, silent

CHUNK = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """Keys under each prefix (the first that fits counts), all others together, and which start of which server it is."""

    under: Mapping[str, int]
    others: int
    server: str


def count(client: redis.Redis, prefixes: Sequence[str], deadline: Deadline) -> Count:
    """Every key of the database is looked at by its name. Raises UnreachableError when the time is not enough."""
    under, others = dict.fromkeys(prefixes, 0), 0
    for names in _names(client, None, deadline):
        for name in names:
            prefix = next((each for each in prefixes if name.startswith(each)), None)
            if prefix is None:
                others += 1
            else:
                under[prefix] += 1
    return Count(under=under, others=others, server=server_of(client))


def server_of(client: redis.Redis) -> str:
    """Tells this start of this server from any other one."""
    found: Any = client.info("server")
    return str(found.get("run_id", ""))[:40]


def unlink(client: redis.Redis, prefix: str, deadline: Deadline) -> int:
    """Remove the keys whose names begin with `prefix`, in small portions; how many were removed.

    Raises ValueError for a prefix that is too short to be meant, UnreachableError when the time is not enough.
    """
    if len(prefix.rstrip(":*?[]")) < 3:
        raise ValueError(f"not a prefix: {prefix!r}")
    removed = 0
    for names in _names(client, prefix, deadline):
        wanted = [each for each in names if each.startswith(prefix)]
        if wanted:
            removed += _remove(client, wanted)
    return removed


def _remove(client: redis.Redis, names: list[str]) -> int:
    try:
        answer: Any = client.unlink(*names)
    except redis.exceptions.ResponseError as error:
        if "unknown command" not in str(error).lower():
            raise
        answer = client.delete(*names)  # before Redis 4 (that of Windows)
    return int(answer)


def _names(client: redis.Redis, prefix: str | None, deadline: Deadline) -> Iterator[list[str]]:
    cursor, match = 0, None if prefix is None else _literally(prefix) + "*"
    whole = deadline.left()
    while True:
        told: Any = client.scan(cursor=cursor, match=match, count=CHUNK)
        cursor, names = told
        yield [str(each) for each in names]
        if cursor == 0:
            return
        if deadline.passed():
            raise UnreachableError(silent(whole))


def _literally(prefix: str) -> str:
    """As a pattern that means only itself.

    >>> _literally("a*[b]")
    'a\\\\*\\\\[b\\\\]'
    """
    return "".join(f"\\{each}" if each in "*?[]\\^" else each for each in prefix)
