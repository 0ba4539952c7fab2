"""One action for several services: a step's argument `service` says which one is meant."""

from __future__ import annotations

from collections.abc import Mapping

from medflow_tui.model.canonical import Facts
from medflow_tui.model.performer import Finding, Performer, Task
from medflow_tui.model.procedure import Outcome
from medflow_tui.model.words import say


class Nobody:
    """Stands for a service that the site file does not name: nothing is done."""

    calls: tuple[str, ...] = ()

    def __init__(self, service: str) -> None:
        self._service = service

    def prepare(self, task: Task) -> Finding:
        said = say("not applicable here: the site file names no process for {service}", service=self._service)
        return Finding(outcome=Outcome.FAIL, said=said, facts={"told.applies": False})

    def carry_out(self, task: Task) -> Finding:
        return self.prepare(task)

    def verify(self, task: Task) -> Finding:
        return self.prepare(task)

    def reconcile(self, task: Task) -> Finding:
        return self.prepare(task)


class PerService:
    """The performers of one action, by service."""

    calls: tuple[str, ...] = ()

    def __init__(self, performers: Mapping[str, Performer]) -> None:
        self._performers = performers

    def of(self, args: Facts) -> Performer:
        """The one for the service in the arguments, the backend where they name none."""
        name = str(args.get("service", "backend"))
        return self._performers.get(name) or Nobody(name)

    def prepare(self, task: Task) -> Finding:
        return self.of(task.step.args).prepare(task)

    def carry_out(self, task: Task) -> Finding:
        return self.of(task.step.args).carry_out(task)

    def verify(self, task: Task) -> Finding:
        return self.of(task.step.args).verify(task)

    def reconcile(self, task: Task) -> Finding:
        return self.of(task.step.args).reconcile(task)
