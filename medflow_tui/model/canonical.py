"""One way to write plain data as text, so that the same content always has the same hash."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

Fact = str | int | bool | tuple[str, ...]
Facts = Mapping[str, Fact]


def canonical(value: object) -> str:
    """JSON with sorted keys, no spaces and no floats (RFC 8785 for this subset); raises TypeError on anything else.

    >>> canonical({"b": 1, "a": ("x", True)})
    '{"a":["x",true],"b":1}'
    """
    _refuse_inexact(value)
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def digest(purpose: str, value: object) -> str:
    """SHA-256 of the canonical form, bound to what it is for, so that a hash of one kind never passes for another."""
    return hashlib.sha256(f"{purpose}\n{canonical(value)}".encode()).hexdigest()


def _refuse_inexact(value: object) -> None:
    match value:
        case float():
            raise TypeError("a float has no canonical form: use an integer of a smaller unit")
        case Mapping():
            for key, each in value.items():
                if not isinstance(key, str):
                    raise TypeError("keys are strings")
                _refuse_inexact(each)
        case list() | tuple():
            for each in value:
                _refuse_inexact(each)
        case None | str() | int():
            pass
        case _:
            raise TypeError(f"{type(value).__name__} is not plain data")
