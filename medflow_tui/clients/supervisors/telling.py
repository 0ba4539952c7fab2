"""How a service is told something through its manager: calls one after another, then what is seen decides."""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

import psutil

from medflow_tui.clients.command import Output, run
from medflow_tui.clients.network import Deadline, UnreachableError
from medflow_tui.clients.tools import utc_now
from medflow_tui.journal.moment import boot_id
from medflow_tui.model.health import Cause
from medflow_tui.model.procedure import NO_FACTS, Facts, Outcome
from medflow_tui.model.service import Life, Place, Seen, Told, Verb
from medflow_tui.model.words import SILENCE, Phrase, say
from medflow_tui.rules.services import SILENT, is_same, measured, together, why_not
from medflow_tui.runner.alive import started

PLANNED = Seen(state="running", word="running", pid=1, at_boot=True)
NOT_HERE = (Cause.UNSUPPORTED, Cause.ABSENT)
MEASURING_S = 5.0  # of the deadline, kept for looking at what came of it


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One thing done to a manager: a program and its arguments, or `act`, which does the same without a program.

    `judge` reads what was printed: silence says yes. `argv` is what the plan shows.
    """

    argv: tuple[str, ...]
    judge: Callable[[Output], Phrase]
    act: Callable[[Deadline], Output] | None = None
    environment: tuple[tuple[str, str], ...] = ()

    @property
    def text(self) -> str:
        return shlex.join(self.argv)

    def make(self, deadline: Deadline) -> Output:
        """Raises UnreachableError as `run` does."""
        return self.act(deadline) if self.act else run(self.argv, deadline, dict(self.environment))


class Manager(Protocol):
    """What one service manager must say about one service; see `Service` for what is made of it."""

    name: str
    planned: Seen
    """As it stands in a plan, whatever it is at the moment: a plan must be the same when a run is gone on with."""

    def look(self, deadline: Deadline) -> Seen:
        """Raises UnreachableError."""

    def lacks(self, verb: Verb, seen: Seen) -> Phrase:
        """Why this service cannot be told this, as it stands; silence means that it can."""

    def calls(self, verb: Verb, seen: Seen, memory: Facts) -> tuple[Call, ...]:
        """What is done, in this order; the first that says no ends it."""

    def memory(self, seen: Seen) -> Facts:
        """What `release` must put back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How long to wait between two looks, and how long a service must stay up to count as started (seconds)."""

    pause: Callable[[float], None] = time.sleep
    every_s: float = 0.25
    steady_s: float = 2.0


class Supervisor(Protocol):
    """One service, whichever manager it has. Nothing raises but `look`: what came of it is in the answer.

    `is_silent` when nobody says of its process that it has been asked to end.
    """

    is_silent: bool

    def look(self, deadline: Deadline) -> Seen: ...

    def why_not(self, verb: Verb) -> Phrase: ...

    def plan(self, verb: Verb) -> tuple[str, ...]: ...

    def calls(self, verb: Verb, memory: Facts = NO_FACTS) -> tuple[str, ...]: ...

    def memory(self, seen: Seen) -> Facts: ...

    def restart(self, deadline: Deadline) -> Told: ...

    def stop(self, deadline: Deadline) -> Told: ...

    def start(self, deadline: Deadline, memory: Facts = NO_FACTS) -> Told: ...

    def hold(self, deadline: Deadline) -> Told: ...

    def release(self, deadline: Deadline, memory: Facts) -> Told: ...


class Service:
    """A Supervisor by way of a Manager."""

    def __init__(
        self,
        manager: Manager,
        place: Place,
        *,
        pace: Pace | None = None,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._manager, self._place, self._pace, self._now = manager, place, pace or Pace(), now
        self.is_silent = manager.name in SILENT

    def look(self, deadline: Deadline) -> Seen:
        return self._manager.look(deadline)

    def why_not(self, verb: Verb) -> Phrase:
        """Why this verb is not for this manager at this place; silence means that it is."""
        return why_not(self._manager.name, verb, self._place)

    def plan(self, verb: Verb) -> tuple[str, ...]:
        """The calls that may be made, for the plan: the same whatever the service does now."""
        manager = self._manager
        seen = replace(manager.planned, state="stopped", pid=None) if verb is Verb.START else manager.planned
        return tuple(each.text for each in manager.calls(verb, seen, manager.memory(manager.planned)))

    def calls(self, verb: Verb, memory: Facts = NO_FACTS) -> tuple[str, ...]:
        """The exact calls as things stand; empty when the service cannot be looked at."""
        try:
            seen = self.look(Deadline.after(MEASURING_S))
        except UnreachableError:
            return ()
        return tuple(each.text for each in self._manager.calls(verb, seen, memory))

    def memory(self, seen: Seen) -> Facts:
        """What `release` must put back, as it is before a hold."""
        return self._manager.memory(seen)

    def restart(self, deadline: Deadline) -> Told:
        return self._tell(Verb.RESTART, deadline)

    def stop(self, deadline: Deadline) -> Told:
        return self._tell(Verb.STOP, deadline)

    def start(self, deadline: Deadline, memory: Facts = NO_FACTS) -> Told:
        """`memory` is that of a hold that was released before."""
        return self._tell(Verb.START, deadline, memory)

    def hold(self, deadline: Deadline) -> Told:
        """Stop it and keep it stopped, also over a reboot. `memory` of the answer is for `release`."""
        return self._tell(Verb.HOLD, deadline)

    def release(self, deadline: Deadline, memory: Facts) -> Told:
        """Let it be started again, by people and at a boot. Starts nothing itself."""
        return self._tell(Verb.RELEASE, deadline, memory)

    def _tell(self, verb: Verb, deadline: Deadline, memory: Facts = NO_FACTS) -> Told:
        nothing = Told(verb=verb, answer=Outcome.FAIL, measured=Outcome.FAIL, outcome=Outcome.FAIL)
        reason = self.why_not(verb)
        if reason:
            return replace(nothing, said=reason, applies=False)
        try:
            seen = self.look(deadline)
        except UnreachableError as error:
            applies = error.failure.cause not in NOT_HERE
            return replace(nothing, said=error.failure.text, applies=applies)
        before = life_of(seen)
        nothing = replace(nothing, before=before, after=before, state=seen.state)
        reason = self._manager.lacks(verb, seen)
        if reason:
            return replace(nothing, said=reason, applies=False)
        kept = self._manager.memory(seen) if verb is Verb.HOLD else memory
        asked_ms, calls = self._now_ms(), self._manager.calls(verb, seen, memory)
        if not calls:
            yes = Outcome.PASS
            said = say("there was nothing to do")
            return replace(nothing, answer=yes, measured=yes, outcome=yes, said=said, memory=kept)
        try:
            answer, code, said = self._make(calls, deadline)
        except UnreachableError as error:
            return replace(
                nothing, said=error.failure.text, applies=error.failure.cause is not Cause.UNSUPPORTED
            )
        return self._measured(
            replace(nothing, answer=answer, exit_code=code, said=said, memory=kept), asked_ms, deadline
        )

    def _make(self, calls: tuple[Call, ...], deadline: Deadline) -> tuple[Outcome, int, Phrase]:
        """What the manager answers. Raises UnreachableError when not even the first call could be made."""
        left = deadline.left()
        whole = Deadline.after(left - min(MEASURING_S, 0.4 * left))
        code = -1
        for index, call in enumerate(calls):
            try:
                output = call.make(whole)
            except UnreachableError as error:
                if error.failure.cause is Cause.OVERRUN:
                    return Outcome.UNKNOWN, code, error.failure.text
                if index == 0:
                    raise
                return Outcome.UNKNOWN, code, error.failure.text
            code = output.code
            said = call.judge(output)
            if said:
                return Outcome.FAIL, code, said
        return Outcome.PASS, max(code, 0), SILENCE

    def _measured(self, told: Told, asked_ms: int, deadline: Deadline) -> Told:
        """Look until the post-condition holds and goes on holding, or the time is over."""
        ends = deadline if told.answer is Outcome.PASS else Deadline.after(min(1.0, deadline.left()))
        while True:
            result, seen = self._once(told, asked_ms, deadline)
            if result is Outcome.PASS and told.verb in (Verb.START, Verb.RESTART):
                result, seen = self._steady(told, asked_ms, deadline, seen)
            if result is Outcome.PASS or ends.passed():
                break
            self._pause()
        after = life_of(seen) if seen else Life()
        said = told.said or _said(told.verb, result, seen)
        return replace(
            told,
            measured=result,
            outcome=together(told.answer, result),
            said=said,
            after=after,
            state=seen.state if seen else "",
        )

    def _once(self, told: Told, asked_ms: int, deadline: Deadline) -> tuple[Outcome, Seen | None]:
        try:
            seen = self.look(Deadline.after(max(deadline.left(), 2.0)))
        except UnreachableError:
            return Outcome.UNKNOWN, None
        after = life_of(seen)
        found = measured(told.verb, told.before, after, seen, asked_ms=asked_ms, now_ms=self._now_ms())
        return found, seen

    def _steady(
        self, told: Told, asked_ms: int, deadline: Deadline, first: Seen | None
    ) -> tuple[Outcome, Seen | None]:
        """A manager calls a process running that falls a moment later: it must be the same one a little later."""
        self._pace.pause(self._pace.steady_s)
        result, seen = self._once(told, asked_ms, deadline)
        if result is Outcome.PASS and seen and first and not is_same(life_of(first), life_of(seen)):
            return Outcome.FAIL, seen
        return result, seen

    def _pause(self) -> None:
        self._pace.pause(self._pace.every_s)

    def _now_ms(self) -> int:
        return int(self._now().timestamp() * 1000)


def life_of(seen: Seen) -> Life:
    """The process that a manager names, by the system's own measure where it can be seen."""
    if not seen.pid:
        return Life()
    began = int(seen.started_at.timestamp() * 1000) if seen.started_at else 0
    with suppress(psutil.Error, OSError):
        began = int(psutil.Process(seen.pid).create_time() * 1000)
    return Life(pid=seen.pid, started=started(seen.pid), boot=boot_id(), started_ms=began)


def _said(verb: Verb, result: Outcome, seen: Seen | None) -> Phrase:
    if seen is None or result is Outcome.UNKNOWN:
        return say("cannot be seen whether it worked")
    if result is Outcome.PASS:
        match verb:
            case Verb.RESTART | Verb.START:
                return say("runs, process {pid}", pid=str(seen.pid))
            case Verb.STOP:
                return say("stopped")
            case Verb.HOLD:
                return say("stopped, and stays so over a reboot") if seen.held else say("stopped")
            case Verb.RELEASE:
                return say("may be started again")
    return say("the manager says yes, but it is: {word}", word=seen.word)
