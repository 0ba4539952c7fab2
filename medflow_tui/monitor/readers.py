"""The threads that read: a few always, more while readings are slow, and never without bound."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from contextlib import suppress

from medflow_tui.monitor.reading import Report

MOST_THREADS = 64
IDLE_S = 2.0
MOST_STUCK = 256  # beside them: threads whose reading is long overdue and that may never come back


class Readers:
    """`look` carries out one reading and says whether another thread has taken the place of this one."""

    def __init__(self, look: Callable[[str], bool], *, always: int, report: Report) -> None:
        self._look, self._always, self._report = look, always, report
        self._work: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """The threads that are always there."""
        for _ in range(self._always):
            self._add()

    def put(self, name: str) -> None:
        """Have a target read as soon as a thread is free."""
        self._work.put(name)

    def relieve(self, *, stuck: int) -> bool:
        """One thread more in the place of a slow one, while `stuck` are overdue; false when there may be no more."""
        return self._room(stuck) > 0 and self._add()

    def help(self, number: int, *, stuck: int) -> None:
        """Up to twice as many threads for `number` readings that wait while nobody is free; they end with the crowd."""
        room = self._room(stuck)
        for _ in range(min(number, max(1, len(self._threads)), room)):
            if not self._add(IDLE_S):
                return

    def _room(self, stuck: int) -> int:
        """How many threads more there may be."""
        self._threads = [each for each in self._threads if each.is_alive()]
        return MOST_THREADS + min(stuck, MOST_STUCK) - len(self._threads)

    def stop(self) -> None:
        """Let each end after the reading it has in hand; one that is stuck ends with the process."""
        for _ in self._threads:
            self._work.put(None)

    def _add(self, idle_s: float | None = None) -> bool:
        thread = threading.Thread(target=self._run, args=(idle_s,), name="monitor-look", daemon=True)
        try:
            thread.start()
        except RuntimeError as error:  # the system gives no more threads
            self._report(error, "threads")
            return False
        self._threads.append(thread)
        return True

    def _run(self, idle_s: float | None) -> None:
        with suppress(queue.Empty):
            while (name := self._work.get(timeout=idle_s)) is not None:
                try:
                    if self._look(name):
                        return
                except Exception as error:  # a thread that ends would be missed by all targets
                    self._report(error, name)
