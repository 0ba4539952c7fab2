"""Devices are read again over real HTTP and a real Valkey: one first, then all, each call once, nobody's name kept."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from medflow_tui.journal.run_log import RunFolder
from medflow_tui.model.procedure import Mark, Move, Outcome, Phase
from medflow_tui.runner.follow import Follower
from medflow_tui.runner.process import Assembly, Order, carry_out
from tests.servers.process import OwnProcess
from tests.servers.queue_clinic import Clinic, clinic
from tests.servers.runs import Crashed, crashing
from tests.servers.sync_backend import QUEUE, READ_ALL, iso
from tests.servers.valkey import running as valkey

ONE = "/api/devices/dev0/auto-sync/trigger"
LINES = 26


@pytest.fixture(scope="module")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnProcess]:
    with valkey(tmp_path_factory.mktemp("valkey")) as server:
        yield server


@pytest.fixture
def here(redis_server: OwnProcess, tmp_path: Path) -> Iterator[Clinic]:
    with clinic(redis_server.port, tmp_path / "state") as found:
        found.backend.started_at = iso()
        yield replace(found, name="device-resync")


def run(here: Clinic, order: Order) -> Move:
    return carry_out(order, lambda order: Assembly(site=here.site, crew=here.crew()))


def quiet(here: Clinic) -> None:
    """Until nothing waits any more: a number that moves is no proof of anything."""
    never = threading.Event()
    while here.backend.redis.llen(QUEUE):
        never.wait(0.01)


def phase(order: Order) -> Phase:
    return Follower(RunFolder(path=order.folder)).poll().state.phase


def test_one_device_is_read_before_all(here: Clinic) -> None:
    seen: list[str] = []
    here.backend.on_post = lambda path, moment: seen.append(path) if moment == "after" else None
    order = here.order()
    assert here.run(order) == 0, (order.folder / "output.txt").read_text()
    assert seen == [ONE, READ_ALL]
    assert phase(order) is Phase.SUCCEEDED


def test_the_plan_sends_nothing_and_names_both_calls(here: Clinic) -> None:
    plan = here.plan()
    assert [call for step in plan.steps for call in step.calls] == [
        "POST /api/devices/ID/auto-sync/trigger",
        f"POST {READ_ALL}",
    ]
    assert plan.refusals == ()
    assert here.backend.posts == {}


def test_when_the_first_device_fails_no_other_is_touched(here: Clinic) -> None:
    here.backend.off = {"dev0"}
    order = here.order()
    move = run(here, order)
    assert move.outcome is Outcome.FAIL
    assert here.backend.posts == {ONE: 1}


def test_a_device_that_is_off_is_named_and_seen_when_it_is_read_later(here: Clinic) -> None:
    here.backend.off = {"dev5"}
    order = here.order()
    move = run(here, order)
    assert "not read" in str(move.why)
    assert "OCT 5" in str(move.why)
    here.backend.off = set()
    here.backend.read("dev5")
    assert run(here, order).outcome is Outcome.PASS
    assert here.backend.posts == {ONE: 1, READ_ALL: 1}


@pytest.mark.parametrize("trouble", ["no worker", "jobs wait"])
def test_beside_waiting_jobs_or_without_a_worker_nothing_is_sent(here: Clinic, trouble: str) -> None:
    if trouble == "no worker":
        here.backend.started_at = None
    else:
        here.backend.takes_jobs = False
        here.backend.add_job()
    assert run(here, here.order()).outcome is Outcome.FAIL
    assert here.backend.posts == {}


def test_a_second_run_within_a_quarter_of_an_hour_is_refused(here: Clinic) -> None:
    assert run(here, here.order()).outcome is Outcome.PASS
    move = run(here, here.order())
    assert move.outcome is Outcome.FAIL
    assert "must pass" in str(move.why)
    assert here.backend.posts == {ONE: 1, READ_ALL: 1}


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("line", range(LINES))
def test_crashed_at_any_line_each_call_is_made_once(here: Clinic, line: int, moment: str) -> None:
    order = here.order()
    try:
        with crashing(line, moment):
            run(here, order)
        assert len(RunFolder(path=order.folder).entries()) <= line
    except Crashed:
        quiet(here)
        assert run(here, order).outcome is Outcome.PASS
    assert here.backend.posts == {ONE: 1, READ_ALL: 1}
    assert RunFolder(path=order.folder).entries()[-1].mark is Mark.RUN_ENDED


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("path", [ONE, READ_ALL])
def test_killed_while_the_backend_reads_one_resume_ends_it(here: Clinic, path: str, moment: str) -> None:
    order, killed = here.order(), []

    def kill(asked: str, when: str) -> None:
        if (asked, when) == (path, moment) and not killed:
            entries = RunFolder(path=order.folder).entries()
            pid = next(each for each in entries if each.mark is Mark.RUN_STARTED).facts["pid"]
            assert isinstance(pid, int)
            os.kill(pid, signal.SIGKILL)
            killed.append(pid)

    here.backend.on_post = kill
    assert here.run(order) == -signal.SIGKILL
    quiet(here)
    assert here.run(order) == 0
    assert here.backend.posts == {ONE: 1, READ_ALL: 1}


def test_no_patient_is_written_down(here: Clinic) -> None:
    here.backend.off = {"dev5"}
    run(here, here.order())
    written = b"".join(each.read_bytes() for each in here.state.rglob("*") if each.is_file())
    assert b"KABILA" not in written
