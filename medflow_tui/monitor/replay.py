"""Given snapshots instead of a monitor: for measuring and for screenshots."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

from medflow_tui.model.health import Acknowledgement, Maintenance, Snapshot


class Replay:
    """Shows the first snapshot at once, and the next one every `every_s` seconds (0: never)."""

    def __init__(
        self, snapshots: Iterator[Snapshot], publish: Callable[[Snapshot], None], every_s: float
    ) -> None:
        self._snapshots, self._publish, self._every_s = snapshots, publish, every_s
        self._ended = threading.Event()
        self.snapshot = next(snapshots)

    def start(self) -> None:
        """Begin to replay."""
        if self._every_s:
            threading.Thread(target=self._run, name="replay", daemon=True).start()

    def stop(self) -> None:
        """End it."""
        self._ended.set()

    def read_now(self, name: str | None = None) -> None:
        """There is nothing to read."""

    def set_people(
        self, acknowledged: dict[str, Acknowledgement], maintenance: tuple[Maintenance, ...]
    ) -> None:
        """There are no people."""

    def _run(self) -> None:
        while not self._ended.wait(self._every_s):
            self.snapshot = next(self._snapshots)
            self._publish(self.snapshot)
