"""Whether a program of a step still moves."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path


class Pulse:
    """Tells a program that works from one that stands still: it prints, or it or a child of it uses the processor."""

    def __init__(self, child: subprocess.Popen[bytes], printed: Sequence[Path]) -> None:
        self._child, self._printed = child, printed
        self._last = self._now()

    def size(self) -> int:
        """Bytes printed so far."""
        return sum(each.stat().st_size for each in self._printed if each.exists())

    def has_moved(self) -> bool:
        """Since the last time that this was asked."""
        before, self._last = self._last, self._now()
        return self._last != before

    def _now(self) -> tuple[int, float]:
        import psutil

        used = 0.0
        try:
            own = psutil.Process(self._child.pid)
            for each in (own, *own.children(recursive=True)):
                told = each.cpu_times()
                used += told.user + told.system
        except psutil.Error:
            used = -1.0  # one of them has just ended
        return self.size(), used
