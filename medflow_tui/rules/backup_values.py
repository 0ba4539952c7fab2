"""What is known of one set of backups: the newest, whether it is good, and those before it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from medflow_tui.model.targets.backups import BackupSet
from medflow_tui.rules.backup_listing import Listing

BAD = frozenset({"differs", "short", "empty", "corrupt", "garbled"})
FINAL = BAD | {"whole", "unproved", "unfamiliar"}
TREND = 7
AHEAD = timedelta(minutes=10)  # a clock may be so much ahead before a name counts as dated in the future


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What reading a backup showed: `proved` when its checksum matches, `clear` when it is not encrypted.

    `state` is "waiting" (not begun), "checking" (`percent` read), "whole", "unproved" (encrypted and without a checksum),
    "unfamiliar" (a format newer than this program), one of BAD, "forbidden" or "unread" (the disk gave no answer).
    `at` is when it was read to its end. `sha256` is that of the whole file (empty for a folder, and for a broken file);
    `decoded`: its form was followed to its end, so that nothing is missing as far as its own lengths and sums say.
    """

    state: str = "waiting"
    proved: bool = False
    clear: bool = False
    percent: float = 0.0
    at: datetime | None = None
    sha256: str = ""
    decoded: bool = False

    @property
    def verified(self) -> str:
        """The level that reading alone can prove: L2 decoded to its end, L1 equal to its checksum, L0 only seen.

        Restoring, which proves more, is not done here.
        """
        if self.state != "whole":
            return "L0"
        return "L2" if self.decoded and self.sha256 else "L1" if self.proved else "L0"

    @property
    def is_final(self) -> bool:
        """True when it was read to its end."""
        return self.state in FINAL


def describe(
    plan: BackupSet, listing: Listing, findings: Mapping[tuple[object, ...], Finding], now: datetime
) -> dict[str, Any]:
    """Values: count, name, taken_at (None when there is none), size (bytes), level ("L0", "L1"), state (as in Finding),

    checksum (there is one beside it), percent, dated (its name has a time), good_at (newest not known bad, or None),
    damaged (names of older ones), sizes_before (bytes, newest first), clear, writing, future (names), others,
    verified (level as in Finding), sha256, read_at (when it was read to its end, or None).
    """
    copies = [each for each in listing.copies if each.taken_at <= now + AHEAD]
    pairs = [(each, findings.get(each.identity, Finding())) for each in copies]
    clear = {each.name for each, found in pairs if found.clear and each.sealed}
    newest, found = pairs[0] if pairs else (None, Finding())
    return {
        "count": len(copies),
        "name": newest.name if newest else "",
        "taken_at": newest.taken_at if newest else None,
        "size": newest.size if newest else 0,
        "level": "L1" if found.proved else "L0",
        "state": found.state if newest else "",
        "checksum": bool(newest and newest.sidecar),
        "percent": found.percent,
        "dated": newest.dated if newest else True,
        "good_at": next((each.taken_at for each, one in pairs if one.state not in BAD), None),
        "damaged": tuple(each.name for each, one in pairs[1:] if one.state in BAD),
        "sizes_before": tuple(each.size for each in copies[1 : TREND + 1]),
        "clear": (*listing.clear, *sorted(clear - {*listing.clear})) if plan.encrypted else (),
        "writing": listing.writing,
        "future": tuple(each.name for each in listing.copies if each.taken_at > now + AHEAD),
        "others": listing.others,
        "verified": found.verified,
        "sha256": found.sha256,
        "read_at": found.at,
    }
