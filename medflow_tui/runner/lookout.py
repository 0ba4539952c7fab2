"""Looks after a step while it works: its three clocks, the holds it requires, and the wish to stop now."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType

from medflow_tui.journal.append_log import DamagedError, UnwritableError
from medflow_tui.model.playbook import Step
from medflow_tui.model.procedure import Mark, Outcome
from medflow_tui.model.words import Phrase, say
from medflow_tui.runner.recorder import Recorder

TICK_S, PROBE_EVERY_S, GRACE_S = 0.1, 5.0, 5.0
NEVER_ENDED = "R4"


class Lookout:
    """Round one performer's work: `with lookout: performer.carry_out(task)`. A step of class R4 is never told to end."""

    def __init__(
        self,
        step: Step,
        recorder: Recorder,
        *,
        risk: str,
        probe: Callable[[str], Outcome],
        wants_end: Callable[[], bool],
        renew: Callable[[], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._step, self._recorder, self._risk = step, recorder, risk
        self._probe, self._wants_end, self._renew, self._clock = probe, wants_end, renew, clock
        self._over = threading.Event()
        self._halted = ""
        self._started = self._moved = self._probed = clock()
        self._told: set[str] = set()
        self._thread = threading.Thread(target=self._look, name=f"lookout {step.id}", daemon=True)

    def __enter__(self) -> Lookout:
        self._started = self._moved = self._probed = self._clock()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def moved(self) -> None:
        """It made progress."""
        self._moved = self._clock()
        self._told.discard("stall")

    def halted(self) -> str:
        """Why it should end early: `stop`, `timeout`, `hold`; empty: go on."""
        return self._halted

    def _look(self) -> None:
        while not self._over.wait(TICK_S):
            with suppress(UnwritableError, DamagedError):  # the next line of the step itself says so
                self.look()

    def look(self) -> None:
        """One look."""
        step, now = self._step, self._clock()
        is_over = now - self._started >= step.timeout_s + GRACE_S
        if is_over:
            self._halt("timeout")
        if self._wants_end():
            self._halt("stop")
        if step.warn_s and now - self._started >= step.warn_s:
            self._tell("warn", say("takes longer than usual"))
        if step.stall_s and now - self._moved >= step.stall_s:
            self._tell("stall", say("no progress for {after:duration}", after=step.stall_s))
        if is_over:
            self._tell("total", say("longer than the {limit:duration} it may take", limit=step.timeout_s))
        if now - self._probed >= PROBE_EVERY_S:
            self._probed = now
            self._renew()
            self._look_at_holds()

    def _look_at_holds(self) -> None:
        for name in self._step.requires:
            if f"hold {name}" not in self._told and self._probe(name) is Outcome.FAIL:
                self._told.add(f"hold {name}")
                self._halt("hold")
                self._recorder.write(Mark.HOLD_LOST, step=self._step.id, facts={"hold": name})

    def _tell(self, clock: str, said: Phrase) -> None:
        if clock not in self._told:
            self._told.add(clock)
            self._recorder.write(Mark.OVERDUE, step=self._step.id, said=said, facts={"clock": clock})

    def _halt(self, why: str) -> None:
        if self._risk != NEVER_ENDED:
            self._halted = self._halted or why
