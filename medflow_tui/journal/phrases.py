"""Phrases as JSON, so that what was said can be said again in another language."""

from __future__ import annotations

import json
from datetime import datetime
from types import MappingProxyType
from typing import Any

from medflow_tui.model.words import Phrase


def to_json(phrase: Phrase) -> str:
    """One line of JSON.

    >>> from medflow_tui.model.words import say
    >>> from_json(to_json(say("{n:number} keys", n=3))).values["n"]
    3
    """
    return json.dumps(as_table(phrase), ensure_ascii=False, separators=(",", ":"))


def from_json(text: str) -> Phrase:
    """The phrase that `to_json` wrote; what is not one becomes an empty phrase."""
    try:
        return from_table(json.loads(text))
    except (ValueError, TypeError, AttributeError):
        return Phrase(text="")


def as_table(phrase: Phrase) -> dict[str, Any]:
    """`{"t": text, "v": {name: value}, "p": [parts]}`; moments as `{"at": ISO 8601}`."""
    table: dict[str, Any] = {"t": phrase.text}
    if phrase.values:
        table["v"] = {
            name: {"at": value.isoformat()} if isinstance(value, datetime) else value
            for name, value in phrase.values.items()
        }
    if phrase.parts:
        table["p"] = [as_table(each) for each in phrase.parts]
    return table


def from_table(table: dict[str, Any]) -> Phrase:
    """The phrase of a table made by `as_table`."""
    values = {
        name: datetime.fromisoformat(value["at"]) if isinstance(value, dict) else value
        for name, value in table.get("v", {}).items()
    }
    parts = tuple(from_table(each) for each in table.get("p", ()))
    return Phrase(text=table["t"], values=MappingProxyType(values), parts=parts)
