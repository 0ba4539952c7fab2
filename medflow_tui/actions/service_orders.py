"""Orders for one service through its manager: restarted, stopped, started, held. The only code that changes one."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from math import ceil

from medflow_tui.actions.service_capture import Capture
from medflow_tui.actions.service_facts import (
    ANSWER,
    ASKED,
    ENDS_SINCE,
    TO_END,
    answer_in,
    asked_to_end,
    in_ms,
    life_facts,
    life_in,
    memory_facts,
    memory_in,
    number,
    told_facts,
)
from medflow_tui.actions.service_probe import Probe
from medflow_tui.actions.service_ready import ReadyThreeTimes
from medflow_tui.actions.service_watched import LOOK_S, Timing, Watched, let_end
from medflow_tui.clients.network import Deadline, UnreachableError
from medflow_tui.clients.supervisors.on_its_way import is_on_its_way
from medflow_tui.clients.supervisors.telling import NOT_HERE, life_of
from medflow_tui.model.canonical import Fact, Facts
from medflow_tui.model.performer import Finding, Performer, Task
from medflow_tui.model.procedure import NO_FACTS, Outcome
from medflow_tui.model.service import Seen, Told, Verb
from medflow_tui.model.words import say
from medflow_tui.rules.services import ENDING, is_same, measured, since, together

AGAIN = "again"


class Order:
    """Tells a service one thing, once. Whether it was done is asked of the world: which process runs, since when."""

    def __init__(self, watched: Watched, verb: Verb, timing: Timing) -> None:
        self._watched, self._verb, self._timing = watched, verb, timing
        self.calls = watched.supervisor.plan(verb)

    def prepare(self, task: Task) -> Finding:
        """Which process runs now: what runs afterwards must be another one."""
        reason = self._watched.supervisor.why_not(self._verb)
        if reason:
            return Finding(outcome=Outcome.FAIL, said=reason, facts={"told.applies": False})
        try:
            seen = self._look()
        except UnreachableError as error:
            applies = error.failure.cause not in NOT_HERE
            outcome = Outcome.UNKNOWN if applies else Outcome.FAIL
            return Finding(outcome=outcome, said=error.failure.text, facts={"told.applies": applies})
        facts: dict[str, Fact] = {ASKED: in_ms(self._timing.now()), "state_before": seen.state}
        facts |= life_facts(life_of(seen), "before")
        before_ms = asked_to_end(task, life_of(seen)) if self._watched.supervisor.is_silent else 0
        if self._watched.supervisor.is_silent:
            facts |= {ENDS_SINCE: before_ms, TO_END: before_ms}
        if self._verb in ENDING:  # it is told when the earlier order was waited for
            waits_s = self._timing.left_s(before_ms) if before_ms else 0.0
            facts[TO_END] = in_ms(self._timing.now()) + ceil(waits_s * 1000)
        return Finding(outcome=Outcome.PASS, facts={**facts, **self._more(task, seen)})

    def carry_out(self, task: Task) -> Finding:
        deadline = Deadline.after(task.step.timeout_s)
        if not self._has_ended(task, deadline):
            return self._not_told(facts={ANSWER: ""})
        told = self._tell(task, deadline)
        return Finding(outcome=told.outcome, said=told.said, facts=told_facts(told))

    def verify(self, task: Task) -> Finding:
        """What the manager answered and what is seen now, against the process that was written down."""
        try:
            seen = self._seen(task)
        except UnreachableError as error:
            return Finding(outcome=Outcome.UNKNOWN, said=error.failure.text)
        own, after = task.own(), life_of(seen)
        before, since_ms = life_in(own, "before"), number(own.get(ENDS_SINCE))
        if not own.get(ANSWER) and since_ms and is_same(before, after) and self._timing.left_s(since_ms):
            return self._not_told()
        found = measured(
            self._verb,
            before,
            after,
            seen,
            asked_ms=number(own.get(ASKED)),
            now_ms=in_ms(self._timing.now()),
        )
        outcome = together(answer_in(own), found)
        said = say(
            "{service}: {word}, process {pid}", service=self._watched.name, word=seen.word, pid=str(after.pid)
        )
        if not after:
            said = say("{service}: {word}", service=self._watched.name, word=seen.word)
        return Finding(outcome=outcome, said=said, facts={"state": seen.state, **life_facts(after, "now")})

    def reconcile(self, task: Task) -> Finding:
        """Was it done since it was written down? An order on its way gets the time to arrive; nothing is repeated."""
        own, began = task.own(), time.monotonic()
        silent_s = self._silent_s(own)
        while True:
            outcome, finding = self._since(own, task)
            now, waits_s = life_in(finding.facts, "now"), 0.0
            if outcome is Outcome.UNKNOWN:
                waits_s = self._timing.settle_s
            elif outcome is Outcome.FAIL and now and is_same(life_in(own, "before"), now):
                waits_s = silent_s
            if time.monotonic() - began >= waits_s:
                return finding
            if task.halted():
                return finding if outcome is Outcome.UNKNOWN else self._not_told()
            self._timing.pause(self._timing.every_s)

    def _has_ended(self, task: Task, within: Deadline | None = None) -> bool:
        """Whether a process that was asked to end before this order had the time that it may need for that."""
        own = task.own()
        asked_ms = number(own.get(ENDS_SINCE))
        return let_end(self._watched, task, self._timing, life_in(own, "before"), asked_ms, within)

    def _not_told(self, facts: Facts = NO_FACTS) -> Finding:
        said = say(
            "{service} may still obey an earlier order to end: nothing more was told to it",
            service=self._watched.name,
        )
        return Finding(outcome=Outcome.UNKNOWN, said=said, facts=facts)

    def _silent_s(self, own: Facts) -> float:
        """How long the process of before may still be about to end, as it was asked to (seconds)."""
        if self._verb not in ENDING or not self._watched.supervisor.is_silent:
            return 0.0
        return self._timing.left_s(number(own.get(TO_END)) or number(own.get(ASKED)))

    def _since(self, own: Facts, task: Task) -> tuple[Outcome, Finding]:
        """Certainly not done only when nothing was on its way to do it before the world was looked at once more."""
        try:
            seen = self._seen(task)
            outcome = self._ask(own, seen, is_moving=False)
            if outcome is Outcome.FAIL:
                own_pids = (seen.pid or 0, *seen.pids)
                is_moving = is_on_its_way(self._orders(task), but=own_pids)
                seen = self._seen(task)
                outcome = self._ask(own, seen, is_moving=is_moving)
        except UnreachableError as error:
            return Outcome.UNKNOWN, Finding(outcome=Outcome.UNKNOWN, said=error.failure.text)
        said = {
            Outcome.PASS: say("it was done: {word}", word=seen.word),
            Outcome.FAIL: say("it was not done: {word}", word=seen.word),
            Outcome.UNKNOWN: say("between two states: {word}", word=seen.word),
        }[outcome]
        facts = life_facts(life_of(seen), "now")
        if outcome is Outcome.FAIL and not is_same(life_in(own, "before"), life_of(seen)):
            facts = {**facts, "calls_made": 1}  # half done: another process, or none any more
        return outcome, Finding(outcome=outcome, said=said, facts=facts)

    def _ask(self, own: Facts, seen: Seen, *, is_moving: bool) -> Outcome:
        before, after = life_in(own, "before"), life_of(seen)
        asked_ms = number(own.get(ASKED))
        found = since(self._verb, before, after, seen, asked_ms=asked_ms, is_moving=False)
        return Outcome.UNKNOWN if found is Outcome.FAIL and is_moving else found

    def _orders(self, task: Task) -> tuple[str, ...]:
        now = self._watched.supervisor.calls(self._verb, memory_in(task, self._watched.name))
        return (*self.calls, *now)

    def _look(self) -> Seen:
        return self._watched.supervisor.look(Deadline.after(LOOK_S))

    def _seen(self, task: Task) -> Seen:
        return self._look()

    def _more(self, task: Task, seen: Seen) -> Facts:
        return NO_FACTS

    def _tell(self, task: Task, deadline: Deadline) -> Told:
        supervisor = self._watched.supervisor
        match self._verb:
            case Verb.RESTART:
                return supervisor.restart(deadline)
            case Verb.STOP:
                return supervisor.stop(deadline)
            case Verb.START:
                return supervisor.start(deadline, memory_in(task, self._watched.name))
            case Verb.HOLD:
                return supervisor.hold(deadline)
            case Verb.RELEASE:
                return supervisor.release(deadline, memory_in(task, self._watched.name))


class Again(Order):
    """A restart that takes something back: one from before it was asked for does not count."""

    def __init__(self, watched: Watched, timing: Timing) -> None:
        super().__init__(watched, Verb.RESTART, timing)

    def _more(self, task: Task, seen: Seen) -> Facts:
        return {AGAIN: True}

    def reconcile(self, task: Task) -> Finding:
        if task.own().get(AGAIN) is not True:
            return Finding(outcome=Outcome.FAIL, said=say("not restarted yet to take it back"))
        return super().reconcile(task)


class Acquire(Order):
    """Stops a service and keeps it stopped over a reboot; what was there before is written down first."""

    def __init__(self, watched: Watched, timing: Timing) -> None:
        super().__init__(watched, Verb.HOLD, timing)

    def _more(self, task: Task, seen: Seen) -> Facts:
        before = self._watched.supervisor.memory(seen)
        known = memory_in(task, self._watched.name)
        return memory_facts(self._watched.name, {"was_up": seen.pid is not None, **before, **known})


class Release(Order):
    """Lets a service be started again, and starts it when it ran before it was held.

    What still runs may have been asked to end: whether it is up is looked at when it had its time for that.
    """

    def __init__(self, watched: Watched, timing: Timing) -> None:
        super().__init__(watched, Verb.RELEASE, timing)
        self.calls = (*self.calls, *watched.supervisor.plan(Verb.START))

    def carry_out(self, task: Task) -> Finding:
        deadline = Deadline.after(task.step.timeout_s)
        if not self._has_ended(task, deadline):
            return self._not_told(facts={ANSWER: ""})
        lifted = self._tell(task, deadline)
        if lifted.outcome is not Outcome.PASS or not self._is_to_run(task):
            return Finding(outcome=lifted.outcome, said=lifted.said, facts=told_facts(lifted))
        told = self._watched.supervisor.start(deadline, memory_in(task, self._watched.name))
        return Finding(outcome=told.outcome, said=told.said, facts=told_facts(told))

    def verify(self, task: Task) -> Finding:
        if not self._has_ended(task):
            return self._not_told()
        found = super().verify(task)
        if found.outcome is Outcome.PASS and self._is_to_run(task) and found.facts.get("state") != "running":
            return Finding(outcome=Outcome.FAIL, said=found.said, facts=found.facts)
        return found

    def reconcile(self, task: Task) -> Finding:
        return super().reconcile(task) if self._has_ended(task) else self._not_told()

    def _has_ended(self, task: Task, within: Deadline | None = None) -> bool:
        """By whichever step it was asked: what gives a hold back is also asked where nothing was prepared for it."""
        if not self._watched.supervisor.is_silent:
            return True
        try:
            life = life_of(self._look())
        except UnreachableError:
            return super()._has_ended(task, within)
        return let_end(self._watched, task, self._timing, life, asked_to_end(task, life), within)

    def _since(self, own: Facts, task: Task) -> tuple[Outcome, Finding]:
        """Done only when it also runs, if it ran before; lifting and starting twice changes nothing."""
        outcome, finding = super()._since(own, task)
        if outcome is Outcome.PASS and self._is_to_run(task) and not finding.facts.get("now.pid"):
            return Outcome.FAIL, Finding(outcome=Outcome.FAIL, said=finding.said, facts=finding.facts)
        return outcome, finding

    def _seen(self, task: Task) -> Seen:
        """What kept it down before it was held by us is not ours to lift."""
        seen = self._look()
        memory = memory_in(task, self._watched.name)
        is_ours = bool(self._watched.supervisor.calls(Verb.RELEASE, memory))
        return seen if is_ours else replace(seen, held=False)

    def _is_to_run(self, task: Task) -> bool:
        return bool(memory_in(task, self._watched.name).get("was_up"))


def performers_of(watched: Watched, timing: Timing | None = None) -> Mapping[str, Performer]:
    """The actions on one service, by name."""
    at = timing or Timing()
    return {
        "service.capture": Capture(watched.name, watched.supervisor, watched.capture),
        "service.restart": Order(watched, Verb.RESTART, at),
        "service.restart_again": Again(watched, at),
        "service.stop": Order(watched, Verb.STOP, at),
        "service.start": Order(watched, Verb.START, at),
        "service.hold_acquire": Acquire(watched, at),
        "service.hold_probe": Probe(watched),
        "service.hold_release": Release(watched, at),
        "service.ready_three_times": ReadyThreeTimes(watched.ready, pause=at.pause, every_s=at.ready_every_s),
    }
