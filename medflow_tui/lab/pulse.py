"""Snapshots for measuring: exactly 20 figures change from one to the next, or nothing does."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime

from medflow_tui.model.health import Health, Snapshot, Verdict
from medflow_tui.model.target import BACKUPS, CLINICS, DEVICES, SERVICES
from medflow_tui.model.words import say

CHANGING = 20
PANES = (SERVICES, CLINICS, DEVICES, BACKUPS)
ITEMS = ("alpha", "bravo", "charlie", "delta", "echo")
SEED = 42
LOWEST, HIGHEST = 0, 99_999
STILL_AT = datetime(2026, 1, 15, 9, 0, tzinfo=UTC)
HOW = say("invented figures, for measuring")


class Walk:
    """A seeded random walk of 20 numbers, each of which changes at each step."""

    def __init__(self, seed: int = SEED) -> None:
        self._dice = random.Random(seed)
        self.numbers = [self._dice.randint(1000, 60_000) for _ in range(CHANGING)]

    def step(self) -> None:
        for place, number in enumerate(self.numbers):
            distance = self._dice.randint(1, 250)
            up = self._dice.random() < 0.5
            if not LOWEST <= number + (distance if up else -distance) <= HIGHEST:
                up = not up
            self.numbers[place] = number + (distance if up else -distance)


def pulse_snapshots(rows: int = CHANGING) -> Iterator[Snapshot]:
    """Endless; ages, sparklines and verdicts stay. 20 rows: five in each of four panes. More: one long list of devices

    of which the first 20 change.

    >>> first, second = (next(pulse_snapshots()) for _ in range(2))
    >>> len(first.verdicts)
    20
    """
    walk = Walk()
    while True:
        yield _snapshot(walk.numbers, rows)
        walk.step()


def still_snapshot(rows: int = CHANGING) -> Snapshot:
    """The first of them."""
    return _snapshot(Walk().numbers, rows)


def _snapshot(numbers: list[int], rows: int) -> Snapshot:
    values = [*numbers, *(1000 + place for place in range(CHANGING, rows))]
    verdicts = tuple(_verdict(place, value, rows) for place, value in enumerate(values[:rows]))
    return Snapshot(at=STILL_AT, verdicts=verdicts)


def _verdict(place: int, value: int, rows: int) -> Verdict:
    pane = PANES[place // len(ITEMS)] if rows <= CHANGING else DEVICES
    label = ITEMS[place % len(ITEMS)] if rows <= CHANGING else f"{ITEMS[place % len(ITEMS)]} {place:03}"
    return Verdict(
        target=f"{pane}-{place:03}",
        kind="pulse",
        pane=pane,
        label=label,
        health=Health.OK,
        evidence=say("{n:number}", n=value),
        how=HOW,
        observed_at=STILL_AT,
        since=STILL_AT,
        due_every_s=1.0,
    )
