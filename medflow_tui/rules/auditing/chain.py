"""Whether a chain of audit records is the one that was written, record by record, and what an anchor shows besides."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from medflow_tui.model.audit import Anchor
from medflow_tui.model.canonical import canonical, digest
from medflow_tui.model.words import SILENCE, Phrase, say

PURPOSE = "medflow-audit-v1"
GENESIS = "0" * 64
STARTED, OPENED, CLOSED, REPAIRED = "audit.genesis", "audit.opened", "audit.closed", "audit.repaired"
_BEGINNING = b'{"actor":'  # of every record: its keys are sorted
OVERHEARD = 7  # of eight words: that many never fit by chance


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """One file of the chain: its name, its whole lines, and how many bytes of a torn last line stand after them."""

    name: str
    lines: Sequence[bytes]
    torn_bytes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """How far a chain holds. `heads` are the heads before its first record and after each one; `broken_at` is the number
    of the first record (from 0) that does not fit, or -1; `where` is its file and line."""

    heads: tuple[str, ...] = (GENESIS,)
    broken_at: int = -1
    where: str = ""
    why: Phrase = SILENCE
    torn_bytes: int = 0
    records: tuple[Mapping[str, Any], ...] = field(default=(), repr=False)

    @property
    def end(self) -> Anchor:
        return Anchor(count=len(self.heads) - 1, head=self.heads[-1])


def hash_of(record: Mapping[str, Any]) -> str:
    """The hash that a record should carry; empty when it holds what was never written by us."""
    try:
        return digest(PURPOSE, {name: value for name, value in record.items() if name != "hash"})
    except (TypeError, UnicodeEncodeError, RecursionError):
        return ""


def record_of_line(line: bytes) -> Mapping[str, Any] | None:
    """The record in a line; None when there is none."""
    try:
        found = json.loads(line.decode("utf-8"))
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def part_of_line(line: bytes) -> bytes:
    """The record's own part of a line: all of it, but for what was torn there and could not be cut off (append-only).

    What repairs that stands right behind it, with its length and hash.
    """
    if record_of_line(line) is not None:
        return line
    at = max(line.rfind(_BEGINNING), 0)
    record = record_of_line(line[at:])
    result = record.get("result") if record is not None and record.get("ev") == REPAIRED else None
    if not isinstance(result, dict) or result.get("bytes") != at:
        return line
    return line[at:] if result.get("sha256") == hashlib.sha256(line[:at]).hexdigest() else line


def follow(segments: Iterable[Segment]) -> Followed:
    """Follow the chain through all its segments, in their order, to its end or to the first record that does not fit."""
    heads = [GENESIS]
    records: list[Mapping[str, Any]] = []
    number = torn = 0
    before: Segment | None = None
    for segment in segments:
        if before is not None and torn:
            return _broken(number, heads, records, before, len(before.lines) + 1, _damaged(number))
        torn = segment.torn_bytes
        lines = [part_of_line(each) for each in segment.lines]
        for at, line in enumerate(lines):
            record = record_of_line(line)
            if record is None and _was_closed(line, lines[at + 1 : at + 2]):
                continue
            why = _damaged(number) if record is None else _why_not(record, line, number, heads[-1])
            if record is None or why:
                if at == 0 and record is not None:
                    why = _lost_segment(record, number, before) or why
                return _broken(number, heads, records, segment, at + 1, why)
            heads.append(str(record["hash"]))
            records.append(record)
            number += 1
        before = segment
    return Followed(heads=tuple(heads), torn_bytes=torn, records=tuple(records))


def _broken(
    number: int,
    heads: list[str],
    records: list[Mapping[str, Any]],
    segment: Segment,
    line: int,
    why: Phrase,
) -> Followed:
    where = f"{segment.name}:{line}"
    return Followed(heads=tuple(heads), records=tuple(records), broken_at=number, where=where, why=why)


def _damaged(number: int) -> Phrase:
    return say("record {number} is damaged: it can no more be read", number=str(number))


def _why_not(record: Mapping[str, Any], line: bytes, number: int, head: str) -> Phrase:
    """Why a record cannot stand here; nothing when it can.

    The line has to be the one form in which it is written: a key that stands twice would be read in two ways.
    """
    seq = record.get("seq")
    if record.get("hash") != hash_of(record) or line != canonical(record).encode():
        return say("record {number} was edited", number=str(number))
    if isinstance(seq, int) and not isinstance(seq, bool) and seq > number:
        if seq == number + 1:
            return say("record {number} was removed, or moved to another place", number=str(number))
        return say(
            "records {number} to {last} were removed, or moved to another place",
            number=str(number),
            last=str(seq - 1),
        )
    if seq != number:
        return say("in place of record {number} stands the record {seq}", number=str(number), seq=str(seq))
    if record.get("prev") != head:
        return say(
            "record {number} does not follow the one before it: one of both was written anew",
            number=str(number),
        )
    return SILENCE


def _lost_segment(record: Mapping[str, Any], number: int, before: Segment | None) -> Phrase:
    """A gap between two files, or before the first one: a whole file is missing, and its follower names it."""
    seq = record.get("seq")
    if not isinstance(seq, int) or seq <= number or record.get("hash") != hash_of(record):
        return SILENCE
    result = record.get("result")
    told = result.get("segment") if isinstance(result, dict) and record.get("ev") == OPENED else ""
    if before is not None and told == before.name:
        return SILENCE
    return say(
        "a file is missing: {name}, with the records {number} to {last}",
        name=str(told or "?"),
        number=str(number),
        last=str(seq - 1),
    )


def _was_closed(line: bytes, following: Sequence[bytes]) -> bool:
    """The way of earlier versions: the torn line was ended, and the record after it carries its hash."""
    after = record_of_line(following[0]) if following else None
    result = after.get("result") if after is not None and after.get("ev") == REPAIRED else None
    return isinstance(result, dict) and result.get("sha256") == hashlib.sha256(line).hexdigest()


def compare(chain: Followed, anchor: Anchor) -> Phrase:
    """What an anchor says against a chain; nothing when the anchored record stands where it stood.

    >>> compare(Followed(), Anchor(count=3, head="ab")).values["missing"]
    3
    """
    heads = chain.heads
    if anchor.count < 0:
        if any(each.startswith(anchor.head) for each in heads):
            return SILENCE
        near = next((place for place in (_overheard(head, anchor.head) for head in heads) if place), 0)
        if near:
            return say("word {n:number} was misread: all others fit", n=near)
        return say(
            "these words belong to no record here: the end was cut off, or the chain was written anew, "
            "or words were misread"
        )
    end = chain.end
    if anchor.count > end.count:
        return say(
            "the end was cut off: {missing:number} records are missing; the anchor knows {n:number}, here are {here:number}",
            missing=anchor.count - end.count,
            n=anchor.count,
            here=end.count,
        )
    if not heads[anchor.count].startswith(anchor.head):
        return say(
            "the chain was written anew: the record before number {number} is not the one that was anchored",
            number=str(anchor.count),
        )
    return SILENCE


def located(chain: Followed, anchor: Anchor) -> Anchor:
    """An anchor from paper with the place at which it fits; any other one as it is."""
    if anchor.count >= 0:
        return anchor
    count = next((at for at, each in enumerate(chain.heads) if each.startswith(anchor.head)), -1)
    return Anchor(count=count, head=anchor.head)


def _overheard(head: str, wanted: str) -> int:
    """Which word alone does not fit, from 1; 0 when more than one does not."""
    pairs = [head[at : at + 2] == wanted[at : at + 2] for at in range(0, len(wanted), 2)]
    return pairs.index(False) + 1 if pairs.count(True) == OVERHEARD == len(pairs) - 1 else 0
