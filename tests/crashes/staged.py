"""A run on a watched disk whose services are a dictionary: where it may lose its power, and how it goes on afterwards."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from medflow_tui.journal.run_log import JOURNAL, RunFolder, all_runs
from medflow_tui.model.plan import Plan
from medflow_tui.model.procedure import Outcome
from medflow_tui.runner.surroundings import AUDIT
from tests.crashes.disk import LOSSES, Disk, Loss, Tree, lay_out
from tests.unit.playbooks.books import FULL
from tests.unit.runner.stage import Service, Stage

LEFT_OUT = ("agree", "settle")
PROGRAM = (
    'run = ["/usr/bin/mongosh", "--version"]\neffect = "read"\n\n[step.expect]\nstdout_require = ["."]\n'
)
EVERYTHING = LOSSES[0]


def quiet(source: str = FULL) -> str:
    """The playbook that uses everything, without the steps at which people answer, and without a program."""
    assert PROGRAM in source
    told = source.replace(PROGRAM, 'action = "mongo.look"\neffect = "read"\n')
    head, *steps = told.split("\n[[step]]\n")
    kept = [each for each in steps if not each.startswith(tuple(f'id = "{name}"' for name in LEFT_OUT))]
    return "\n[[step]]\n".join([head, *kept])


QUIET = quiet()


@dataclass(frozen=True, slots=True)
class World:
    """What is true of the clinic, and how often each change was made until then."""

    true: frozenset[str]
    made: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Cut:
    """One moment at which the power may go, with what is then found."""

    operation: str
    loss: Loss
    tree: Tree
    world: World

    def __str__(self) -> str:
        return f"after {self.operation}, lost: {self.loss.name}"


class Counted(Stage):
    """Counts each change; `fails` sends it on the way back.

    `wrong` is what must not have been: a change that was already made, and whatever else `told` (asked just before
    each change) finds. It is looked at afterwards: what a performer raises, the runner takes for not knowing.
    """

    def __init__(self, folder: Path, source: str = QUIET, *, fails: bool = False) -> None:
        super().__init__(folder, source)
        self.made: Counter[str] = Counter()
        self.wrong: list[str] = []
        self.told: Callable[[str], str] = lambda name: ""
        for name, each in self.services.items():
            if each.effect is not None:
                each.effect = self._counted(name, each)
        if fails:
            self.services["mongo.verify"].says["verify"] = Outcome.FAIL

    def _counted(self, name: str, service: Service) -> Callable[[], None]:
        effect = service.effect
        assert effect is not None

        def change() -> None:
            assert service.is_done is not None
            if service.is_done():
                self.wrong.append(f"{name} a second time")
            if found := self.told(name):
                self.wrong.append(f"{name}: {found}")
            effect()
            self.made[name] += 1

        return change

    @property
    def world(self) -> World:
        return World(frozenset(self.true), tuple(sorted(self.made.items())))


@dataclass(slots=True)
class Recording:
    """A whole run, and each different state in which a power cut would have left it."""

    folder: Path
    fails: bool = False
    plan: Plan | None = None
    run: str = ""
    cuts: list[Cut] = field(default_factory=list)
    operations: list[str] = field(default_factory=list)

    def make(self) -> Recording:
        stage = Counted(self.folder / "recorded", fails=self.fails)
        disk = Disk(stage.state)
        seen: set[tuple[object, ...]] = set()

        def note(operation: str) -> None:
            for loss in LOSSES:
                tree, world = disk.found(loss), stage.world
                key = (tuple(sorted(tree.items(), key=lambda each: each[0])), world)
                if key not in seen:
                    seen.add(key)
                    self.cuts.append(Cut(operation, loss, tree, world))

        disk.told, stage.told = note, lambda name: forgotten(disk)
        with disk.watching():
            stage.start()
            note("the end")
        assert not stage.wrong, stage.wrong
        assert stage.folder is not None
        self.plan, self.run, self.operations = stage.plan, stage.folder.run, disk.operations
        return self

    def found(self, cut: Cut, folder: Path) -> Counted:
        """The machine after its start: the disk as the cut left it, the services as they were."""
        stage = Counted(folder, fails=self.fails)
        lay_out(cut.tree, stage.state)
        stage.true, stage.made, stage.plan = set(cut.world.true), Counter(dict(cut.world.made)), self.plan
        if self.run in [each.run for each in all_runs(stage.state / "runs")]:
            stage.folder = RunFolder(path=stage.state / "runs" / self.run)
        return stage


def forgotten(disk: Disk) -> str:
    """Says so when a power cut now would leave no line of what is being done."""
    return "" if is_known(disk.found(EVERYTHING)) else "made, and a power cut would forget it"


def is_known(tree: Tree) -> bool:
    """Whether on that disk journal and audit both end with the intent of what is being done now."""
    journal = [content for name, content in tree.items() if name.endswith(f"/{JOURNAL}")]
    if len(journal) != 1:
        return False
    ends = [_last(each or b"") for each in (journal[0], tree.get(AUDIT))]
    return ends[0] == ends[1] and ends[0][0].endswith(".intent")


def _last(content: bytes) -> tuple[str, str]:
    lines = content.split(b"\n")[:-1]
    record = json.loads(lines[-1]) if lines else {}
    return str(record.get("ev", "")), str(record.get("step", ""))
