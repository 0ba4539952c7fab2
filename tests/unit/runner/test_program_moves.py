"""A program of a step: one that stands still is told from one that works, with a word or without."""

from __future__ import annotations

import json
import os
import signal
import sys
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from medflow_tui.model.procedure import Act, Mark
from medflow_tui.runner import lookout, program
from tests.unit.playbooks.books import FULL, book
from tests.unit.runner.stage import PASS, Stage
from tests.unit.runner.test_runner import on_mains, until, without

__all__ = ["on_mains"]
SOURCE = without("agree", "settle", source=FULL.replace('class = "R4"', 'class = "R2"'))
COMPUTES = "import time; t = time.monotonic() + 1.2\nwhile time.monotonic() < t: pass\nprint(1)"
FLOODS = """
import sys, time
began = time.monotonic()
for tenth in range(30):
    for each in range(1000): print('line', tenth, each)
    sys.stdout.flush()
    time.sleep(max(0.0, began + (tenth + 1) / 10 - time.monotonic()))
"""
WAITS = "import os, time\nwhile not os.path.exists({door!r}): sum(range(20000)); time.sleep(0.01)\nprint(1)"


@pytest.fixture(autouse=True)
def _hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    for place, name, value in (
        (lookout, "TICK_S", 0.02),
        (lookout, "PROBE_EVERY_S", 60.0),
        (program, "TELL_EVERY_S", 0.1),
    ):
        monkeypatch.setattr(place, name, value)


def stage_of(folder: Path, code: str, stall_s: float = 0.6) -> Stage:
    """A run whose last step is this program, with a no-progress clock of its own."""
    argv = json.dumps([sys.executable, "-c", code])
    stage = Stage(folder, book(r'run = \["/usr/bin/mongosh", "--version"\]', f"run = {argv}", SOURCE))
    steps = [
        replace(each, stall_s=stall_s) if each.id == "look" else each  # type: ignore[arg-type]
        for each in stage.playbook.steps
    ]
    stage.run_with = replace(stage.playbook, steps=tuple(steps))
    return stage


def clocks(stage: Stage) -> list[str]:
    return [str(each.facts["clock"]) for each in stage.entries if each.mark is Mark.OVERDUE]


def command_of(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:  # it has just ended
        return []


def child_with(code: str) -> psutil.Process:
    """This process may have other children of Python: a tracker of multiprocessing's."""

    def found() -> list[psutil.Process]:
        return [each for each in psutil.Process().children() if command_of(each)[-1:] == [code]]

    until(found)
    return found()[0]


def test_one_that_was_frozen_raises_the_alarm_and_is_not_ended(tmp_path: Path) -> None:
    door = tmp_path / "door"
    code = WAITS.format(door=str(door))
    stage = stage_of(tmp_path, code)
    running = stage.in_background()
    child = child_with(code)
    until(lambda: [each for each in stage.entries if each.mark is Mark.PROGRESSED and each.step == "look"])
    assert clocks(stage) == []
    os.kill(child.pid, signal.SIGSTOP)
    until(lambda: clocks(stage))
    assert child.status() == psutil.STATUS_STOPPED
    os.kill(child.pid, signal.SIGCONT)
    door.touch()
    move = running.result()
    assert (move.act, move.outcome) == (Act.FINISH, PASS)
    assert clocks(stage) == ["stall"]


def test_one_that_works_without_a_word_raises_none(tmp_path: Path) -> None:
    stage = stage_of(tmp_path, COMPUTES)
    assert stage.start().outcome is PASS
    assert clocks(stage) == []


def test_one_that_prints_10_000_lines_a_second_makes_a_journal_of_a_line_a_second(tmp_path: Path) -> None:
    """Though the program is looked at, and told of, twenty times a second here; and no line of it stands there."""
    stage = stage_of(tmp_path, FLOODS, stall_s=60.0)
    assert stage.start().outcome is PASS
    told = [each for each in stage.entries if each.mark is Mark.PROGRESSED]
    assert 2 <= len(told) <= 4
    assert {each.step for each in told} == {"look"}
    assert stage.folder is not None
    printed = next(stage.folder.path.rglob("look.out"))
    assert len(printed.read_bytes().splitlines()) == 30_000
    assert b"line 2" not in (stage.folder.path / "journal.jsonl").read_bytes()
