"""Leaves anchors and signatures beside the work that they are of: nothing that is to be written down waits for them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from medflow_tui.model.audit import Anchor

WAITS_S = 20.0  # at the end of a run, for a signer or a place that hangs; then its process ends without


@dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    """An anchor that is to be left; None stands for the chain as it then ends. `is_end`: of a run's last line."""

    anchor: Anchor | None = None
    at: datetime | None = None
    is_signed: bool = True
    is_end: bool = False


class Anchoring:
    """One thread at a time; of what is owed meanwhile only the newest counts, which covers the others."""

    def __init__(self, leave: Callable[[Owed], None]) -> None:
        self._leave, self._lock = leave, threading.Lock()
        self._owed: Owed | None = None
        self._is_ending = False
        self._thread: threading.Thread | None = None

    def owe(self, owed: Owed) -> None:
        """To be left when `settle` is called."""
        with self._lock:
            self._owed = owed
            self._is_ending = self._is_ending or owed.is_end

    def settle(self) -> None:
        """Leave what is owed; waits for that only at the end of a run, and no longer than `WAITS_S`."""
        with self._lock:
            if self._owed is not None and self._thread is None:
                self._thread = threading.Thread(target=self._work, name="anchors", daemon=True)
                self._thread.start()
            thread = self._thread if self._is_ending else None
        if thread is not None:
            thread.join(WAITS_S)

    def _work(self) -> None:
        while True:
            with self._lock:
                owed, self._owed = self._owed, None
                if owed is None:
                    self._thread, self._is_ending = None, False
                    return
            with suppress(Exception):  # whatever it is, the next one is left all the same
                self._leave(owed)
