"""What the actions on versions share: where versions are, how programs are run in them, and which version is meant."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from medflow_tui.actions import programs
from medflow_tui.clients.release_switch import Place, place_of
from medflow_tui.clients.releases import at_work_in
from medflow_tui.clients.tools import Tools
from medflow_tui.model.canonical import Facts
from medflow_tui.model.performer import Finding, Performer, Task
from medflow_tui.model.playbook import Expect
from medflow_tui.model.procedure import Outcome
from medflow_tui.model.releases import Deployment
from medflow_tui.model.targets.process import ProcessTarget
from medflow_tui.model.words import say
from medflow_tui.rules.releases import NAME

SETTLE_S, LOOK_EVERY_S = 30.0, 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Yard:
    """One site's versions, and the service that runs one of them."""

    deployment: Deployment
    target: ProcessTarget
    tools: Tools

    @property
    def place(self) -> Place:
        return place_of(self.deployment)

    @property
    def folder(self) -> Path:
        return Path(self.deployment.folder)

    def app_folders(self, version: str) -> tuple[Path, ...]:
        """Where a version has a lock file."""
        return tuple(self.place.release(version) / each for each in self.deployment.install_in)

    def run(self, task: Task, argv: tuple[str, ...], within: Path, expect: Expect, name: str) -> Finding:
        """As `programs.run`."""
        return programs.run(self.tools, task, argv, within, expect, name)


def somebody_works_in(folder: Path, settle_s: float = SETTLE_S) -> bool:
    """Whether a program still works there, after the time to end: one that was started before a crash lives on."""
    ends = time.monotonic() + settle_s
    while at_work_in(folder):
        if time.monotonic() >= ends:
            return True
        time.sleep(LOOK_EVERY_S)
    return False


def version_of(args: Facts) -> str:
    """The version that a step means, or nothing when that is no name of a version."""
    version = args.get("version", "")
    return version if isinstance(version, str) and NAME.fullmatch(version) else ""


class PerVersion:
    """Performers of one action: which version is meant stands in the step's arguments."""

    calls: tuple[str, ...] = ()

    def __init__(self, yard: Yard, make: Callable[[Yard, Facts], Performer]) -> None:
        self._yard, self._make = yard, make

    def of(self, args: Facts) -> Performer:
        return self._make(self._yard, args)

    def prepare(self, task: Task) -> Finding:
        if not version_of(task.step.args):
            return Finding(outcome=Outcome.FAIL, said=say("the version is not known"))
        return self.of(task.step.args).prepare(task)

    def carry_out(self, task: Task) -> Finding:
        return self.of(task.step.args).carry_out(task)

    def verify(self, task: Task) -> Finding:
        return self.of(task.step.args).verify(task)

    def reconcile(self, task: Task) -> Finding:
        return self.of(task.step.args).reconcile(task)
