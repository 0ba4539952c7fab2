"""Runs one named script of a release: the very file that was shown, while the application is stopped."""

from __future__ import annotations

from pathlib import Path

from medflow_tui.actions.looking import failed
from medflow_tui.actions.releases_yard import Yard, somebody_works_in, version_of
from medflow_tui.clients.release_switch import raise_data_format
from medflow_tui.clients.releases import digest_of, glance
from medflow_tui.model.canonical import Facts
from medflow_tui.model.performer import Finding, Task
from medflow_tui.model.playbook import Expect
from medflow_tui.model.procedure import Outcome
from medflow_tui.model.words import say
from medflow_tui.rules.releases import NONE

EXPECT = Expect(
    stderr_forbid=(r"(?i)^(\w*error|fatal|unhandled)\b",), stdout_forbid=(r"(?i)^(\w*error|fatal)\b", "❌")
)
NOTHING = say("no script is run")


class Script:
    """`node FILE` in the folder of the backend."""

    def __init__(self, yard: Yard, args: Facts) -> None:
        self._yard, self._version = yard, version_of(args) or str(args.get("version", ""))
        self._name = str(args.get("script", NONE))
        self._release = yard.place.release(self._version)
        manifest = glance(self._release, self._version).manifest
        self._file = manifest.scripts.get(self._name, "") if manifest else ""
        self._writes = manifest.writes if manifest else 0
        self.calls: tuple[str, ...] = (
            ()
            if self._name == NONE
            else (f"node {yard.folder / self._version / (self._file or self._name)}",)
        )

    @property
    def _path(self) -> Path:
        return self._release / (self._file or self._name)

    def prepare(self, task: Task) -> Finding:
        """What runs must be what was shown."""
        if self._name == NONE:
            return Finding(outcome=Outcome.PASS, said=NOTHING)
        shown = task.past.get("look", {}).get("script_sha256", "")
        if not self._file or not shown or digest_of(self._path) != shown:
            return failed(say("the script is not the one that was shown"))
        return Finding(outcome=Outcome.PASS, facts={"script": self._name})

    def carry_out(self, task: Task) -> Finding:
        if self._name == NONE:
            return Finding(outcome=Outcome.PASS, said=NOTHING, facts={"calls_made": 0})
        try:
            raise_data_format(self._yard.deployment, self._writes)
        except OSError as error:
            return failed(
                say("the format of the data cannot be written down: {why}", why=error.strerror or "?")
            )
        within = self._yard.app_folders(self._version)[0]
        return self._yard.run(task, ("node", str(self._path)), within, EXPECT, task.step.id)

    def verify(self, task: Task) -> Finding:
        if self._name == NONE:
            return Finding(outcome=Outcome.PASS, said=NOTHING)
        if task.own().get("exit") == 0:
            return Finding(outcome=Outcome.PASS, said=say("the script {name} ended well", name=self._name))
        return Finding(outcome=Outcome.UNKNOWN, said=say("how the script ended is not known"))

    def reconcile(self, task: Task) -> Finding:
        """Nobody heard how it ended; only a person can tell what it did."""
        if self._name == NONE:
            return Finding(outcome=Outcome.FAIL, said=NOTHING)
        if somebody_works_in(self._path, task.step.timeout_s):
            return Finding(outcome=Outcome.UNKNOWN, said=say("the script {name} still runs", name=self._name))
        return Finding(outcome=Outcome.UNKNOWN, said=say("how the script ended is not known"))


class ScriptBack:
    """What a script did to data stays: the old version can read it, or the plan would have been refused."""

    calls: tuple[str, ...] = ()

    def __init__(self, yard: Yard, args: Facts) -> None:
        self._name = str(args.get("script", NONE))

    def prepare(self, task: Task) -> Finding:
        return self.verify(task)

    def carry_out(self, task: Task) -> Finding:
        return self.verify(task)

    def verify(self, task: Task) -> Finding:
        if self._name == NONE:
            return Finding(outcome=Outcome.PASS, said=NOTHING)
        if task.own().get("exit") == 0:
            return Finding(
                outcome=Outcome.PASS, said=say("what the script did stays: the old version can read it")
            )
        said = say("the script did not end well: what it did to data must be looked at first")
        return Finding(outcome=Outcome.UNKNOWN, said=said)

    def reconcile(self, task: Task) -> Finding:
        return self.verify(task)
