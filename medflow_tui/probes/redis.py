"""Looks at Redis: ping, memory, persistence, keys by prefix, and whether the backend is connected to it."""

from __future__ import annotations

import functools
import time
from pathlib import PurePath
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from medflow_tui.clients.network import Deadline, UnreachableError
from medflow_tui.clients.one_reading import one_reading
from medflow_tui.clients.peers import programs_connected_to
from medflow_tui.clients.redis import CLIENT_NAME, NOT_REDIS, if_told, ours, takes_writes
from medflow_tui.clients.tools import Tools
from medflow_tui.model.health import Probe, Reading
from medflow_tui.model.targets.redis import RedisTarget
from medflow_tui.model.words import say

KEYS_SHARE = 0.7  # of the time left: what was read before is not lost to a slow count
HOW = say("PING, INFO, CLIENT LIST and SCAN on its own port")


class RedisProbe:
    """Values: version, uptime_s, used_memory, maxmemory (bytes, 0 without limit), clients (None: not told),

    backend_clients, backend_known (false when nobody can tell whose the connections are), evicted_keys, loading,
    persistence ("off", "snapshots", "append only", "unknown"), save_failed, refuses_writes, keys {prefix: count},
    keys_seen, keys_complete.
    """

    def __init__(self, target: RedisTarget, tools: Tools) -> None:
        self._target, self._tools = target, tools

    def read(self, deadline_s: float) -> tuple[Reading, ...]:
        return (one_reading(self._target, self._tools, HOW, self._look, deadline_s),)

    def _look(self, deadline: Deadline) -> tuple[dict[str, Any], float]:
        started = time.perf_counter()
        with ours(self._target, self._tools, deadline) as client:
            refuses_writes = not takes_writes(client)
            latency = (time.perf_counter() - started) * 1000
            values = {"refuses_writes": refuses_writes, **_server(client)}
            values |= _clients(client, self._target)
            values |= _keys(client, self._target, Deadline.after(KEYS_SHARE * deadline.left()))
        return values, latency


def _server(client: Any) -> dict[str, Any]:
    found = client.info()
    used = found.get("used_memory")
    if not isinstance(used, int) or used < 0:
        raise UnreachableError(NOT_REDIS)
    nothing: dict[str, str] = {}
    append, saves = (
        bool(found.get("aof_enabled")),
        if_told(lambda: client.config_get("save"), nothing).get("save"),
    )
    snapshots = "unknown" if saves is None else "snapshots" if saves else "off"
    return {
        "version": str(found.get("valkey_version") or found.get("redis_version", "?")),
        "uptime_s": int(found.get("uptime_in_seconds", 0)),
        "used_memory": used,
        "maxmemory": int(found.get("maxmemory", 0)),
        "evicted_keys": int(found.get("evicted_keys", 0)),
        "loading": bool(found.get("loading")),
        "persistence": "append only" if append else snapshots,
        "save_failed": found.get("rdb_last_bgsave_status") == "err"
        or found.get("aof_last_write_status") == "err",
    }


def _clients(client: Any, target: RedisTarget) -> dict[str, Any]:
    """Connections of others, and those of the backend: by the library that they name (Redis 7.2 and later), and for

    those that name none by the program on this machine that holds the other end.
    """
    listed = if_told(client.client_list, None)
    if listed is None:
        return {"clients": None, "backend_clients": 0, "backend_known": False}
    others = [each for each in listed if each.get("name") != CLIENT_NAME]
    backend = sum(1 for each in others if each.get("lib-name") in target.client_names)
    nameless = [each for each in others if not each.get("lib-name")]
    if backend or not nameless:
        return {"clients": len(others), "backend_clients": backend, "backend_known": True}
    programs = programs_connected_to(urlsplit(target.address).port or 6379)
    named = [programs.get(_port_of(each)) for each in nameless]
    backend = sum(
        1 for each in named if each is not None and PurePath(each).stem.lower() in target.client_programs
    )
    return {
        "clients": len(others),
        "backend_clients": backend,
        "backend_known": backend > 0 or None not in named,
    }


def _port_of(connection: Any) -> int:
    """The other end's port; 0 for a socket file."""
    port = str(connection.get("addr", "")).rpartition(":")[2]
    return int(port) if port.isdecimal() else 0


def _keys(client: Any, target: RedisTarget, deadline: Deadline) -> dict[str, Any]:
    """Counts by prefix with SCAN under a budget of keys and of time; never KEYS."""
    counts = dict.fromkeys(target.prefixes, 0)
    seen, cursor = 0, 0
    while True:
        told = if_told(functools.partial(client.scan, cursor=cursor, count=500), None)
        if told is None:
            break
        cursor, names = told
        seen += len(names)
        for name in names:
            prefix = next((each for each in target.prefixes if str(name).startswith(each)), None)
            if prefix is not None:
                counts[prefix] += 1
        if cursor == 0 or seen >= target.scan_budget or deadline.passed():
            break
    complete = told is not None and cursor == 0
    return {"keys": MappingProxyType(counts), "keys_seen": seen, "keys_complete": complete}


def build(target: RedisTarget, tools: Tools) -> Probe:
    """The probe of one Redis target."""
    return RedisProbe(target, tools)
