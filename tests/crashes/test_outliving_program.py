"""The program of a step lives on when its runner is killed: none is started beside it, and the run is not over before it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from medflow_tui.journal.run_log import all_runs
from medflow_tui.model.performer import Task
from medflow_tui.model.plan import Plan
from medflow_tui.model.playbook import Effect, Expect, Step, Text
from medflow_tui.model.procedure import Act, Mark, Move, Outcome, Then
from medflow_tui.runner.at_work import any_at_work, at_work
from medflow_tui.runner.preview import agreed
from medflow_tui.runner.program import Program
from tests.crashes.staged import QUIET
from tests.unit.runner.stage import UNKNOWN, Stage
from tests.unit.runner.test_runner import on_mains, until

__all__ = ["on_mains"]
WORKS = """#!/bin/sh
echo begin >> {folder}/log
while [ ! -e {folder}/door ]; do sleep 0.05; done
echo end >> {folder}/log
"""
COPY = """id = "copy"
title = "Copy"
title_fr = "Copier"
run = ["{folder}/work.sh"]
effect = "staging"
on_unknown = "{on_unknown}"
cleanup = "mongo.drop_staging"
timeout_s = 2

[step.expect]
exit = [0]
"""
RUNNER = """
import sys
from pathlib import Path
from tests.crashes.test_outliving_program import stage_of
import medflow_tui.runner.surroundings as around
around._power = lambda: {"power": "mains"}
stage_of(Path(sys.argv[1]), sys.argv[2]).start()
"""
ROOT = Path(__file__).parents[2]


def stage_of(folder: Path, on_unknown: str) -> Stage:
    head, *steps = QUIET.replace('class = "R4"', 'class = "R3"').split("\n[[step]]\n")
    copy = COPY.format(folder=folder, on_unknown=on_unknown)
    return Stage(folder, "\n[[step]]\n".join([head, copy, *steps]))


def log(folder: Path) -> list[str]:
    return (folder / "log").read_text().split() if (folder / "log").exists() else []


def killed(folder: Path, on_unknown: str) -> Stage:
    """A run whose runner was killed while its program works."""
    script = folder / "work.sh"
    script.write_text(WORKS.format(folder=folder))
    script.chmod(0o755)
    runner = subprocess.Popen([sys.executable, "-c", RUNNER, str(folder), on_unknown], cwd=ROOT)
    until(lambda: log(folder))
    runner.kill()
    runner.wait()
    stage = stage_of(folder, on_unknown)
    (stage.folder,) = all_runs(stage.state / "runs")
    stage.plan = cast(Plan, agreed(stage.folder.plan()))
    return stage


@pytest.fixture(autouse=True)
def _let_go(tmp_path: Path) -> Iterator[None]:
    yield
    (tmp_path / "door").touch()


def ends(folder: Path, stage: Stage) -> None:
    (folder / "door").touch()
    assert stage.folder is not None
    sealed = stage.folder.path / "sealed"
    until(lambda: not at_work(sealed, "copy"))


def is_told(move: Move) -> bool:
    return any("still works" in each.text for each in (move.why, *move.why.parts))


def test_it_is_not_started_a_second_time_beside_the_first(tmp_path: Path) -> None:
    stage = killed(tmp_path, "rerun")
    move = stage.go_on()
    assert (move.act, is_told(move)) == (Act.PAUSE, True)
    assert stage.go_on().act is Act.PAUSE
    assert log(tmp_path) == ["begin"]
    ends(tmp_path, stage)
    assert stage.go_on().act is Act.FINISH
    assert log(tmp_path) == ["begin", "end", "begin", "end"], "its author said that it may be repeated"


def test_the_run_is_not_left_and_keeps_its_locks_while_it_works(tmp_path: Path) -> None:
    stage = killed(tmp_path, "ask")
    locks = stage.state / "locks"
    move = stage.go_on(stop=Then.LEAVE.value)
    assert (move.act, is_told(move), move.call) == (Act.PAUSE, True, "dba")
    assert len(list(locks.glob("*.lock"))) == 2
    ends(tmp_path, stage)
    assert stage.go_on(stop=Then.LEAVE.value).act is Act.FINISH
    assert not list(locks.glob("*.lock"))


@pytest.mark.parametrize(
    ("on_unknown", "stop", "mark"),
    [("ask", Then.ROLL_BACK.value, Mark.UNDO_RECONCILED), ("cleanup_then_rerun", "", Mark.CLEANED)],
)
def test_nothing_is_taken_back_or_away_beside_it(
    tmp_path: Path, on_unknown: str, stop: str, mark: Mark
) -> None:
    stage = killed(tmp_path, on_unknown)
    move = stage.go_on(stop=stop)
    assert (move.act, is_told(move)) == (Act.PAUSE, True)
    assert stage.asked["mongo.drop_staging carry_out"] == 0
    assert stage.marks()[-2:] == [(mark, "copy"), (Mark.PAUSED, "")]
    assert stage.entries[-2].outcome is UNKNOWN


def test_what_it_left_behind_counts_as_well(tmp_path: Path) -> None:
    """The one that was started has ended; what that started works on."""
    argv = ("/bin/sh", "-c", f"while [ ! -e {tmp_path}/door ]; do sleep 0.05; done & echo begun")
    step = Step(
        id="copy",
        title=Text(en="x"),
        action="x",
        run=argv,
        effect=Effect.ADDITIVE,
        timeout_s=9,
        expect=Expect(exit=(0,)),
    )
    task = Task(step=step, past={}, tell=lambda said, facts: None)
    program = Program(argv, tmp_path / "sealed")
    assert program.prepare(task).outcome is Outcome.PASS
    assert program.carry_out(task).outcome is Outcome.PASS
    assert any_at_work(tmp_path / "sealed", "copy")
    for asked in (program.prepare, program.reconcile, program.carry_out):
        assert asked(task).outcome is Outcome.UNKNOWN
    assert (tmp_path / "sealed" / "copy.out").read_text() == "begun\n", "what it prints is not cut off"
    (tmp_path / "door").touch()
    until(lambda: not any_at_work(tmp_path / "sealed", "copy"))
    assert program.prepare(task).outcome is Outcome.PASS
