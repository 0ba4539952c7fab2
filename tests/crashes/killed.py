"""Runs as real processes that die by SIGKILL at a line of their journal: forked from a server that imported all once."""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from medflow_tui.journal.run_log import RunFolder, all_runs
from medflow_tui.model.procedure import Move
from medflow_tui.runner.preview import agreed
from medflow_tui.runner.process import _exit_code
from tests.crashes.staged import Counted
from tests.servers.service_run import die_at

WORLD = "world.log"
_SERVER = multiprocessing.get_context("forkserver")
PREPARED = ["tests.crashes.killed", "medflow_tui.runner.surroundings"]
_SERVER.set_forkserver_preload(PREPARED)


class Lasting(Counted):
    """Its services outlive the process: each change is a line of a file, and what is true is what the lines come to."""

    def __init__(self, folder: Path, *, fails: bool = False) -> None:
        self.changes = folder / WORLD
        folder.mkdir(parents=True, exist_ok=True)
        super().__init__(folder, fails=fails)
        for name, each in self.services.items():
            if each.effect is not None:
                each.effect = self._lasting(name, each.effect)
        for name in self.changes.read_text().split() if self.changes.exists() else ():
            effect = self.services[name].effect
            assert effect is not None
            effect(again=True)  # type: ignore[call-arg]

    def _lasting(self, name: str, effect: Callable[[], None]) -> Callable[..., None]:
        def change(*, again: bool = False) -> None:
            effect()
            if not again:
                with self.changes.open("a") as file:
                    file.write(f"{name}\n")

        return change


def run_of(folder: Path) -> RunFolder:
    """The one run that was staged in a folder."""
    return RunFolder(path=all_runs(folder / "state" / "runs")[0].path)


def life(folder: Path, kill: str, *, fails: bool) -> int:
    """One process's life of a staged run in a folder, from its beginning or from where it was left; its exit code."""
    return in_a_process(_live, str(folder), kill, fails)


def prepare(modules: Sequence[str]) -> None:
    """Import these once, too, for whoever has not run anything yet."""
    _SERVER.set_forkserver_preload([*PREPARED, *modules])


def in_a_process(work: Callable[..., int], *told: Any) -> int:
    """The exit code of `work(*told)` in a process of its own session; negative when it was killed."""
    child = _SERVER.Process(target=_own_session, args=(work, told))
    child.start()
    try:
        child.join(120)
        assert child.exitcode is not None, "it does not end"
    finally:
        if child.exitcode is None:
            child.kill()
            child.join()
    return child.exitcode


def _own_session(work: Callable[..., int], told: tuple[Any, ...]) -> None:
    os.setsid()
    sys.exit(work(*told))


def _live(folder: str, kill: str, fails: bool) -> int:
    from medflow_tui.runner import surroundings

    surroundings._power = lambda: {"power": "mains"}
    if kill:
        die_at(kill)
    stage = Lasting(Path(folder), fails=fails)
    return _exit_code(_begun(stage))


def _begun(stage: Lasting) -> Move:
    runs = all_runs(stage.state / "runs")
    if not runs:
        return stage.start()
    stage.folder = RunFolder(path=runs[0].path)
    stage.plan = agreed(stage.folder.plan())  # type: ignore[assignment]
    return stage.go_on()
