"""When the screen costs more than it may: which step of saving comes next, when it is taken back, when to propose it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum, IntEnum

SETTLE_S = 12.0  # before the next step: the rate, a mean of ten seconds, is by then that of this step alone
PATIENCE_S, MOST_PATIENCE_S = 30.0, 600.0  # with room enough, before a step is taken back
NEVER = float("-inf")
SLOW_RTT_MS, SLOW_RATE = 250.0, 16_000.0  # a line on which the low-data mode is worth a sentence


class Step(IntEnum):
    """What is left out, in this order, each one with all those before it."""

    NOTHING = 0
    EVERY_2_S = 1
    EVERY_5_S = 2
    STILL_SPARKLINES = 3
    THIN_LOG = 4
    NO_LOG = 5


class Over(Enum):
    """Which limit is exceeded, and what a step was taken for."""

    NONE = "none"
    RATE = "rate"
    SESSION = "session"


# What the rate may be multiplied by when a step is taken back, as a careful guess.
BACK = {
    Step.EVERY_2_S: 2.0,
    Step.EVERY_5_S: 2.5,
    Step.STILL_SPARKLINES: 1.2,
    Step.THIN_LOG: 3.0,
    Step.NO_LOG: 3.0,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What the screen may cost; 0: any number."""

    bytes_per_s: float = 0.0
    session_bytes: float = 0.0

    def __bool__(self) -> bool:
        return self.bytes_per_s > 0 or self.session_bytes > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Throttle:
    """Which step is in force, since when (seconds of the clock of `next_throttle`), why; `patience_s` is how long
    it stays before it is eased, `eased_at` when that was done last; `over_since` is when a limit began to be exceeded."""

    step: Step = Step.NOTHING
    since: float = NEVER
    over: Over = Over.NONE
    patience_s: float = PATIENCE_S
    eased_at: float = NEVER
    over_since: float = NEVER


def exceeded(rate: float | None, session: float | None, limits: Limits) -> Over:
    """The limit that is exceeded; what is not known exceeds nothing.

    >>> exceeded(210, 5_000, Limits(bytes_per_s=100)), exceeded(None, None, Limits(session_bytes=1))
    (<Over.RATE: 'rate'>, <Over.NONE: 'none'>)
    """
    if limits.session_bytes > 0 and session is not None and session >= limits.session_bytes:
        return Over.SESSION
    if limits.bytes_per_s > 0 and rate is not None and rate > limits.bytes_per_s:
        return Over.RATE
    return Over.NONE


def next_throttle(
    now: Throttle, rate: float | None, session: float | None, limits: Limits, at: float
) -> Throttle:
    """One step further while a limit is exceeded, one back when there is room; `at` in seconds of any clock.

    A page that a key asked for is over before it counts. A step back that had to be taken again makes the next one
    wait twice as long.

    >>> now, limits = Throttle(), Limits(bytes_per_s=100)
    >>> for at in range(0, 39, 13):
    ...     now = next_throttle(now, 210.0, 5_000, limits, at)
    >>> now.step, now.over
    (<Step.EVERY_5_S: 2>, <Over.RATE: 'rate'>)
    """
    over = exceeded(rate, session, limits)
    if over is not Over.NONE:
        return _further(now, over, at)
    now = now if now.over_since == NEVER else replace(now, over_since=NEVER)
    if now.step is Step.NOTHING or rate is None or at - now.since < now.patience_s:
        return now
    if limits.bytes_per_s > 0 and rate * BACK[now.step] > limits.bytes_per_s:
        return now
    step = Step(now.step - 1)
    return replace(now, step=step, since=at, eased_at=at, over=now.over if step else Over.NONE)


def _further(now: Throttle, over: Over, at: float) -> Throttle:
    if now.step is Step.NO_LOG:
        return replace(now, over=over)
    if now.over_since == NEVER:
        now = replace(now, over_since=at)
    begins = max(now.since, NEVER if over is Over.SESSION else now.over_since)
    if at - begins < SETTLE_S:
        return now
    too_soon = at - now.eased_at < now.patience_s + 2 * SETTLE_S
    patience = min(MOST_PATIENCE_S, 2 * now.patience_s) if too_soon else now.patience_s
    return replace(now, step=Step(now.step + 1), since=at, over=over, patience_s=patience)


def is_slow(rtt_ms: float | None, rate: float | None) -> bool:
    """Whether a line is so slow that the low-data mode is worth a sentence; an unknown one is not.

    >>> is_slow(612.0, None), is_slow(40.0, 3_000.0), is_slow(None, None)
    (True, True, False)
    """
    return (rtt_ms is not None and rtt_ms > SLOW_RTT_MS) or (rate is not None and rate < SLOW_RATE)
