"""The number of calls that a host allows, counted in one SQLite file for all processes of this machine."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from medflow_tui.model.words import Phrase, say

FILE = "budget.sqlite"
LOCKED_AT_MOST_S = 0.5
KEEP_S = 3600.0
WAIT_AT_MOST_S = 86_400.0
CLOCK_SLACK_S = 5.0

_SCHEMA = Path(__file__).with_name("budget.sql")
_FORGET = "DELETE FROM call WHERE at <= ? OR at > ?"
_WAITING = "SELECT until FROM wait WHERE host = ? AND until > ? AND until <= ?"
_COUNT = "SELECT count(*) FROM call WHERE host = ? AND at > ? AND at <= ?"
_FREED = "SELECT at FROM call WHERE host = ? AND at > ? AND at <= ? ORDER BY at DESC LIMIT 1 OFFSET ?"
_ADD = "INSERT INTO call (host, at) VALUES (?, ?)"
_WAIT = "INSERT INTO wait (host, until) VALUES (?, ?) ON CONFLICT (host) DO UPDATE SET until = max(until, excluded.until)"

Result = TypeVar("Result")


class SharedBudget:
    """Never raises; safe from any thread. Implements `clients.tools.Budget`.

    A limit of 0 or less means that the host counts nothing, so that only its own request to wait holds.
    When the file cannot be written (full disk, read-only, damaged, locked too long) this process counts by itself,
    in memory, says so in `notices`, and writes down what it counted as soon as it can.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._lock = threading.Lock()
        self._calls: list[tuple[str, float]] = []
        self._waits: dict[str, float] = {}
        self._unwritten: list[tuple[str, float]] = []
        self._why: Phrase | None = None

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

    def forbid(self, host: str, until: datetime) -> None:
        """The host itself said to wait (429 with Retry-After)."""
        with self._lock:
            self._waits[host] = max(self._waits.get(host, 0.0), until.timestamp())
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
        """What the operator should know: empty while the count is shared."""
        return () if self._why is None else (self._why,)

    def _shared(self, ask: Callable[[sqlite3.Connection], Result], alone: Callable[[], Result]) -> Result:
        try:
            with self._transaction() as file:
                answer = ask(file)
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

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        """One immediate transaction: two processes never count the same last call.

        What was counted alone before is written first.
        """
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with closing(sqlite3.connect(self._path, timeout=LOCKED_AT_MOST_S, isolation_level=None)) as file:
            file.execute("BEGIN IMMEDIATE")
            try:
                if file.execute("SELECT 1 FROM sqlite_master WHERE name = 'wait'").fetchone() is None:
                    for statement in _SCHEMA.read_text(encoding="utf-8").split(";"):
                        file.execute(statement)
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
        until = self._waits.get(host, 0.0)
        if at < until <= at + WAIT_AT_MOST_S:
            return until
        times = sorted(
            when for name, when in self._calls if name == host and at - window_s < when <= at + CLOCK_SLACK_S
        )
        return times[-limit] + window_s if 0 < limit <= len(times) else None


def _take(file: sqlite3.Connection, host: str, limit: int, window_s: float, at: float) -> float | None:
    """None and one call more, or the moment from which a call is free again.

    Calls later than now were counted before the clock was set back: they are forgotten.
    """
    file.execute(_FORGET, (at - max(KEEP_S, window_s), at + CLOCK_SLACK_S))
    told = file.execute(_WAITING, (host, at, at + WAIT_AT_MOST_S)).fetchone()
    if told is not None:
        return float(told[0])
    if limit > 0:
        freed = file.execute(_FREED, (host, at - window_s, at + CLOCK_SLACK_S, limit - 1)).fetchone()
        if freed is not None:
            return float(freed[0]) + window_s
    file.execute(_ADD, (host, at))
    return None


def _wait(file: sqlite3.Connection, waits: dict[str, float]) -> None:
    file.executemany(_WAIT, list(waits.items()))
