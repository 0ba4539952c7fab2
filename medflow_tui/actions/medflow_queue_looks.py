"""The steps of the device sync playbook that only look: at the queue, at how it falls, at how it ends."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from medflow_tui.actions.looking import Looking, broken_off, unreadable
from medflow_tui.actions.medflow_queue_place import QueueView, WorkerWord
from medflow_tui.clients.network import UnreachableError
from medflow_tui.model.canonical import Fact
from medflow_tui.model.errors import SecretError
from medflow_tui.model.performer import Finding, Task
from medflow_tui.model.procedure import NO_FACTS, Outcome
from medflow_tui.model.words import Phrase, say


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How long to wait between two looks, and how long a change that was sent may take to be seen (seconds)."""

    pause: Callable[[float], None] = time.sleep
    settle_s: float = 10.0
    tell_every_s: float = 5.0


class _Reading(Looking):
    """A look at the queue."""

    def __init__(self, view: QueueView, pace: Pace) -> None:
        self._view, self._pace, self._pause = view, pace, pace.pause


class Look(_Reading):
    """Reads the queue and the worker, and writes down what was found."""

    def verify(self, task: Task) -> Finding:
        try:
            sight, worker = self._view.sight(), self._view.worker()
        except (UnreachableError, SecretError) as error:
            return unreadable(error)
        facts: dict[str, Fact] = {
            "waiting": sight.waiting,
            "delayed": sight.delayed,
            "failed": len(sight.failed),
            "expired": sight.expired,
            "worker_started": worker.started,
        }
        said = say(
            "{waiting:number} wait, {failed:number} failed, {expired:number} of them expired",
            waiting=sight.waiting,
            failed=len(sight.failed),
            expired=sight.expired,
        )
        return Finding(outcome=Outcome.PASS, said=said.also(of_worker(worker)), facts=facts)


class Watch(_Reading):
    """Watches the waiting jobs become fewer, in Redis itself, which costs the backend nothing."""

    def verify(self, task: Task) -> Finding:
        ends, told_at = time.monotonic() + task.step.timeout_s, time.monotonic()
        first = number(task.past.get("look", NO_FACTS).get("waiting"))
        most, count, told = first or 0, -1, -1
        while True:
            try:
                count, delayed = self._view.waiting()
            except (UnreachableError, SecretError) as error:
                return unreadable(error)
            most = max(most, count)
            if count == 0:
                return Finding(
                    outcome=Outcome.PASS, said=say("nothing waits"), facts={"waiting": 0, "delayed": delayed}
                )
            if time.monotonic() >= ends:
                break
            if task.halted():
                return broken_off({"waiting": count})
            if count != told and time.monotonic() - told_at >= self._pace.tell_every_s:
                task.tell(say("{n:number} wait", n=count), {"waiting": count})
                told, told_at = count, time.monotonic()
            self._pause(1.0)
        if count < most:
            said = say("fallen from {most:number} to {n:number}, goes on", most=most, n=count)
            return Finding(outcome=Outcome.PASS, said=said, facts={"waiting": count})
        said = say("{n:number} wait, none was taken in {after:duration}", n=count, after=task.step.timeout_s)
        return Finding(outcome=Outcome.FAIL, said=said, facts={"waiting": count})


class See(_Reading):
    """Waits until nothing is in work, then looks at everything once more."""

    def verify(self, task: Task) -> Finding:
        ends = time.monotonic() + task.step.timeout_s
        told = -1
        try:
            while True:
                sight, worker = self._view.sight(), self._view.worker()
                busy = sight.waiting + sight.delayed + worker.active
                if busy == 0 or not worker.started or time.monotonic() >= ends:
                    break
                if busy != told:
                    task.tell(say("{n:number} in work", n=busy), {"busy": busy})
                    told = busy
                if task.halted():
                    return broken_off({"busy": busy})
                self._pause(self._pace.tell_every_s)
        except (UnreachableError, SecretError) as error:
            return unreadable(error)
        failed, facts = len(sight.failed), {"busy": busy, "failed": len(sight.failed)}
        if not worker.started:
            return Finding(outcome=Outcome.FAIL, said=say("the worker does not run"), facts=facts)
        if failed:
            return Finding(
                outcome=Outcome.FAIL, said=say("{n:number} jobs failed again", n=failed), facts=facts
            )
        if not worker.has_redis:
            return Finding(outcome=Outcome.UNKNOWN, said=say("the backend works without Redis"), facts=facts)
        if busy:
            return Finding(outcome=Outcome.UNKNOWN, said=say("{n:number} still in work", n=busy), facts=facts)
        return Finding(
            outcome=Outcome.PASS, said=say("worker on, nothing failed, nothing waits"), facts=facts
        )


def of_worker(worker: WorkerWord) -> Phrase:
    if not worker.started:
        return say("no worker")
    return say("worker on since {at:when}", at=worker.started_at) if worker.started_at else say("worker on")


def number(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
