"""When a target is read next: interval, jitter, back-off after failure, and what the host asked for."""

from __future__ import annotations

from datetime import datetime

from medflow_tui.model.health import Reading
from medflow_tui.model.target import Target

JITTER = 0.1
LONGEST_BACK_OFF = 4.0  # times the interval
LONGEST_WAIT_S = 86_400.0


def pause_after(
    target: Target, readings: tuple[Reading, ...], failures: int, chance: float, now: datetime
) -> float:
    """Seconds until the next reading.

    A failing target is first read again sooner (a third of its interval, so that a trouble is confirmed quickly),
    then ever more rarely; `chance` (0 to 1) spreads the readings. A moment named by the host is kept to.
    """
    pause = target.interval_s
    if 0 < failures <= target.confirm:
        pause = max(1.0, target.interval_s / 3)
    elif failures > target.confirm:
        pause = target.interval_s * min(LONGEST_BACK_OFF, 1.25 ** (failures - target.confirm - 1))
    pause *= 1 + JITTER * (2 * chance - 1)
    return max(pause, wait_of(readings, now))


def wait_of(readings: tuple[Reading, ...], now: datetime) -> float:
    """Seconds for which the host asked to be left alone; more than a day is not believed."""
    failure = readings[0].failure if readings else None
    if failure is None or failure.until is None:
        return 0.0
    return min(LONGEST_WAIT_S, max(0.0, (failure.until - now).total_seconds()))
