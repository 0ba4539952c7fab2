"""Puts phrases, numbers, sizes, durations and times into a language, without a system locale."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from string import Formatter
from zoneinfo import ZoneInfo

from medflow_tui.model.words import Phrase, Value
from medflow_tui.rules.cleaning import clean

LANGUAGES = ("en", "fr")
DOMAIN = "medflow_tui"
_VARIABLES = ("LC_ALL", "LC_MESSAGES", "LANG")


@dataclass(frozen=True, slots=True)
class Conventions:
    """How a language writes figures."""

    decimal: str
    thousands: str
    byte: str
    percent_gap: str
    day: str


EN = Conventions(decimal=".", thousands=",", byte="B", percent_gap="", day="d")
FR = Conventions(
    decimal=",", thousands="\N{NO-BREAK SPACE}", byte="o", percent_gap="\N{NO-BREAK SPACE}", day="j"
)

_UNITS = ("", "k", "M", "G", "T", "P")


class Language:
    """One language in one time zone.

    >>> Language("en").say(Phrase(text="{n:bytes} free", values={"n": 3_100_000_000}))
    '3.1 GB free'
    """

    def __init__(
        self, code: str = "en", timezone: str = "UTC", translate: Callable[[str], str] | None = None
    ) -> None:
        self.code = code
        self.zone = ZoneInfo(timezone)
        self._write = FR if code == "fr" else EN
        self._translate = translate or _catalogue(code)

    def say(self, phrase: Phrase, now: datetime | None = None) -> str:
        """The sentence; `now` decides whether `{x:when}` is a clock time or a date."""
        text = self.fill(self.word(phrase.text), phrase.values, now) if phrase.text else ""
        said = [each for each in (text, *(self.say(each, now) for each in phrase.parts)) if each]
        joined = (f"{each} " if each.endswith(":") else f"{each}, " for each in said[:-1])
        return "".join((*joined, *said[-1:]))

    def word(self, text: str) -> str:
        """A message id in this language."""
        return self._translate(text) if text else ""

    def fill(self, text: str, values: Mapping[str, Value], now: datetime | None = None) -> str:
        """A text with its values written in this language's forms; a text with lone braces as it stands.

        A text may come from the journal of another version, so it is believed no more than a value is.
        """
        pieces: list[str] = []
        try:
            for literal, name, form, _ in Formatter().parse(text):
                pieces.append(clean(literal))
                if name is not None:
                    pieces.append(self._value(values.get(name), form or "", now))
        except ValueError:
            return clean(text)
        return "".join(pieces)

    def _value(self, value: Value, form: str, now: datetime | None) -> str:
        try:
            return self._written(value, form, now)
        except (OverflowError, ValueError):  # a moment before the first year, a number beyond all numbers
            return "?"

    def _written(self, value: Value, form: str, now: datetime | None) -> str:
        if value is None:
            return "?"
        if isinstance(value, datetime):
            match form:
                case "date":
                    return self.date(value)
                case "when":
                    return self.when(value, now)
                case "moment":
                    return self.moment(value)
                case _:
                    return self.clock(value)
        if isinstance(value, bool):
            return self.word("yes" if value else "no")
        if isinstance(value, str):
            return clean(self.word(value)) if form == "word" else clean(value)
        match form:
            case "bytes":
                return self.size(value)
            case "duration":
                return self.duration(value)
            case "ms":
                return self.milliseconds(value)
            case "percent":
                return self.percent(value)
            case _:
                return self.number(value)

    def number(self, value: float, decimals: int | None = None) -> str:
        """A figure with this language's separators; whole numbers without decimals.

        >>> Language("en").number(41208), Language("en").number(0.25)
        ('41,208', '0.25')
        """
        if decimals is None:
            decimals = 0 if float(value).is_integer() or abs(value) >= 100 else 1 if abs(value) >= 1 else 2
        text = f"{value:,.{decimals}f}"
        return text.replace(",", "\0").replace(".", self._write.decimal).replace("\0", self._write.thousands)

    def size(self, value: float) -> str:
        """Bytes in decimal units, two or three figures.

        >>> Language("en").size(41_000_000_000), Language("en").size(512)
        ('41 GB', '512 B')
        """
        step = 0
        while abs(value) >= 999.5 and step < len(_UNITS) - 1:
            value /= 1000
            step += 1
        return (
            f"{self.number(value, 1 if step and abs(value) < 9.95 else 0)} {_UNITS[step]}{self._write.byte}"
        )

    def duration(self, seconds: float) -> str:
        """A length of time in its largest unit that says enough.

        >>> [Language("en").duration(s) for s in (0.4, 3.98, 42, 690, 93_600, 777_600)]
        ['0.4 s', '4 s', '42 s', '12 min', '26 h', '9 d']
        """
        seconds = max(0.0, float(seconds))
        if seconds < 9.95 and not round(seconds, 1).is_integer():
            return f"{self.number(seconds, 1)} s"
        if seconds < 99.5:
            return f"{self.number(seconds, 0)} s"
        if seconds < 99.5 * 60:
            return f"{self.number(seconds / 60, 0)} min"
        if seconds < 72 * 3600:
            return f"{self.number(seconds / 3600, 0)} h"
        return f"{self.number(seconds / 86400, 0)} {self._write.day}"

    def milliseconds(self, value: float) -> str:
        """A latency.

        >>> [Language("en").milliseconds(ms) for ms in (0.04, 41.3, 1400)]
        ['<1 ms', '41 ms', '1.4 s']
        """
        if value >= 999.5:
            return f"{self.number(value / 1000, 0 if (value / 1000).is_integer() else 1)} s"
        return f"{self.number(value, 0)} ms" if value >= 0.95 else "<1 ms"

    def percent(self, value: float) -> str:
        """A share of 100.

        >>> Language("en").percent(12.4)
        '12%'
        """
        return f"{self.number(value, 0 if value >= 9.95 or float(value).is_integer() else 1)}{self._write.percent_gap}%"

    def clock(self, at: datetime) -> str:
        """Hours and minutes at the site."""
        return f"{at.astimezone(self.zone):%H:%M}"

    def offset(self, at: datetime) -> str:
        """The zone of the times that are shown, as its distance from UTC at that moment.

        >>> Language("fr", "Africa/Lubumbashi").offset(datetime.fromisoformat("2026-11-24T08:00+00:00"))
        'UTC+2'
        """
        minutes = round((at.astimezone(self.zone).utcoffset() or timedelta()).total_seconds() / 60)
        hours, rest = divmod(abs(minutes), 60)
        sign = "-" if minutes < 0 else "+"
        return f"UTC{sign}{hours}" + (f":{rest:02}" if rest else "") if minutes else "UTC"

    def date(self, at: datetime) -> str:
        """Day and month at the site."""
        return f"{at.astimezone(self.zone):%d/%m}"

    def moment(self, at: datetime) -> str:
        """Day, month, hours and minutes at the site."""
        return f"{at.astimezone(self.zone):%d/%m %H:%M}"

    def when(self, at: datetime, now: datetime | None) -> str:
        """The clock time of today, the date of another day."""
        if now is None or at.astimezone(self.zone).date() == now.astimezone(self.zone).date():
            return self.clock(at)
        return self.date(at)


def _catalogue(code: str) -> Callable[[str], str]:
    if code == "en":
        return str
    import gettext

    try:
        return gettext.translation(DOMAIN, Path(__file__).parent, [code]).gettext
    except OSError:
        return str


def choose(wanted: str, environ: Mapping[str, str] = os.environ) -> str:
    """The language code for "auto" or a locale; by the usual variables, English when they name none of ours.

    As for gettext, LANGUAGE is a list that comes first, except in the locale C.

    >>> choose("auto", {"LANG": "fr_CD.UTF-8"}), choose("auto", {"LANG": "en_GB", "LANGUAGE": "ln:fr:en"})
    ('fr', 'fr')
    >>> choose("auto", {"LC_ALL": "C.UTF-8", "LANG": "fr_CD.UTF-8", "LANGUAGE": "fr"})
    'en'
    """
    locale = next((environ[each] for each in _VARIABLES if environ.get(each)), "")
    listed = environ.get("LANGUAGE", "").split(":") if _code(locale) not in ("", "c", "posix") else []
    return next((code for each in (wanted, *listed, locale) if (code := _code(each)) in LANGUAGES), "en")


def _code(locale: str) -> str:
    """The language of a locale's name.

    >>> _code("fr_CD.UTF-8"), _code("fr"), _code("fra")
    ('fr', 'fr', 'fra')
    """
    return re.split(r"[_.@-]", locale, maxsplit=1)[0].lower()
