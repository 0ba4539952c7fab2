"""A lock that one process holds for as long as it lives; the system lets go of it when the process dies."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import IO

from medflow_tui.journal.private import make_file


class OneWriter:
    """`take()` is true for exactly one process at a time. Where the system has no locks, everybody may write."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[str] | None = None

    def take(self) -> bool:
        """Try to become the writer. OSError when the file cannot be made."""
        if self._file is not None:
            return True
        make_file(self._path)
        file = self._path.open("a+", encoding="utf-8")
        try:
            import fcntl
        except ImportError:
            self._file = file
            return True
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.close()
            return False
        self._file = file
        with suppress(
            OSError
        ):  # who holds it is for people to read; on a full disk the lock holds all the same
            file.truncate(0)
            file.write(str(os.getpid()))
            file.flush()
        return True

    def release(self) -> None:
        """Let the next one write."""
        if self._file is not None:
            with suppress(OSError):
                self._file.close()
            self._file = None
