"""A run killed with -9 in the middle of a change, and who comes after it: another run, the same run, a person who unlocks."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import cast

import pytest

from medflow_tui.journal.append_log import read_lines
from medflow_tui.journal.auditing.events import DENIED
from medflow_tui.journal.run_log import RunFolder, all_runs
from medflow_tui.model.errors import RefusedError
from medflow_tui.model.plan import Plan
from medflow_tui.model.procedure import Act, End, Move, Outcome, Phase
from medflow_tui.runner.follow import is_over, unfinished
from medflow_tui.runner.preview import agreed
from medflow_tui.runner.surroundings import AUDIT, LOCKS, RUNS, lock_of
from tests.crashes.staged import QUIET, Counted
from tests.unit.playbooks.books import book

ROOT = Path(__file__).parents[2]
R3 = book('class = "R4"', 'class = "R3"', QUIET)
KILLED = """
import sys, time
from pathlib import Path
from tests.crashes.test_left_lock import R3, Counted
stage = Counted(Path(sys.argv[1]), R3)
stage.services["mongo.switch"].before["carry_out"] = lambda task: (print("half-way", flush=True), time.sleep(60))
stage.start()
"""


@dataclass(frozen=True, kw_only=True)
class Left:
    """What the killed run left: its folder and its locks; `stage` is that of the one who comes after it."""

    run: RunFolder
    locks: tuple[Path, ...]
    stage: Counted

    @property
    def runs(self) -> Path:
        return self.stage.state / RUNS

    @property
    def renewed(self) -> list[float]:
        return [each.stat().st_mtime for each in self.locks]

    @property
    def are_there(self) -> bool:
        return any(each.exists() for each in self.locks)

    def go_on(self, stop: str = "") -> Move:
        self.stage.folder, self.stage.plan = self.run, cast(Plan, agreed(self.run.plan()))
        return self.stage.go_on(stop=stop)

    def released(self) -> None:
        """By a person: `playbook unlock`."""
        self.lease_runs_out()
        lock = lock_of(self.stage.state, self.stage.playbook)
        for each in lock.found():
            lock.free(each, lambda: None)

    def lease_runs_out(self) -> None:
        past = time.time() - self.stage.playbook.lease_s - 1
        for each in self.locks:
            os.utime(each, (past, past))


@pytest.fixture
def left(tmp_path: Path) -> Left:
    argv = (sys.executable, "-c", KILLED, str(tmp_path))
    with subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "half-way\n"
        child.send_signal(signal.SIGKILL)
    stage = Counted(tmp_path, R3)
    stage.true |= {"staging", "stopped"}
    (run,) = all_runs(stage.state / RUNS)
    return Left(run=run, locks=tuple(sorted((stage.state / LOCKS).glob("*.lock"))), stage=stage)


def test_another_run_is_told_whose_it_is_and_neither_takes_it_nor_keeps_its_lease_alive(left: Left) -> None:
    left.lease_runs_out()
    before = left.renewed
    for _ in range(2):
        move = left.stage.start()
        assert (move.act, move.outcome) == (Act.FINISH, Outcome.FAIL)
        assert move.why.text.startswith("stale, held by {who} since {since}, run {run}, which is not over")
        assert move.why.values["run"] == left.run.run
        assert move.why.values["order"] == f"playbook unlock {left.locks[0].stem}"
    assert left.renewed == before
    assert left.stage.made["mongo.switch"] == 0
    denied = [each["result"] for each in read_lines(left.stage.state / AUDIT).records if each["ev"] == DENIED]
    assert [(each["why"], each["held_run"]) for each in denied] == [("lock_held", left.run.run)] * 2


def test_the_same_run_takes_its_own_back_at_once_and_then_the_next_one_may_act(left: Left) -> None:
    assert is_over(left.runs, left.run.run) is False
    left.stage.start()
    assert left.go_on().outcome is Outcome.PASS
    assert left.stage.made["mongo.switch"] == 1
    assert not left.are_there
    assert unfinished(left.runs) == ()
    assert is_over(left.runs, left.run.run) is True


def test_ended_as_it_stands_it_gives_its_lock_back(left: Left) -> None:
    assert [each.phase for each in unfinished(left.runs)] == [Phase.INTERRUPTED]
    assert left.go_on(stop="leave").end is End.STOPPED
    assert not left.are_there
    assert left.stage.made["mongo.switch"] == 0


def test_an_ended_run_that_was_killed_before_it_gave_its_lock_back_is_replaced_when_its_lease_ran_out(
    left: Left,
) -> None:
    contents = [each.read_bytes() for each in left.locks]
    assert left.go_on(stop="leave").end is End.STOPPED
    for each, content in zip(left.locks, contents, strict=True):
        each.write_bytes(content)
    taking = lock_of(left.stage.state, left.stage.playbook)
    with pytest.raises(RefusedError, match="its process is gone, its lease has not run out"):
        taking.take(run="another", who="neema")
    left.lease_runs_out()
    assert {each.run for each in taking.take(run="another", who="neema")} == {left.run.run}


@pytest.mark.parametrize("stop", ["", "roll_back"])
def test_when_its_lock_was_released_it_takes_nothing_back_of_what_others_did_since_and_may_only_be_left(
    left: Left, stop: str
) -> None:
    """Also where the second one did the whole change: what is true now is the second one's."""
    left.released()
    left.stage.true.clear()
    left.stage.time += timedelta(days=2)
    assert left.stage.start().outcome is Outcome.PASS
    after, asked = left.stage.world, Counter(left.stage.asked)
    for _ in range(3):
        move = left.go_on(stop=stop)
        assert (move.act, move.why.values.get("role")) == (Act.PAUSE, left.stage.playbook.limits.escalate_to)
        assert move.why.text.startswith("its lock was released meanwhile, and others may have acted since")
    assert not left.are_there
    assert left.go_on(stop="leave").end is End.STOPPED
    assert left.stage.world == after
    assert left.stage.asked == asked, "nothing was even looked at"
    assert is_over(left.runs, left.run.run) is True
    denied = [
        each["result"]["why"] for each in read_lines(left.stage.state / AUDIT).records if each["ev"] == DENIED
    ]
    assert denied == ["lock_lost"] * 4


def test_what_another_holds_now_is_not_given_back_by_the_one_that_lost_it(left: Left) -> None:
    left.released()
    lock_of(left.stage.state, left.stage.playbook).take(run="another", who="neema")
    assert left.go_on().act is Act.PAUSE
    assert left.go_on(stop="leave").end is End.STOPPED
    assert left.are_there


def test_a_run_that_holds_only_some_of_its_locks_has_lost_them(left: Left) -> None:
    first, *others = left.locks
    first.unlink()
    assert left.go_on().why.text.startswith("its lock was released meanwhile")
    assert not first.exists()
    assert all(each.exists() for each in others)
    assert left.stage.made["mongo.switch"] == 0
    assert left.go_on(stop="leave").end is End.STOPPED
    assert not left.are_there
