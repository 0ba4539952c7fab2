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
    """An anchor that is to be left; None stands for the chain as it then ends."""

    anchor: Anchor | None = None
    at: datetime | None = None
    is_signed: bool = True


class Anchoring:
    """One thread at a time; of what is owed meanwhile only the newest counts, which covers the others."""

    def __init__(self, leave: Callable[[Owed], None]) -> None:
        self._leave, self._lock = leave, threading.Lock()
        self._owed: Owed | None = None
        self._thread: threading.Thread | None = None

    def owe(self, owed: Owed, is_due: Callable[[], bool] | None = None) -> None:
        """To be left when `settle` is called; with `is_due` only if that says so, and none is owed or being left."""
        with self._lock:
            if is_due is not None and (self._owed or self._thread or not is_due()):
                return
            self._owed = owed

    def settle(self) -> None:
        """Begin to leave what is owed; waits for nothing."""
        with self._lock:
            if self._owed is not None and self._thread is None:
                self._thread = threading.Thread(target=self._work, name="anchors", daemon=True)
                self._thread.start()

    def wait(self) -> None:
        """Until what is owed is left, and no longer than `WAITS_S`."""
        self.settle()
        with self._lock:
            thread = self._thread
        if thread is not None:
            thread.join(WAITS_S)

    def _work(self) -> None:
        while True:
            with self._lock:
                owed, self._owed = self._owed, None
                if owed is None:
                    self._thread = None
                    return
            with suppress(Exception):  # whatever it is, the next one is left all the same
                self._leave(owed)
