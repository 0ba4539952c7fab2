"""The disk of journal and audit is full from any writing on: nothing more is started, and one resume ends it."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest

from medflow_tui.journal.audit import verify
from medflow_tui.journal.run_log import RunFolder, all_runs
from medflow_tui.model.errors import MedflowError
from medflow_tui.model.procedure import Act, Move, Outcome, Phase
from medflow_tui.runner.follow import history
from medflow_tui.runner.surroundings import AUDIT, LOCKS
from tests.crashes.full_disk import FullDisk
from tests.crashes.staged import Counted


@pytest.fixture(autouse=True)
def _mains(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("medflow_tui.runner.surroundings._power", lambda: {"power": "mains"})


def filled_up(stage: Counted, disk: FullDisk) -> Move | None:
    """The run until the disk is full, or its end; nothing may be begun once a line could not be written."""
    stage.told = lambda name: "begun on a full disk" if disk.is_full else ""
    with disk.watching(), suppress(MedflowError, OSError):
        return stage.start()
    return None


def writings(folder: Path, *, fails: bool) -> int:
    stage = Counted(folder, fails=fails)
    disk = FullDisk(stage.state)
    assert filled_up(stage, disk) is not None
    return disk.writings


@pytest.mark.parametrize("fails", [False, True], ids=["forward", "way back"])
def test_full_from_any_writing_on_nothing_is_begun_and_one_resume_ends_it_when_there_is_room(
    tmp_path: Path, fails: bool
) -> None:
    count = writings(tmp_path / "whole", fails=fails)
    assert count > 50
    for number in range(1, count + 1):
        stage = Counted(tmp_path / str(number), fails=fails)
        disk = FullDisk(stage.state)
        disk.full_from = number
        was_over = filled_up(stage, disk)
        assert not [each for each in history(stage.state / "runs") if each.phase is Phase.DAMAGED], number
        if (stage.state / AUDIT).exists():
            assert verify(stage.state / AUDIT).holds, number
        assert not stage.wrong, number
        move = with_room(stage)
        if was_over is not None and was_over.act is Act.FINISH and not stage.made:
            continue  # refused before anything: it is over
        assert (move.act, move.outcome) == (Act.FINISH, Outcome.FAIL if fails else Outcome.PASS), (
            number,
            [(each.mark, each.step) for each in stage.entries],
        )
        assert (stage.made["mongo.switch"], stage.wrong) == (1, [])
        assert ("switched" in stage.true, "stopped" in stage.true) == (not fails, False)
        assert verify(stage.state / AUDIT).holds
        assert not list((stage.state / LOCKS).glob("*.lock")), number


def with_room(stage: Counted) -> Move:
    """One resume; a new run where the first one had not even a folder."""
    stage.told = lambda name: ""
    runs = all_runs(stage.state / "runs")
    if not runs:
        return stage.start()
    stage.folder = RunFolder(path=runs[0].path)
    return stage.go_on()
