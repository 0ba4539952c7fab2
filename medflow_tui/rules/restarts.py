"""How often a process started anew, from what was seen of it at each look."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise

SAME = timedelta(seconds=2)  # managers round start times to seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """One stretch in which a process was the same at every look: from the first look to the last.

    `counter` is the manager's own count of restarts (None: it has none).
    """

    first: datetime
    last: datetime
    started_at: datetime
    counter: int | None = None


def lived(
    lives: tuple[Life, ...], now: datetime, started_at: datetime, counter: int | None
) -> tuple[Life, ...]:
    """The lives after one more look at a running process; those that ended over two days ago are dropped."""
    kept = tuple(each for each in lives if now - each.last < timedelta(days=2)) or lives[-1:]
    if kept and kept[-1].counter == counter and abs(kept[-1].started_at - started_at) <= SAME:
        return (*kept[:-1], replace(kept[-1], last=now))
    return (*kept, Life(first=now, last=now, started_at=started_at, counter=counter))


def restarts(lives: tuple[Life, ...], since: datetime) -> int:
    """Restarts after `since`, as far as they were seen.

    Between two lives there was one restart, or as many as the manager counted; when nobody looked for longer than
    the time asked about, only the last of them is known to be as recent as it is.
    """
    total = 0
    for before, after in pairwise(lives):
        if after.started_at < since:
            continue
        between = 1
        if before.counter is not None and after.counter is not None:
            grown = after.counter - before.counter
            between = grown if grown > 0 else after.counter + 1  # counted anew after a start by hand
        total += between if before.last >= since else 1
    return total


def known_since(lives: tuple[Life, ...]) -> datetime | None:
    """The first look that is remembered."""
    return lives[0].first if lives else None
