"""Who is on what, and which work is announced: acknowledgements and maintenance windows, shared by all viewers."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from medflow_tui.journal.database import connect, connect_to_read
from medflow_tui.model.health import Acknowledgement, Maintenance
from medflow_tui.rules.cleaning import clean

FILE = "desk.sqlite"
LONGEST = 500  # characters of a name or a reason
WRITE_WITHIN_S, READ_WITHIN_S = 5.0, 1.0
_TABLES = """
CREATE TABLE IF NOT EXISTS acknowledgement (target TEXT, who TEXT, why TEXT, at REAL, until REAL);
CREATE TABLE IF NOT EXISTS maintenance (target TEXT, who TEXT, why TEXT, starts REAL, ends REAL);
PRAGMA user_version = 1;
"""

Entry = TypeVar("Entry")


class Desk:
    """Every entry is kept; the one written last that is unexpired counts. Raises OSError when it cannot be written."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE

    def acknowledge(self, entry: Acknowledgement) -> None:
        """Somebody is on it."""
        self._write(
            "INSERT INTO acknowledgement VALUES (?, ?, ?, ?, ?)",
            (
                entry.target,
                _text(entry.who),
                _reason(entry.why),
                entry.at.timestamp(),
                entry.until.timestamp(),
            ),
        )

    def announce(self, entry: Maintenance) -> None:
        """Work on a target is announced."""
        self._write(
            "INSERT INTO maintenance VALUES (?, ?, ?, ?, ?)",
            (
                entry.target,
                _text(entry.who),
                _reason(entry.why),
                entry.starts.timestamp(),
                entry.ends.timestamp(),
            ),
        )

    def acknowledged(self, now: datetime) -> dict[str, Acknowledgement]:
        """The newest unexpired acknowledgement of each target: newest as written, for clocks are set back."""
        found = self._read(
            "SELECT target, who, why, at, until FROM acknowledgement WHERE until > ? ORDER BY rowid",
            now,
            lambda row: Acknowledgement(
                target=str(row[0]),
                who=_text(row[1]),
                why=_text(row[2]),
                at=_moment(row[3]),
                until=_moment(row[4]),
            ),
        )
        return {each.target: each for each in found}

    def maintenance(self, now: datetime) -> tuple[Maintenance, ...]:
        """Windows that have not ended."""
        return self._read(
            "SELECT target, who, why, starts, ends FROM maintenance WHERE ends > ? ORDER BY starts",
            now,
            lambda row: Maintenance(
                target=str(row[0]),
                who=_text(row[1]),
                why=_text(row[2]),
                starts=_moment(row[3]),
                ends=_moment(row[4]),
            ),
        )

    @property
    def edition(self) -> tuple[int, int, int]:
        """Another one whenever somebody wrote on the desk, also in another process; costs one look at the file."""
        try:
            found = self._path.stat()
        except OSError:
            return (0, 0, 0)
        return (found.st_ino, found.st_mtime_ns, found.st_size)

    def _write(self, query: str, values: tuple[object, ...]) -> None:
        try:
            with closing(connect(self._path, WRITE_WITHIN_S)) as database:
                database.executescript(_TABLES)
                with database:
                    database.execute(query, values)
        except sqlite3.Error as error:
            raise OSError(str(error)) from error

    def _read(self, query: str, now: datetime, entry_of: Callable[[Any], Entry]) -> tuple[Entry, ...]:
        """What is on it; a file that cannot be read has nothing on it, a broken row is left out."""
        try:
            if not self._path.exists():
                return ()
            with closing(connect_to_read(self._path, READ_WITHIN_S)) as database:
                rows = database.execute(query, (now.timestamp(),)).fetchall()
        except (sqlite3.Error, OSError):
            return ()
        entries = []
        for row in rows:
            with suppress(TypeError, ValueError, OverflowError, OSError):
                entries.append(entry_of(row))
        return tuple(entries)


def _text(text: object) -> str:
    """As it may be shown: people may paste anything."""
    return clean(str(text)[: 4 * LONGEST]).strip()[:LONGEST]


def _reason(text: str) -> str:
    """As it may be kept: cleaned before it is redacted, or a character nobody sees would hide a name."""
    from medflow_tui.rules.redaction import redact

    return redact(_text(text))


def _moment(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)
