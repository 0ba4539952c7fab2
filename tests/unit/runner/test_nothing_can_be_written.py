"""The disk is full while a step works: its program is seen to its end, and a hold that is lost, or a stop, counts all the same."""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path
from typing import cast

import psutil
import pytest

from medflow_tui.journal.append_log import UnwritableError
from medflow_tui.model.performer import Finding, Task
from medflow_tui.model.playbook import Effect, Step, Text
from medflow_tui.model.procedure import Outcome
from medflow_tui.model.words import say
from medflow_tui.runner import program
from medflow_tui.runner.lookout import Lookout
from medflow_tui.runner.program import Program
from medflow_tui.runner.recorder import Recorder
from tests.unit.runner.test_program_moves import command_of

WORKS = "import sys, time\nfor each in range(8): print(each, flush=True); time.sleep(0.1)\nprint('whole')"
FULL = UnwritableError(say("disk full"))


def step_of(argv: tuple[str, ...] = (), requires: tuple[str, ...] = ()) -> Step:
    return Step(
        id="load",
        title=Text(en="x"),
        action="x",
        run=argv,
        effect=Effect.STAGING,
        timeout_s=20,
        requires=requires,
    )


@pytest.mark.parametrize("wrong", [FULL, OSError(5, "Input/output error")], ids=["unwritable", "unreadable"])
def test_a_program_whose_progress_cannot_be_written_is_not_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wrong: Exception
) -> None:
    monkeypatch.setattr(program, "TELL_EVERY_S", 0.05)
    told: list[psutil.Process] = []

    def tell(*_: object) -> None:
        told.extend(each for each in psutil.Process().children() if WORKS in command_of(each))
        raise wrong

    argv = (sys.executable, "-c", WORKS)
    found = Program(argv, tmp_path).carry_out(Task(step=step_of(argv), past={}, tell=tell))
    assert told, "it was never told of"
    assert not [each for each in told if each.is_running() and each.status() != psutil.STATUS_ZOMBIE]
    assert found.facts["exit"] == 0
    assert (tmp_path / "load.out").read_text().endswith("whole\n")


class FullDisk:
    """A recorder whose disk is full."""

    def write(self, *_: object, **__: object) -> None:
        raise FULL


def lookout(*, wants_end: bool = False, risk: str = "R2", now: float = 0.0, lost: bool = False) -> Lookout:
    """One that began at 0 and looks at `now`, seconds later."""
    moments = [0.0]
    found = Lookout(
        step_of(requires=("app_stopped",)),
        cast(Recorder, FullDisk()),
        risk=risk,
        probe=lambda name: Outcome.FAIL if lost else Outcome.PASS,
        wants_end=lambda: wants_end,
        renew=lambda: None,
        clock=lambda: moments[0],
    )
    moments[0] = now
    return found


def looked(found: Lookout) -> str:
    with suppress(UnwritableError):
        found.look()
    return found.halted()


def test_a_lost_hold_ends_the_step_at_once_although_it_cannot_be_written_down() -> None:
    assert looked(lookout(now=6.0, lost=True)) == "hold"
    assert looked(lookout(now=6.0)) == ""
    assert looked(lookout(now=6.0, lost=True, risk="R4")) == ""


def test_too_long_and_a_stop_end_it_as_well() -> None:
    assert looked(lookout(now=26.0)) == "timeout"
    assert looked(lookout(wants_end=True)) == "stop"


def test_what_the_program_is_told_to_end_for_reaches_it(tmp_path: Path) -> None:
    argv = (sys.executable, "-c", "import time; print(1, flush=True); time.sleep(60)")
    out = tmp_path / "load.out"

    def halted() -> str:
        return looked(lookout(now=6.0, lost=True)) if out.exists() and out.stat().st_size else ""

    task = Task(step=step_of(argv), past={}, tell=lambda said, facts: None, halted=halted)
    found: Finding = Program(argv, tmp_path).carry_out(task)
    assert (found.outcome, found.facts["exit"]) == (Outcome.UNKNOWN, -15)
    assert not [each for each in psutil.Process().children() if argv[-1] in command_of(each)]
