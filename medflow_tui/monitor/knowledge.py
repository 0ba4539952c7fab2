"""What is known now: the newest reading and verdict of every target, turned into a snapshot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from types import MappingProxyType

from medflow_tui.model.health import (
    EPOCH,
    Acknowledgement,
    Health,
    Maintenance,
    Reading,
    Snapshot,
    Verdict,
)
from medflow_tui.model.target import Target
from medflow_tui.model.words import Phrase, say
from medflow_tui.rules.alerts import aged, rank, settle, unread
from medflow_tui.rules.judging import Context, judge

CELL = timedelta(minutes=5)
CELLS = 4


class Knowledge:
    """Not thread-safe: the monitor guards it. Every method that changes something returns the verdicts it changed."""

    def __init__(
        self,
        targets: tuple[Target, ...],
        remembered: Mapping[str, Verdict] | None = None,
        *,
        at_once: bool = False,
    ) -> None:
        """`at_once`: each reading counts by itself, nothing is soft."""
        self._at_once = at_once
        self._targets = {each.name: each for each in targets}
        self._readings: dict[str, Reading] = {}
        self._verdicts: dict[str, dict[str, Verdict]] = {
            each.name: {each.name: unread(each)} for each in targets
        }
        self._remembered = dict(remembered or {})
        self._cells: dict[str, tuple[datetime, tuple[Health | None, ...]]] = {}
        self._dependents: dict[str, list[str]] = {}
        for each in targets:
            for name in each.depends_on:
                self._dependents.setdefault(name, []).append(each.name)
        self.acknowledged: Mapping[str, Acknowledgement] = MappingProxyType({})
        self.maintenance: tuple[Maintenance, ...] = ()

    def absorb(
        self, name: str, readings: tuple[Reading, ...], now: datetime
    ) -> list[tuple[Verdict, Verdict]]:
        """Take in what a probe read; pairs of (before, after) for every verdict that was settled anew."""
        if not readings:
            return []
        for each in readings:
            self._readings[each.target] = each
        changed = self._settle(name, readings, now)
        for other in self._dependents.get(name, ()):
            before = tuple(self._readings[part] for part in self._verdicts[other] if part in self._readings)
            if before:
                changed += self._settle(other, before, now)
        return changed

    def _settle(
        self, name: str, readings: tuple[Reading, ...], now: datetime
    ) -> list[tuple[Verdict, Verdict]]:
        target = self._targets[name]
        context = Context(now=now, readings=MappingProxyType(self._readings))
        old, new = self._verdicts[name], {}
        changed = []
        for each in readings:
            before = old.get(each.target) or self._first(target, each)
            if before.observed_at == EPOCH and each.target in self._remembered:
                before = self._recall(before, self._remembered.pop(each.target))
            after = settle(
                before, each, judge(each, target, context), needed=1 if self._at_once else target.confirm
            )
            after = replace(after, spark=self._spark(each.target, after.health, now))
            new[each.target] = after
            changed.append((before, after))
        if readings[0].failure is not None:
            for part, verdict in old.items():
                if part not in new:
                    new[part] = _cut_off(verdict)
        self._verdicts[name] = new
        return changed

    @staticmethod
    def _first(target: Target, reading: Reading) -> Verdict:
        part = reading.target.partition("/")[2]
        label = str(reading.values.get("label") or part or target.title)
        return replace(unread(target, reading.target), label=label)

    @staticmethod
    def _recall(verdict: Verdict, remembered: Verdict) -> Verdict:
        """Since when, from before the restart; nothing else of it is believed."""
        return replace(verdict, health=remembered.health, since=remembered.since, spark=remembered.spark)

    def _spark(self, name: str, health: Health, now: datetime) -> tuple[Health | None, ...]:
        started, cells = self._cells.get(name, (now, ()))
        steps = int((now - started) / CELL)
        if not cells:
            cells = (health,)
        elif steps:
            cells = (*cells, *([None] * (steps - 1)), health)
            started += steps * CELL
        elif cells[-1] is None or rank(health) < rank(cells[-1]):
            cells = (*cells[:-1], health)
        cells = cells[-CELLS:]
        self._cells[name] = (started, cells)
        return cells

    def snapshot(
        self, now: datetime, notices: tuple[Phrase, ...] = (), *, aged_at: datetime | None = None
    ) -> Snapshot:
        """All verdicts in the configured order, aged, with who is on it and what work is announced.

        `aged_at` is the moment by which they are aged: for one round it is when the round began, so that what was
        read at once is not stale because another target took long.
        """
        verdicts = tuple(
            self._annotated(aged(each, aged_at or now), now)
            for parts in self._verdicts.values()
            for each in parts.values()
        )
        return Snapshot(at=now, verdicts=verdicts, notices=notices)

    def _annotated(self, verdict: Verdict, now: datetime) -> Verdict:
        acknowledged = self.acknowledged.get(verdict.target)
        if acknowledged is not None and acknowledged.until <= now:
            acknowledged = None
        window = next(
            (
                each
                for each in self.maintenance
                if each.starts <= now < each.ends
                and each.target in (verdict.target, verdict.target.partition("/")[0], "*")
            ),
            None,
        )
        if acknowledged is None and window is None:
            return verdict
        return replace(verdict, acknowledged=acknowledged, maintenance=window)


def _cut_off(verdict: Verdict) -> Verdict:
    """A part of a target that could not be read at all: what was known of it is old."""
    if verdict.health is Health.STALE:
        return verdict
    evidence = say("not read since {at:when}", at=verdict.observed_at).also(verdict.evidence)
    return replace(verdict, health=Health.STALE, since=verdict.observed_at, evidence=evidence)
