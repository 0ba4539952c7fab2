"""How often progress is written down: a performer may tell it as often as it likes, a journal grows slowly."""

from __future__ import annotations

import time
from collections.abc import Callable

from medflow_tui.model.canonical import Facts

TELL_EVERY_S = 1.0


class Pace:
    """One line a second; what comes between says nothing that the next one, or the end of the step, does not.

    A fact that was not told before is let through at once: after a crash the next runner goes by it.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._told_at: float | None = None
        self._known: set[tuple[str, str]] = set()

    def lets(self, step: str, facts: Facts) -> bool:
        """Whether this one is to be written now.

        >>> now = iter((10.0, 10.5, 10.6, 11.0))
        >>> pace = Pace(lambda: next(now))
        >>> pace.lets("a", {"n": 1}), pace.lets("a", {"n": 2}), pace.lets("a", {"m": 1}), pace.lets("a", {"n": 3})
        (True, False, True, False)
        """
        at, names = self._clock(), {(step, name) for name in facts}
        if self._told_at is not None and at - self._told_at < TELL_EVERY_S and names <= self._known:
            return False
        self._told_at = at
        self._known |= names
        return True
