"""One service that playbooks act on, how long it is given, and the time that a process needs to end when it was asked to."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from medflow_tui.actions.service_capture import Sealed
from medflow_tui.actions.service_facts import in_ms
from medflow_tui.actions.service_ready import Ready
from medflow_tui.clients.network import Deadline, UnreachableError
from medflow_tui.clients.supervisors.telling import Supervisor, life_of
from medflow_tui.clients.tools import utc_now
from medflow_tui.model.performer import Task
from medflow_tui.model.service import Life, Seen
from medflow_tui.rules.service_guards import ENDS_WITHIN_S
from medflow_tui.rules.services import is_same

LOOK_S = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """One service that playbooks may act on. `ready` are asked three times in a row before it counts as up."""

    name: str
    supervisor: Supervisor
    ready: Ready
    capture: Callable[[Task, Seen], Sealed]


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Seconds: between two looks, for an order on its way to arrive, for a process that was asked to end where nobody

    says that it was, between two times of asking whether it is ready, and for which the rate of errors is watched.
    """

    pause: Callable[[float], None] = time.sleep
    every_s: float = 0.5
    settle_s: float = 30.0
    ends_s: float = ENDS_WITHIN_S
    ready_every_s: float = 2.0
    errors_over_s: float = 3.0
    now: Callable[[], datetime] = utc_now

    def left_s(self, asked_ms: int) -> float:
        """For how long a process that was asked to end then may still be about to."""
        gone_s = (in_ms(self.now()) - asked_ms) / 1000
        return max(0.0, self.ends_s - max(0.0, gone_s))


def let_end(
    watched: Watched, task: Task, timing: Timing, life: Life, asked_ms: int, within: Deadline | None = None
) -> bool:
    """A process that this run asked to end before is told nothing more while it may still obey: it is waited for.

    False when that was broken off, or is not over `within` the time that there is: then nothing may be told to it.
    """
    if not asked_ms:
        return True
    ends = Deadline.after(timing.left_s(asked_ms))
    while not ends.passed() and _is_there(watched, life):
        if task.halted() or (within is not None and within.passed()):
            return False
        timing.pause(timing.every_s)
    return True


def _is_there(watched: Watched, life: Life) -> bool:
    try:
        return is_same(life, life_of(watched.supervisor.look(Deadline.after(LOOK_S))))
    except UnreachableError:
        return True
