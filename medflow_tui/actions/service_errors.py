"""The backend's rate of errors by its own counters: measured before a restart, and compared after it."""

from __future__ import annotations

import time
from collections.abc import Callable

from medflow_tui.actions.looking import Looking
from medflow_tui.actions.service_blast import traffic_of
from medflow_tui.actions.service_facts import number
from medflow_tui.clients.prometheus import Traffic
from medflow_tui.model.canonical import Fact, Facts
from medflow_tui.model.performer import Finding, Task
from medflow_tui.model.procedure import NO_FACTS, Outcome
from medflow_tui.model.targets.http import HttpTarget
from medflow_tui.model.words import Phrase, say
from medflow_tui.rules.error_rate import Rate, judged

ENOUGH = 20
KNOWN = "errors_known"
UNTOLD = say("the backend does not count its requests: its rate of errors is not known")


class Errors(Looking):
    """Without the argument `before` it measures; with it (the step that measured) it compares.

    Measured over some seconds; where nobody asks anything then, over the life of the process.
    """

    def __init__(
        self, target: HttpTarget | None, pause: Callable[[float], None], every_s: float, over_s: float
    ) -> None:
        self._target, self._pause, self._every_s, self._over_s = target, pause, every_s, over_s

    def verify(self, task: Task) -> Finding:
        source = str(task.step.args.get("before", ""))
        rate = self._measured(task)
        if rate is None and source:
            return Finding(outcome=Outcome.UNKNOWN, said=UNTOLD, facts={KNOWN: False})
        if rate is None:
            said = say("nothing to compare with afterwards").also(UNTOLD)
            return Finding(outcome=Outcome.PASS, said=said, facts={KNOWN: False})
        if not source:
            return Finding(outcome=Outcome.PASS, said=_said(rate), facts=_facts(rate))
        before = rate_in(task.past.get(source, NO_FACTS))
        outcome = judged(before, rate)
        than = say("not compared: not known before")
        if before is not None:
            than = say(
                "before {failed:number} of {requests:number}", failed=before.failed, requests=before.requests
            )
        rose = say("more errors than before the restart") if outcome is Outcome.FAIL else None
        said = rose.also(_said(rate), than) if rose else _said(rate).also(than)
        return Finding(outcome=outcome, said=said, facts=_facts(rate))

    def _measured(self, task: Task) -> Rate | None:
        """From now on until enough was asked, or the time is over."""
        first = last = self._read()
        if first is None or last is None:
            return None
        ends = time.monotonic() + self._over_s
        while last.requests - first.requests < ENOUGH and time.monotonic() < ends and not task.halted():
            self._pause(self._every_s)
            last = self._read()
            if last is None or last.started != first.started:
                return None
        if last.requests > first.requests:
            return Rate(requests=last.requests - first.requests, failed=max(0, last.failed - first.failed))
        return Rate(requests=last.requests, failed=last.failed)

    def _read(self) -> Traffic | None:
        return traffic_of(self._target.address, self._target.ca_file) if self._target else None


def rate_in(facts: Facts) -> Rate | None:
    """The rate that a step wrote down, or None.

    >>> rate_in({"errors_known": True, "requests": 8, "failed_requests": 1})
    Rate(requests=8, failed=1)
    """
    if facts.get(KNOWN) is not True:
        return None
    return Rate(requests=number(facts.get("requests")), failed=number(facts.get("failed_requests")))


def _facts(rate: Rate) -> dict[str, Fact]:
    return {
        KNOWN: True,
        "requests": rate.requests,
        "failed_requests": rate.failed,
        "errors_permille": rate.permille,
    }


def _said(rate: Rate) -> Phrase:
    return say(
        "{failed:number} of {requests:number} requests answered with an error",
        failed=rate.failed,
        requests=rate.requests,
    )
