"""A real process killed by SIGKILL before, in the middle of and after lines of its journal, with holds and on its way back."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest

from medflow_tui.journal.audit import verify
from medflow_tui.journal.run_log import JOURNAL, Journal, RunFolder
from medflow_tui.model.procedure import Mark, Phase
from medflow_tui.runner.follow import Follower, unfinished
from medflow_tui.runner.surroundings import AUDIT, LOCKS
from tests.crashes.killed import WORLD, life, run_of
from tests.crashes.scenes import CHANGES

WAY_BACK, FORWARD = [True, False]
STOPPED = 10
"""The line of the journal that says that the application is stopped."""
MOMENTS = ["torn", "after"]
"""Of a line of the journal; `before` is in the full matrix (`python -m tests.crashes`)."""


def as_it_ended(folder: Path, changes: list[str], phase: Phase) -> None:
    assert Follower(run_of(folder)).poll().state.phase is phase, run_of(folder).entries()[-4:]
    assert (folder / WORLD).read_text().split() == changes
    assert verify(folder / "state" / AUDIT).holds
    assert not list((folder / "state" / LOCKS).glob("*.lock"))


@pytest.mark.parametrize("fails", [WAY_BACK, FORWARD], ids=["way back", "forward"])
@pytest.mark.parametrize("moment", MOMENTS)
def test_killed_at_any_line_one_resume_ends_it(tmp_path: Path, fails: bool, moment: str) -> None:
    whole, code = tmp_path / "whole", 2 if fails else 0
    phase = Phase.ROLLED_BACK if fails else Phase.SUCCEEDED
    assert life(whole, "", fails=fails) == code
    as_it_ended(whole, CHANGES[fails], phase)
    count = len(run_of(whole).entries())
    assert count > 20
    for line in range(count):
        folder = tmp_path / str(line)
        assert life(folder, f"{line}:{moment}", fails=fails) == -signal.SIGKILL, line
        left = [one.phase for one in unfinished(folder / "state" / "runs")]
        is_over = line == count - 1 and moment == "after"
        begun = line or moment == "after"
        assert left == ([Phase.INTERRUPTED] if begun and not is_over else []), line
        assert life(folder, "", fails=fails) == code, line
        as_it_ended(folder, CHANGES[fails], phase)


@pytest.mark.parametrize("moment", MOMENTS)
def test_killed_while_a_lost_hold_is_taken_back_one_resume_ends_it(tmp_path: Path, moment: str) -> None:
    """Killed with the application held; somebody starts it; the run stands still, is gone on with, and is killed again."""
    by_hand = [*CHANGES[FORWARD][:2], "service.start", "service.stop", *CHANGES[FORWARD][2:]]
    lost = held_and_started_by_hand(tmp_path / "lost")
    paused = len(run_of(lost).entries())
    assert life(lost, "", fails=False) == 0
    as_it_ended(lost, by_hand, Phase.SUCCEEDED)
    marks = [each.mark for each in run_of(lost).entries()[paused:]]
    assert {Mark.HOLD_TAKING, Mark.HOLD_ACQUIRED} <= set(marks)
    for line in range(paused, paused + marks.index(Mark.HOLD_ACQUIRED) + 2):
        folder = held_and_started_by_hand(tmp_path / str(line))
        assert life(folder, f"{line}:{moment}", fails=False) == -signal.SIGKILL
        assert life(folder, "", fails=False) == 0, (line, run_of(folder).entries()[-3:])
        as_it_ended(folder, by_hand, Phase.SUCCEEDED)


def held_and_started_by_hand(folder: Path) -> Path:
    """The run stands still behind its lost hold."""
    assert life(folder, f"{STOPPED}:after", fails=False) == -signal.SIGKILL
    with (folder / WORLD).open("a") as file:
        file.write("service.start\n")
    assert life(folder, "", fails=False) == 3
    assert run_of(folder).entries()[-1].mark is Mark.PAUSED
    return folder


def test_a_journal_cut_at_any_byte_of_any_line_is_repaired_and_read_or_is_whole(tmp_path: Path) -> None:
    """What the machine may keep of a line: any number of its bytes; the run before that line counts, and no more."""
    whole = tmp_path / "whole"
    assert life(whole, "", fails=True) == 2
    lines = run_of(whole).journal.read_bytes().splitlines(keepends=True)
    folder = RunFolder(path=tmp_path / run_of(whole).run)
    folder.path.mkdir()
    for number, line in enumerate(lines):
        for size in range(0, len(line) + 1, 1 if number in (4, len(lines) - 1) else 37):
            folder.journal.write_bytes(b"".join(lines[:number]) + line[:size])
            assert len(folder.entries()) == number + (size == len(line))
            journal = Journal(folder)
            journal.close()
            is_torn = 0 < size < len(line)
            assert [each.mark is Mark.REPAIRED for each in journal.entries[number:]] == (
                [True] if is_torn else [False] * (size == len(line))
            )
            assert all(json.loads(each) for each in (folder.path / JOURNAL).read_bytes().splitlines())
