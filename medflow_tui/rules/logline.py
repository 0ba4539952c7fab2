"""One line of any log of the field as time, level, source and text; repeats folded into one."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from medflow_tui.model.log import Level, LogLine
from medflow_tui.rules.cleaning import clean
from medflow_tui.rules.logrecord import Moment, Record, level_named, moment_of, record_of

_PM2 = re.compile(r"(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?)(?: ?([+-]\d\d:?\d\d|Z))?: ")
_ISO = re.compile(
    r"\[?(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,6})?)( ?[+-]\d\d:?\d\d|Z)?\]?(?=[\s:,]|$)[ :,-]*"
)
_CLOCK = re.compile(r"\[?(\d\d):(\d\d):(\d\d)(?:[.,]\d+)?\]?[ :-]+(?=\[|[A-Za-z])")
_MORGAN = re.compile(
    r"(\S+) - (\S+) \[(\d\d)/([A-Z][a-z]{2})/(\d{4}):(\d\d:\d\d:\d\d) ([+-]\d{4})\] \"([A-Z]+) (\S.*?)(?: HTTP/[\d.]+)?\" (\d{3}|-)"
)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_SOURCE = re.compile(r"\[([^\[\]]{1,40})\]:? *(?!$)")
_LEVEL = re.compile(
    r"[\[(]?(trace|silly|debug|verbose|http|info|log|notice|warn|warning|error|err|fatal|critical|crit|emerg|alert|panic)[\])]?(?:(?<=[\])])|:|(?= ))[ :-]*",
    re.IGNORECASE,
)
_PYTHON = re.compile(r"([\w.]{1,40}) - (DEBUG|INFO|WARNING|ERROR|CRITICAL) - ")
_CELERY = re.compile(r"(?<=: )([A-Z]+)/([\w-]+)\] ")
_CONTINUED = re.compile(
    r"\s+(?:at |\.\.\. |\{|\}|File \"|\w+: |\[\w+\]: )|Caused by: |Traceback \(|\s{4,}\S|[}\])],?$"
)
_BAD = re.compile(
    r"❌|\b(?:\w*Error|\w*Exception|FATAL|Unhandled\w*|Uncaught|panic|ECONNREFUSED|ENOSPC|EADDRINUSE)\b:?|\bMax reconnection attempts"
)
_DUBIOUS = re.compile(
    r"⚠|\bwarn(?:ing)?\b|\bcircuit OPEN\b|\bblocked\b|\bretry|\btimed? ?out\b|\bfailed\b|\béchec|\bdeprecat",
    re.IGNORECASE,
)
_NUMBERS = re.compile(
    r"(?<![0-9a-fA-F])(?=[0-9a-fA-F-]*\d)[0-9a-fA-F]{8,}(?:-[0-9a-fA-F]{4,})*|\d+(?:[.:,/-]\d+)*"
)


def parse(
    line: str, default_zone: tzinfo, previous: LogLine | None = None, near: datetime | None = None
) -> LogLine:
    """The parts of one cleaned line; `previous` is the line before in the same file, `near` a moment with a zone

    that tells the day of a line that has only a clock time. A local time without a zone is taken in `default_zone`.
    A line of a stack trace takes level, time and source from `previous`. Never raises on any text.
    """
    outer, rest = _outer_moment(line, default_zone)
    body = rest.lstrip()
    if body.startswith("{") and body.rstrip().endswith("}"):
        found = _from_json(body, default_zone)
        if found is not None:
            return _finished(found, outer)
    if previous is not None and _CONTINUED.match(rest):
        return replace(
            previous,
            text=clean(rest.strip()),
            continued=True,
            code=0,
            count=1,
            since=None,
            key="",
            zone_known=previous.zone_known,
        )
    return _finished(_from_text(body, default_zone, near), outer)


def _outer_moment(line: str, zone: tzinfo) -> tuple[Moment | None, str]:
    found = _PM2.match(line)
    if found is None:
        return None, line
    return moment_of(found[1] + (found[2] or ""), zone), line[found.end() :]


def _finished(record: Record, outer: Moment | None) -> LogLine:
    """The record as a line: access lines are read, the better of two times wins, what came as escapes is cleaned."""
    access = _MORGAN.match(record.text)
    if access is not None:
        record = _access(record, access)
    moment = record.moment
    if outer is not None and (moment is None or (outer.zone_known and not moment.zone_known)):
        moment = outer
    text = clean(record.text).strip()
    return LogLine(
        at=moment.at if moment else None,
        zone_known=moment.zone_known if moment else True,
        level=record.level,
        source=clean(record.source)[:40],
        text=text,
        code=record.code,
    )


def _access(record: Record, found: re.Match[str]) -> Record:
    """An access line says info also when the answer was a failure; 5xx is worth a warning."""
    code = int(found[10]) if found[10] != "-" else 0
    address = found[1].removeprefix("::ffff:")
    moment = None
    if found[4] in _MONTHS:
        month = _MONTHS.index(found[4]) + 1
        moment = moment_of(f"{found[5]}-{month:02}-{found[3]}T{found[6]}{found[7]}", UTC)
    return replace(
        record,
        level=max(record.level, Level.WARN) if code >= 500 else record.level,
        source="http",
        text=f"{found[8]} {found[9]} {found[10]} from {address}",
        code=code,
        moment=moment or record.moment,
    )


def _from_json(body: str, zone: tzinfo) -> Record | None:
    try:
        fields: Any = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return record_of(fields, zone) if isinstance(fields, dict) else None


def _from_text(body: str, zone: tzinfo, near: datetime | None) -> Record:
    """A console line: time, level, [source], text and the JSON that winston appends, each optional."""
    moment, rest = _moment_before(body, zone, near)
    celery = _CELERY.search(body[:60])
    if celery is not None:
        return Record(
            moment=moment, level=level_named(celery[1]), source=celery[2], text=body[celery.end() :]
        )
    python = _PYTHON.match(rest)
    if python is not None:
        return Record(
            moment=moment, level=level_named(python[2]), source=python[1], text=rest[python.end() :]
        )
    level, source = None, ""
    for _ in range(3):
        if level is None and (found := _LEVEL.match(rest)):
            level, rest = level_named(found[1]), rest[found.end() :]
        elif not source and (found := _SOURCE.match(rest)) and (moment or level or _is_tag(found[1])):
            source, rest = found[1], rest[found.end() :]
        else:
            break
    text, appended = _without_appended(rest, zone)
    if level is None:
        level = _guessed(text[:200])
    return Record(moment=moment, level=level, source=source or appended, text=text)


def _guessed(text: str) -> Level:
    """The level of a line that names none."""
    return Level.ERROR if _BAD.search(text) else Level.WARN if _DUBIOUS.search(text) else Level.INFO


def _is_tag(words: str) -> bool:
    """Whether words in brackets name a part of the program, not a value."""
    return words[:1].isalpha() and len(words.split()) <= 3


def _moment_before(body: str, zone: tzinfo, near: datetime | None) -> tuple[Moment | None, str]:
    found = _ISO.match(body)
    if found is not None:
        return moment_of(found[1].replace(",", ".") + (found[2] or "").strip(), zone), body[found.end() :]
    found = _CLOCK.match(body)
    if found is None:
        return None, body
    return _on_the_day(int(found[1]), int(found[2]), int(found[3]), zone, near), body[found.end() :]


def _on_the_day(hour: int, minute: int, second: int, zone: tzinfo, near: datetime | None) -> Moment | None:
    """A clock time on the day that brings it nearest to `near`, never more than an hour after it."""
    if near is None or hour > 23 or minute > 59 or second > 59:
        return None
    at = near.astimezone(zone).replace(hour=hour, minute=minute, second=second, microsecond=0)
    return Moment(at=at - timedelta(days=1) if at - near > timedelta(hours=1) else at, zone_known=False)


def _without_appended(text: str, zone: tzinfo) -> tuple[str, str]:
    """The text without the JSON behind it, whose news are said in words; and the service that it names."""
    start = text.find(' {"')
    if start < 0 or not text.rstrip().endswith("}"):
        return text, ""
    try:
        fields: Any = json.loads(text[start:])
    except (ValueError, RecursionError):
        return text, ""
    if not isinstance(fields, dict):
        return text, ""
    record = record_of({"message": text[:start], **fields}, zone, always=True)
    return (record.text, record.source) if record is not None else (text, "")


def fold(lines: Iterable[LogLine], *, within_s: float = 600.0) -> tuple[LogLine, ...]:
    """The lines with repeats as one, at the place and with the text of the newest, counted, with the first time.

    A repeat has the same origin, source, level and status, the same text but for numbers, ids and times, and came at most
    `within_s` after the one before. Lines that are folded already may be given again with new ones behind them.
    """
    kept: dict[object, LogLine] = {}
    for number, line in enumerate(lines):
        key = (line.origin, line.source, line.level, line.code, line.key or normal(line.text))
        before = kept.pop(key, None)
        if before is not None and before.at and line.at and (line.at - before.at).total_seconds() > within_s:
            kept[(key, number)] = before
            before = None
        if before is not None:
            kept[key] = replace(line, count=before.count + line.count, since=before.since or before.at)
        else:
            kept[key] = line
    return tuple(kept.values())


def normal(text: str) -> str:
    """What repeats of a text have in common: numbers, ids and times are #.

    >>> normal("job 6976abcdef012345 waits 12 s, try 2 at 08:01:31")
    'job # waits # s, try # at #'
    """
    return _NUMBERS.sub("#", text)
