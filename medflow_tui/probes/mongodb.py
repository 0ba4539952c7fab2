"""Looks at MongoDB: ping, connections, collections, indexes, slow operations, replica set, size."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from medflow_tui.clients.mongodb import CLIENT_NAME, Connection, connected
from medflow_tui.clients.network import Deadline
from medflow_tui.clients.one_reading import one_reading
from medflow_tui.clients.tools import Tools
from medflow_tui.model.health import Probe, Reading
from medflow_tui.model.targets.mongodb import Index, MongodbTarget
from medflow_tui.model.words import say
from medflow_tui.rules.mongodb_log import unclean_shutdown

HOW = say("ping, serverStatus, dbStats and lists of collections and indexes on its own port")
SLOW_LIMIT = 1000
LOG_READ_FOR_S = 24 * 3600
HEAVY_SECTIONS: dict[str, Any] = dict.fromkeys(
    ("metrics", "wiredTiger", "tcmalloc", "locks", "opLatencies", "transactions"), 0
)


class MongodbProbe:
    """Values, None where the server does not tell: version, uptime_s,

    connections, connections_limit (None: no limit told), rejected;
    role ("standalone", "primary", "secondary", "arbiter", "recovering"), set_name ("" for a standalone), expected_set,
    has_primary (of a set, by its own word), members (None or a tuple of {name, state, healthy, lag_s (None without a primary)});
    missing, empty (tuples of collection names), collections (number);
    indexes_missing (tuple of "collection (field, field)"), expiries (tuple of {collection, wanted_s, found_s or None});
    profiler (None or 0 to 2), slow, slow_max_ms (None when the profiler is off), slow_capped;
    documents, data_bytes, storage_bytes, index_bytes; unclean_at (moment of the last unclean shutdown told), unclean_told.
    """

    def __init__(self, target: MongodbTarget, tools: Tools) -> None:
        self._target, self._tools = target, tools

    def read(self, deadline_s: float) -> tuple[Reading, ...]:
        return (one_reading(self._target, self._tools, HOW, self._look, deadline_s),)

    def _look(self, deadline: Deadline) -> tuple[dict[str, Any], float]:
        with connected(self._target, self._tools, deadline) as server:
            latency = server.ping()
            hello = server.ask("hello")
            values = _contents(server, self._target)
            values |= _status(server) | _replication(server, hello) | {"expected_set": server.expected_set}
            values |= _profile(server, self._target, hello.get("localTime"))
            values |= _unclean(server, values["uptime_s"])
            values |= _size(server, deadline.left() / 2)
        return values, latency


def _contents(server: Connection, target: MongodbTarget) -> dict[str, Any]:
    """Collections and indexes: what is expected against what is there. A missing collection is not an empty one."""
    present = server.collections()
    found = {
        name: server.indexes(name)
        for name in dict.fromkeys(each.collection for each in target.indexes)
        if name in present
    }
    lacking: list[str] = []
    expiries: list[Mapping[str, Any]] = []
    for wanted in target.indexes:
        if wanted.collection not in found:
            continue
        if wanted.expires_s:
            seen = _expiry(wanted, found[wanted.collection])
            expiries.append({"collection": wanted.collection, "wanted_s": wanted.expires_s, "found_s": seen})
        elif not any(_serves(wanted, each) for each in found[wanted.collection]):
            lacking.append(f"{wanted.collection} ({', '.join(wanted.fields)})")
    return {
        "collections": sum(not each.startswith("system.") for each in present),
        "missing": tuple(each for each in target.collections if each not in present),
        "empty": tuple(each for each in target.never_empty if each in present and not server.has_any(each)),
        "indexes_missing": tuple(lacking),
        "expiries": tuple(expiries),
    }


def _serves(wanted: Index, found: Mapping[str, Any]) -> bool:
    """True for an index on the fields, or one that begins with them."""
    return tuple(found["key"])[: len(wanted.fields)] == wanted.fields


def _expiry(wanted: Index, found: Iterable[Mapping[str, Any]]) -> int | None:
    """After how many seconds the documents are deleted; None when they never are. auditlogs has a second index on createdAt."""
    return next(
        (
            int(each["expireAfterSeconds"])
            for each in found
            if tuple(each["key"]) == wanted.fields and "expireAfterSeconds" in each
        ),
        None,
    )


def _status(server: Connection) -> dict[str, Any]:
    """A stand-in that answers `available: 0` without `active` does not tell its limit; a full mongod says both."""
    build = server.ask_if_told("buildInfo") or {}
    status = server.ask_if_told("serverStatus", **HEAVY_SECTIONS)
    values: dict[str, Any] = {
        "version": str(build.get("version", "?")),
        "uptime_s": None,
        "connections": None,
        "connections_limit": None,
        "rejected": None,
    }
    if status is None:
        return values
    seen = status.get("connections") or {}
    values["uptime_s"] = int(status["uptime"]) if "uptime" in status else None
    if "current" in seen:
        current, available = int(seen["current"]), int(seen.get("available", 0))
        values["connections"] = current
        values["connections_limit"] = current + available if available > 0 or "active" in seen else None
        values["rejected"] = int(seen["rejected"]) if "rejected" in seen else None
    return values


def _replication(server: Connection, hello: Mapping[str, Any]) -> dict[str, Any]:
    name = str(hello.get("setName") or "")
    if not name:
        is_uninitiated = bool(hello.get("isreplicaset"))
        return {"role": "recovering" if is_uninitiated else "standalone", "set_name": "", "members": None}
    if hello.get("isWritablePrimary") or hello.get("ismaster"):
        role = "primary"
    else:
        role = (
            "secondary" if hello.get("secondary") else "arbiter" if hello.get("arbiterOnly") else "recovering"
        )
    status = server.ask_if_told("replSetGetStatus")
    return {
        "role": role,
        "set_name": name,
        "members": None if status is None else members(status),
        "has_primary": role == "primary" or bool(hello.get("primary")),
    }


def members(status: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    """The members of a replica set from `replSetGetStatus`; lag is behind the primary, None when that cannot be told."""
    found = status.get("members") or ()
    newest = next((each.get("optimeDate") for each in found if each.get("stateStr") == "PRIMARY"), None)
    return tuple(
        MappingProxyType(
            {
                "name": str(each.get("name", "?")),
                "state": str(each.get("stateStr", "?")),
                "healthy": bool(each.get("health")),
                "lag_s": _lag(each, newest),
            }
        )
        for each in found
    )


def _lag(member: Mapping[str, Any], newest: datetime | None) -> float | None:
    own = member.get("optimeDate")
    if newest is None or own is None or member.get("stateStr") not in ("PRIMARY", "SECONDARY"):
        return None
    return max(0.0, float((newest - own).total_seconds()))


def _profile(server: Connection, target: MongodbTarget, clock: Any) -> dict[str, Any]:
    """Slow operations that the profiler kept; `clock` is the server's own time. Our own are left out."""
    nothing = {"profiler": None, "slow": None, "slow_max_ms": None, "slow_capped": False}
    level = server.ask_if_told("profile", -1, own=True)
    if level is None or "was" not in level:
        return nothing
    if not int(level["was"]) or not isinstance(clock, datetime):
        return nothing | {"profiler": int(level["was"])}
    slow = server.rows(
        "system.profile",
        [
            {
                "$match": {
                    "ts": {"$gte": clock - timedelta(seconds=target.slow_window_s)},
                    "millis": {"$gt": target.slow_ms},
                    "appName": {"$ne": CLIENT_NAME},
                }
            },
            {"$limit": SLOW_LIMIT},
            {"$group": {"_id": None, "n": {"$sum": 1}, "longest": {"$max": "$millis"}}},
        ],
    )
    count = int(slow[0]["n"]) if slow else 0
    longest = int(slow[0]["longest"]) if slow else 0
    return {
        "profiler": int(level["was"]),
        "slow": count,
        "slow_max_ms": longest,
        "slow_capped": count >= SLOW_LIMIT,
    }


def _unclean(server: Connection, uptime_s: int | None) -> dict[str, Any]:
    """Whether it was not shut down properly before this start; only asked in its first day, the log is a short ring."""
    nothing = {"unclean_told": False, "unclean_at": None}
    if uptime_s is None or uptime_s > LOG_READ_FOR_S:
        return nothing
    answer = server.ask_if_told("getLog", "global")
    if answer is None:
        return nothing
    return {"unclean_told": True, "unclean_at": unclean_shutdown(answer.get("log") or ())}


def _size(server: Connection, within_s: float) -> dict[str, Any]:
    """Last, and in its own time: on a large database it can take long."""
    stats = server.ask_if_told("dbStats", own=True, within_s=within_s) or {}
    names = {
        "documents": "objects",
        "data_bytes": "dataSize",
        "storage_bytes": "storageSize",
        "index_bytes": "indexSize",
    }
    return {ours: int(stats[theirs]) if theirs in stats else None for ours, theirs in names.items()}


def build(target: MongodbTarget, tools: Tools) -> Probe:
    """The probe of one MongoDB target."""
    return MongodbProbe(target, tools)
