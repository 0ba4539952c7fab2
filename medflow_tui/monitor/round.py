"""One round for `check`: every target read once, each reading counting at once."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from datetime import datetime

from medflow_tui.model.health import Probe, Reading, Snapshot
from medflow_tui.model.target import Target
from medflow_tui.monitor.knowledge import Knowledge
from medflow_tui.monitor.poller import GRACE_S, People
from medflow_tui.monitor.reading import Report, fault, overrun, read

FIRST_THREADS, MOST_THREADS = 16, 256
CROWDED_S = 0.25  # nobody answered for so long while targets wait: more threads


def read_once(
    targets: tuple[Target, ...],
    probe_of: Callable[[Target], Probe],
    now: Callable[[], datetime],
    report: Report = lambda error, where: None,
    people: People = ({}, ()),
) -> Snapshot:
    """A snapshot after one reading of each target; what does not end by its deadline is unknown."""
    began = now()
    found = _Round(targets, probe_of, now, report).read()
    knowledge = Knowledge(targets, at_once=True, report=report)
    knowledge.acknowledged, knowledge.maintenance = people
    for each in targets:
        knowledge.absorb(each.name, found.get(each.name) or (overrun(each, now()),), now())
    return knowledge.snapshot(now(), aged_at=began)


class _Round:
    """Reads in daemon threads, so that a reading that hangs for ever holds up neither the others nor the end."""

    def __init__(
        self,
        targets: tuple[Target, ...],
        probe_of: Callable[[Target], Probe],
        now: Callable[[], datetime],
        report: Report,
    ) -> None:
        self._targets, self._probe_of, self._now, self._report = targets, probe_of, now, report
        self._waiting: queue.SimpleQueue[Target] = queue.SimpleQueue()
        self._answers: queue.SimpleQueue[tuple[str, tuple[Reading, ...]]] = queue.SimpleQueue()
        self._started: dict[str, float] = {}
        self._threads = 0

    def read(self) -> dict[str, tuple[Reading, ...]]:
        """What was read, by the name of the target; without those that did not end in time."""
        for each in self._targets:
            self._waiting.put(each)
        self._hire(FIRST_THREADS)
        found: dict[str, tuple[Reading, ...]] = {}
        longest = max((each.deadline_s for each in self._targets), default=0.0)
        ends = time.monotonic() + 2 * longest + GRACE_S
        while time.monotonic() < ends and self._has_hope(found):
            try:
                name, readings = self._answers.get(timeout=CROWDED_S)
            except queue.Empty:
                self._hire(self._threads)
            else:
                found[name] = readings
        return found

    def _has_hope(self, found: dict[str, tuple[Reading, ...]]) -> bool:
        """Whether a target is left that still has time."""
        if len(found) == len(self._targets):
            return False
        at = time.monotonic()
        return any(
            at - self._started.get(each.name, at) <= each.deadline_s + GRACE_S
            for each in self._targets
            if each.name not in found
        )

    def _hire(self, number: int) -> None:
        """So many threads more, as far as targets wait for one."""
        for _ in range(min(number, self._waiting.qsize(), MOST_THREADS - self._threads)):
            try:
                threading.Thread(target=self._look, name="check", daemon=True).start()
            except RuntimeError:  # the system gives no more: those that there are must do
                return
            self._threads += 1

    def _look(self) -> None:
        while True:
            try:
                target = self._waiting.get_nowait()
            except queue.Empty:
                return
            self._answers.put((target.name, self._read(target)))

    def _read(self, target: Target) -> tuple[Reading, ...]:
        try:
            probe = self._probe_of(target)
        except Exception as error:  # a fault of ours is one unknown target, not a lost round
            self._report(error, target.name)
            return (fault(target, error, self._now()),)
        self._started[target.name] = time.monotonic()
        return read(target, probe, self._now, self._report)
