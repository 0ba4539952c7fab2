"""The tables of the history: opened, upgraded, written to and pruned. Raises sqlite3.Error, OSError."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from medflow_tui.journal.database import ForeignError, NewerError, columns_of, connect, version_of
from medflow_tui.journal.phrases import to_json
from medflow_tui.model.health import Verdict
from medflow_tui.rules.alerts import rank

TABLES_VERSION = 1
BUCKET_S = 300
DAY_S = 86400
LOCKED_AT_MOST_S = 5.0
COLUMNS = {
    "change": {"target", "at", "health", "soft", "evidence"},
    "sample": {"target", "at", "worst", "figure", "latency", "n"},
    "latest": {"target", "health", "since", "seen"},
}
PRUNING = (
    ("SELECT min(at) FROM change", "DELETE FROM change WHERE at < ?"),
    ("SELECT min(at) FROM sample", "DELETE FROM sample WHERE at < ?"),
    ("SELECT min(seen) FROM latest", "DELETE FROM latest WHERE seen < ?"),
)
# What a row can be refused for: it is left out, or it would hold up all that come after it.
UNWRITABLE = (
    TypeError,
    ValueError,
    OverflowError,
    sqlite3.InterfaceError,
    sqlite3.ProgrammingError,
    sqlite3.DataError,
)


def open_history(path: Path) -> sqlite3.Connection:
    """The database with tables of this version. NewerError or ForeignError when other tables are in it."""
    database = connect(path, LOCKED_AT_MOST_S)
    try:
        if version_of(database) > TABLES_VERSION:
            raise NewerError
        if any(found and not columns <= found for found, columns in _present(database)):
            raise ForeignError
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA synchronous=NORMAL")
        database.executescript(Path(__file__).with_name("history.sql").read_text(encoding="utf-8"))
    except BaseException:
        close(database)
        raise
    return database


def _present(database: sqlite3.Connection) -> list[tuple[set[str], set[str]]]:
    """Of each table the columns that it has (none when it is still to be made) and those that are wanted."""
    return [(columns_of(database, table), columns) for table, columns in COLUMNS.items()]


def write_rows(database: sqlite3.Connection, pairs: list[tuple[Verdict, Verdict]]) -> None:
    """All of them in one transaction, without those that no database takes."""
    with database:
        for before, after in pairs:
            try:
                _write(database, before, after)
            except UNWRITABLE:
                continue


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
        (
            after.target,
            int(at // BUCKET_S * BUCKET_S),
            rank(after.health),
            None if figure is None else float(figure),
            after.latency_ms,
        ),
    )
    database.execute(
        "INSERT INTO latest VALUES (?, ?, ?, ?) ON CONFLICT (target) DO UPDATE SET"
        " health = excluded.health, since = excluded.since, seen = excluded.seen",
        (after.target, after.health.value, after.since.timestamp(), at),
    )


def prune(database: sqlite3.Connection, oldest: float) -> None:
    """Remove what is older, a day at a time, so that months of rows are no single large transaction."""
    for first, remove in PRUNING:
        while (found := database.execute(first).fetchone()[0]) is not None and float(found) < oldest:
            with database:
                database.execute(remove, (min(oldest, float(found) + DAY_S),))


def close(database: sqlite3.Connection | None) -> None:
    """Close it, whatever state it is in."""
    if database is not None:
        try:
            database.close()
        except sqlite3.Error:
            return
