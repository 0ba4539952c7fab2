"""Whether the wall clock was set, or the machine slept, since the last look."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

SLACK = timedelta(seconds=3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """`set_by`: how far the wall clock was set forward (or back, negative); `slept`: how long the machine stood still."""

    set_by: timedelta = timedelta()
    slept: timedelta = timedelta()

    def __bool__(self) -> bool:
        return bool(self.set_by or self.slept)


def since_boot() -> float:
    """Seconds of a clock that nobody sets and that goes on while the machine sleeps, where the system has one."""
    for name in ("CLOCK_BOOTTIME", "CLOCK_MONOTONIC"):  # Linux; macOS, where it counts sleep
        clock = getattr(time, name, None)
        if clock is not None:
            return time.clock_gettime(clock)
    return time.monotonic()


class Timekeeper:
    """Compares three clocks: the wall's, one that goes on in sleep, one that stands still in it."""

    def __init__(
        self,
        now: Callable[[], datetime],
        *,
        elapsed: Callable[[], float] = since_boot,
        awake: Callable[[], float] = time.monotonic,
    ) -> None:
        self._now, self._elapsed, self._awake = now, elapsed, awake
        self._before = (now(), elapsed(), awake())

    def look(self) -> Gap:
        """What happened since the last look; what is less than three seconds is nothing."""
        wall, elapsed, awake = self._now(), self._elapsed(), self._awake()
        old_wall, old_elapsed, old_awake = self._before
        self._before = (wall, elapsed, awake)
        passed = timedelta(seconds=elapsed - old_elapsed)
        return Gap(
            set_by=_more_than_slack((wall - old_wall) - passed),
            slept=_more_than_slack(passed - timedelta(seconds=awake - old_awake)),
        )


def _more_than_slack(gap: timedelta) -> timedelta:
    return gap if abs(gap) > SLACK else timedelta()
