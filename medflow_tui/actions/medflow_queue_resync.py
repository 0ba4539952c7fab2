"""Has devices read again: one first, then all. The backend reads them one after another, up to half a minute each."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from medflow_tui.actions.looking import unreadable
from medflow_tui.actions.medflow_queue_answers import not_accepted
from medflow_tui.actions.medflow_queue_looks import Pace, number
from medflow_tui.actions.medflow_queue_place import QueueView
from medflow_tui.clients.network import UnreachableError
from medflow_tui.model.canonical import Fact
from medflow_tui.model.errors import SecretError
from medflow_tui.model.health import Cause, Failure
from medflow_tui.model.performer import Finding, Task
from medflow_tui.model.procedure import Outcome
from medflow_tui.model.words import say

READ_STATUS, READ_ALL = "/api/devices/auto-sync/status", "/api/devices/auto-sync/sync-all"
READ_ONE = "/api/devices/{}/auto-sync/trigger"
MARGIN_S = 5.0
SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """What the backend says of its reading of one device; `at` is its own text (empty: never)."""

    name: str
    at: str
    is_busy: bool
    has_failed: bool


class Resync:
    """What reading one device and reading all have in common: never beside waiting jobs, and proved by new dates."""

    calls: tuple[str, ...] = ()

    def __init__(self, view: QueueView, pace: Pace) -> None:
        self._view, self._pace, self._pause = view, pace, pace.pause

    def prepare(self, task: Task) -> Finding:
        try:
            waiting, delayed = self._view.waiting()
            started, found = self._view.worker().started, self._look()
        except (UnreachableError, SecretError) as error:
            return unreadable(error)
        if not started:
            said = say("no worker: whoever starts it has all devices read as well, so start it instead")
            return Finding(outcome=Outcome.FAIL, said=said)
        if waiting or delayed:
            return Finding(
                outcome=Outcome.FAIL, said=say("{n:number} wait: let them end first", n=waiting + delayed)
            )
        chosen = self._chosen(found)
        if not chosen:
            return Finding(outcome=Outcome.FAIL, said=say("no device is there to be read"))
        ids = tuple(sorted(chosen))
        return Finding(
            outcome=Outcome.PASS,
            said=say("{names}", names=_names(found[each] for each in ids)),
            facts={"ids": ids, "read_before": tuple(found[each].at or "-" for each in ids)},
        )

    def carry_out(self, task: Task) -> Finding:
        try:
            reply = self._view.session().post(self._path(task))
        except UnreachableError as error:
            return not_accepted(error)
        rows = reply.data if isinstance(reply.data, list) else [reply.data]
        told = [each for each in rows if isinstance(each, dict) and "success" in each]
        files, jobs = (
            sum(number(each.get(name)) or 0 for each in told) for name in ("filesFound", "jobsQueued")
        )
        facts: dict[str, Fact] = {
            "calls_made": 1,
            "files": files,
            "jobs": jobs,
            "unread": sum(each["success"] is not True for each in told),
        }
        if not told:
            said = say("accepted, without a word about any device")
            return Finding(outcome=Outcome.UNKNOWN, said=said, facts=facts)
        said = say("{files:number} files seen, {jobs:number} jobs, so it says", files=files, jobs=jobs)
        return Finding(outcome=Outcome.FAIL if facts["unread"] else Outcome.PASS, said=said, facts=facts)

    def verify(self, task: Task) -> Finding:
        """Pass when the backend names a newer moment for each device that was to be read."""
        before, found = _before(task), dict[str, Read]()
        was_answered = "files" in task.own()
        wait_s = self._pace.settle_s if was_answered else max(task.step.timeout_s - MARGIN_S, 0.0)
        ends = time.monotonic() + wait_s
        while True:
            try:
                found = self._look()
            except (UnreachableError, SecretError) as error:
                return unreadable(error)
            left = [each for each, at in before.items() if each not in found or (found[each].at or "-") == at]
            if not left or time.monotonic() >= ends:
                break
            self._pause(self._pace.tell_every_s)
        failed = [each for each in before if each in found and (found[each].has_failed or each in left)]
        facts: dict[str, Fact] = {"read": len(before) - len(failed), "not_read": len(failed)}
        if failed:
            names = _names(found[each] for each in failed)
            said = say("not read: {names}", names=names)
            return Finding(outcome=Outcome.FAIL, said=said, facts=facts)
        if left:
            said = say("{n:number} devices are gone from the list", n=len(left))
            return Finding(outcome=Outcome.UNKNOWN, said=said, facts=facts)
        return Finding(outcome=Outcome.PASS, said=say("{n:number} devices read", n=len(before)), facts=facts)

    def reconcile(self, task: Task) -> Finding:
        """Any newer moment, or a reading under way, says that the call had arrived."""
        before = _before(task)
        ends = time.monotonic() + self._pace.settle_s
        while True:
            try:
                found = self._look()
            except (UnreachableError, SecretError) as error:
                return unreadable(error)
            if any(
                each in found and (found[each].is_busy or (found[each].at or "-") != at)
                for each, at in before.items()
            ):
                return Finding(
                    outcome=Outcome.PASS, said=say("devices had been read"), facts={"calls_made": 1}
                )
            if time.monotonic() >= ends:
                return Finding(outcome=Outcome.FAIL, said=say("no device had been read"))
            self._pause(1.0)

    def _chosen(self, found: Mapping[str, Read]) -> tuple[str, ...]:
        raise NotImplementedError

    def _path(self, task: Task) -> str:
        raise NotImplementedError

    def _look(self) -> dict[str, Read]:
        data = self._view.session().get(READ_STATUS).data
        rows = data.get("devices") if isinstance(data, dict) else None
        if not isinstance(rows, list):
            raise UnreachableError(Failure(cause=Cause.GARBLED, text=say("not the expected answer")))
        return {str(each.get("deviceId") or "")[:40]: _read(each) for each in rows if isinstance(each, dict)}


class ResyncOne(Resync):
    """Reads one device that was well the last time: if this goes wrong, it is not the device."""

    calls: tuple[str, ...] = (f"POST {READ_ONE.format('ID')}",)

    def _chosen(self, found: Mapping[str, Read]) -> tuple[str, ...]:
        order = sorted(found, key=lambda each: (found[each].has_failed, not found[each].at, found[each].name))
        return tuple(order[:1])

    def _path(self, task: Task) -> str:
        return READ_ONE.format(next(iter(_before(task))))


class ResyncAll(Resync):
    """Reads all devices."""

    calls: tuple[str, ...] = (f"POST {READ_ALL}",)

    def _chosen(self, found: Mapping[str, Read]) -> tuple[str, ...]:
        return tuple(found)

    def _path(self, task: Task) -> str:
        return READ_ALL


def _read(row: Mapping[str, Any]) -> Read:
    """Of its error only that there is one: the text may name a patient's folder."""
    return Read(
        name=str(row.get("name") or "")[:40],
        at=str(row.get("lastSync") or "")[:40],
        is_busy=row.get("syncing") is True,
        has_failed=bool(row.get("lastError")),
    )


def _before(task: Task) -> dict[str, str]:
    own = task.own()
    ids, moments = own.get("ids"), own.get("read_before")
    if not isinstance(ids, tuple) or not isinstance(moments, tuple):
        return {}
    return dict(zip(ids, moments, strict=True))


def _names(found: Any) -> str:
    names = [each.name or "?" for each in found]
    return ", ".join(names[:SHOWN]) + (" …" if len(names) > SHOWN else "")


__all__ = ["ResyncAll", "ResyncOne"]
