"""The monitor: reads every target on its schedule in threads of its own, and publishes snapshots."""

from __future__ import annotations

import heapq
import queue
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from medflow_tui.model.health import (
    Acknowledgement,
    Cause,
    Failure,
    Health,
    Maintenance,
    Probe,
    Reading,
    Snapshot,
    Verdict,
)
from medflow_tui.model.target import Target
from medflow_tui.model.words import Phrase, say
from medflow_tui.monitor.knowledge import Knowledge
from medflow_tui.monitor.schedule import pause_after

GRACE_S = 1.0
SLOW_S = 0.75  # a reading that takes longer gets a further thread to take the place of its own
PUBLISH_EVERY_S = 0.25
AGE_EVERY_S = 2.0
MOST_THREADS = 64


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
    target: Target
    probe: Probe | None = None
    failures: int = 0
    started: float = 0.0
    running: bool = False
    slow: bool = False
    abandoned: bool = False
    not_before: datetime | None = None


@dataclass(order=True, slots=True)
class _Due:
    at: float
    name: str = field(compare=False)


class Monitor:
    """Start it, give it a `publish` that is quick and safe to call from any thread, stop it.

    `probe_of` builds the probe of a target in a reading thread, so that service clients are imported there.
    A reading that takes long gets a further thread in the place of its own, long before its deadline: several slow
    targets at once delay no other. One that does not end by its deadline is recorded as overrun. There is at most
    one outstanding reading a target.
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
        report: Callable[[BaseException, str], None] = lambda error, where: None,
    ) -> None:
        self._slots = {each.name: _Slot(target=each) for each in targets}
        self._probe_of, self._publish, self._now, self._report = probe_of, publish, now, report
        self._memory: Memory = memory or Nowhere()
        self._notices = notices
        self._knowledge = knowledge or Knowledge(targets)
        self._lock = threading.Condition()
        self._due: list[_Due] = []
        self._work: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._wanted = max(1, threads)
        self._threads: list[threading.Thread] = []
        self._stopping = threading.Event()
        self._news = threading.Event()
        self.snapshot = self._knowledge.snapshot(now())

    def start(self) -> None:
        """Begin; the first readings are spread over the first second."""
        begin = time.monotonic()
        spread = min(1.0, len(self._slots) / 200)
        for index, name in enumerate(self._slots):
            self._due.append(_Due(begin + spread * index / max(1, len(self._slots)), name))
        heapq.heapify(self._due)
        for run, label in ((self._dispatch, "dispatch"), (self._announce, "announce")):
            self._spawn(run, label)
        for _ in range(self._wanted):
            self._spawn(self._look, "look")

    def stop(self) -> None:
        """End the schedule; a reading under way is left to its own deadline (its thread is a daemon)."""
        with self._lock:
            self._stopping.set()
            self._lock.notify_all()
        self._news.set()
        for _ in self._threads:
            self._work.put(None)

    def read_now(self, name: str | None = None) -> None:
        """Read one target, or all of them, as soon as a thread is free (not before a moment that the host named)."""
        with self._lock:
            at = time.monotonic()
            names = {name.partition("/")[0]} if name else set(self._slots)
            self._due = [each for each in self._due if each.name not in names]
            for each in names & set(self._slots):
                if not self._slots[each].running and not self._is_forbidden(each):
                    self._due.append(_Due(at, each))
                elif self._is_forbidden(each):
                    until = self._slots[each].not_before
                    assert until is not None
                    self._due.append(_Due(at + (until - self._now()).total_seconds(), each))
            heapq.heapify(self._due)
            self._lock.notify_all()

    def set_people(
        self, acknowledged: dict[str, Acknowledgement], maintenance: tuple[Maintenance, ...]
    ) -> None:
        """Who is on what, and which work is announced; shown from now on."""
        with self._lock:
            self._knowledge.acknowledged, self._knowledge.maintenance = acknowledged, maintenance
        self._news.set()

    def _is_forbidden(self, name: str) -> bool:
        until = self._slots[name].not_before
        return until is not None and until > self._now()

    def _spawn(self, run: Callable[[], None], label: str) -> None:
        thread = threading.Thread(target=run, name=f"monitor-{label}", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _dispatch(self) -> None:
        with self._lock:
            while not self._stopping.is_set():
                at = time.monotonic()
                self._watch_over(at)
                while self._due and self._due[0].at <= at:
                    slot = self._slots[heapq.heappop(self._due).name]
                    if not slot.running:
                        slot.running, slot.started, slot.slow, slot.abandoned = True, 0.0, False, False
                        self._work.put(slot.target.name)
                pause = min(0.5, max(0.01, self._due[0].at - at)) if self._due else 0.5
                self._lock.wait(pause)

    def _watch_over(self, at: float) -> None:
        for slot in self._slots.values():
            if not slot.running or slot.abandoned or not slot.started:
                continue
            if not slot.slow and at - slot.started > SLOW_S:
                slot.slow = self._relieve()
            if at - slot.started > slot.target.deadline_s + GRACE_S:
                slot.abandoned = True
                self._absorb(slot, (self._overrun(slot.target),))

    def _relieve(self) -> bool:
        """One thread more; false when there are as many as there may be."""
        self._threads = [each for each in self._threads if each.is_alive()]
        if len(self._threads) >= MOST_THREADS:
            return False
        self._spawn(self._look, "look")
        return True

    def _overrun(self, target: Target) -> Reading:
        return Reading(
            target=target.name,
            kind=target.kind,
            observed_at=self._now(),
            how=say("reading abandoned"),
            failure=Failure(
                cause=Cause.OVERRUN, text=say("no reading within {after:duration}", after=target.deadline_s)
            ),
        )

    def _look(self) -> None:
        while True:
            name = self._work.get()
            if name is None or self._stopping.is_set():
                return
            slot = self._slots[name]
            slot.started = time.monotonic()
            readings = self._read(slot)
            with self._lock:
                was_relieved = slot.slow
                slot.running = slot.slow = False
                self._absorb(slot, readings)
                heapq.heappush(self._due, _Due(time.monotonic() + self._pause(slot, readings), name))
                self._lock.notify_all()
                if was_relieved:
                    return

    def _read(self, slot: _Slot) -> tuple[Reading, ...]:
        target = slot.target
        try:
            if slot.probe is None:
                slot.probe = self._probe_of(target)
            return slot.probe.read(target.deadline_s)
        except Exception as error:  # a probe promises not to raise; one that does must not end the monitor
            self._report(error, target.name)
            text = say("fault of this program: {name}", name=type(error).__name__)
            failure = Failure(cause=Cause.OURS, text=text)
            return (
                Reading(
                    target=target.name,
                    kind=target.kind,
                    observed_at=self._now(),
                    how=say("not read"),
                    failure=failure,
                ),
            )

    def _absorb(self, slot: _Slot, readings: tuple[Reading, ...]) -> None:
        failed = bool(readings) and readings[0].failure is not None
        slot.failures = slot.failures + 1 if failed else 0
        slot.not_before = readings[0].failure.until if failed and readings[0].failure else None
        try:
            changed = self._knowledge.absorb(slot.target.name, readings, self._now())
        except Exception as error:  # likewise a rule
            self._report(error, slot.target.name)
            return
        for before, after in changed:
            self._memory.record(before, after)
        self._news.set()

    def _pause(self, slot: _Slot, readings: tuple[Reading, ...]) -> float:
        troubled = slot.failures
        if not troubled:
            verdict = next(
                (each for each in self.snapshot.verdicts if each.target == slot.target.name and each.soft),
                None,
            )
            troubled = 1 if verdict is not None and verdict.health is not Health.OK else 0
        return pause_after(slot.target, readings, troubled, random.random(), self._now())  # noqa: S311 - spreads load

    def _announce(self) -> None:
        while not self._stopping.is_set():
            self._news.wait(AGE_EVERY_S)
            self._news.clear()
            with self._lock:
                if self._stopping.is_set():
                    return
                snapshot = self._knowledge.snapshot(self._now(), (*self._memory.notices(), *self._notices()))
            if snapshot.verdicts != self.snapshot.verdicts or snapshot.notices != self.snapshot.notices:
                self.snapshot = snapshot
                self._publish(snapshot)
            time.sleep(PUBLISH_EVERY_S)
