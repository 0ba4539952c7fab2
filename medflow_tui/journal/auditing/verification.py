"""Whether an audit is whole: every record followed from the first one, and compared with an anchor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from medflow_tui.journal.auditing import segments
from medflow_tui.model.audit import Anchor
from medflow_tui.model.words import Phrase
from medflow_tui.rules.auditing.chain import compare, follow


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """`broken_at` is the number of the first record (from 0) that does not fit, or -1 when all fit; `where` its file and
    line. `torn_bytes` of an unfinished last record are no damage: the next record repairs that."""

    anchor: Anchor
    broken_at: int = -1
    where: str = ""
    why: Phrase | None = None
    torn_bytes: int = 0
    records: tuple[Mapping[str, Any], ...] = ()

    @property
    def holds(self) -> bool:
        return self.broken_at < 0


def verify(path: Path, anchor: Anchor | None = None) -> Verification:
    """Whether every record is the one that was written, and those are there that an anchor from elsewhere knows.

    Raises UnreadableError when that cannot be known.
    """
    chain = follow(segments.read(path))
    if chain.broken_at >= 0:
        return Verification(
            anchor=chain.end,
            broken_at=chain.broken_at,
            where=chain.where,
            why=chain.why,
            records=chain.records,
        )
    if anchor is not None and (why := compare(chain, anchor)):
        at = min(max(anchor.count, 0), chain.end.count)
        return Verification(anchor=chain.end, broken_at=at, why=why, records=chain.records)
    return Verification(anchor=chain.end, torn_bytes=chain.torn_bytes, records=chain.records)
