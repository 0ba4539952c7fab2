"""What may stand in an audit record: words of known shape, whole numbers and hashes; all else is withheld.

A record is made of what it may hold, not cleaned of what it may not: no sentence, no name of a person, no output of a
program has a place in it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from medflow_tui.rules.redaction import redact

WITHHELD = "[withheld]"
MOST = 2**53 - 1  # what every reader of JSON takes as the same number
_EVENT = re.compile(r"[a-z][a-z_]{0,19}(?:\.[a-z][a-z_]{0,29}){0,2}")
_RUN = re.compile(r"\d{8}-\d{6}-[a-z0-9-]{1,60}-[0-9a-f]{4}")
_PLAYBOOK = re.compile(r"[a-z0-9][a-z0-9-]{0,59}(?:@[0-9]+(?:\.[0-9]+){0,3})?")
_HASH = re.compile(r"[0-9a-f]{8,64}")
_SLUG = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_SLUGS = re.compile(r"[a-z][a-z0-9_-]{0,39}(?:,[a-z][a-z0-9_-]{0,39}){0,11}")
_RISK = re.compile(r"R[0-4]")
_INCIDENT = re.compile(r"[A-Z]{2,5}-\d{4}-\d{1,6}")
_DATABASE = re.compile(r"[a-z][a-z0-9_.-]{0,62}")
_IDENTITY = re.compile(r"[a-z][a-z0-9_]{1,15}:[A-Za-z0-9_-]{1,40}(?:/[A-Za-z0-9_.:-]{1,40})?")
_LOGIN = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,31}\$?")
_ADDRESS = re.compile(r"[0-9A-Fa-f:.]{3,45}(?:%[A-Za-z0-9]{1,15})?")
_AUTH = re.compile(r"[a-z0-9]{2,12}(?:\+[a-z0-9]{2,12}){0,3}")
_HOST = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,62}")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,30}")
_PERSONAL = re.compile(
    r"(?:^|_)(?:id|ids|name|names|patient|mrn|phone|birth|born|born_on|address|email|dossier)(?:_|$)"
)

# What a string in `result` or `override` may say: the words of this program, and nothing that came from elsewhere.
REASONS = (
    *(
        "self",
        "same_login",
        "unseen",
        "expired",
        "plan_changed",
        "replayed",
        "wrong_answer",
        "wrong_site",
        "locked_out",
    ),
    *(
        "no_role",
        "not_armed",
        "not_as_confirmed",
        "login_refused",
        "production",
        "passive",
        "window",
        "lock_held",
        "lock_lost",
        "rate_limit",
    ),
    *(
        "confirm_wrong",
        "no_phone",
        "not_awaited",
        "answers_damaged",
        "guard",
        "not_applicable",
        "audit_unwritable",
        "by_person",
        "left",
        "line_lost",
        "timeout",
        "unwritable",
        "settings",
        "fault",
    ),
)
SAYINGS = frozenset(
    (
        *("pass", "fail", "unknown", "done", "failed", "refused", "cancelled", "paused", "whole", "broken"),
        *("on", "off", "cut", "closed", "open", "warning", "critical", "ok", "other"),
        *REASONS,
    )
)
_SHAPES = {
    "run": _RUN,
    "playbook": _PLAYBOOK,
    "plan_hash": _HASH,
    "step": _SLUG,
    "class": _RISK,
    "incident": _INCIDENT,
    "host": _HOST,
}
_TARGET = {"system": _SLUG, "database": _DATABASE, "identity": _IDENTITY}
_ACTOR = {"name": _LOGIN, "role": _SLUG, "via": _SLUG, "from": _ADDRESS, "auth": _AUTH, "as": _LOGIN}
_LOOSE = (_SLUG, _DATABASE, _IDENTITY)  # wide enough that a word of another kind could slip in


def record_of(event: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    """The part of a record that its writer says, in the full form of D.4; what does not fit is withheld and counted.

    >>> record_of("step.done", {"step": "switch", "result": {"exit": 0, "stderr": "KABILA"}})["result"]
    {'exit': 0, 'stderr': '[withheld]'}
    """
    result = dict(fields.get("result") or {})
    if "outcome" in fields:
        result["outcome"] = fields["outcome"]
    unknown = len([each for each in fields if each not in _PLACES])
    if unknown:
        result["withheld"] = unknown
    return {
        "ev": _shaped(event, _EVENT),
        "actor": _actor(fields.get("actor") or {}),
        **{name: _shaped(fields.get(name, ""), shape) for name, shape in _SHAPES.items()},
        "incident": _shaped(fields["incident"], _INCIDENT) if fields.get("incident") else None,
        "target": _target(fields.get("target")),
        "result": _said(result) or None,
        "override": _said(fields.get("override") or {}) or None,
    }


def shown(record: Mapping[str, Any]) -> dict[str, Any]:
    """A record of a file as it may be shown, whatever stands in the file.

    >>> shown({"v": 1, "seq": 4, "ev": "run.done", "ts": "KABILA", "name": "KABILA"})["ts"]
    '[withheld]'
    """
    said = {name: value for name, value in record.items() if name not in _ENVELOPE and name != "ev"}
    event = record.get("ev", "")
    return {
        **record_of(event if isinstance(event, str) else WITHHELD, _readable(said)),
        **{
            name: _shaped(record.get(name, ""), shape)
            for name, shape in _ENVELOPE.items()
            if shape is not None
        },
        **{name: _number(record.get(name, 0)) for name in ("v", "seq", "mono_ns")},
        "clock_synced": record.get("clock_synced") is True,
    }


def _readable(said: Mapping[str, Any]) -> dict[str, Any]:
    """What should be a table and is none would raise."""
    return {
        name: value if name not in _TABLES or isinstance(value, Mapping) else {}
        for name, value in said.items()
        if isinstance(name, str)
    }


_TABLES = ("actor", "target", "result", "override")
_ENVELOPE: Mapping[str, re.Pattern[str] | None] = {
    "ts": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"),
    "boot": re.compile(r"[0-9a-f-]{36}|started-\d{1,12}"),
    "site": re.compile(r"[A-Za-z0-9][A-Za-z0-9_. -]{0,31}"),
    "prev": _HASH,
    "hash": _HASH,
    **dict.fromkeys(("v", "seq", "mono_ns", "clock_synced")),
}
_PLACES = frozenset(("actor", "target", "result", "outcome", "override", *_SHAPES))


def _shaped(value: object, *shapes: re.Pattern[str]) -> str:
    if value in ("", None):
        return ""
    if not isinstance(value, str) or len(value) > 128:
        return WITHHELD
    fitting = [each for each in shapes if each.fullmatch(value)]
    if not fitting or (fitting[0] in _LOOSE and redact(value) != value):
        return WITHHELD
    return value


def _actor(fields: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {
        name: _shaped(fields.get(name, ""), shape) for name, shape in _ACTOR.items() if name != "as"
    }
    if fields.get("as"):
        found["as"] = _shaped(fields["as"], _ACTOR["as"])
    found["uid"] = _number(fields.get("uid", -1))
    return found


def _target(fields: Mapping[str, Any] | None) -> dict[str, Any] | None:
    found = {name: _shaped((fields or {}).get(name, ""), shape) for name, shape in _TARGET.items()}
    return found if any(found.values()) else None


def _said(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Counts, measures, hashes, and words of this program; of several things only how many they are."""
    found: dict[str, Any] = {}
    for name, value in fields.items():
        if not _NAME.fullmatch(name) or _PERSONAL.search(name):
            found["withheld"] = found.get("withheld", 0) + 1
        else:
            found[name] = _value(name, value)
    return found


def _value(name: str, value: object) -> Any:
    match value:
        case bool():
            return value
        case int():
            return _number(value)
        case list() | tuple():
            return len(value)
        case str() if value in SAYINGS:
            return value
        case str() if name in _WORDED:
            return _WORDED[name](value)
    return WITHHELD


def _number(value: object) -> Any:
    return value if isinstance(value, int) and -MOST <= value <= MOST else WITHHELD


def _of(*shapes: re.Pattern[str]) -> Callable[[str], str]:
    return lambda value: _shaped(value, *shapes)


_SEVERITY = re.compile(r"SEV[1-4]")
_SEGMENT = re.compile(r"audit-\d{10}\.jsonl")
_WORDED: Mapping[str, Callable[[str], str]] = {
    "guard": _of(_SLUG),
    "guards": _of(_SLUGS),
    "view": _of(_SLUG),
    "sha256": _of(_HASH),
    "journal": _of(_HASH),
    "head": _of(_HASH),
    "segment": _of(_SEGMENT),
    "severity": _of(_SEVERITY),
    "held_by": _of(_LOGIN),
    "held_run": _of(_RUN),
    "commander": _of(_LOGIN),
}
