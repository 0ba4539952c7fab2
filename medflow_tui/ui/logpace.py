"""How often the log is looked at and drawn: by what it costs on the terminal, and by what is saved."""

from __future__ import annotations

from medflow_tui.model.log import LOOK_EVERY_S
from medflow_tui.ui.economy import PLENTY, Economy, LogFlow

SELDOM_S = 0.6  # a look, at the least
THIN_S = 15.0
BYTES_A_SECOND, A_CELL = 750.0, 0.68  # that all of the screen may cost while the log flows


def look_every_s(sent: int, elapsed_s: float, cells: int) -> float:
    """Seconds to the next look, when `sent` bytes went out in the `elapsed_s` since the one before.

    >>> look_every_s(300, 0.49, 80 * 24), round(look_every_s(3300, 0.49, 160 * 48), 2)
    (0.49, 0.55)
    """
    if elapsed_s > SELDOM_S + LOOK_EVERY_S:  # it did not flow
        return LOOK_EVERY_S
    return min(SELDOM_S, max(LOOK_EVERY_S, sent / (BYTES_A_SECOND + A_CELL * cells)))


def draw_every_s(economy: Economy) -> float:
    """Seconds between two drawings of what came; infinite when it is drawn only when somebody asks.

    >>> draw_every_s(PLENTY), draw_every_s(Economy(tick_s=2.0)), draw_every_s(Economy(log=LogFlow.OFF))
    (0.0, 2.0, inf)
    """
    match economy.log:
        case LogFlow.OFF:
            return float("inf")
        case LogFlow.THIN:
            return max(THIN_S, economy.tick_s)
        case LogFlow.FULL:
            return economy.tick_s if economy.tick_s > PLENTY.tick_s else 0.0
