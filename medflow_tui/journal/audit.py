"""The audit file: JSON lines in which each record carries the hash of the one before it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from medflow_tui.journal.append_log import AppendLog, DamagedError, read_lines
from medflow_tui.journal.moment import stamp
from medflow_tui.model.canonical import digest
from medflow_tui.model.words import Phrase, say

PURPOSE = "medflow-audit-v1"
GENESIS = "0" * 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """How long the chain is and what its last record's hash is; kept elsewhere, it shows when the end was cut off."""

    count: int
    head: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """`broken_at` is the number of the first record (from 0) that does not fit, or -1 when all fit."""

    anchor: Anchor
    broken_at: int = -1
    why: Phrase | None = None

    @property
    def holds(self) -> bool:
        return self.broken_at < 0


class Audit:
    """One site's audit file. Several processes append to it: each append takes the file, reads its end, and writes."""

    def __init__(self, path: Path, *, site: str) -> None:
        self._path, self._site = path, site

    def append(self, event: str, fields: Mapping[str, Any], *, now: datetime | None = None) -> Anchor:
        """Write one record and make it durable; answers the new end of the chain.

        Raises UnwritableError or DamagedError: then what it would have recorded must not be done.
        """
        log = AppendLog(self._path)
        try:
            with _taken(log.descriptor):
                lines, torn = log.cut_torn_line()
                anchor = _end_of(lines.records, self._path)
                if torn:
                    anchor = self._write(log, anchor, "audit.repaired", {"bytes": torn}, now)
                return self._write(log, anchor, event, fields, now)
        finally:
            log.close()

    def _write(
        self, log: AppendLog, anchor: Anchor, event: str, fields: Mapping[str, Any], now: datetime | None
    ) -> Anchor:
        record = {
            **fields,
            "v": 1,
            "seq": anchor.count,
            **stamp(now),
            "site": self._site,
            "ev": event,
            "prev": anchor.head,
        }
        head = digest(PURPOSE, record)
        log.append({**record, "hash": head})
        return Anchor(count=anchor.count + 1, head=head)

    def verify(self, anchor: Anchor | None = None) -> Verification:
        """Follow the chain from its start; with an anchor also tell whether records after it are missing."""
        return verify(self._path, anchor)


def verify(path: Path, anchor: Anchor | None = None) -> Verification:
    """Whether every record is the one that was written. Raises DamagedError when a line is no record at all."""
    head, heads = GENESIS, [GENESIS]
    for number, record in enumerate(read_lines(path).records):
        found = _hash_of(record)
        if record.get("seq") != number or record.get("prev") != head or record.get("hash") != found:
            why = say("record {number} was changed, moved or removed", number=str(number))
            return Verification(anchor=Anchor(count=number, head=head), broken_at=number, why=why)
        head = found
        heads.append(head)
    end = Anchor(count=len(heads) - 1, head=head)
    if anchor is not None and (anchor.count > end.count or heads[anchor.count] != anchor.head):
        why = say(
            "the end was cut off, or the chain was written anew: {n:number} records expected", n=anchor.count
        )
        return Verification(anchor=end, broken_at=min(anchor.count, end.count), why=why)
    return Verification(anchor=end)


def _hash_of(record: Mapping[str, Any]) -> str:
    """The hash that a record should carry; empty when it holds what was never written by us."""
    try:
        return digest(PURPOSE, {name: value for name, value in record.items() if name != "hash"})
    except TypeError:
        return ""


def _end_of(records: tuple[dict[str, Any], ...], path: Path) -> Anchor:
    if not records:
        return Anchor(count=0, head=GENESIS)
    last = records[-1]
    if last.get("seq") != len(records) - 1 or last.get("hash") != _hash_of(last):
        raise DamagedError(
            say("the audit file {path} was changed: call the person in charge", path=str(path))
        )
    return Anchor(count=len(records), head=str(last["hash"]))


@contextmanager
def _taken(descriptor: int) -> Iterator[None]:
    """Alone with the file while one record is written."""
    if os.name != "posix":
        yield
        return
    import fcntl

    fcntl.flock(descriptor, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(descriptor, fcntl.LOCK_UN)
