"""How sparingly the screen is drawn: by itself when the line costs too much, or because somebody asked for it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from medflow_tui.rules.thrift import Step

LOW_TICK_S = 5.0
TICKS = {Step.NOTHING: 1.0, Step.EVERY_2_S: 2.0}  # from the third step on `LOW_TICK_S`


class LogFlow(Enum):
    """What of the log is drawn: every tick, seldom, or not until it is asked for."""

    FULL = "full"
    THIN = "thin"
    OFF = "off"


@dataclass(frozen=True, slots=True, kw_only=True)
class Economy:
    """`tick_s` is the time between two drawings that no key asked for; sparklines that are not drawn stay as they were,
    and in low-data mode (`is_low`) there are none."""

    tick_s: float = 1.0
    sparklines: bool = True
    log: LogFlow = LogFlow.FULL
    is_low: bool = False


PLENTY = Economy()


def economy_of(step: Step, *, is_low: bool = False) -> Economy:
    """What is drawn at a step of saving; low-data mode leaves out all of it from the start.

    >>> economy_of(Step.EVERY_2_S).tick_s, economy_of(Step.THIN_LOG).log, economy_of(Step.NOTHING) == PLENTY
    (2.0, <LogFlow.THIN: 'thin'>, True)
    """
    if is_low:
        return Economy(tick_s=LOW_TICK_S, sparklines=False, log=LogFlow.OFF, is_low=True)
    log = LogFlow.OFF if step >= Step.NO_LOG else LogFlow.THIN if step >= Step.THIN_LOG else LogFlow.FULL
    return Economy(tick_s=TICKS.get(step, LOW_TICK_S), sparklines=step < Step.STILL_SPARKLINES, log=log)
