"""Log records in JSON: MedFlow's two winston loggers, pino, and mongod's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any

from medflow_tui.model.log import Level

NO_REASON = "(no reason logged)"

_LEVELS = {
    **dict.fromkeys(("trace", "silly"), Level.TRACE),
    "debug": Level.DEBUG,
    **dict.fromkeys(("verbose", "http"), Level.VERBOSE),
    **dict.fromkeys(("info", "log"), Level.INFO),
    "notice": Level.NOTICE,
    **dict.fromkeys(("warn", "warning"), Level.WARN),
    **dict.fromkeys(("error", "err"), Level.ERROR),
    **dict.fromkeys(("critical", "crit", "fatal", "emerg", "alert", "panic"), Level.CRITICAL),
}
_MONGOD_LEVELS = {"F": Level.CRITICAL, "E": Level.ERROR, "W": Level.WARN, "I": Level.INFO}
_PINO_LEVELS = {
    10: Level.TRACE,
    20: Level.DEBUG,
    30: Level.INFO,
    40: Level.WARN,
    50: Level.ERROR,
    60: Level.CRITICAL,
}
_SAID = frozenset(
    (
        "message",
        "msg",
        "level",
        "timestamp",
        "time",
        "service",
        "context",
        "label",
        "stack",
        "pid",
        "hostname",
        "v",
        "name",
        "splat",
    )
)
_ERRORS = ("error", "err", "reason")
_LONGEST_VALUE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A time with a zone; `zone_known` is false when the zone was assumed."""

    at: datetime
    zone_known: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What a line says, before it is cleaned."""

    moment: Moment | None
    level: Level
    source: str
    text: str
    code: int = 0


def level_named(word: object) -> Level:
    """The level of a word or of pino's number; INFO for one that is not known.

    >>> level_named("WARN") is level_named(40) is Level.WARN
    True
    """
    if isinstance(word, int):
        return _PINO_LEVELS.get(word, Level.INFO)
    return _LEVELS.get(str(word).lower(), Level.INFO)


def moment_of(written: object, zone: tzinfo) -> Moment | None:
    """A time as loggers write it: ISO 8601 with or without a zone, or milliseconds since 1970; None for anything else."""
    try:
        if isinstance(written, int | float) and not isinstance(written, bool):
            return Moment(at=datetime.fromtimestamp(written / 1000, UTC), zone_known=True)
        at = datetime.fromisoformat(str(written).strip())
    except (ValueError, OverflowError, OSError):
        return None
    if at.tzinfo is not None:
        return Moment(at=at, zone_known=True)
    return Moment(at=at.replace(tzinfo=zone), zone_known=False)


def record_of(fields: Mapping[str, Any], zone: tzinfo, *, always: bool = False) -> Record | None:
    """The record of a JSON object, None when it is none that we know (`always` takes any)."""
    stamp = fields.get("t")
    if isinstance(stamp, Mapping) and "$date" in stamp and "msg" in fields:
        return _mongod(fields, stamp, zone)
    if not always and "message" not in fields and "msg" not in fields:
        return None
    message = fields.get("message", fields.get("msg", ""))
    parts = [_plain(message)] if message else []
    exploded = _rejoined(fields)
    if exploded:
        parts.append(exploded)
    parts += [_reason(fields[name], bool(exploded)) for name in _ERRORS if name in fields]
    parts += [f"{key}={_plain(value)}" for key, value in fields.items() if _is_news(key, value)]
    return Record(
        moment=moment_of(fields.get("timestamp", fields.get("time", "")), zone),
        level=level_named(fields.get("level", "info")),
        source=str(fields.get("context") or fields.get("label") or fields.get("service") or ""),
        text=" ".join(part for part in parts if part),
        code=_status(fields.get("statusCode")),
    )


def _status(code: object) -> int:
    return code if isinstance(code, int) and 100 <= code <= 599 else 0


def _is_news(key: str, value: object) -> bool:
    return key not in _SAID and key not in _ERRORS and not key.isdigit() and value not in (None, "", {}, [])


def _rejoined(fields: Mapping[str, Any]) -> str:
    """A text that was spread over the keys "0", "1", "2" …: joined in the order of the numbers, not of the text."""
    if not any(map(str.isdigit, fields)):
        return ""
    pieces = [
        (int(key), value)
        for key, value in fields.items()
        if key.isascii() and key.isdigit() and isinstance(value, str)
    ]
    return "".join(value for _, value in sorted(pieces))


def _reason(error: object, said: bool) -> str:
    """What an error says; an empty object is what is left of an error that was logged without a serializer."""
    match error:
        case None | "" | {} if said:
            return ""
        case str() if error:
            return error
        case Mapping() if error:
            told = [_plain(error[key]) for key in ("name", "code", "message", "msg", "cmd") if error.get(key)]
            return ": ".join(told) or _plain(error)
        case _:
            return NO_REASON


def _plain(value: object) -> str:
    """A value in a line: short, without JSON's quotes around a text."""
    text = value if isinstance(value, str) else _compact(value)
    return (
        text
        if isinstance(value, str) and len(text) <= 4096
        else text[:_LONGEST_VALUE]
        if not isinstance(value, str)
        else text[:4096]
    )


def _compact(value: object) -> str:
    match value:
        case Mapping():
            return (
                "{" + ", ".join(f"{key}: {_quoted(inner)}" for key, inner in list(value.items())[:12]) + "}"
            )
        case list():
            return "[" + ", ".join(_quoted(inner) for inner in value[:12]) + "]"
        case bool():
            return "true" if value else "false"
        case _:
            return str(value)


def _quoted(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else _compact(value)


def _mongod(fields: Mapping[str, Any], stamp: Mapping[str, Any], zone: tzinfo) -> Record:
    severity = str(fields.get("s", "I"))
    attributes = fields.get("attr")
    text = str(fields.get("msg", ""))
    if isinstance(attributes, Mapping) and attributes:
        text += " " + " ".join(f"{key}={_plain(value)}" for key, value in attributes.items())
    return Record(
        moment=moment_of(stamp["$date"], zone),
        level=_MONGOD_LEVELS.get(severity, Level.DEBUG if severity.startswith("D") else Level.INFO),
        source="mongod " + str(fields.get("c", "")).lower()
        if fields.get("c") not in (None, "-")
        else "mongod",
        text=text,
    )
