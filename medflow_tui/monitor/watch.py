"""A monitor together with the history that it writes."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from medflow_tui.journal.history import History
from medflow_tui.model.health import Acknowledgement, Maintenance, Snapshot
from medflow_tui.monitor.poller import Monitor

Publish = Callable[[Snapshot], None]


class Watch:
    """They begin and end together, once: the lock of the history is held for as long as this process looks."""

    def __init__(self, monitor: Monitor, history: History) -> None:
        self._monitor, self._history = monitor, history

    @property
    def snapshot(self) -> Snapshot:
        """What is known now."""
        return self._monitor.snapshot

    def start(self) -> None:
        """Begin to look, and to write down."""
        self._history.start()
        self._monitor.start()

    def stop(self) -> None:
        """End the schedule, write what waits (two seconds at most), and let go of the lock."""
        self._monitor.stop()
        self._history.stop()

    def read_now(self, name: str | None = None) -> None:
        """Read one target, or all of them, soon."""
        self._monitor.read_now(name)

    def set_people(
        self, acknowledged: Mapping[str, Acknowledgement], maintenance: tuple[Maintenance, ...]
    ) -> None:
        """Who is on what, and which work is announced."""
        self._monitor.set_people(acknowledged, maintenance)
