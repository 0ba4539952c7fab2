"""The audit as it stands: what was read, whether it holds, what it was compared with, and what is to be reviewed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from medflow_tui.model.audit import Anchor
from medflow_tui.model.words import SILENCE, Phrase
from medflow_tui.rules.auditing.chain import GENESIS
from medflow_tui.rules.auditing.checkpoint import ENDINGS, Signatures, Signed
from medflow_tui.rules.auditing.review import Record, Review


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """`records` are all that could be read, also behind a break; `broken_at` is the number of the first record that does
    not fit, or -1, `where` its file and line. `anchors` all fit when it holds; `is_elsewhere`: one of them came from
    outside of the audit's own folder. `unanchored` counts the runs whose anchors should be there and are not."""

    records: tuple[Record, ...] = ()
    end: Anchor = field(default_factory=lambda: Anchor(count=0, head=GENESIS))
    files: int = 0
    broken_at: int = -1
    where: str = ""
    why: Phrase = SILENCE
    torn_bytes: int = 0
    anchors: tuple[Anchor, ...] = ()
    is_elsewhere: bool = False
    review: Review = field(default_factory=Review)
    signatures: Signatures = field(default_factory=Signatures)
    unanchored: int = 0

    @property
    def holds(self) -> bool:
        return self.broken_at < 0

    @property
    def is_altered(self) -> bool:
        """The chain does not hold, or what was signed is something else."""
        return not self.holds or self.signatures.signed is Signed.WRONG

    @property
    def is_sound(self) -> bool:
        """Nothing speaks against it, and nothing that should be known is unknown."""
        return not self.is_altered and self.signatures.signed is not Signed.UNKNOWN

    @property
    def uncovered(self) -> int:
        """How many records at the end no anchor covers: were they cut off, nobody could tell."""
        return self.end.count - max((each.count for each in self.anchors), default=0)


def unanchored(records: Iterable[Record], anchors: Iterable[Anchor]) -> int:
    """How many times a run ended or paused since the newest of its anchors: each time it should have left one.

    >>> ended = [{"seq": 4, "ev": "run.done"}, {"seq": 9, "ev": "run.done"}]
    >>> unanchored(ended, [Anchor(count=5, head="")]), unanchored(ended, [Anchor(count=10, head="")])
    (1, 0)
    """
    covered = max((each.count for each in anchors), default=0)
    ended = (each.get("seq") for each in records if each.get("ev") in ENDINGS)
    return sum(isinstance(seq, int) and seq >= covered for seq in ended)
