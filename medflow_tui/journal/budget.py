"""The number of calls that a host allows, counted in one SQLite file for all processes of this machine."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from medflow_tui.journal.database import (
    columns_of,
    connect,
    connect_to_read,
    is_damage,
    set_aside,
    version_of,
)
from medflow_tui.journal.lock import OneWriter
from medflow_tui.model.words import Phrase, say

FILE, LOCK_FILE = "budget.sqlite", "budget.lock"
LOCKED_AT_MOST_S = 0.5
KEEP_S = 3600.0
WAIT_AT_MOST_S = 86_400.0
CLOCK_SLACK_S = 5.0
TABLES_VERSION = 1

_SCHEMA = Path(__file__).with_name("budget.sql")
_FORGET = "DELETE FROM call WHERE at <= ? OR at > ?"
_WAITING = "SELECT until FROM wait WHERE host = ? AND until > ? AND until <= ? AND told <= ?"
_COUNT = "SELECT count(*) FROM call WHERE host = ? AND at > ? AND at <= ?"
_FREED = "SELECT at FROM call WHERE host = ? AND at > ? AND at <= ? ORDER BY at DESC LIMIT 1 OFFSET ?"
_ADD = "INSERT INTO call (host, at) VALUES (?, ?)"
_WAIT = (
    "INSERT INTO wait (host, until, told) VALUES (?, ?, ?) ON CONFLICT (host) DO UPDATE SET"
    " until = CASE WHEN told > excluded.told + ? THEN excluded.until ELSE max(until, excluded.until) END,"
    " told = excluded.told"
)
_TOLD = "ALTER TABLE wait ADD COLUMN told REAL NOT NULL DEFAULT 0"

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wait:
    """Until when a host wants to be left alone, and when it said so; seconds since 1970 UTC."""

    until: float
    told: float


class SharedBudget:
    """Never raises; safe from any thread. Implements `clients.tools.Budget`.

    A limit of 0 or less means that the host counts nothing, so that only its own request to wait holds.
    When the file cannot be written (full disk, read-only, locked too long) this process counts by itself, in memory,
    says so in `notices`, and writes down what it counted as soon as it can. A damaged file is set aside and begun anew
    with what this process has counted.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._lock = threading.Lock()
        self._calls: list[tuple[str, float]] = []
        self._waits: dict[str, _Wait] = {}
        self._unwritten: list[tuple[str, float]] = []
        self._why: Phrase | None = None
        self._begun_anew: Phrase | None = None

    def take(self, host: str, limit: int, window_s: float, now: datetime) -> datetime | None:
        """Count one call; None when it may be made, else the moment from which it may."""
        at = now.timestamp()
        with self._lock:
            until = self._shared(
                lambda file: _take(file, host, limit, window_s, at),
                lambda: self._alone(host, limit, window_s, at),
            )
            if until is None:
                self._calls = [each for each in self._calls if at - KEEP_S < each[1] <= at + CLOCK_SLACK_S]
                self._calls.append((host, at))
                if self._why is not None:
                    self._unwritten.append((host, at))
        return None if until is None else datetime.fromtimestamp(until, UTC)

    def forbid(self, host: str, until: datetime, now: datetime | None = None) -> None:
        """The host itself said to wait (429 with Retry-After). With `now` a clock that is set back ends the wait."""
        wait = _Wait(until=until.timestamp(), told=0.0 if now is None else now.timestamp())
        with self._lock:
            before = self._waits.get(host)
            if before is not None and before.told <= wait.told + CLOCK_SLACK_S:
                wait = _Wait(until=max(before.until, wait.until), told=wait.told)
            self._waits[host] = wait
            self._shared(lambda file: _wait(file, self._waits), lambda: None)

    def used(self, host: str, window_s: float, now: datetime) -> int:
        """Calls counted in the window, for the detail screen."""
        at = now.timestamp()
        between = (at - window_s, at + CLOCK_SLACK_S)
        with self._lock:
            return self._shared(
                lambda file: int(file.execute(_COUNT, (host, *between)).fetchone()[0]),
                lambda: sum(
                    1 for name, when in self._calls if name == host and between[0] < when <= between[1]
                ),
            )

    def notices(self) -> tuple[Phrase, ...]:
        """What the operator should know: empty while the count is shared and whole."""
        return tuple(each for each in (self._why, self._begun_anew) if each is not None)

    def _shared(self, ask: Callable[[sqlite3.Connection], Result], alone: Callable[[], Result]) -> Result:
        try:
            try:
                answer = self._asked(ask)
            except sqlite3.DatabaseError as error:
                if not is_damage(error) or not self._begin_anew():
                    raise
                answer = self._asked(ask)
        except (sqlite3.Error, OSError) as error:
            self._why = say(
                "calls are counted by this process alone: {path}: {why}",
                path=str(self._path),
                why=str(error)[:80],
            )
            return alone()
        self._why = None
        self._unwritten.clear()
        return answer

    def _asked(self, ask: Callable[[sqlite3.Connection], Result]) -> Result:
        with self._transaction() as file:
            return ask(file)

    def _begin_anew(self) -> bool:
        """Set the damaged file aside, unless another process has just done so. Raises OSError."""
        lock = OneWriter(self._path.with_name(LOCK_FILE))
        if not lock.take():
            return False
        try:
            if not _is_damaged(self._path):
                return True
            aside = set_aside(self._path)
        finally:
            lock.release()
        self._unwritten = list(self._calls)
        self._begun_anew = say("count of calls was damaged and is begun anew, {file} kept", file=aside.name)
        return True

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """One immediate transaction: two processes never count the same last call.

        What was counted alone before is written first.
        """
        with closing(connect(self._path, LOCKED_AT_MOST_S)) as file:
            file.isolation_level = None
            file.execute("BEGIN IMMEDIATE")
            try:
                if version_of(file) < TABLES_VERSION:
                    _upgrade(file)
                if self._unwritten:
                    file.executemany(_ADD, self._unwritten)
                    _wait(file, self._waits)
                yield file
                file.execute("COMMIT")
            except BaseException:
                if file.in_transaction:
                    file.execute("ROLLBACK")
                raise

    def _alone(self, host: str, limit: int, window_s: float, at: float) -> float | None:
        wait = self._waits.get(host)
        if wait is not None and at < wait.until <= at + WAIT_AT_MOST_S and wait.told <= at + CLOCK_SLACK_S:
            return wait.until
        times = sorted(
            when for name, when in self._calls if name == host and at - window_s < when <= at + CLOCK_SLACK_S
        )
        return times[-limit] + window_s if 0 < limit <= len(times) else None


def _is_damaged(path: Path) -> bool:
    try:
        with closing(connect_to_read(path, LOCKED_AT_MOST_S)) as file:
            return bool(file.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok")
    except sqlite3.Error as error:
        return is_damage(error)


def _take(file: sqlite3.Connection, host: str, limit: int, window_s: float, at: float) -> float | None:
    """None and one call more, or the moment from which a call is free again.

    Calls later than now were counted before the clock was set back: they are forgotten.
    """
    file.execute(_FORGET, (at - max(KEEP_S, window_s), at + CLOCK_SLACK_S))
    told = file.execute(_WAITING, (host, at, at + WAIT_AT_MOST_S, at + CLOCK_SLACK_S)).fetchone()
    if told is not None:
        return float(told[0])
    if limit > 0:
        freed = file.execute(_FREED, (host, at - window_s, at + CLOCK_SLACK_S, limit - 1)).fetchone()
        if freed is not None:
            return float(freed[0]) + window_s
    file.execute(_ADD, (host, at))
    return None


def _wait(file: sqlite3.Connection, waits: dict[str, _Wait]) -> None:
    file.executemany(_WAIT, [(host, each.until, each.told, CLOCK_SLACK_S) for host, each in waits.items()])


def _upgrade(file: sqlite3.Connection) -> None:
    """Tables of this version, also from those before they were numbered."""
    for statement in _SCHEMA.read_text(encoding="utf-8").split(";"):
        file.execute(statement)
    if "told" not in columns_of(file, "wait"):
        file.execute(_TOLD)
