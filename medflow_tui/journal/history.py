"""History in SQLite: changes of verdict and five-minute figures, bounded by age; one process writes, all read."""

from __future__ import annotations

import math
import queue
import sqlite3
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from medflow_tui.journal.lock import OneWriter
from medflow_tui.journal.phrases import from_json, to_json
from medflow_tui.model.health import Health, Verdict
from medflow_tui.model.words import SILENCE, Phrase, say
from medflow_tui.rules.alerts import rank

FILE, LOCK_FILE = "history.sqlite", "history.lock"
BUCKET_S = 300
KEEP_S = 30 * 86400
COMMIT_EVERY_S = 2.0
RETRY_EVERY_S = 30.0
WAITING_MOST = 20_000
_BY_RANK = {
    rank(each): each for each in (Health.OK, Health.STALE, Health.UNKNOWN, Health.WARNING, Health.CRITICAL)
}


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

    `record` is safe from any thread; a thread of its own writes. A second process finds the lock taken and only reads.
    """

    def __init__(self, folder: Path, now: Callable[[], datetime]) -> None:
        self._folder, self._now = folder, now
        self._queue: queue.Queue[tuple[Verdict, Verdict] | None] = queue.Queue(WAITING_MOST)
        self._notice: Phrase = SILENCE
        self._lock = OneWriter(folder / LOCK_FILE)
        self._thread: threading.Thread | None = None
        self.is_writer = False

    def start(self) -> None:
        """Take the lock if it is free, and begin to write."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self.is_writer = self._lock.take()
        except OSError as error:
            self._notice = say(
                "no history: {folder} cannot be written ({why})",
                folder=str(self._folder),
                why=error.strerror or "?",
            )
            return
        if not self.is_writer:
            return
        self._thread = threading.Thread(target=self._run, name="history", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Write what waits, for two seconds at most, and let go of the lock."""
        if self._thread is not None:
            self._queue.put(None)
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
        return (self._notice,) if self._notice else ()

    def _run(self) -> None:
        waiting: list[tuple[Verdict, Verdict]] = []
        database: sqlite3.Connection | None = None
        pruned, ending = -math.inf, False
        while not ending:
            ending = self._gather(waiting)
            if not waiting:
                continue
            try:
                database = database or self._open()
                with database:
                    for before, after in waiting:
                        _write(database, before, after)
                if time.monotonic() - pruned > 3600:
                    pruned = time.monotonic()
                    self._prune(database)
                waiting.clear()
                self._notice = SILENCE
            except (sqlite3.Error, OSError) as error:
                self._notice = say("history cannot be written: {why:word}", why=_why(error))
                _close(database)
                database = None
                del waiting[:-WAITING_MOST]
                if not ending:
                    ending = self._wait_for_room(waiting)
        _close(database)

    def _gather(self, waiting: list[tuple[Verdict, Verdict]]) -> bool:
        """Collect rows for one commit; true when it is time to end."""
        until = time.monotonic() + COMMIT_EVERY_S
        while (left := until - time.monotonic()) > 0:
            try:
                item = self._queue.get(timeout=left)
            except queue.Empty:
                break
            if item is None:
                return True
            waiting.append(item)
        return False

    def _wait_for_room(self, waiting: list[tuple[Verdict, Verdict]]) -> bool:
        until = time.monotonic() + RETRY_EVERY_S
        while time.monotonic() < until:
            if self._gather(waiting):
                return True
        return False

    def _open(self) -> sqlite3.Connection:
        database = sqlite3.connect(self._folder / FILE, timeout=5.0)
        try:
            database.execute("PRAGMA journal_mode=WAL")
            database.execute("PRAGMA synchronous=NORMAL")
            database.executescript(Path(__file__).with_name("history.sql").read_text(encoding="utf-8"))
        except sqlite3.Error:
            _close(database)
            raise
        return database

    def _prune(self, database: sqlite3.Connection) -> None:
        oldest = self._now().timestamp() - KEEP_S
        with database:
            database.execute("DELETE FROM change WHERE at < ?", (oldest,))
            database.execute("DELETE FROM sample WHERE at < ?", (oldest,))
            database.execute("DELETE FROM latest WHERE seen < ?", (oldest,))


class HistoryReader:
    """Reads the history of this or another process; a missing or broken file reads as empty."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE

    def changes(self, target: str, limit: int = 20) -> tuple[Change, ...]:
        """The newest changes of a target, newest first."""
        rows = self._rows(
            "SELECT target, at, health, soft, evidence FROM change WHERE target = ? ORDER BY at DESC LIMIT ?",
            (target, limit),
        )
        return tuple(
            Change(
                target=t, at=_moment(at), health=Health(health), soft=bool(soft), evidence=from_json(evidence)
            )
            for t, at, health, soft, evidence in rows
        )

    def samples(self, target: str, since: datetime) -> tuple[Sample, ...]:
        """Five-minute figures since a moment, oldest first."""
        rows = self._rows(
            "SELECT at, worst, figure, latency FROM sample WHERE target = ? AND at >= ? ORDER BY at",
            (target, since.timestamp()),
        )
        return tuple(
            Sample(
                at=_moment(at), worst=_BY_RANK.get(worst, Health.UNKNOWN), figure=figure, latency_ms=latency
            )
            for at, worst, figure, latency in rows
        )

    def latest(self, not_before: datetime) -> dict[str, tuple[Health, datetime]]:
        """Health and since-when of every target that was read after a moment: what a restart may continue."""
        rows = self._rows(
            "SELECT target, health, since FROM latest WHERE seen >= ?", (not_before.timestamp(),)
        )
        return {target: (Health(health), _moment(since)) for target, health, since in rows}

    def _rows(self, query: str, arguments: tuple[object, ...]) -> list[Any]:
        if not self._path.exists():
            return []
        try:
            database = sqlite3.connect(f"{self._path.as_uri()}?mode=ro", uri=True, timeout=1.0)
            try:
                return database.execute(query, arguments).fetchall()
            finally:
                database.close()
        except sqlite3.Error:
            return []


def _write(database: sqlite3.Connection, before: Verdict, after: Verdict) -> None:
    at = after.observed_at.timestamp()
    if before.health is not after.health or before.soft != after.soft:
        database.execute(
            "INSERT INTO change VALUES (?, ?, ?, ?, ?)",
            (after.target, at, after.health.value, int(after.soft), to_json(after.evidence)),
        )
    figure = after.judgement.figure if after.judgement else None
    database.execute(
        "INSERT INTO sample VALUES (?, ?, ?, ?, ?, 1) ON CONFLICT (target, at) DO UPDATE SET"
        " worst = min(worst, excluded.worst),"
        " figure = coalesce((figure * n + excluded.figure) / (n + 1), excluded.figure, figure),"
        " latency = coalesce((latency * n + excluded.latency) / (n + 1), excluded.latency, latency),"
        " n = n + 1",
        (after.target, int(at // BUCKET_S * BUCKET_S), rank(after.health), figure, after.latency_ms),
    )
    database.execute(
        "INSERT INTO latest VALUES (?, ?, ?, ?) ON CONFLICT (target) DO UPDATE SET"
        " health = excluded.health, since = excluded.since, seen = excluded.seen",
        (after.target, after.health.value, after.since.timestamp(), at),
    )


def _why(error: BaseException) -> str:
    text = str(error)
    return "disk full" if "full" in text or getattr(error, "errno", None) == 28 else text[:80]


def _close(database: sqlite3.Connection | None) -> None:
    if database is not None:
        try:
            database.close()
        except sqlite3.Error:
            return


def _moment(at: float | str) -> datetime:
    return datetime.fromtimestamp(float(at), UTC)
