"""What a record of the site file refuses to hold: words of no list, times and days that are none."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date

from medflow_tui.model.errors import UnfitError
from medflow_tui.model.words import say

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_CLOCK = re.compile(r"(?:[01]?\d|2[0-3]):[0-5]\d", re.ASCII)
_MIDNIGHT = "24:00"


def refuse_other(key: str, value: str, known: Iterable[str]) -> None:
    """Raises UnfitError for a word that is none of those known."""
    known = tuple(known)
    if value not in known:
        text = say(
            "{file}: {key} is one of {known}, not {value}",
            file="",
            key=key,
            known=", ".join(known),
            value=value,
        )
        raise UnfitError(key, text)


def refuse_no_days(key: str, values: Iterable[str]) -> None:
    """Raises UnfitError for the first that is no day of the week."""
    for each in values:
        refuse_other(key, each, DAYS)


def refuse_no_clock(key: str, text: str, *, ends: bool = False) -> None:
    """Raises UnfitError for what is no time of day as `HH:MM`; `24:00` ends a day and begins none."""
    if not _CLOCK.fullmatch(text) and not (ends and text == _MIDNIGHT):
        _refuse(key, text, "07:30")


def refuse_no_date(key: str, text: str) -> None:
    """Raises UnfitError for what is no day as `YYYY-MM-DD`."""
    try:
        date.fromisoformat(text if len(text) == len("2026-01-31") else "")
    except ValueError:
        _refuse(key, text, "2026-01-31")


def refuse_negative(key: str, value: float) -> None:
    """Raises UnfitError for a number below nothing."""
    if value < 0:
        raise UnfitError(key, say("{file}: {key} cannot be negative", file="", key=key))


def refuse_outside(key: str, value: int, least: int, most: int) -> None:
    """Raises UnfitError for a whole number outside of the bounds."""
    if not least <= value <= most:
        text = say(
            "{file}: {key} goes from {least} to {most}", file="", key=key, least=str(least), most=str(most)
        )
        raise UnfitError(key, text)


def _refuse(key: str, value: str, example: str) -> None:
    text = say(
        "{file}: {key}: {value} is not written as in {example}",
        file="",
        key=key,
        value=value,
        example=example,
    )
    raise UnfitError(key, text)
