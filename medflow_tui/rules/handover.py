"""From one that looked to another: what is shown while the new one has not read everything yet."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from medflow_tui.model.health import EPOCH, Snapshot, Verdict
from medflow_tui.rules.alerts import aged


def is_whole(snapshot: Snapshot) -> bool:
    """Whether every target was read at least once.

    >>> is_whole(Snapshot())
    True
    """
    return not _unread(snapshot)


def carried(newest: Snapshot, before: Snapshot, now: datetime) -> Snapshot:
    """The newest snapshot; a target that it has not read yet is shown as it was known before, growing old."""
    unread = _unread(newest)
    known = {
        name: parts
        for name, parts in _by_target(before).items()
        if name in unread and parts[0].observed_at != EPOCH
    }
    if not known:
        return newest
    verdicts: list[Verdict] = []
    for name, parts in _by_target(newest).items():
        verdicts += (aged(each, now) for each in known[name]) if name in known else parts
    return replace(newest, verdicts=tuple(verdicts))


def _unread(snapshot: Snapshot) -> set[str]:
    return {each.target for each in snapshot.verdicts if "/" not in each.target and each.observed_at == EPOCH}


def _by_target(snapshot: Snapshot) -> dict[str, list[Verdict]]:
    """The verdicts of each target, its own first, then its parts."""
    found: dict[str, list[Verdict]] = {}
    for each in snapshot.verdicts:
        found.setdefault(each.target.partition("/")[0], []).append(each)
    return found
