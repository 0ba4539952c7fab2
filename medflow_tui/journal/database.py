"""SQLite files of the state folder: private, with the version of their tables, and set aside when they are damaged."""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from pathlib import Path

from medflow_tui.journal.private import make_file

CORRUPT, NOT_A_DATABASE = 11, 26  # result codes of SQLite
FOLLOWERS = ("-wal", "-shm", "-journal")


class NewerError(Exception):
    """A newer version of this program made the tables: they are left as they are."""


class ForeignError(Exception):
    """There are tables of these names with other columns, from before tables were numbered."""


def connect(path: Path, timeout_s: float) -> sqlite3.Connection:
    """Open for writing; a new file is made for us alone. Raises OSError, sqlite3.Error."""
    make_file(path)
    return sqlite3.connect(path, timeout=timeout_s)


def connect_to_read(path: Path, timeout_s: float) -> sqlite3.Connection:
    """Open without being able to change anything. Raises sqlite3.Error."""
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=timeout_s)


def version_of(database: sqlite3.Connection) -> int:
    """The version of the tables; 0 when there are none yet, or those from before they were numbered."""
    return int(database.execute("PRAGMA user_version").fetchone()[0])


def columns_of(database: sqlite3.Connection, table: str) -> set[str]:
    """The columns of a table; none when it is not there."""
    found = database.execute("SELECT name FROM pragma_table_info(?)", (table,)).fetchall()
    return {str(name) for (name,) in found}


def is_damage(error: BaseException) -> bool:
    """Whether the file itself is broken, is no database, or holds tables that are not ours."""
    return isinstance(error, ForeignError) or getattr(error, "sqlite_errorcode", 0) & 0xFF in (
        CORRUPT,
        NOT_A_DATABASE,
    )


def set_aside(path: Path) -> Path:
    """Give a damaged file another name, in the place of the one set aside before. Only its one writer may. OSError."""
    aside = path.with_name(f"{path.stem}.damaged{path.suffix}")
    path.replace(aside)
    for each in FOLLOWERS:
        with suppress(FileNotFoundError):
            path.with_name(path.name + each).replace(aside.with_name(aside.name + each))
    return aside
