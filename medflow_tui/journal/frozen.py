"""Records as JSON and back: any frozen dataclass of the model, without the fields that are as they always are."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from functools import cache
from types import MappingProxyType
from typing import Any, TypeVar

from medflow_tui.journal.phrases import as_table, from_table
from medflow_tui.model.words import Phrase

Record = TypeVar("Record")


def freeze(value: object) -> Any:
    """Plain data for JSON; moments as `{"at": ISO 8601}`, phrases as in `journal.phrases`.

    >>> from medflow_tui.model.health import Health, Judgement
    >>> freeze(Judgement(health=Health.OK, evidence=Phrase(text="open")))
    {'health': 'ok', 'evidence': {'t': 'open'}}
    """
    match value:
        case Enum():
            return value.value
        case None | bool() | int() | float() | str():
            return value
        case Phrase():
            return as_table(value)
        case datetime():
            return {"at": value.isoformat()}
        case Mapping():
            return {name: freeze(each) for name, each in value.items()}
        case tuple() | list():
            return [freeze(each) for each in value]
    if dataclasses.is_dataclass(value):
        return {
            each.name: freeze(content)
            for each in dataclasses.fields(value)
            if (content := getattr(value, each.name)) != _usual(each)
        }
    raise TypeError(f"{type(value).__name__} cannot be frozen")


def thaw(kind: type[Record], table: Any) -> Record:
    """The record that `freeze` made this table of. Raises KeyError, TypeError or ValueError when it did not."""
    record: Record = _thaw(kind, table)
    return record


def _usual(field: dataclasses.Field[Any]) -> object:
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return field.default


def _thaw(kind: Any, table: Any) -> Any:
    if table is None:
        return None
    if kind is Phrase:
        return from_table(table)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind(table)
    if dataclasses.is_dataclass(kind):
        kinds = _kinds(typing.cast("type", kind))
        return typing.cast("Any", kind)(
            **{name: _thaw(kinds[name], content) for name, content in table.items()}
        )
    inner = [each for each in typing.get_args(kind) if each not in (type(None), Ellipsis)]
    origin = typing.get_origin(kind)
    if origin is tuple:
        return tuple(_thaw(inner[0], each) for each in table)
    if origin is Mapping:
        return MappingProxyType({name: _thaw(inner[1], each) for name, each in table.items()})
    if origin in (types.UnionType, typing.Union) and len(inner) == 1:
        return _thaw(inner[0], table)
    return _plain(table)


@cache
def _kinds(record: type) -> Mapping[str, Any]:
    """The types of its fields; working them out takes longer than all the rest."""
    return MappingProxyType(typing.get_type_hints(record))


def _plain(table: Any) -> Any:
    """A value whose kind nobody declared: what looks like a moment is one."""
    match table:
        case {"at": str(text), **rest} if not rest:
            return datetime.fromisoformat(text)
        case dict():
            return MappingProxyType({name: _plain(each) for name, each in table.items()})
        case list():
            return tuple(_plain(each) for each in table)
    return table
