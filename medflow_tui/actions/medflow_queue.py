"""Starts MedFlow's queue worker and retries failed jobs: the only code that changes the device sync queue."""

from __future__ import annotations

import time
from collections.abc import Mapping

from medflow_tui.actions.looking import unreadable
from medflow_tui.actions.medflow_queue_answers import not_accepted
from medflow_tui.actions.medflow_queue_looks import Look, Pace, See, Watch, number, of_worker
from medflow_tui.actions.medflow_queue_place import STATUS, Place, QueueView
from medflow_tui.actions.medflow_queue_resync import ResyncAll, ResyncOne
from medflow_tui.actions.names import MEDFLOW_QUEUE as ACTIONS
from medflow_tui.clients.network import UnreachableError
from medflow_tui.clients.tools import Tools
from medflow_tui.model.canonical import Fact
from medflow_tui.model.errors import RefusedError, SecretError
from medflow_tui.model.performer import Finding, Login, Performer, Survey, Task
from medflow_tui.model.procedure import Outcome
from medflow_tui.model.site import Site
from medflow_tui.model.targets.http import BACKEND, HttpTarget
from medflow_tui.model.targets.queue import QueueTarget
from medflow_tui.model.words import Phrase, say

START, RETRY = "/api/devices/auto-sync/start", "/api/devices/sync-queue/retry-failed"


class StartWorker:
    """Starts the worker, unless it runs. There is no way back short of a restart of the backend."""

    calls: tuple[str, ...] = (f"POST {START}",)

    def __init__(self, view: QueueView, pace: Pace) -> None:
        self._view, self._pace, self._pause = view, pace, pace.pause

    def prepare(self, task: Task) -> Finding:
        try:
            return Finding(outcome=Outcome.PASS, facts={"started_before": self._view.worker().started})
        except (UnreachableError, SecretError) as error:
            return unreadable(error)

    def carry_out(self, task: Task) -> Finding:
        if task.own().get("started_before"):
            return Finding(outcome=Outcome.PASS, said=say("the worker runs already"), facts={"calls_made": 0})
        try:
            self._view.session().post(START)
        except UnreachableError as error:
            return not_accepted(error)
        return Finding(outcome=Outcome.PASS, said=say("accepted"), facts={"calls_made": 1})

    def verify(self, task: Task) -> Finding:
        """Pass when the backend names the moment at which its worker was started."""
        return self._told(Outcome.FAIL, say("the backend still has no worker"))

    def reconcile(self, task: Task) -> Finding:
        """Whether there is a worker now is all that matters; a call on its way gets the time to arrive."""
        return self._told(Outcome.FAIL, say("the worker was not started"))

    def _told(self, otherwise: Outcome, said: Phrase) -> Finding:
        ends = time.monotonic() + self._pace.settle_s
        while True:
            try:
                worker = self._view.worker()
            except (UnreachableError, SecretError) as error:
                return unreadable(error)
            if worker.started:
                return Finding(
                    outcome=Outcome.PASS, said=of_worker(worker), facts={"worker_started": worker.started}
                )
            if time.monotonic() >= ends:
                return Finding(outcome=otherwise, said=said)
            self._pause(2.0)


class RetryFailed:
    """Puts failed jobs back. The backend empties its list even of those whose record has expired: those are lost."""

    calls: tuple[str, ...] = (f"POST {RETRY}",)

    def __init__(self, view: QueueView, pace: Pace) -> None:
        self._view, self._pace, self._pause = view, pace, pace.pause

    def prepare(self, task: Task) -> Finding:
        try:
            failed = self._view.sight().failed
        except (UnreachableError, SecretError) as error:
            return unreadable(error)
        facts: dict[str, Fact] = {
            "ids": tuple(each.id for each in failed),
            "failed_at": tuple(each.failed_at for each in failed),
            "expired_ids": tuple(each.id for each in failed if each.has_expired),
        }
        return Finding(outcome=Outcome.PASS, facts=facts)

    def carry_out(self, task: Task) -> Finding:
        if not task.own().get("ids"):
            return Finding(outcome=Outcome.PASS, said=say("nothing has failed"), facts={"calls_made": 0})
        try:
            reply = self._view.session().post(RETRY)
        except UnreachableError as error:
            return not_accepted(error)
        retried = number(reply.data.get("retried")) if isinstance(reply.data, dict) else None
        facts: dict[str, Fact] = {"calls_made": 1}
        if retried is None:
            return Finding(outcome=Outcome.UNKNOWN, said=say("accepted, without a number"), facts=facts)
        return Finding(
            outcome=Outcome.PASS,
            said=say("{n:number} put back, so it says", n=retried),
            facts={**facts, "retried": retried},
        )

    def verify(self, task: Task) -> Finding:
        """Pass when none of the jobs that were written down is in the list as it was then."""
        before = _journalled(task)
        ends = time.monotonic() + self._pace.settle_s
        while True:
            try:
                left = self._left(before)
            except (UnreachableError, SecretError) as error:
                return unreadable(error)
            if left == 0 or time.monotonic() >= ends:
                break
            self._pause(1.0)
        lost = len(_words(task.own().get("expired_ids")))
        if left == 0:
            said = say("{n:number} put back, {lost:number} lost", n=len(before) - lost, lost=lost)
            return Finding(outcome=Outcome.PASS, said=said, facts={"lost": lost})
        if left == len(before):
            return Finding(outcome=Outcome.FAIL, said=say("the list of failed jobs has not changed"))
        said = say("{left:number} of {n:number} are still in the list", left=left, n=len(before))
        return Finding(outcome=Outcome.UNKNOWN, said=said)

    def reconcile(self, task: Task) -> Finding:
        """The jobs that were written down are all where they were: not done. A call on its way gets time to arrive."""
        before = _journalled(task)
        if not before:
            return Finding(outcome=Outcome.PASS, said=say("nothing had failed"), facts={"calls_made": 0})
        ends = time.monotonic() + self._pace.settle_s / 2
        while True:
            try:
                left = self._left(before)
            except (UnreachableError, SecretError) as error:
                return unreadable(error)
            if left < len(before):
                return Finding(
                    outcome=Outcome.PASS, said=say("the retry had been made"), facts={"calls_made": 1}
                )
            if time.monotonic() >= ends:
                return Finding(outcome=Outcome.FAIL, said=say("the retry had not been made"))
            self._pause(1.0)

    def _left(self, before: Mapping[str, str]) -> int:
        return sum(before.get(each.id) == each.failed_at for each in self._view.sight().failed)


class QueueCrew:
    """All that the playbook needs at one site. Logged in at most once, when a log-in is given."""

    def __init__(
        self, place: Place, tools: Tools, login: Login | None = None, *, pace: Pace | None = None
    ) -> None:
        """Raises RefusedError when the log-in is refused; it is not tried again."""
        self._view = QueueView(place, tools)
        if login is not None:
            self._view.log_in(login)
        view, pace = self._view, pace or Pace()
        performers: tuple[Performer, ...] = (
            Look(view, pace),
            StartWorker(view, pace),
            Watch(view, pace),
            RetryFailed(view, pace),
            See(view, pace),
            ResyncOne(view, pace),
            ResyncAll(view, pace),
        )
        self._performers = dict(zip(ACTIONS, performers, strict=True))

    def __enter__(self) -> QueueCrew:
        return self

    def __exit__(self, *_: object) -> None:
        self._view.close()

    def survey(self) -> Survey:
        return self._view.survey()

    def performer(self, action: str) -> Performer | None:
        return self._performers.get(action)


def crew(site: Site, tools: Tools, login: Login | None) -> QueueCrew:
    """The crew at this site. Raises RefusedError when it names no backend or no queue, or the log-in is refused."""
    backend = next(
        (each for each in site.targets if isinstance(each, HttpTarget) and each.role == BACKEND), None
    )
    queue = next((each for each in site.targets if isinstance(each, QueueTarget)), None)
    if backend is None or queue is None:
        raise RefusedError(say("this site names no backend and no device queue: there is nothing to act on"))
    place = Place(
        backend=queue.api or backend.address,
        redis=queue.address,
        redis_password=queue.password,
        ca_file=queue.ca_file or backend.ca_file,
    )
    return QueueCrew(place, tools, login)


def _journalled(task: Task) -> dict[str, str]:
    own = task.own()
    return dict(zip(_words(own.get("ids")), _words(own.get("failed_at")), strict=True))


def _words(value: object) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else ()


__all__ = ["ACTIONS", "RETRY", "START", "STATUS", "Pace", "Place", "QueueCrew", "crew"]
