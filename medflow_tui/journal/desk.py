"""Who is on what, and which work is announced: acknowledgements and maintenance windows, shared by all viewers."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from medflow_tui.model.health import Acknowledgement, Maintenance

FILE = "desk.sqlite"
_TABLES = """
CREATE TABLE IF NOT EXISTS acknowledgement (target TEXT, who TEXT, why TEXT, at REAL, until REAL);
CREATE TABLE IF NOT EXISTS maintenance (target TEXT, who TEXT, why TEXT, starts REAL, ends REAL);
"""


class Desk:
    """Every entry is kept; the newest unexpired one counts. Raises OSError when an entry cannot be written."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE

    def acknowledge(self, entry: Acknowledgement) -> None:
        """Somebody is on it."""
        self._write(
            "INSERT INTO acknowledgement VALUES (?, ?, ?, ?, ?)",
            (entry.target, entry.who, entry.why, entry.at.timestamp(), entry.until.timestamp()),
        )

    def announce(self, entry: Maintenance) -> None:
        """Work on a target is announced."""
        self._write(
            "INSERT INTO maintenance VALUES (?, ?, ?, ?, ?)",
            (entry.target, entry.who, entry.why, entry.starts.timestamp(), entry.ends.timestamp()),
        )

    def acknowledged(self, now: datetime) -> dict[str, Acknowledgement]:
        """The newest unexpired acknowledgement of each target."""
        rows = self._read("SELECT * FROM acknowledgement WHERE until > ? ORDER BY at", now)
        return {
            row[0]: Acknowledgement(
                target=row[0], who=row[1], why=row[2], at=_moment(row[3]), until=_moment(row[4])
            )
            for row in rows
        }

    def maintenance(self, now: datetime) -> tuple[Maintenance, ...]:
        """Windows that have not ended."""
        rows = self._read("SELECT * FROM maintenance WHERE ends > ? ORDER BY starts", now)
        return tuple(
            Maintenance(target=row[0], who=row[1], why=row[2], starts=_moment(row[3]), ends=_moment(row[4]))
            for row in rows
        )

    def _write(self, query: str, values: tuple[object, ...]) -> None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with closing(sqlite3.connect(self._path, timeout=5.0)) as database, database:
                database.executescript(_TABLES)
                database.execute(query, values)
        except sqlite3.Error as error:
            raise OSError(str(error)) from error

    def _read(self, query: str, now: datetime) -> list[tuple[str, str, str, float, float]]:
        if not self._path.exists():
            return []
        try:
            with closing(
                sqlite3.connect(f"{self._path.as_uri()}?mode=ro", uri=True, timeout=1.0)
            ) as database:
                return database.execute(query, (now.timestamp(),)).fetchall()
        except sqlite3.Error:
            return []


def _moment(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)
