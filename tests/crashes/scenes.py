"""Every playbook that changes something, on a site of the test's own, as real processes that can be killed at a line."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from medflow_tui.model.procedure import Entry, Phase
from medflow_tui.runner.follow import Follower
from medflow_tui.runner.process import Order, _exit_code
from tests.crashes.killed import WORLD, in_a_process, life, run_of
from tests.servers.queue_clinic import Clinic
from tests.servers.releases_run import run_answered
from tests.servers.runs import Bench
from tests.servers.service_rigs import Rig, fronting, rig_of
from tests.servers.service_run import Run, await_that, die_at, hurry

CHANGES = {
    False: ["mongo.load", "service.stop", "mongo.switch", "service.start"],
    True: ["mongo.load", "service.stop", "mongo.switch", "mongo.switch_back", "service.start"],
}


class Scene(Protocol):
    """One run on a site of its own."""

    @property
    def state(self) -> Path: ...

    def live(self, kill: str = "") -> int:
        """One process's life of the run; its exit code, negative when it was killed."""

    def entries(self) -> tuple[Entry, ...]: ...

    def phase(self) -> Phase: ...

    def once(self) -> None:
        """Raises AssertionError unless each change was made once, and the site stands as it should."""


Setting = Callable[[Path], AbstractContextManager[Scene]]


@dataclass(slots=True)
class Staged:
    """The playbook that uses everything, over services of a dictionary; with `fails` on its way back."""

    folder: Path
    fails: bool

    @property
    def state(self) -> Path:
        return self.folder / "state"

    def live(self, kill: str = "") -> int:
        return life(self.folder, kill, fails=self.fails)

    def entries(self) -> tuple[Entry, ...]:
        return run_of(self.folder).entries()

    def phase(self) -> Phase:
        return Follower(run_of(self.folder)).poll().state.phase

    def once(self) -> None:
        assert (self.folder / WORLD).read_text().split() == CHANGES[self.fails]


@dataclass(slots=True)
class Started:
    """A playbook run by a program of its own, which may stand behind the door of a namespace."""

    run: Run
    rig: Rig

    @property
    def state(self) -> Path:
        return self.run.state

    def live(self, kill: str = "") -> int:
        code = self.run.end(kill)
        return -9 if code == 137 else code

    def entries(self) -> tuple[Entry, ...]:
        return self.run.entries()

    def phase(self) -> Phase:
        return Follower(self.run.folder).poll().state.phase

    def once(self) -> None:
        assert (self.rig.starts(), self.rig.terms()) == (2, 1)

    def killed_when(self, holds: Callable[[], bool]) -> None:
        """Begin it, and kill it as soon as that is true."""
        child = self.run.begin()
        await_that(holds)
        self.run.kill(child)


@dataclass(slots=True)
class Benched:
    """A playbook of a bench; questions are answered as they are asked. `environment` is for the process alone."""

    bench: Bench
    order: Order
    check: Callable[[], None]
    answers: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def state(self) -> Path:
        return self.bench.state

    def live(self, kill: str = "") -> int:
        told = (self.bench, self.order, kill, dict(self.answers), dict(self.environment))
        return in_a_process(of_bench, *told)

    def entries(self) -> tuple[Entry, ...]:
        return self.bench.entries(self.order)

    def phase(self) -> Phase:
        return phase_of(self.order)

    def once(self) -> None:
        self.check()


@dataclass(slots=True)
class Queued:
    """A playbook of the queue, in a process that has left its terminal."""

    clinic: Clinic
    order: Order
    check: Callable[[], None]
    rest: Callable[[], None] = lambda: None

    @property
    def state(self) -> Path:
        return self.clinic.state

    def live(self, kill: str = "") -> int:
        self.rest()
        return self.clinic.run(self.order, kill_at=kill)

    def entries(self) -> tuple[Entry, ...]:
        return Bench.entries(self.order)

    def phase(self) -> Phase:
        return phase_of(self.order)

    def once(self) -> None:
        self.check()


def phase_of(order: Order) -> Phase:
    from medflow_tui.journal.run_log import RunFolder

    return Follower(RunFolder(path=order.folder)).poll().state.phase


def of_bench(bench: Bench, order: Order, kill: str, answers: dict[str, str], more: dict[str, str]) -> int:
    """In the process of the run."""
    import os

    os.environ.update(more)
    quickly()
    if kill:
        line, _, moment = kill.partition(":")
        die_at(int(line), moment)
    return _exit_code(run_answered(bench, order, answers) if answers else bench.run(order))


def quickly() -> None:
    """Looks at services come quickly after each other."""
    from medflow_tui.actions import service, service_survey

    hurry()
    service.TIMING = replace(service.TIMING, settle_s=3.0)
    service_survey.OVER_S = 0.1


def staged(*, fails: bool) -> Setting:
    """The engine itself."""

    @contextmanager
    def setting(folder: Path) -> Iterator[Scene]:
        yield Staged(folder, fails)

    return setting


def managed(
    playbook: str, manager: str, shelf: Path | None = None
) -> Callable[[Path], AbstractContextManager[Started]]:
    """A playbook for the backend, under one service manager."""

    @contextmanager
    def setting(folder: Path) -> Iterator[Started]:
        folder.mkdir(parents=True)
        with rig_of(manager, folder) as rig, fronting(rig) as (_, url):
            table = {"kind": "process", "name": "backend-process", **rig.table}
            run = Run(
                playbook=playbook,
                state=folder / "state",
                targets=[table, {"kind": "http", "name": "backend", "address": url}],
                enter=rig.enter,
            )
            if shelf is not None:
                run.shelf = shelf
            yield Started(run, rig)

    return setting
