"""What is known now: the newest reading and verdict of every target, turned into a snapshot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING

from medflow_tui.model.health import (
    EPOCH,
    Acknowledgement,
    Health,
    Judgement,
    Maintenance,
    Reading,
    Snapshot,
    Verdict,
)
from medflow_tui.model.target import Target
from medflow_tui.model.words import Phrase, say
from medflow_tui.monitor.reading import Report
from medflow_tui.rules.alerts import aged, rank, settle, unread
from medflow_tui.rules.cleaning import clean

if TYPE_CHECKING:
    from medflow_tui.rules.judging import Context

CELL = timedelta(minutes=5)
CELLS = 4
NOTICED_WITHIN = timedelta(seconds=3)


class Knowledge:
    """Not thread-safe: the monitor guards it. Every method that changes something returns the verdicts it changed."""

    def __init__(
        self,
        targets: tuple[Target, ...],
        remembered: Mapping[str, Verdict] | None = None,
        *,
        at_once: bool = False,
        report: Report = lambda error, where: None,
    ) -> None:
        """`at_once`: each reading counts by itself, nothing is soft. `report` is told of a rule that fails."""
        self._at_once, self._report = at_once, report
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
        for each in readings:
            self._readings[each.target] = each
        changed = self._settle(name, readings, now)
        for other in self._dependents.get(name, ()):
            before = tuple(self._readings[part] for part in self._verdicts[other] if part in self._readings)
            if before and before[0].failure is not None:
                before = before[:1]  # its parts are as they were when they could still be read
            if before:
                changed += self._settle(other, before, now)
        return changed

    def _settle(
        self, name: str, readings: tuple[Reading, ...], now: datetime
    ) -> list[tuple[Verdict, Verdict]]:
        from medflow_tui.rules.judging import Context

        target = self._targets[name]
        context = Context(now=now, readings=MappingProxyType(self._readings))
        old, new = self._verdicts[name], {}
        changed = []
        for each in readings:
            before = old.get(each.target) or self._first(target, each)
            if before.observed_at == EPOCH and each.target in self._remembered:
                before = self._recall(before, self._remembered.pop(each.target), now)
            after = settle(
                before,
                each,
                self._judge(each, target, context),
                needed=1 if self._at_once else target.confirm,
            )
            after = replace(after, spark=self._spark(each.target, after.health, now))
            new[each.target] = after
            changed.append((before, after))
        if readings[0].failure is not None:
            for part, verdict in old.items():
                if part not in new:
                    new[part] = _cut_off(verdict)
        for part in old.keys() - new.keys():
            self._readings.pop(part, None)
            self._cells.pop(part, None)
        self._verdicts[name] = new
        return changed

    def _judge(self, reading: Reading, target: Target, context: Context) -> Judgement:
        """A rule that fails is a fault of ours: then nothing is known, least of all that all is well."""
        from medflow_tui.rules.judging import judge

        try:
            return judge(reading, target, context)
        except Exception as error:
            self._report(error, reading.target)
            evidence = say("fault of this program: {name}", name=type(error).__name__)
            return Judgement(health=Health.UNKNOWN, evidence=evidence)

    def take_over(self, known: Snapshot, now: datetime) -> None:
        """Go on from what another process knew last; what people wrote comes from the desk."""
        for each in known.verdicts:
            name = each.target.partition("/")[0]
            if name in self._targets and each.observed_at != EPOCH:
                self._verdicts[name][each.target] = replace(each, acknowledged=None, maintenance=None)
                self._cells[each.target] = (now, each.spark)

    def verdict(self, name: str) -> Verdict | None:
        """The standing verdict on a target itself."""
        return self._verdicts[name].get(name)

    def expect(self, name: str, within_s: float) -> None:
        """When the target is read next: one that is read less often for now is not stale for that."""
        parts = self._verdicts[name]
        due_every_s = max(self._targets[name].interval_s, within_s)
        for part, verdict in parts.items():
            if verdict.due_every_s != due_every_s:
                parts[part] = replace(verdict, due_every_s=due_every_s)

    def clock_was_set(self, by: timedelta, now: datetime) -> None:
        """Put every moment that was taken by the clock as it was on the clock as it is: since when stays true."""
        for parts in self._verdicts.values():
            for part, verdict in parts.items():
                parts[part] = _on_new_clock(verdict, by, now)
        for name, reading in self._readings.items():
            if not _is_fresh(reading.observed_at, now):
                self._readings[name] = replace(reading, observed_at=reading.observed_at + by)
        for name, (started, cells) in self._cells.items():
            self._cells[name] = (started + by, cells)
        for name, verdict in self._remembered.items():
            self._remembered[name] = replace(verdict, since=verdict.since + by)

    @staticmethod
    def _first(target: Target, reading: Reading) -> Verdict:
        part = reading.target.partition("/")[2]
        label = str(reading.values.get("label") or part or target.title)
        return replace(unread(target, reading.target), label=clean(label))

    def _recall(self, verdict: Verdict, remembered: Verdict, now: datetime) -> Verdict:
        """Since when, and the last minutes, from before the restart; nothing else of it is believed."""
        if any(remembered.spark):
            self._cells[verdict.target] = (cell_starts(now, 1)[0], remembered.spark)
        return replace(verdict, health=remembered.health, since=remembered.since)

    def _spark(self, name: str, health: Health, now: datetime) -> tuple[Health | None, ...]:
        started, cells = self._cells.get(name, (now, ()))
        steps = min(CELLS + 1, max(0, int((now - started) / CELL)))
        if not cells:
            cells = (health,)
        elif steps:
            cells = (*cells, *([None] * (steps - 1)), health)
            started = max(started + steps * CELL, now - CELL)
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


def cell_starts(now: datetime, number: int) -> tuple[datetime, ...]:
    """When the last so many cells began, oldest first; the newest is the one of now.

    >>> cell_starts(datetime.fromisoformat("2026-03-02T09:07:12+00:00"), 2)[0].minute
    0
    """
    newest = now - (now - EPOCH) % CELL
    return tuple(newest - back * CELL for back in range(number - 1, -1, -1))


def _on_new_clock(verdict: Verdict, by: timedelta, now: datetime) -> Verdict:
    if verdict.observed_at == EPOCH:
        return verdict
    is_fresh = _is_fresh(verdict.observed_at, now)
    since = verdict.since if is_fresh and verdict.since == verdict.observed_at else verdict.since + by
    return replace(
        verdict, since=since, observed_at=verdict.observed_at if is_fresh else verdict.observed_at + by
    )


def _is_fresh(at: datetime, now: datetime) -> bool:
    """Whether a moment was taken after the clock was set, which was noticed a few seconds later at most."""
    return abs(now - at) <= NOTICED_WITHIN


def _cut_off(verdict: Verdict) -> Verdict:
    """A part of a target that could not be read at all: what was known of it is old."""
    if verdict.health is Health.STALE:
        return verdict
    evidence = say("not read since {at:when}", at=verdict.observed_at).also(verdict.evidence)
    return replace(verdict, health=Health.STALE, since=verdict.observed_at, evidence=evidence)
