"""Shares of devices are looked at over the real protocol: what hangs is told with what to type, and no file's name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from medflow_tui.model.procedure import Act, Mark, Outcome
from medflow_tui.model.targets.share import ShareTarget
from tests.contracts.test_share_probe import dead_mount, put
from tests.servers.answering import run_answered
from tests.servers.process import OwnProcess
from tests.servers.runs import Bench
from tests.servers.shares import quicksand

LINES = 14


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnProcess]:
    from datetime import timedelta

    folder = tmp_path_factory.mktemp("Export Solix")
    put(folder / "MUSTERMANN_Erika" / "scan.dcm", timedelta(minutes=11))
    with quicksand(tmp_path_factory.mktemp("server"), {"Export Solix": folder}) as found:
        yield found


def bench(server: OwnProcess, tmp_path: Path, **more: Any) -> Bench:
    target = ShareTarget(
        name="solix56", address=f"smb://127.0.0.1:{server.port}/Export Solix", contact="devices", **more
    )
    return Bench(name="stale-share", targets=(target,), state=tmp_path / "state")


def test_a_share_that_answers_needs_nobody(server: OwnProcess, tmp_path: Path) -> None:
    here = bench(server, tmp_path)
    plan = here.plan()
    assert [plan.facts[each] for each in ("shares", "stale", "troubles")] == [1, 0, 0]
    assert not here.state.exists(), "a plan writes nothing"
    assert run_answered(here, here.order(), "clear").outcome is Outcome.PASS


def test_a_mount_that_is_gone_is_told_with_what_to_type_and_seen_when_it_is_back(
    server: OwnProcess, tmp_path: Path
) -> None:
    mount = tmp_path / "ex port"
    here = bench(server, tmp_path, mount=str(mount))
    order = here.order()
    assert run_answered(here, order, "mended").act is Act.PAUSE
    paper = (order.folder / "handover.txt").read_text()
    assert f"umount -f '{mount}' || umount -l '{mount}'" in paper
    assert "solix56: not mounted" in paper
    assert "le responsable des appareils" in paper
    mount.mkdir()
    (mount / "scan.dcm").write_bytes(b"x")
    assert run_answered(here, order, "mended").outcome is Outcome.PASS


def test_a_stale_mount_is_told_apart_from_a_dead_share(server: OwnProcess, tmp_path: Path) -> None:
    with dead_mount(tmp_path / "mount") as mount:
        here = bench(server, tmp_path, mount=str(mount), deadline_s=1.5)
        order = here.order()
        assert run_answered(here, order, "told").outcome is Outcome.PASS
    looked = next(each for each in here.entries(order) if each.mark is Mark.VERIFIED and each.step == "look")
    assert looked.facts["stale"] == 1
    assert "solix56: stale mount" in (order.folder / "handover.txt").read_text()


def test_no_name_of_a_file_or_folder_is_written_down(server: OwnProcess, tmp_path: Path) -> None:
    here = bench(server, tmp_path)
    run_answered(here, here.order(), "told")
    written = b"".join(each.read_bytes() for each in here.state.rglob("*") if each.is_file())
    assert b"MUSTERMANN" not in written
    assert b"scan.dcm" not in written


@pytest.mark.parametrize("line", range(LINES))
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_crashed_at_any_line_one_resume_ends_it(server: OwnProcess, tmp_path: Path, line: int) -> None:
    here = bench(server, tmp_path)
    order, moment = here.order(), "after" if line % 2 else "before"
    move = here.run_over_crash(order, line, moment, lambda order: run_answered(here, order, "told"))
    assert move.outcome is Outcome.PASS, move
    assert here.entries(order)[-1].mark is Mark.RUN_ENDED
    assert (order.folder / "handover.txt").exists()
