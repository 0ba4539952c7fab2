"""Whether a service takes work again: three times in a row, with its database, and never by `/health`."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from medflow_tui.actions.service_facts import ASKED, number
from medflow_tui.clients import prometheus, shapes
from medflow_tui.clients.http import Web
from medflow_tui.clients.mongodb import Reached, connected
from medflow_tui.clients.network import Deadline, UnreachableError
from medflow_tui.clients.redis import ours, takes_writes
from medflow_tui.clients.tools import Tools
from medflow_tui.model.canonical import Fact
from medflow_tui.model.errors import SecretError
from medflow_tui.model.health import Cause
from medflow_tui.model.performer import Finding, Task
from medflow_tui.model.procedure import Outcome
from medflow_tui.model.targets.redis import RedisTarget
from medflow_tui.model.words import Phrase, say
from medflow_tui.rules.services import SLACK_MS

READY, METRICS = "/health/ready", "/metrics"
TIMES, ASK_S = 3, 8.0
GATEWAY = (502, 504)  # what stands before the backend says that nothing answers behind it
DOWN = (Cause.REFUSED, Cause.SILENT, Cause.UNREACHABLE)
Word = tuple[Outcome, Phrase]
Ready = Callable[[int, Deadline], Word]
"""Asked with the moment of the restart (ms since 1970, 0 when there was none): an older process does not count."""


class ReadyThreeTimes:
    """Waits until the service says three times in a row that it is ready; one no starts the count anew."""

    calls: tuple[str, ...] = ()

    def __init__(
        self, ready: Ready, *, pause: Callable[[float], None] = time.sleep, every_s: float = 2.0
    ) -> None:
        self._ready, self._pause, self._every_s = ready, pause, every_s

    def prepare(self, task: Task) -> Finding:
        return Finding(outcome=Outcome.PASS)

    def carry_out(self, task: Task) -> Finding:
        return Finding(outcome=Outcome.PASS)

    def reconcile(self, task: Task) -> Finding:
        return Finding(outcome=Outcome.FAIL)

    def verify(self, task: Task) -> Finding:
        ends = time.monotonic() + task.step.timeout_s
        asked_ms = max((number(each.get(ASKED)) for each in task.past.values()), default=0)
        good = asked = told = 0
        while True:
            outcome, said = self._ready(
                asked_ms, Deadline.after(min(ASK_S, max(0.1, ends - time.monotonic())))
            )
            asked, good = asked + 1, good + 1 if outcome is Outcome.PASS else 0
            facts: dict[str, Fact] = {"ready": good, "asked": asked}
            if good != told:
                task.tell(said, facts)
                told = good
            if good == TIMES:
                return Finding(outcome=Outcome.PASS, said=say("ready three times in a row"), facts=facts)
            if task.halted():
                return Finding(outcome=Outcome.UNKNOWN, said=said, facts=facts)
            if time.monotonic() >= ends:
                late = Outcome.FAIL if outcome is Outcome.PASS else outcome
                return Finding(outcome=late, said=said, facts=facts)
            self._pause(self._every_s)


def nobody(cause: Cause) -> None:
    """Nobody wants to know why."""


def backend_ready(base_url: str, *, ca_file: str = "", heard: Callable[[Cause], None] = nobody) -> Ready:
    """Ready with its database by `/health/ready`, in both shapes of the field; `/health` says ok whatever is down.

    `heard` is told why it could not be asked.

    Where `/metrics` tells when the process started, one from before the restart is a no: another starter may have won
    the port.
    """

    def ask(asked_ms: int, deadline: Deadline) -> Word:
        try:
            with Web(base_url, ca_file=ca_file) as web:
                answer = web.ask("GET", READY, deadline)
                if answer.status in GATEWAY:
                    return Outcome.FAIL, say("answered {status}", status=str(answer.status))
                if answer.status == 404:
                    heard(Cause.ABSENT)
                    return Outcome.FAIL, say("has no {path}", path=READY)
                found = shapes.ready(answer.status, answer.json())
                if found.word != "yes":
                    outcome = Outcome.FAIL if found.word == "no" else Outcome.UNKNOWN
                    return outcome, say("not ready, database: {state}", state=found.state or "?")
                return _of_this_start(web, asked_ms, deadline)
        except UnreachableError as error:
            heard(error.failure.cause)
            return Outcome.FAIL, error.failure.text

    return ask


def _of_this_start(web: Web, asked_ms: int, deadline: Deadline) -> Word:
    ready = Outcome.PASS, say("ready")
    try:
        found = prometheus.traffic(web.ask("GET", METRICS, deadline).text)
    except UnreachableError:
        return ready
    if found is not None and found.started and asked_ms and found.started * 1000 < asked_ms - SLACK_MS:
        return Outcome.FAIL, say("an older process answers: another one has the port")
    return ready


def down(service: str, outcome: Outcome, causes: Sequence[Cause]) -> dict[str, Fact]:
    """`SERVICE.down`: whether nobody can work with it now; left out where a fault of ours may be why it was not ready.

    >>> down("backend", Outcome.FAIL, [Cause.REFUSED]), down("backend", Outcome.FAIL, [Cause.UNTRUSTED])
    ({'backend.down': True}, {})
    """
    if outcome is Outcome.UNKNOWN or any(each not in DOWN for each in causes):
        return {}
    return {f"{service}.down": outcome is Outcome.FAIL}


def mongodb_ready(target: Reached, tools: Tools, *, heard: Callable[[Cause], None] = nobody) -> Ready:
    """A server that takes writes: `hello` says so. `heard` is told why it could not be asked."""

    def ask(asked_ms: int, deadline: Deadline) -> Word:
        try:
            with connected(target, tools, deadline) as connection:
                hello = connection.ask("hello")
        except UnreachableError as error:
            heard(error.failure.cause)
            return Outcome.FAIL, error.failure.text
        except SecretError as error:
            return Outcome.UNKNOWN, error.phrase
        if hello.get("isWritablePrimary"):
            return Outcome.PASS, say("ready")
        return Outcome.FAIL, say("it takes no writes")

    return ask


def redis_ready(target: RedisTarget, tools: Tools) -> Ready:
    """A server that has loaded its data and takes writes."""

    def ask(asked_ms: int, deadline: Deadline) -> Word:
        try:
            with ours(target, tools, deadline) as client:
                is_ready = takes_writes(client)
        except UnreachableError as error:
            return Outcome.FAIL, error.failure.text
        except SecretError as error:
            return Outcome.UNKNOWN, error.phrase
        return (Outcome.PASS, say("ready")) if is_ready else (Outcome.FAIL, say("it takes no writes"))

    return ask


def never_told(asked_ms: int, deadline: Deadline) -> Word:
    """Of a service that the site file gives no address for."""
    return Outcome.UNKNOWN, say("the site file does not say how it is asked whether it is ready")
