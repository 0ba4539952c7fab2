"""From tables of a TOML file to the frozen records of `model`, refusing what is unknown or of the wrong type."""

from __future__ import annotations

import typing
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from typing import Any, TypeVar

from medflow_tui.config.place import Place
from medflow_tui.config.values import refuse_number, refuse_text, refuse_twice
from medflow_tui.model.errors import SettingsError, UnfitError
from medflow_tui.model.words import say

T = TypeVar("T")

_TYPE_NAMES: dict[type, str] = {str: "text", int: "whole number", float: "number", bool: "true or false"}


def nearest(word: str, known: Iterable[str]) -> str:
    """The known word most like this one, or nothing.

    >>> nearest("adress", ("address", "name"))
    'address'
    """
    import difflib

    return next(iter(difflib.get_close_matches(word, list(known), n=1, cutoff=0.5)), "")


def refuse_unknown(table: Mapping[str, Any], known: Iterable[str], place: Place) -> None:
    """Raises SettingsError for the first key that is not known."""
    known = sorted(known)
    for key in table:
        if key in known:
            continue
        near = nearest(key, known)
        if near:
            raise SettingsError(
                say(
                    "{file}: unknown key {key}; did you mean {near}?",
                    file=place.file,
                    key=place.at(key).key,
                    near=near,
                )
            )
        raise SettingsError(
            say(
                "{file}: unknown key {key}; known here: {known}",
                file=place.file,
                key=place.at(key).key,
                known=", ".join(known),
            )
        )


@cache
def _hints(cls: type) -> dict[str, Any]:
    return typing.get_type_hints(cls)


def build(cls: type[T], table: Mapping[str, Any], place: Place, **given: Any) -> T:
    """An instance of a frozen dataclass from a table; `given` fields cannot be set by the file."""
    hints = _hints(cls)  # type: ignore[arg-type]
    known = {each.name: each for each in fields(cls) if each.init and each.name not in given}  # type: ignore[arg-type]
    refuse_unknown(table, known, place)
    values = {key: convert(hints[key], value, place.at(key)) for key, value in table.items()}
    for name, each in known.items():
        if name not in values and each.default is MISSING and each.default_factory is MISSING:
            raise SettingsError(
                say("{file}: the key {key} is missing", file=place.file, key=place.at(name).key)
            )
    try:
        return cls(**values, **given)
    except UnfitError as error:
        raise error.at(place.file, place.at(error.key).key) from error


def convert(hint: Any, value: Any, place: Place) -> Any:
    """A value of the type that the record wants. Raises SettingsError naming file, key and what was expected."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if is_dataclass(hint) and isinstance(hint, type):
        if not isinstance(value, Mapping):
            raise _wrong(place, "table", value)
        return build(hint, value, place)
    if origin is tuple:
        if not isinstance(value, list):
            raise _wrong(place, "list", value)
        found = tuple(
            convert(arguments[0], each, place.at(str(index + 1))) for index, each in enumerate(value)
        )
        refuse_twice(found, place)
        return found
    if arguments and type(None) in arguments:
        inner = next(each for each in arguments if each is not type(None))
        return None if value is None else convert(inner, value, place)
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        refuse_number(value, place)
        value = float(value)
    if hint in _TYPE_NAMES and (
        not isinstance(value, hint) or (hint is not bool and isinstance(value, bool))
    ):
        raise _wrong(place, _TYPE_NAMES[hint], value)
    if hint in (float, int):
        refuse_number(value, place)
    if hint is str:
        refuse_text(value, place)
    return value


def _wrong(place: Place, expected: str, value: Any) -> SettingsError:
    return SettingsError(
        say(
            "{file}: {key} must be a {expected:word}, not a {found:word}",
            file=place.file,
            key=place.key,
            expected=expected,
            found=type_name(value),
        )
    )


def type_name(value: Any) -> str:
    """What people call the type of a value of TOML."""
    if isinstance(value, Mapping):
        return "table"
    if isinstance(value, list):
        return "list"
    return _TYPE_NAMES.get(type(value), "date")
