"""History in SQLite: changes of verdict and five-minute figures, bounded by age; one process writes, all read."""

from __future__ import annotations

import math
import queue
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from medflow_tui.journal.database import NewerError, connect_to_read, is_damage, set_aside
from medflow_tui.journal.history_rows import close, open_history, prune, write_rows
from medflow_tui.journal.lock import OneWriter
from medflow_tui.journal.phrases import from_json
from medflow_tui.journal.private import make_folder
from medflow_tui.model.health import Health, Verdict
from medflow_tui.model.words import SILENCE, Phrase, say
from medflow_tui.rules.alerts import rank

FILE, LOCK_FILE = "history.sqlite", "history.lock"
KEEP_S = 30 * 86400
COMMIT_EVERY_S = 2.0
RETRY_EVERY_S = 30.0
PRUNE_EVERY_S = 3600.0
TAKE_OVER_EVERY_S = 5.0
WAITING_MOST = 20_000
READ_WITHIN_S = 1.0
CLOCK_SLACK_S = 60.0
_BY_RANK = {
    rank(each): each for each in (Health.OK, Health.STALE, Health.UNKNOWN, Health.WARNING, Health.CRITICAL)
}

Record = TypeVar("Record")
Pair = tuple[Verdict, Verdict]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A verdict that became another."""

    target: str
    at: datetime
    health: Health
    soft: bool
    evidence: Phrase


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Five minutes of a target: the worst health, the mean figure, the mean latency."""

    at: datetime
    worst: Health
    figure: float | None
    latency_ms: float | None


class History:
    """Never raises and never blocks: rows wait in memory (bounded) while the disk is full, and it says so.

    `record` is safe from any thread; a thread of its own writes. A second process finds the lock taken and only
    reads, until the first one is gone: then it writes. A damaged file is set aside and begun anew.
    """

    def __init__(self, folder: Path, now: Callable[[], datetime]) -> None:
        self._folder, self._now = folder, now
        self._queue: queue.Queue[Pair | None] = queue.Queue(WAITING_MOST)
        self._notice: Phrase = SILENCE
        self._begun_anew: Phrase = SILENCE
        self._lock = OneWriter(folder / LOCK_FILE)
        self._thread: threading.Thread | None = None
        self._ending = threading.Event()
        self._pruned = -math.inf
        self.is_writer = False

    def start(self) -> None:
        """Take the lock if it is free, and begin to write."""
        self._take_lock()
        self._thread = threading.Thread(target=self._run, name="history", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Write what waits, for two seconds at most, and let go of the lock."""
        self._ending.set()
        with suppress(queue.Full):
            self._queue.put_nowait(None)
        if self._thread is not None:
            self._thread.join(2.0)
        self._lock.release()

    def record(self, before: Verdict, after: Verdict) -> None:
        """Remember one settled verdict; dropped when too many wait."""
        if not self.is_writer:
            return
        try:
            self._queue.put_nowait((before, after))
        except queue.Full:
            self._notice = say("history: rows are being lost")

    def notices(self) -> tuple[Phrase, ...]:
        """What people should know about the history itself."""
        return tuple(each for each in (self._notice, self._begun_anew) if each)

    def _take_lock(self) -> None:
        try:
            make_folder(self._folder)
            self.is_writer = self._lock.take()
        except OSError as error:
            self._notice = say(
                "no history: {folder} cannot be written ({why})",
                folder=str(self._folder),
                why=error.strerror or "?",
            )
        else:
            self._notice = SILENCE

    def _run(self) -> None:
        while not self.is_writer:
            if self._ending.wait(TAKE_OVER_EVERY_S):
                return
            self._take_lock()
        waiting: list[Pair] = []
        database: sqlite3.Connection | None = None
        while not self._ending.is_set() or waiting or not self._queue.empty():
            self._gather(waiting, COMMIT_EVERY_S)
            if not waiting:
                continue
            try:
                database = database or open_history(self._folder / FILE)
                write_rows(database, waiting)
                waiting.clear()
                self._notice = SILENCE
                self._prune(database)
            except Exception as error:  # whatever it is, looking goes on and this is tried again
                close(database)
                database = None
                if self._ending.is_set():
                    return
                self._gather(waiting, self._mend(error))
                del waiting[:-WAITING_MOST]
        close(database)

    def _gather(self, waiting: list[Pair], for_s: float) -> None:
        """Collect rows for so long; at the end all that are there."""
        until = time.monotonic() + for_s
        with suppress(queue.Empty):
            while not self._ending.is_set() and (left := until - time.monotonic()) > 0:
                waiting += [each for each in (self._queue.get(timeout=left),) if each is not None]
            while self._ending.is_set():
                waiting += [each for each in (self._queue.get_nowait(),) if each is not None]

    def _mend(self, error: Exception) -> float:
        """Say what is wrong and set a damaged file aside; the seconds until it is worth another try."""
        if isinstance(error, NewerError):
            self._notice = say("no history: a newer version of this program made it")
            return RETRY_EVERY_S
        if is_damage(error):
            with suppress(OSError):
                aside = set_aside(self._folder / FILE)
                self._begun_anew = say("history was damaged and is begun anew, {file} kept", file=aside.name)
                return 0.0
        self._notice = say("history cannot be written: {why:word}", why=_why(error))
        return RETRY_EVERY_S

    def _prune(self, database: sqlite3.Connection) -> None:
        if time.monotonic() - self._pruned > PRUNE_EVERY_S:
            self._pruned = time.monotonic()
            prune(database, self._now().timestamp() - KEEP_S)


class HistoryReader:
    """Reads the history of this or another process; a missing or broken file, or a broken row, reads as nothing.

    With a clock, rows of a time to come are left out: they were written before a wrong clock was set right.
    """

    def __init__(self, folder: Path, now: Callable[[], datetime] | None = None) -> None:
        self._path, self._now = folder / FILE, now

    def changes(self, target: str, limit: int = 20) -> tuple[Change, ...]:
        """The newest changes of a target, newest first: in the order in which they were seen, whatever the clock was."""
        return self._read(
            lambda row: Change(
                target=row[0],
                at=_moment(row[1]),
                health=Health(row[2]),
                soft=bool(row[3]),
                evidence=from_json(row[4]),
            ),
            "SELECT target, at, health, soft, evidence FROM change WHERE target = ? ORDER BY rowid DESC LIMIT ?",
            (target, limit),
        )

    def samples(self, target: str, since: datetime) -> tuple[Sample, ...]:
        """Five-minute figures since a moment, oldest first."""
        return self._read(
            lambda row: Sample(
                at=_moment(row[0]),
                worst=_BY_RANK.get(row[1], Health.UNKNOWN),
                figure=row[2],
                latency_ms=row[3],
            ),
            "SELECT at, worst, figure, latency FROM sample"
            " WHERE target = ? AND at >= ? AND at <= ? ORDER BY at",
            (target, since.timestamp(), self._latest_believed()),
        )

    def latest(self, not_before: datetime) -> dict[str, tuple[Health, datetime]]:
        """Health and since-when of every target that was read after a moment: what a restart may continue."""
        return dict(
            self._read(
                lambda row: (str(row[0]), (Health(row[1]), _moment(row[2]))),
                "SELECT target, health, since FROM latest WHERE seen >= ? AND seen <= ? AND since <= seen",
                (not_before.timestamp(), self._latest_believed()),
            )
        )

    def worst(self, since: datetime) -> dict[str, dict[datetime, Health]]:
        """The worst of each five minutes since a moment, for every target."""
        found: dict[str, dict[datetime, Health]] = {}
        for name, at, worst in self._read(
            lambda row: (str(row[0]), _moment(row[1]), _BY_RANK[row[2]]),
            "SELECT target, at, worst FROM sample WHERE at >= ? AND at <= ?",
            (since.timestamp(), self._latest_believed()),
        ):
            found.setdefault(name, {})[at] = worst
        return found

    def _latest_believed(self) -> float:
        return math.inf if self._now is None else self._now().timestamp() + CLOCK_SLACK_S

    def _read(
        self, record_of: Callable[[Any], Record], query: str, arguments: tuple[object, ...]
    ) -> tuple[Record, ...]:
        records = []
        for row in self._rows(query, arguments):
            with suppress(LookupError, ValueError, TypeError, OverflowError, OSError):
                records.append(record_of(row))
        return tuple(records)

    def _rows(self, query: str, arguments: tuple[object, ...]) -> list[Any]:
        try:
            if not self._path.exists():
                return []
            with closing(connect_to_read(self._path, READ_WITHIN_S)) as database:
                return database.execute(query, arguments).fetchall()
        except (sqlite3.Error, OSError):
            return []


def _why(error: BaseException) -> str:
    text = str(error)
    return "disk full" if "full" in text or getattr(error, "errno", None) == 28 else text[:80]


def _moment(at: float | str) -> datetime:
    return datetime.fromtimestamp(float(at), UTC)
