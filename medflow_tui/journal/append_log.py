"""JSON lines that survive a crash: one write and one fsync a line, a torn last line cut, any other damage refused."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from medflow_tui.journal.private import sync_folder
from medflow_tui.journal.small_file import replace_durably
from medflow_tui.model.canonical import canonical
from medflow_tui.model.errors import MedflowError
from medflow_tui.model.words import say


class DamagedError(MedflowError):
    """A journal or audit file is damaged in a way that a crash cannot explain: nothing may be done by it."""

    cause = "unwritable"


class UnwritableError(MedflowError):
    """A line could not be made durable (disk full, no permission): nothing may be done that it would record."""

    cause = "unwritable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """What a file holds: whole records in order, the length of the sound part, and the bytes of a torn last line."""

    records: tuple[dict[str, Any], ...] = ()
    sound_bytes: int = 0
    torn_bytes: int = 0


def read_lines(path: Path, *, offset: int = 0) -> Lines:
    """The records of a file from `offset` (the start of a line); nothing when it does not exist.

    A last part without newline is a torn write (or one that is being made) and is left out. Raises DamagedError
    when a whole line is not one JSON object.
    """
    try:
        with path.open("rb") as file:
            file.seek(offset)
            content = file.read()
    except FileNotFoundError:
        return Lines()
    except OSError as error:
        raise unreadable(path, error) from error
    sound = content.rfind(b"\n") + 1
    records = tuple(
        _record(path, number, line) for number, line in enumerate(content[:sound].split(b"\n")[:-1], 1)
    )
    return Lines(records=records, sound_bytes=offset + sound, torn_bytes=len(content) - sound)


def _record(path: Path, number: int, line: bytes) -> dict[str, Any]:
    try:
        found = json.loads(line.decode("utf-8"))
    except ValueError as error:
        raise _damaged(path, number) from error
    if not isinstance(found, dict):
        raise _damaged(path, number)
    return found


def unreadable(path: Path, error: OSError) -> DamagedError:
    """What is there and cannot be read, and why."""
    return DamagedError(say("{path} cannot be read: {why}", path=str(path), why=error.strerror or "?"))


def _damaged(path: Path, number: int) -> DamagedError:
    return DamagedError(say("line {number} of {path} is damaged", number=str(number), path=str(path)))


class AppendLog:
    """One file open for appending. The only writer of a journal holds it locked; an audit file is shared."""

    def __init__(self, path: Path) -> None:
        """Open, creating it (mode 0600) when it is not there. Raises UnwritableError.

        Its folder is fsynced while it is empty: who created it may have been killed before that.
        """
        self.path = path
        try:
            flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | getattr(os, "O_CLOEXEC", 0)
            self._file = os.open(path, flags | getattr(os, "O_NOFOLLOW", 0), 0o600)
            if not os.fstat(self._file).st_size:
                sync_folder(path.parent)
        except OSError as error:
            raise _unwritable(path, error) from error

    @property
    def descriptor(self) -> int:
        return self._file

    def cut_torn_line(self) -> tuple[Lines, int]:
        """What the file holds, and how many bytes of a torn last line were cut off. Raises DamagedError."""
        found = read_lines(self.path)
        if found.torn_bytes:
            self.cut_to(found.sound_bytes)
        return found, found.torn_bytes

    def cut_to(self, size: int) -> None:
        """Leave only so many bytes, durably. Raises UnwritableError."""
        try:
            os.ftruncate(self._file, size)
            os.fsync(self._file)
        except OSError as error:
            raise _unwritable(self.path, error) from error

    def append(self, record: Mapping[str, Any]) -> None:
        """Write one line and make it durable; raises UnwritableError, after which the line is not there."""
        line = (canonical(record) + "\n").encode("utf-8")
        before = os.fstat(self._file).st_size
        try:
            written = os.write(self._file, line)
            if written != len(line):
                raise OSError(28, "no space left")
            os.fsync(self._file)
        except OSError as error:
            self._take_back(before)
            raise _unwritable(self.path, error) from error

    def _take_back(self, size: int) -> None:
        try:
            os.ftruncate(self._file, size)
        except OSError:
            return  # what stands there is a line without newline, which the next reader cuts

    def close(self) -> None:
        os.close(self._file)


def write_durably(path: Path, content: str) -> None:
    """A whole new file, in a folder that is there; durable when it returns. Raises UnwritableError."""
    try:
        replace_durably(path, content, aside=path.with_name(path.name + ".partial"))
    except OSError as error:
        raise _unwritable(path, error) from error


def _unwritable(path: Path, error: OSError) -> UnwritableError:
    return UnwritableError(say("{path} cannot be written: {why}", path=str(path), why=error.strerror or "?"))
