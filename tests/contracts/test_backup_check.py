"""The daily backup check on real files: what is there, late, broken, and what an answer alone does not mend."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from medflow_tui.actions.backup_first import crew
from medflow_tui.lab.backup_folder import mend, truncate_newest, write_backups
from medflow_tui.model.procedure import Act, Mark, Outcome
from medflow_tui.model.targets.backups import BackupsTarget
from medflow_tui.wiring import probe_of
from tests.servers.answering import run_answered
from tests.servers.runs import Bench

LINES = 14


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_backups(tmp_path / "backups", datetime.now(UTC))
    return tmp_path / "backups"


@pytest.fixture
def bench(folder: Path, tmp_path: Path) -> Bench:
    target = BackupsTarget(name="backups", folder=str(folder))
    return Bench(name="daily-backup-check", targets=(target,), state=tmp_path / "state")


def hashes(folder: Path) -> dict[str, str]:
    return {
        str(each): hashlib.sha256(each.read_bytes()).hexdigest()
        for each in folder.rglob("*")
        if each.is_file()
    }


def test_whole_backups_are_in_order_and_nothing_in_the_folder_changes(bench: Bench, folder: Path) -> None:
    before, order = hashes(folder), bench.order()
    assert run_answered(bench, order, "clear").outcome is Outcome.PASS
    looked = next(each for each in bench.entries(order) if each.mark is Mark.VERIFIED and each.step == "look")
    assert [looked.facts[each] for each in ("sets", "proved", "troubles", "untold")] == [3, 3, 0, 0]
    assert hashes(folder) == before
    assert "nobody has restored it" in (order.folder / "handover.txt").read_text()


def test_what_it_read_is_known_to_a_deployment_that_reads_nothing_itself(bench: Bench, folder: Path) -> None:
    def known() -> Mapping[str, object]:
        (target,) = bench.targets
        assert isinstance(target, BackupsTarget)
        site = replace(bench.site, targets=(replace(target, read_budget=0),))
        tools = replace(bench.tools, site=site)
        return crew(site, replace(tools, probe_of=probe_of(tools)), None).survey().facts

    assert "backup.verified_age_s" not in known()
    assert run_answered(bench, bench.order(), "clear").outcome is Outcome.PASS
    assert (known()["backup.level"], "backup.verified_age_s" in known()) == ("L1", True)
    truncate_newest(folder)
    assert known()["backup.set"] != "backups/daily", "the one that changed is not believed any more"


def test_a_broken_backup_is_never_cleared_by_an_answer(bench: Bench, folder: Path) -> None:
    truncate_newest(folder)
    order = bench.order()
    assert run_answered(bench, order, "clear").act is Act.PAUSE
    paper = (order.folder / "handover.txt").read_text()
    assert "backups/daily: shorter than its checksum says" in paper
    mend(folder, datetime.now(UTC))
    assert run_answered(bench, order, "clear").outcome is Outcome.PASS


def test_a_missing_folder_is_handed_over(bench: Bench, folder: Path) -> None:
    order = bench.order()
    folder.rename(folder.with_name("elsewhere"))
    assert run_answered(bench, order, "told").outcome is Outcome.PASS
    assert "folder is missing" in (order.folder / "handover.txt").read_text()


def test_no_backup_for_days_is_told(bench: Bench, folder: Path) -> None:
    for each in folder.rglob("*"):
        if each.is_file():
            each.unlink()
    write_backups(folder, datetime.now(UTC) - timedelta(days=5))
    order = bench.order()
    assert run_answered(bench, order, "clear").act is Act.PAUSE


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("line", range(LINES))
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_crashed_at_any_line_one_resume_ends_it(bench: Bench, folder: Path, line: int, moment: str) -> None:
    order, before = bench.order(), hashes(folder)
    move = bench.run_over_crash(order, line, moment, lambda order: run_answered(bench, order, "told"))
    assert move.outcome is Outcome.PASS, move
    assert bench.entries(order)[-1].mark is Mark.RUN_ENDED
    assert hashes(folder) == before
