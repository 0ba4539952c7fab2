"""Puts a version in the place of another, and back; after a crash the names alone tell where it stands."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from medflow_tui.actions.looking import failed
from medflow_tui.actions.releases_making import mark_ready
from medflow_tui.actions.releases_yard import Yard, version_of
from medflow_tui.clients.network import Deadline
from medflow_tui.clients.release_switch import raise_data_format
from medflow_tui.clients.releases import glance, node_version
from medflow_tui.model.canonical import Facts
from medflow_tui.model.performer import Finding, Task
from medflow_tui.model.procedure import Outcome
from medflow_tui.model.releases import FOLDER
from medflow_tui.model.words import say
from medflow_tui.rules.release_guards import fault_said

NODE_S = 10.0


class Switch:
    """From the version of the plan to the one that was chosen; anything else in the place is a no."""

    def __init__(self, yard: Yard, args: Facts) -> None:
        self._yard, self._place = yard, yard.place
        self._old, self._new = str(args.get("before", "")), version_of(args) or str(args.get("version", ""))
        self.calls = self._place.calls(self._old, self._new)

    def prepare(self, task: Task) -> Finding:
        now, is_begun = self._place.version(), "before" in task.own()
        if now not in (self._old, self._new) and not (is_begun and not now):
            return failed(say("in place is {version}, not the one of the plan", version=now or "?"))
        release = glance(self._place.release(self._new), self._new)
        if release.fault or not release.is_ready:
            return failed(
                fault_said(release.fault) if release.fault else say("it was not made ready to its end")
            )
        wrong = self._in_the_way() if now == self._old and not is_begun else ""
        if wrong:
            return failed(say("{path} is in the way of the switch", path=wrong))
        return Finding(outcome=Outcome.PASS, facts={"before": self._old, "after": self._new})

    def carry_out(self, task: Task) -> Finding:
        release = glance(self._place.release(self._new), self._new)
        try:
            raise_data_format(self._yard.deployment, release.manifest.writes if release.manifest else 0)
            self._place.switch(self._old, self._new)
        except OSError as error:
            found = self.verify(task)
            if found.outcome is Outcome.PASS:
                return found
            said = say("the switch stopped: {why}", why=error.strerror or "?").also(found.said)
            return Finding(outcome=found.outcome, said=said)
        self._remember()
        return Finding(outcome=Outcome.PASS, facts={"calls_made": 1})

    def verify(self, task: Task) -> Finding:
        return self._found(self._new, self._old)

    def reconcile(self, task: Task) -> Finding:
        """Between two folders it is half done: what is still to be done may be done at any time, or taken back."""
        found = self._found(self._new, self._old)
        is_between = found.outcome is Outcome.UNKNOWN and self._yard.deployment.way == FOLDER
        half = Finding(outcome=Outcome.FAIL, said=found.said, facts={"calls_made": 1})
        return half if is_between else found

    def _found(self, wanted: str, other: str) -> Finding:
        now = self._place.version()
        outcome = Outcome.PASS if now == wanted else Outcome.FAIL if now == other else Outcome.UNKNOWN
        if outcome is Outcome.PASS:
            try:
                self._place.keep(other, wanted)
            except OSError as error:
                why = say("in place, but not kept over a power cut: {why}", why=error.strerror or "?")
                return Finding(outcome=Outcome.UNKNOWN, said=why)
        said = say("in place: {version}", version=now) if now else say("between two versions")
        return Finding(outcome=outcome, said=said)

    def _in_the_way(self) -> str:
        """What renaming would not replace; two folders on two disks cannot be renamed at all."""
        deployment = self._yard.deployment
        if deployment.way != FOLDER:
            return ""
        folder = Path(deployment.folder)
        paths = (folder / self._old, *(folder / self._new / each for each in deployment.kept))
        if folder.stat().st_dev != Path(deployment.current).stat().st_dev:
            return deployment.folder
        return next((str(each) for each in paths if os.path.lexists(each)), "")

    def _remember(self) -> None:
        """The old one was in service until now: it may be gone back to."""
        old = self._place.release(self._old)
        with suppress(OSError):
            if not glance(old, self._old).fault:
                mark_ready(old, node_version(Deadline.after(NODE_S)))


class SwitchBack(Switch):
    """The same, the other way round."""

    def __init__(self, yard: Yard, args: Facts) -> None:
        super().__init__(yard, args)
        self.calls = self._place.calls(self._new, self._old)

    def prepare(self, task: Task) -> Finding:
        now = self._place.version()
        if now not in (self._old, self._new, ""):
            return failed(say("in place is {version}, not the one of the plan", version=now))
        release = self._place.release(self._old)
        if not release.is_dir():
            return failed(fault_said("gone"))
        return Finding(outcome=Outcome.PASS)

    def carry_out(self, task: Task) -> Finding:
        try:
            self._place.switch(self._new, self._old)
        except OSError as error:
            return failed(say("the switch stopped: {why}", why=error.strerror or "?"))
        return Finding(outcome=Outcome.PASS, facts={"calls_made": 1})

    def verify(self, task: Task) -> Finding:
        return self._found(self._old, self._new)

    def reconcile(self, task: Task) -> Finding:
        found = self._found(self._old, self._new)
        return Finding(outcome=Outcome.FAIL, said=found.said) if found.outcome is Outcome.UNKNOWN else found
