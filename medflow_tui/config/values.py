"""What one value of a site file may be: text that can be seen, numbers that mean something, no secret."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from medflow_tui.config.place import Place
from medflow_tui.model.errors import SettingsError
from medflow_tui.model.words import Phrase, say
from medflow_tui.rules.cleaning import clean

LONGEST_TEXT, LONGEST_NAME = 2000, 60
LARGEST_NUMBER = 10.0**15
LONGEST_S = 100 * 366 * 86_400.0
_SECRET = re.compile(r"(?:^|_)(?:password|secret|token|key)$")
_REFERENCE = re.compile(r"(?:env|file):.+")
_PASSWORD_IN_ADDRESS = re.compile(r"://[^/?#\s]*:[^/?#\s]*@")


def refuse_text(text: str, place: Place) -> None:
    """Raises SettingsError for a text that cannot be shown, is too long, or is a secret; it is not repeated."""
    if len(text) > LONGEST_TEXT:
        raise _wrong(
            say(
                "{file}: {key} is longer than {n:number} characters",
                file=place.file,
                key=place.key,
                n=LONGEST_TEXT,
            )
        )
    if clean(text) != text:
        raise _wrong(
            say("{file}: {key} holds characters that cannot be seen", file=place.file, key=place.key)
        )
    if _SECRET.search(place.last) and text and not _REFERENCE.fullmatch(text):
        raise _wrong(
            say(
                "{file}: {key} says where a secret is, as env:NAME or file:PATH; the secret itself is not written here",
                file=place.file,
                key=place.key,
            )
        )
    if _PASSWORD_IN_ADDRESS.search(text):
        raise _wrong(
            say(
                "{file}: {key} holds a password; say where it is instead, as env:NAME or file:PATH",
                file=place.file,
                key=place.key,
            )
        )
    if place.last == "timezone" and text:
        refuse_zone(text, place)


def refuse_zone(name: str, place: Place) -> None:
    """Raises SettingsError for a time zone that there is not."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise _wrong(
            say("{file}: {key}: no time zone {value}", file=place.file, key=place.key, value=name)
        ) from error


def refuse_number(value: float, place: Place) -> None:
    """Raises SettingsError for what is no number, without bounds, or a time that is negative or a century."""
    is_time = place.last.endswith("_s")
    if is_time and value < 0:
        raise _wrong(say("{file}: {key} cannot be negative", file=place.file, key=place.key))
    is_number = isinstance(value, int) or math.isfinite(value)  # a whole number may be too large for isfinite
    if not is_number or abs(value) > (LONGEST_S if is_time else LARGEST_NUMBER):
        raise _wrong(say("{file}: {key} is a number without sense", file=place.file, key=place.key))


def refuse_name(name: str, place: Place) -> None:
    """Raises SettingsError for a name that could not be typed, shown or told from others."""
    if "/" in name:
        raise _wrong(say("{file}: {key}: a target's name has no /", file=place.file, key=place.key[:100]))
    if not name or len(name) > LONGEST_NAME or clean(name) != name or name.strip() != name or name == "*":
        raise _wrong(
            say(
                "{file}: {key}: a name has 1 to {n:number} characters that can be seen, and no space at its ends",
                file=place.file,
                key=place.key[:100],
                n=LONGEST_NAME,
            )
        )


def refuse_twice(values: Sequence[Any], place: Place) -> None:
    """Raises SettingsError when a list has one thing twice: the same text, or records of one `id` or `name`."""
    names = [
        each if isinstance(each, str) else getattr(each, "id", None) or getattr(each, "name", None)
        for each in values
    ]
    seen: set[str] = set()
    for each in names:
        if each and each in seen:
            raise _wrong(say("{file}: {key} names {value} twice", file=place.file, key=place.key, value=each))
        seen.add(each or "")


def _wrong(phrase: Phrase) -> SettingsError:
    return SettingsError(phrase)
