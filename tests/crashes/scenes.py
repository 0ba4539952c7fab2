"""Every playbook that changes something, on a site of the test's own, as real processes that can be killed at a line."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from medflow_tui.model.procedure import Entry, Phase
from medflow_tui.playbooks.load import shipped
from medflow_tui.runner.follow import Follower
from medflow_tui.runner.process import Order, _exit_code, carry_out
from tests.crashes.killed import WORLD, in_a_process, life, prepare, run_of
from tests.servers.forking import Forking, forking
from tests.servers.queue_clinic import Clinic
from tests.servers.queue_run import assemble
from tests.servers.releases_run import run_answered
from tests.servers.runs import Bench
from tests.servers.service_rigs import Rig, fronting, rig_of
from tests.servers.service_run import ROOT, Run, await_that, die_at, hurry

ACTIONS = sorted(each.stem for each in (ROOT / "medflow_tui" / "actions").glob("[a-z]*.py"))
prepare(
    ["tests.crashes.scenes", "medflow_tui.wiring.crews", *(f"medflow_tui.actions.{each}" for each in ACTIONS)]
)
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
    """A playbook run by a program of its own, which may stand behind the door of a namespace.

    `forking` runs it quicker. What the service wrote before it began does not count.
    """

    run: Run
    rig: Rig
    forking: Forking | None = None
    before: tuple[int, int] = (1, 0)

    @property
    def state(self) -> Path:
        return self.run.state

    def live(self, kill: str = "") -> int:
        if self.forking is not None:
            return self.forking.end(self.run, kill)
        code = self.run.end(kill)
        return -9 if code == 137 else code

    def entries(self) -> tuple[Entry, ...]:
        return self.run.entries()

    def phase(self) -> Phase:
        return Follower(self.run.folder).poll().state.phase

    def once(self) -> None:
        starts, terms = self.before
        found = (self.rig.starts() - starts, self.rig.terms() - terms)
        assert found == (1, 1), f"starts, ends: {found}"

    def killed_when(self, holds: Callable[[], bool]) -> None:
        """Begin it, and kill it as soon as that is true."""
        child = self.run.begin()
        await_that(holds)
        self.run.kill(child)


@dataclass(slots=True)
class Benched:
    """A playbook of a bench; questions are answered as they are asked. `environment` is for the process alone.

    `note` looks at the site after each life, for `check` to know what an earlier one had done.
    """

    bench: Bench
    order: Order
    check: Callable[[], None]
    answers: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    note: Callable[[], None] = lambda: None

    @property
    def state(self) -> Path:
        return self.bench.state

    def live(self, kill: str = "") -> int:
        told = (self.bench, self.order, kill, dict(self.answers), dict(self.environment))
        code = in_a_process(of_bench, *told)
        self.note()
        return code

    def entries(self) -> tuple[Entry, ...]:
        return self.bench.entries(self.order)

    def phase(self) -> Phase:
        return phase_of(self.order)

    def once(self) -> None:
        self.check()


@dataclass(slots=True)
class Queued:
    """A playbook of the queue."""

    clinic: Clinic
    order: Order
    check: Callable[[], None]
    rest: Callable[[], None] = lambda: None

    @property
    def state(self) -> Path:
        return self.clinic.state

    def live(self, kill: str = "") -> int:
        self.rest()
        return in_a_process(of_queue, self.order, kill)

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
        die_at(kill)
    return _exit_code(run_answered(bench, order, answers) if answers else bench.run(order))


def of_queue(order: Order, kill: str) -> int:
    """In the process of the run."""
    if kill:
        die_at(kill)
    return _exit_code(carry_out(order, assemble))


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


@dataclass(frozen=True, slots=True)
class Managed:
    """A playbook for the backend, under one service manager."""

    playbook: str
    manager: str
    shelf: Path = field(default_factory=shipped)

    @contextmanager
    def __call__(self, folder: Path) -> Iterator[Started]:
        folder.mkdir(parents=True)
        with self._rigged(folder) as begun:
            yield begun(folder)

    @contextmanager
    def shared(self, folder: Path) -> Iterator[Setting]:
        """One service and one program for many runs, each with a state folder of its own."""
        folder.mkdir(parents=True)
        with self._rigged(folder) as begun, forking(folder, begun(folder).rig.enter) as program:

            @contextmanager
            def setting(own: Path) -> Iterator[Started]:
                own.mkdir(parents=True)
                yield begun(own, program)

            yield setting

    @contextmanager
    def _rigged(self, folder: Path) -> Iterator[Callable[..., Started]]:
        with rig_of(self.manager, folder) as rig, fronting(rig) as (_, url):
            table = {"kind": "process", "name": "backend-process", **rig.table}

            def begun(own: Path, program: Forking | None = None) -> Started:
                run = Run(
                    playbook=self.playbook,
                    state=own / "state",
                    targets=[table, {"kind": "http", "name": "backend", "address": url}],
                    enter=rig.enter,
                    shelf=self.shelf,
                )
                return Started(run, rig, program, (rig.starts(), rig.terms()))

            yield begun
