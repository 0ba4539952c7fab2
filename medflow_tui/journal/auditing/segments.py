"""The files of an audit: the one that is written, the closed ones beside it, and the end of the chain in them."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from medflow_tui.journal.append_log import AppendLog, DamagedError, UnwritableError
from medflow_tui.journal.private import sync_folder
from medflow_tui.model.audit import Anchor
from medflow_tui.model.errors import MedflowError
from medflow_tui.model.words import say
from medflow_tui.rules.auditing.chain import GENESIS, Segment, hash_of, part_of_line, record_of_line

TAIL = 64 * 1024  # bytes read at first to find the last record
AGAIN = 5  # times that files are read, while one after another is closed
_CLOSED = re.compile(r"(\d{10})")


class UnreadableError(MedflowError):
    """An audit file is there and cannot be read: nothing is known of the chain."""


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """The end of one file: its last record (empty: none yet), the length of its whole lines, and what is torn behind."""

    record: dict[str, Any]
    sound_bytes: int = 0
    torn: bytes = b""

    @property
    def anchor(self) -> Anchor:
        return Anchor(count=self.record["seq"] + 1, head=str(self.record["hash"]))


def closed_name(path: Path, first: int) -> str:
    """The name of a closed file: `audit-0000000000.jsonl`, by the number of its first record."""
    return f"{path.stem}-{first:010d}{path.suffix}"


def closed(path: Path) -> tuple[Path, ...]:
    """The closed files beside the one that is written, oldest first. Raises UnreadableError."""
    found = []
    try:
        for each in path.parent.iterdir():
            number = each.name.removeprefix(f"{path.stem}-").removesuffix(path.suffix)
            if _CLOSED.fullmatch(number) and each.name == closed_name(path, int(number)):
                found.append(each)
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise _unreadable(path.parent, error) from error
    return tuple(sorted(found))


def read(path: Path) -> tuple[Segment, ...]:
    """Every file of an audit, oldest first; none when there is no audit. Raises UnreadableError.

    A file that is closed meanwhile has another name then: all of them are read again.
    """
    for _ in range(AGAIN):
        names = closed(path)
        found = _read((*names, path))
        if closed(path) == names:
            break
    return found


def _read(files: Iterable[Path]) -> tuple[Segment, ...]:
    found = []
    for each in files:
        try:
            content = each.read_bytes()
        except FileNotFoundError:
            continue
        except OSError as error:
            raise _unreadable(each, error) from error
        sound = content.rfind(b"\n") + 1
        lines = content[:sound].split(b"\n")[:-1]
        found.append(Segment(name=each.name, lines=lines, torn_bytes=len(content) - sound))
    return tuple(found)


def end_of(path: Path, descriptor: int) -> End:
    """The end of one file, by reading only that. Raises DamagedError when the last record is not as it was written."""
    size = os.fstat(descriptor).st_size
    length = TAIL
    while True:
        start = max(0, size - length)
        content = os.pread(descriptor, size - start, start)
        sound = content.rfind(b"\n") + 1
        before = content.rfind(b"\n", 0, max(0, sound - 1)) + 1
        if start == 0 or (sound and before):
            break
        length *= 4
    torn = content[sound:]
    if not sound:
        return End(record={}, torn=torn)
    record = record_of_line(part_of_line(content[before : sound - 1]))
    seq = None if record is None else record.get("seq")
    if record is None or not isinstance(seq, int) or record.get("hash") != hash_of(record):
        raise DamagedError(
            say("the audit file {path} was changed: call the person in charge", path=str(path))
        )
    return End(record=dict(record), sound_bytes=start + sound, torn=torn)


def end_before(path: Path) -> tuple[str, Anchor]:
    """Name and end of the newest closed file; no name and the genesis when there is none. Raises DamagedError."""
    files = closed(path)
    if not files:
        return "", Anchor(count=0, head=GENESIS)
    try:
        descriptor = os.open(files[-1], os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
    except OSError as error:
        raise _unreadable(files[-1], error) from error
    try:
        end = end_of(files[-1], descriptor)
    finally:
        os.close(descriptor)
    if not end.record or end.torn:
        raise DamagedError(
            say("the audit file {path} was changed: call the person in charge", path=str(files[-1]))
        )
    return files[-1].name, end.anchor


def first_record(path: Path) -> Mapping[str, Any]:
    """The first record of an audit, by reading only that; empty when there is none. Raises UnreadableError."""
    files = [*closed(path), path]
    with suppress(OSError), files[0].open("rb") as file:
        return record_of_line(part_of_line(file.readline().rstrip(b"\n"))) or {}
    return {}


def first_number(descriptor: int) -> int:
    """The number of the first record of an open file, behind a torn line that was ended; -1 when it cannot be told."""
    lines = os.pread(descriptor, TAIL, 0).split(b"\n")[:2]
    record = next(
        (found for each in lines if (found := record_of_line(part_of_line(each))) is not None), None
    )
    seq = record.get("seq") if record is not None else None
    return seq if isinstance(seq, int) else -1


def close_file(path: Path, descriptor: int) -> bool:
    """Give the file its closed name; False when that may not be (an append-only file, no rights)."""
    first = first_number(descriptor)
    if first < 0:
        return False
    name = path.with_name(closed_name(path, first))
    if name.exists():
        return False
    try:
        path.rename(name)
    except OSError:
        return False
    with suppress(OSError):  # it has that name now; the next file syncs the folder again
        sync_folder(path.parent)
    return True


@contextmanager
def unwritten(path: Path, within_s: float) -> Iterator[None]:
    """Nobody writes meanwhile, as far as that can be had: who only may read can lock, and no lock is waited for longer."""
    from medflow_tui.journal.auditing.waiting import locked

    ends = time.monotonic() + within_s
    while True:
        try:
            descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
        except OSError:
            yield
            return
        try:
            with locked(descriptor, ends - time.monotonic()) as is_held:
                if not is_held or _is_named(path, descriptor):
                    yield
                    return
        finally:
            os.close(descriptor)


@contextmanager
def taken(path: Path, within_s: float) -> Iterator[AppendLog]:
    """The file that is written now, held by this process alone. Raises UnwritableError, also when others hold it on."""
    from medflow_tui.journal.auditing.waiting import locked

    while True:
        log = AppendLog(path)
        try:
            with locked(log.descriptor, within_s) as is_held:
                if not is_held:
                    raise UnwritableError(
                        say("another process holds the audit file {path} and does not let go", path=str(path))
                    )
                if _is_named(path, log.descriptor):
                    yield log
                    return
        finally:
            log.close()


def _is_named(path: Path, descriptor: int) -> bool:
    """Whether the open file is still the one of that name: it may have been closed while we waited for it."""
    try:
        there, held = path.stat(), os.fstat(descriptor)
    except OSError:
        return False
    return (there.st_dev, there.st_ino) == (held.st_dev, held.st_ino)


def _unreadable(path: Path, error: OSError) -> UnreadableError:
    return UnreadableError(say("{path} cannot be read: {why}", path=str(path), why=error.strerror or "?"))
