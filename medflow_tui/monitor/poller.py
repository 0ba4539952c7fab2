"""The monitor: reads every target on its schedule in threads of its own, and publishes snapshots."""

from __future__ import annotations

import heapq
import random
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from medflow_tui.model.health import Acknowledgement, Health, Maintenance, Probe, Reading, Snapshot, Verdict
from medflow_tui.model.target import Target
from medflow_tui.model.words import Phrase
from medflow_tui.monitor.knowledge import Knowledge
from medflow_tui.monitor.readers import Readers
from medflow_tui.monitor.reading import Report, fault, overrun, read
from medflow_tui.monitor.schedule import pause_after, wait_of
from medflow_tui.monitor.timekeeper import Timekeeper

GRACE_S = 1.0
SLOW_S = 0.75  # a reading that takes longer gets a further thread to take the place of its own
CROWDED_S = 0.3  # readings wait for so long while none ends: more threads
PUBLISH_EVERY_S = 0.25
AGE_EVERY_S = 2.0

People = tuple[Mapping[str, Acknowledgement], tuple[Maintenance, ...]]


class Memory(Protocol):
    """Where changes and figures are kept (`journal.history`); never raises, never blocks."""

    def record(self, before: Verdict, after: Verdict) -> None: ...

    def notices(self) -> tuple[Phrase, ...]: ...


class Nowhere:
    """No memory: for `check` and for tests."""

    def record(self, before: Verdict, after: Verdict) -> None:
        """Forget it."""

    def notices(self) -> tuple[Phrase, ...]:
        """Nothing to say."""
        return ()


@dataclass(slots=True)
class _Slot:
    """One target's turn. Moments are seconds of the monotonic clock: the wall's is set back and forward."""

    target: Target
    probe: Probe | None = None
    failures: int = 0
    asked: float = 0.0
    started: float = 0.0
    running: bool = False
    slow: bool = False
    abandoned: bool = False
    again: bool = False
    not_before: float = 0.0


@dataclass(order=True, slots=True)
class _Due:
    at: float
    name: str = field(compare=False)


class Monitor:
    """Start it, give it a `publish` that is quick and safe to call from any thread, stop it.

    `probe_of` builds the probe of a target in a reading thread, so that service clients are imported there.
    A reading that takes long gets a further thread in the place of its own, long before its deadline: several slow
    targets at once delay no other. One that does not end by its deadline is recorded as overrun. There is at most
    one outstanding reading a target. After the clock was set or the machine slept, all is read anew.
    `people` tells who is on what when that has changed, else None.
    """

    def __init__(
        self,
        targets: tuple[Target, ...],
        probe_of: Callable[[Target], Probe],
        publish: Callable[[Snapshot], None],
        *,
        now: Callable[[], datetime],
        memory: Memory | None = None,
        knowledge: Knowledge | None = None,
        threads: int = 4,
        notices: Callable[[], tuple[Phrase, ...]] = lambda: (),
        people: Callable[[datetime], People | None] = lambda now: None,
        report: Report = lambda error, where: None,
        timekeeper: Timekeeper | None = None,
    ) -> None:
        self._slots = {each.name: _Slot(target=each) for each in targets}
        self._probe_of, self._publish, self._now, self._report = probe_of, publish, now, report
        self._memory: Memory = memory or Nowhere()
        self._notices, self._people = notices, people
        self._knowledge = knowledge or Knowledge(targets, report=report)
        self._timekeeper = timekeeper or Timekeeper(now)
        self._lock = threading.Condition()
        self._due: list[_Due] = []
        self._under_way: dict[str, _Slot] = {}
        self._moved = 0.0
        self._readers = Readers(self._look, always=max(1, threads), report=report)
        self._stopping = threading.Event()
        self._news = threading.Event()
        self._is_told = True
        self.snapshot = self._knowledge.snapshot(now())

    def start(self) -> None:
        """Begin; the first readings are spread over the first second."""
        begin = time.monotonic()
        spread = min(1.0, len(self._slots) / 200)
        for index, name in enumerate(self._slots):
            self._due.append(_Due(begin + spread * index / max(1, len(self._slots)), name))
        heapq.heapify(self._due)
        for run, label in ((self._dispatch, "dispatch"), (self._announce, "announce")):
            threading.Thread(target=run, name=f"monitor-{label}", daemon=True).start()
        self._readers.start()

    def stop(self) -> None:
        """End the schedule; a reading under way is left to its own deadline (its thread is a daemon)."""
        with self._lock:
            self._stopping.set()
            self._lock.notify_all()
        self._news.set()
        self._readers.stop()

    def read_now(self, name: str | None = None) -> None:
        """Read one target, or all of them, as soon as a thread is free (not before a moment that the host named).

        One that is being read is read once more after that: what it answers may be from before.
        """
        with self._lock:
            at = time.monotonic()
            names = self._slots.keys() & ({name.partition("/")[0]} if name else self._slots.keys())
            self._due = [each for each in self._due if each.name not in names]
            for each in names:
                slot = self._slots[each]
                if slot.running:
                    slot.again = bool(slot.started)
                else:
                    self._due.append(_Due(max(at, slot.not_before), each))
            heapq.heapify(self._due)
            self._lock.notify_all()

    def set_people(
        self, acknowledged: Mapping[str, Acknowledgement], maintenance: tuple[Maintenance, ...]
    ) -> None:
        """Who is on what, and which work is announced; shown from now on."""
        with self._lock:
            self._knowledge.acknowledged, self._knowledge.maintenance = acknowledged, maintenance
        self._news.set()

    def _dispatch(self) -> None:
        while True:
            with self._lock:
                if self._stopping.is_set():
                    return
                pause = 0.5
                try:
                    pause = self._turn(time.monotonic())
                except Exception as error:  # the schedule goes on, whatever happens
                    self._report(error, "schedule")
                self._lock.wait(pause)

    def _turn(self, at: float) -> float:
        """Hand out what is due; the seconds until there is something to do again."""
        self._watch_over(at)
        while self._due and self._due[0].at <= at:
            slot = self._slots[heapq.heappop(self._due).name]
            if not slot.running:
                slot.running, slot.asked, slot.started = True, at, 0.0
                slot.slow = slot.abandoned = False
                self._under_way[slot.target.name] = slot
                self._readers.put(slot.target.name)
        return min(0.5, max(0.01, self._due[0].at - at)) if self._due else 0.5

    def _watch_over(self, at: float) -> None:
        abandoned = sum(1 for each in self._under_way.values() if each.abandoned)
        waiting = [each.asked for each in self._under_way.values() if not each.started]
        if waiting and at - max(min(waiting), self._moved) > CROWDED_S:
            self._moved = at
            self._readers.help(len(waiting), stuck=abandoned)
        for slot in list(self._under_way.values()):
            if slot.abandoned or not slot.started:
                continue
            if not slot.slow and at - slot.started > SLOW_S:
                slot.slow = self._readers.relieve(stuck=abandoned)
            if at - slot.started > slot.target.deadline_s + GRACE_S:
                slot.abandoned = True
                self._absorb(slot, (overrun(slot.target, self._now()),))

    def _look(self, name: str) -> bool:
        """Read one target, in a reading thread; true when another thread has taken the place of this one."""
        slot = self._slots[name]
        slot.started = time.monotonic()
        readings = self._read(slot)
        with self._lock:
            was_relieved = slot.slow
            slot.running = slot.slow = False
            self._under_way.pop(name, None)
            self._moved = time.monotonic()
            if self._stopping.is_set():
                return True
            pause = slot.target.interval_s
            try:
                pause = self._absorb(slot, readings)
            finally:
                at = time.monotonic()
                due = max(at, slot.not_before) if slot.again else at + pause
                slot.again = False
                heapq.heappush(self._due, _Due(due, name))
                self._lock.notify_all()
        return was_relieved

    def _read(self, slot: _Slot) -> tuple[Reading, ...]:
        try:
            probe = slot.probe = slot.probe or self._probe_of(slot.target)
        except Exception as error:
            self._report(error, slot.target.name)
            return (fault(slot.target, error, self._now()),)
        return read(slot.target, probe, self._now, self._report)

    def _absorb(self, slot: _Slot, readings: tuple[Reading, ...]) -> float:
        """Take in what was read; the seconds until it is read again."""
        name, now = slot.target.name, self._now()
        slot.failures = slot.failures + 1 if readings[0].failure is not None else 0
        slot.not_before = time.monotonic() + wait_of(readings, now)
        changed = self._knowledge.absorb(name, readings, now)
        pause = self._pause(slot, readings, now)
        self._knowledge.expect(name, pause)
        for before, after in changed:
            self._memory.record(before, after)
        self._news.set()
        return pause

    def _pause(self, slot: _Slot, readings: tuple[Reading, ...], now: datetime) -> float:
        troubled = slot.failures
        if not troubled:
            verdict = self._knowledge.verdict(slot.target.name)
            troubled = 1 if verdict is not None and verdict.soft and verdict.health is not Health.OK else 0
        return pause_after(slot.target, readings, troubled, random.random(), now)  # noqa: S311 - spreads load

    def _announce(self) -> None:
        while not self._stopping.is_set():
            self._news.wait(AGE_EVERY_S)
            self._news.clear()
            if self._stopping.is_set():
                return
            try:
                self._tell()
            except Exception as error:  # news that cannot be told now are told with the next
                self._report(error, "announce")
            self._stopping.wait(PUBLISH_EVERY_S)

    def _tell(self) -> None:
        gap, now = self._timekeeper.look(), self._now()
        people = self._people(now)
        with self._lock:
            if gap.set_by:
                self._knowledge.clock_was_set(gap.set_by, now)
            if people is not None:
                self._knowledge.acknowledged, self._knowledge.maintenance = people
            snapshot = self._knowledge.snapshot(now, (*self._memory.notices(), *self._notices()))
        if gap:
            self.read_now()
        if (
            not self._is_told
            or snapshot.verdicts != self.snapshot.verdicts
            or snapshot.notices != self.snapshot.notices
        ):
            self._is_told = False
            self.snapshot = snapshot
            self._publish(snapshot)
            self._is_told = True
