"""The last lines of a file of any size at once, then what is added to it, through rotation, truncation and re-creation."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from medflow_tui.journal.lines import LONGEST_LINE, LineCutter, is_binary
from medflow_tui.model.health import Cause, Failure
from medflow_tui.model.words import SILENCE, Phrase, say

BLOCK = 64 * 1024
COUNTED_AT_MOST = 64 * 1024 * 1024
FINGERPRINT = 64
SAMPLE = 8 * 1024
# Windows: no handle is kept between two looks, because an open one forbids the writer to rename its file.
KEEPS_OPEN = os.name == "posix"
FLAGS = os.O_RDONLY | sum(
    getattr(os, each, 0) for each in ("O_NONBLOCK", "O_NOCTTY", "O_CLOEXEC", "O_BINARY")
)

MISSING = Failure(cause=Cause.ABSENT, text=say("the log file does not exist"))
FORBIDDEN = Failure(cause=Cause.FORBIDDEN, text=say("no permission to read the log"))
NO_FILE = Failure(cause=Cause.GARBLED, text=say("not a regular file"))
BINARY = Failure(cause=Cause.GARBLED, text=say("not text: binary content"))
UNREADABLE = Failure(cause=Cause.GARBLED, text=say("the log cannot be read"))
ROTATED = say("the log was rotated")
TRUNCATED = say("the log was emptied or rewritten")
APPEARED = say("the log file has appeared")
Identity = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """New whole lines, oldest first, without their ends; not cleaned, not redacted: never show them as they are.

    `dropped` lines were skipped because more came than was asked for (`about` when they were estimated), `cut` lines
    were longer than 16 KiB and lost their end. `notice` is said once when it happens; `failure` holds while it lasts.
    `first` marks the lines that were there before we looked.
    """

    lines: tuple[str, ...] = ()
    dropped: int = 0
    about: bool = False
    cut: int = 0
    notice: Phrase = SILENCE
    failure: Failure | None = None
    first: bool = False


class Tail:
    """Follows one file. Not thread-safe: one thread calls `read` and `pending`.

    The first read gives the last `last_lines`; every further one what was added. Between reads one unfinished line is
    kept in memory. The file is never read from its beginning unless it began under our eyes.
    """

    def __init__(self, path: Path, *, last_lines: int = 200) -> None:
        self._path, self._last_lines = path, last_lines
        self._file: int | None = None
        self._identity: Identity | None = None
        self._position = 0
        self._fingerprint = b""
        self._cutter = LineCutter()
        self._counted: tuple[Identity | None, int] = (None, 0)
        self._was_missing = False

    def read(self, max_bytes: int = 4 * BLOCK) -> Chunk:
        """What is new, the newest `max_bytes` of it; never raises. A look at a dead mount blocks: call it from a thread."""
        try:
            return self._read(max_bytes)
        except (FileNotFoundError, NotADirectoryError):
            return self._missing(max_bytes)
        except PermissionError:
            return self._gone(FORBIDDEN)
        except (OSError, ValueError):
            return self._gone(UNREADABLE)

    def pending(self) -> int:
        """How many lines were added since the last call of this or of `read`; they are left for `read`. Never raises."""
        try:
            return self._pending()
        except (OSError, ValueError):
            return 0

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _missing(self, max_bytes: int) -> Chunk:
        """It is not there, perhaps only until its writer has made a new one: what was still written into it is told."""
        try:
            before = self._remainder(max_bytes)
        except OSError:
            before = Chunk()
        self._was_missing = True
        self._begin(None)
        return _joined(before, Chunk(failure=MISSING), SILENCE)

    def _gone(self, failure: Failure) -> Chunk:
        self.close()
        return Chunk(failure=failure)

    def _read(self, max_bytes: int) -> Chunk:
        found = self._path.stat()
        if not stat.S_ISREG(found.st_mode):
            return Chunk(failure=NO_FILE)
        identity, before, notice = (found.st_dev, found.st_ino), Chunk(), SILENCE
        if self._identity not in (None, identity):
            before, notice = self._remainder(max_bytes), ROTATED
            self._begin(identity)
        elif self._identity == identity and self._was_rewritten(found.st_size):
            notice = TRUNCATED
            self._begin(identity)
        try:
            chunk = self._further(self._opened(), identity, max_bytes)
        finally:
            if not KEEPS_OPEN:
                self.close()
        if self._was_missing and chunk.failure is None:
            self._was_missing, notice = False, notice or APPEARED
        return _joined(before, chunk, notice)

    def _opened(self) -> int:
        if self._file is None:
            self._file = os.open(self._path, FLAGS)
        return self._file

    def _begin(self, identity: Identity | None) -> None:
        """Start at the first byte of the file that is there now."""
        self.close()
        self._identity, self._position, self._fingerprint = identity, 0, b""
        self._counted = (identity, 0)
        self._cutter.clear()

    def _was_rewritten(self, size: int) -> bool:
        """Whether the file is shorter than our place, or has other bytes just before it (emptied and filled again)."""
        if size < self._position:
            return True
        length = len(self._fingerprint)
        return bool(length) and _at(self._opened(), length, self._position - length) != self._fingerprint

    def _further(self, file: int, identity: Identity, max_bytes: int) -> Chunk:
        size, first = os.fstat(file).st_size, self._identity is None
        if (first or self._position == 0) and is_binary(_at(file, SAMPLE, max(0, size - SAMPLE))):
            return Chunk(failure=BINARY)
        if first:
            self._begin_at(file, identity, size, max_bytes)
        return self._up_to(file, size, max_bytes, first=first and not self._was_missing)

    def _begin_at(self, file: int, identity: Identity, size: int, max_bytes: int) -> None:
        self._identity = identity
        if not self._was_missing:
            self._position = _start_of_last(file, size, self._last_lines, max_bytes)

    def _remainder(self, max_bytes: int) -> Chunk:
        """What was still written into the file before it was renamed away; nothing when we do not hold it."""
        if self._file is None:
            return Chunk()
        chunk = self._up_to(self._file, os.fstat(self._file).st_size, max_bytes, first=False)
        return _joined(chunk, Chunk(lines=tuple(self._cutter.flush())), SILENCE)

    def _up_to(self, file: int, end: int, max_bytes: int, *, first: bool) -> Chunk:
        """The lines up to `end`; a line without an end is kept until it ends, or nothing more came for one look."""
        dropped, about, start = 0, False, self._position
        if end - start > max_bytes:
            dropped, about = self._skip(file, end - max_bytes)
        self._cutter.cut = 0
        lines: list[str] = []
        while self._position < end:
            block = _at(file, min(BLOCK, end - self._position), self._position)
            if not block:
                break
            self._position += len(block)
            lines += self._cutter.feed(block)
        if self._position == start:
            lines += self._cutter.flush()
        else:
            length = min(FINGERPRINT, self._position)
            self._fingerprint = _at(file, length, self._position - length)
        self._counted = (self._identity, self._position)
        return Chunk(lines=tuple(lines), dropped=dropped, about=about, cut=self._cutter.cut, first=first)

    def _skip(self, file: int, to: int) -> tuple[int, bool]:
        """Go to the first line that starts at or after `to`: how many are left out, and whether that is an estimate."""
        start = self._position
        until = min(to, start + COUNTED_AT_MOST)
        number = _newlines(file, start, until)
        if until < to:
            number = round(number * (to - start) / (until - start))
        self._cutter.clear()
        end = _at(file, LONGEST_LINE, to - 1).find(b"\n")
        if end < 0:
            self._cutter.skip()
        self._position = to + max(end, 0)
        return number + (end != 0), until < to

    def _pending(self) -> int:
        if self._identity is None:
            return 0
        found = self._path.stat()
        identity, number = (found.st_dev, found.st_ino), 0
        counted_of, counted = self._counted
        if identity != counted_of or found.st_size < counted:
            if self._file is not None and counted_of == self._identity != identity:
                number = _newlines(self._file, counted, os.fstat(self._file).st_size)
            counted = 0
        file = os.open(self._path, FLAGS)
        try:
            number += _newlines(file, counted, found.st_size)
        finally:
            os.close(file)
        self._counted = (identity, found.st_size)
        return number


def _joined(before: Chunk, after: Chunk, notice: Phrase) -> Chunk:
    return Chunk(
        lines=before.lines + after.lines,
        dropped=before.dropped + after.dropped,
        about=before.about or after.about,
        cut=before.cut + after.cut,
        notice=notice,
        failure=after.failure,
        first=after.first,
    )


def _at(file: int, length: int, offset: int) -> bytes:
    """Bytes at a place, fewer at the end."""
    if length <= 0:
        return b""
    if hasattr(os, "pread"):
        return os.pread(file, length, max(0, offset))
    os.lseek(file, max(0, offset), os.SEEK_SET)
    return os.read(file, length)


def _newlines(file: int, start: int, end: int) -> int:
    number = 0
    while start < end:
        block = _at(file, min(BLOCK, end - start), start)
        if not block:
            break
        number += block.count(b"\n")
        start += len(block)
    return number


def _start_of_last(file: int, size: int, lines: int, max_bytes: int) -> int:
    """Where the last `lines` begin, at most `max_bytes` from the end, after any hole of NULs that a power cut left."""
    lowest = max(0, size - max_bytes)
    start, wanted = size, lines
    if _at(file, 1, size - 1) == b"\n":
        wanted += 1
    while start > lowest:
        begin = max(lowest, start - BLOCK)
        block = _at(file, start - begin, begin)
        hole = block.rfind(b"\0\0\0\0")
        place = len(block)
        while wanted and (place := block.rfind(b"\n", max(0, hole), place)) >= 0:
            wanted -= 1
            if wanted == 0:
                return begin + place + 1
        if hole >= 0:
            return begin + hole + 4
        start = begin
    if lowest == 0:
        return 0
    end = _at(file, LONGEST_LINE, lowest).find(b"\n")
    return lowest + end + 1 if end >= 0 else lowest
