"""The incidents of a site, in one small file of the state folder that is replaced whole: at most one is open."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from medflow_tui.journal.append_log import DamagedError, UnwritableError
from medflow_tui.journal.auditing.attributes import let_others_in
from medflow_tui.journal.auditing.waiting import locked
from medflow_tui.journal.private import make_folder
from medflow_tui.journal.small_file import replace_text
from medflow_tui.model.access import Origin, origin_from
from medflow_tui.model.canonical import canonical
from medflow_tui.model.health import EPOCH
from medflow_tui.model.incident import BY_VOICE, HERE, Incident, Severity
from medflow_tui.model.words import say
from medflow_tui.rules.leading import ID

FILE, LOCK = "incidents.json", "incidents.lock"
MOST_BYTES = 1024 * 1024
WITHIN_S = 10.0
_WORDS = ("id", "commander", "opened_by", "text", "closed_by")
_CONFIRMED = ("confirmed_how", "confirmed_at", "confirmed_from", "named_from")


class Incidents:
    """Of one state folder. What cannot be understood is damage (DamagedError): then nobody knows whether one is open."""

    def __init__(self, state: Path) -> None:
        self.path = state / FILE

    def all(self) -> tuple[Incident, ...]:
        """Oldest first; none when there is no file. Raises DamagedError."""
        try:
            with self.path.open("rb") as file:
                content = file.read(MOST_BYTES + 1)
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise DamagedError(
                say("{path} cannot be read: {why}", path=str(self.path), why=error.strerror or "?")
            ) from error
        try:
            return _understood(content)
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise DamagedError(say("{path} is damaged", path=str(self.path))) from error

    def now_open(self) -> Incident | None:
        """Raises DamagedError."""
        return next((each for each in self.all() if each.is_open), None)

    def keep(self, incident: Incident) -> None:
        """Add it, or put it in the place of the one of its number; the oldest that are over leave when there is no room
        (the audit has them). Durable when it returns. UnwritableError, DamagedError.
        """
        others = [each for each in self.all() if each.id != incident.id]
        text = _written(sorted((*others, incident), key=lambda each: each.opened_at), incident.id)
        try:
            replace_text(self.path, text, ready=let_others_in)
        except OSError as error:
            raise _unwritable(self.path, error) from error

    @contextmanager
    def held(self) -> Iterator[None]:
        """Within, nobody else changes them. Raises UnwritableError."""
        path = self.path.with_name(LOCK)
        try:
            make_folder(path.parent)
            flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0)
            descriptor = os.open(path, flags, 0o600)
        except OSError as error:
            raise _unwritable(path, error) from error
        try:
            let_others_in(path)
            with locked(descriptor, WITHIN_S) as is_held:
                if not is_held:
                    raise UnwritableError(say("somebody else changes an incident now: try again"))
                yield
        finally:
            os.close(descriptor)


def _written(incidents: list[Incident], kept: str) -> str:
    records = [_record(each) for each in incidents]
    sizes = [len(canonical(each).encode()) + 1 for each in records]
    room = MOST_BYTES - len(canonical({"v": 1, "incidents": []}))
    for number, each in enumerate(incidents):
        if sum(sizes) <= room:
            break
        if not each.is_open and each.id != kept:
            sizes[number] = 0
    return canonical({"v": 1, "incidents": [each for each, size in zip(records, sizes, strict=True) if size]})


def _understood(content: bytes) -> tuple[Incident, ...]:
    if len(content) > MOST_BYTES:
        raise ValueError("too long")
    document = json.loads(content.decode("utf-8"))
    if document["v"] != 1 or not isinstance(document["incidents"], list):
        raise ValueError("another form")
    found = tuple(_incident(each) for each in document["incidents"])
    if len({each.id for each in found}) != len(found) or sum(each.is_open for each in found) > 1:
        raise ValueError("one twice, or two open")
    return found


def _incident(record: Mapping[str, Any]) -> Incident:
    words = {name: record[name] for name in _WORDS}
    if not all(isinstance(each, str) for each in words.values()) or not ID.fullmatch(words["id"]):
        raise ValueError("no incident")
    uid, opened, closed = record["commander_uid"], _moment(record["opened_at"]), record["closed_at"]
    if not isinstance(uid, int) or isinstance(uid, bool) or bool(words["closed_by"]) != bool(closed):
        raise ValueError("no incident")
    return Incident(
        **words,
        severity=Severity(record["severity"]),
        commander_uid=uid,
        opened_at=opened,
        closed_at=_moment(closed) if closed else EPOCH,
        named=_named(record),
        **_confirmation(record),
    )


def _named(record: Mapping[str, Any]) -> int:
    """None in a file of the versions that did not count."""
    named = record.get("named", 0)
    if not isinstance(named, int) or isinstance(named, bool) or named < 0:
        raise ValueError("no count")
    return named


def _confirmation(record: Mapping[str, Any]) -> dict[str, Any]:
    """Nothing in a file of the versions that knew none: then it is not confirmed."""
    if not any(name in record for name in _CONFIRMED):
        return {}
    how, at = record["confirmed_how"], record["confirmed_at"]
    if how not in ("", HERE, BY_VOICE) or bool(how) != bool(at):
        raise ValueError("no confirmation")
    return {
        "confirmed_how": how,
        "confirmed_at": _moment(at) if at else EPOCH,
        "confirmed_from": origin_from(record["confirmed_from"]),
        "named_from": origin_from(record["named_from"]),
    }


def _moment(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise ValueError("a moment without a zone")
    return found


def _record(incident: Incident) -> dict[str, Any]:
    return {
        **{name: getattr(incident, name) for name in _WORDS},
        "severity": incident.severity.value,
        "commander_uid": incident.commander_uid,
        "named": incident.named,
        "opened_at": incident.opened_at.isoformat(),
        "closed_at": "" if incident.is_open else incident.closed_at.isoformat(),
        "confirmed_how": incident.confirmed_how,
        "confirmed_at": incident.confirmed_at.isoformat() if incident.confirmed_how else "",
        "confirmed_from": _seat(incident.confirmed_from),
        "named_from": _seat(incident.named_from),
    }


def _seat(origin: Origin) -> dict[str, Any]:
    return {name: list(each) if isinstance(each, tuple) else each for name, each in asdict(origin).items()}


def _unwritable(path: Path, error: OSError) -> UnwritableError:
    return UnwritableError(say("{path} cannot be written: {why}", path=str(path), why=error.strerror or "?"))
