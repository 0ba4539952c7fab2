"""The backend's success envelopes, opened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

_ENVELOPE = frozenset({"success", "message", "meta", "timestamp", "pagination"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer without its envelope.

    `data` is what was answered: the `data` of the envelope, or what stands beside `success` where there is no
    `data` (`items`, `config`, …, as a dict of these). `is_known` is false for a bare `{"success": true}`, which
    the backend also says when it lost its own answer: nothing was learnt, though a change may have been made.
    `beside` are the other numbers of a list (count, total, page, pages).
    """

    status: int
    data: Any
    is_known: bool
    beside: Mapping[str, int]
    latency_ms: float

    def __repr__(self) -> str:
        return f"Reply(status={self.status}, is_known={self.is_known})"


def unwrap(found: Mapping[str, Any], *, status: int, latency_ms: float = 0.0) -> Reply:
    """The content of one of the backend's success envelopes.

    >>> unwrap({"success": True, "meta": {}}, status=200).is_known
    False
    >>> unwrap({"success": True, "items": [], "count": 0}, status=200).data
    {'items': []}
    """
    counts = ("count", "total", "page", "pages")
    beside = {name: found[name] for name in counts if isinstance(found.get(name), int)}
    if "data" in found:
        data: Any = found["data"]
        is_known = data is not None
    else:
        data = {name: value for name, value in found.items() if name not in _ENVELOPE and name not in counts}
        is_known = bool(data)
    return Reply(
        status=status, data=data, is_known=is_known, beside=MappingProxyType(beside), latency_ms=latency_ms
    )


def person_only(reply: Reply) -> Reply:
    """Role and name out of /api/auth/me, whose answer also holds password hashes and session tokens."""
    user = reply.data if isinstance(reply.data, dict) else {}
    kept = {
        name: str(user[name])[:80] for name in ("role", "firstName", "lastName", "username") if name in user
    }
    return Reply(
        status=reply.status,
        data=kept,
        is_known=bool(kept),
        beside=MappingProxyType({}),
        latency_ms=reply.latency_ms,
    )
