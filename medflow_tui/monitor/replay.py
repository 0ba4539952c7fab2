"""Given snapshots, lines and history instead of a monitor, a log and a file: for measuring and for pictures."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime

from medflow_tui.journal.history import Change, Sample
from medflow_tui.model.health import Acknowledgement, Maintenance, Snapshot
from medflow_tui.model.log import LogLine, LogNews


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


class ReplayedLog:
    """Lines that were read once, all of them news at the first look; `errors` a minute, oldest first."""

    def __init__(self, lines: Sequence[LogLine], errors: tuple[int, ...] = ()) -> None:
        self._lines, self._errors = tuple(lines), errors

    def start(self, tell: Callable[[], None]) -> None:
        """There is nothing to follow: it is all there."""
        tell()

    def stop(self) -> None:
        """There is nothing to end."""

    def pace(self, every_s: float) -> None:
        """Nothing comes."""

    def pause(self) -> None:
        """Nothing comes."""

    def resume(self) -> None:
        """Nothing was missed."""

    def drain(self) -> LogNews:
        """All of it, once."""
        lines, self._lines = self._lines, ()
        return LogNews(lines=lines)

    def histogram(self) -> tuple[int, ...]:
        """Errors in each minute."""
        return self._errors


class ReplayedHistory:
    """What was remembered of some targets, at the moment of the snapshot."""

    def __init__(self, changes: Sequence[Change], samples: Mapping[str, Sequence[Sample]]) -> None:
        self._changes, self._samples = changes, samples

    def changes(self, target: str, limit: int = 20) -> tuple[Change, ...]:
        """The newest changes of a target, newest first."""
        return tuple(each for each in self._changes if each.target == target)[:limit]

    def samples(self, target: str, since: datetime) -> tuple[Sample, ...]:
        """Five-minute figures since a moment, oldest first."""
        return tuple(each for each in self._samples.get(target, ()) if each.at >= since)
