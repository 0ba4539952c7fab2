"""What the health pages of MedFlow's services mean, in both shapes that are in the field; pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_GOOD = frozenset({"ok", "healthy", "connected", "up", "ready"})
_BAD = frozenset(
    {"error", "unhealthy", "disconnected", "down", "failed", "not_ready", "disconnecting", "connecting"}
)
_STATES = frozenset({"disconnected", "connecting", "disconnecting", "connected"})
_SIZE = re.compile(r"\s{0,9}(\d{1,15}(?:\.\d{1,9})?)\s{0,9}([KMG]?)B\s{0,9}", re.IGNORECASE | re.ASCII)
_UNITS = {"": 1, "K": 1024, "M": 1024**2, "G": 1024**3}
_OTHER_MOST = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """`word` is "yes", "no" or "unknown"; `state` is the database's state by the backend, or empty."""

    word: str
    state: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Detailed:
    """`shape` is "head" (the published sources) or "field" (what the site's own scripts expect).

    `database` and `redis` are "ok", "error" or "" (says nothing); `others` are further checks in error.
    `memory` in bytes and `uptime_s` are 0 when not told. The top status is not kept: memory overwrites it.
    """

    shape: str
    database: str
    redis: str
    others: tuple[str, ...]
    memory: int
    uptime_s: float
    connections: int


def ready(status: int, found: Mapping[str, Any]) -> Ready:
    """Readiness by both shapes: `ready` true or false, or `status` "ready" or "not_ready".

    >>> ready(503, {"ready": False, "mongoState": "disconnected"})
    Ready(word='no', state='disconnected')
    >>> ready(200, {"status": "ok"}).word
    'unknown'
    """
    said, word = found.get("ready"), str(found.get("status", "")).lower()
    state = str(found.get("mongoState", "")).lower()
    state = state if state in _STATES else ""
    if status == 200 and (said is True or (said is None and word == "ready")):
        return Ready(word="yes")
    if said is False or word == "not_ready":
        return Ready(word="no", state=state)
    return Ready(word="unknown")


def detailed(found: Mapping[str, Any]) -> Detailed | None:
    """The checks, or None when there are none in it."""
    checks, links = _table(found.get("checks")), _table(found.get("connections"))
    memory = {
        **_table(checks.get("memory")),
        **_table(_table(checks.get("memory")).get("details")),
        **_table(found.get("memory")),
    }
    if not checks and not links:
        return None
    is_field = bool(links) or "uptimeFormatted" in found or "rssMB" in memory
    mongodb = _table(checks.get("mongodb"))
    redis = verdict(checks.get("redis")) or verdict(links.get("redis"))
    return Detailed(
        shape="field" if is_field else "head",
        database=_database(mongodb) or verdict(links.get("mongodb")),
        redis="" if not is_field and redis == "error" else redis,
        others=tuple(
            str(name)[:20]
            for name, each in list(checks.items())[:_OTHER_MOST]
            if name not in ("mongodb", "redis", "memory", "cpu") and verdict(each) == "error"
        ),
        memory=_bytes(memory.get("rss")) or int(_number(memory.get("rssMB")) * _UNITS["M"]),
        uptime_s=_number(found.get("uptime")),
        connections=int(_number(_table(mongodb.get("connections")).get("current"))),
    )


def verdict(check: object) -> str:
    """ "ok", "error" or "" of one check, whether it is a record with a status, a word or a truth.

    >>> verdict({"status": "healthy"}), verdict("disconnected"), verdict(True), verdict({"status": "degraded"})
    ('ok', 'error', 'ok', '')
    """
    if isinstance(check, Mapping):
        check = check.get("status")
    if isinstance(check, bool):
        return "ok" if check else "error"
    word = str(check).lower()
    return "ok" if word in _GOOD else "error" if word in _BAD else ""


def _database(mongodb: Mapping[str, Any]) -> str:
    state = str(mongodb.get("state", "")).lower()
    if state in _STATES and state != "connected":
        return "error"
    return verdict(mongodb)


def _table(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _number(value: object) -> float:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and 0 <= value < 1e15 else 0.0  # type: ignore[arg-type,operator]


def _bytes(value: object) -> int:
    found = _SIZE.fullmatch(value) if isinstance(value, str) else None
    return int(float(found[1]) * _UNITS[found[2].upper()]) if found else 0
