"""The run killed at every line of its journal and inside every change: each change is made once, one resume ends it."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from medflow_tui.journal import audit
from medflow_tui.journal.run_log import RunFolder
from medflow_tui.model.procedure import Mark, Phase
from medflow_tui.runner.follow import Follower, unfinished
from medflow_tui.runner.process import Order
from tests.servers.process import OwnProcess
from tests.servers.queue_clinic import Clinic, clinic, in_trouble
from tests.servers.sync_backend import FAILED, RETRY, START
from tests.servers.valkey import running as valkey

LINES = 22
"""Lines of an uninterrupted journal with some room; beyond its end the run is not killed, and the test says so."""


@pytest.fixture(scope="module")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnProcess]:
    with valkey(tmp_path_factory.mktemp("valkey")) as server:
        yield server


@pytest.fixture
def here(redis_server: OwnProcess, tmp_path: Path) -> Iterator[Clinic]:
    with clinic(redis_server.port, tmp_path / "state") as found:
        in_trouble(found)
        yield found


def phase(order: Order) -> Phase:
    return Follower(RunFolder(path=order.folder)).poll().state.phase


def assert_mended_once(here: Clinic, order: Order) -> None:
    assert phase(order) is Phase.SUCCEEDED, Follower(RunFolder(path=order.folder)).poll().state
    assert here.backend.posts == {START: 1, RETRY: 1}
    assert here.backend.redis.llen(FAILED) == 0
    assert audit.verify(here.state / "audit.jsonl").holds
    assert not (here.state / "locks" / "device-sync.lock").exists()


@pytest.mark.parametrize("moment", ["before", "torn", "after"])
@pytest.mark.parametrize("line", range(LINES))
def test_killed_at_a_line_of_its_journal_one_resume_ends_it(here: Clinic, line: int, moment: str) -> None:
    order = here.order()
    code = here.run(order, kill_at=f"{line}:{moment}")
    if code == 0:
        entries = RunFolder(path=order.folder).entries()
        assert len(entries) <= line
        assert entries[-1].mark is Mark.RUN_ENDED
        assert_mended_once(here, order)
        return
    assert code == -signal.SIGKILL
    assert here.run(order) == 0
    assert_mended_once(here, order)


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("path", [START, RETRY])
def test_killed_while_the_backend_makes_the_change_one_resume_ends_it(
    here: Clinic, path: str, moment: str
) -> None:
    order = here.order()
    killed: list[int] = []

    def kill(asked: str, when: str) -> None:
        if (asked, when) == (path, moment) and not killed:
            started = next(
                each for each in RunFolder(path=order.folder).entries() if each.mark is Mark.RUN_STARTED
            )
            pid = started.facts["pid"]
            assert isinstance(pid, int)
            os.kill(pid, signal.SIGKILL)
            killed.append(pid)

    here.backend.on_post = kill
    assert here.run(order) == -signal.SIGKILL
    assert phase(order) is Phase.INTERRUPTED
    assert [each.run for each in unfinished(here.state / "runs")] == [order.folder.name]
    assert here.run(order) == 0
    assert_mended_once(here, order)


def test_the_matrix_reaches_every_line(here: Clinic) -> None:
    order = here.order()
    assert here.run(order) == 0
    assert 15 <= len(RunFolder(path=order.folder).entries()) <= LINES


def test_a_run_in_the_middle_of_a_repaired_journal_says_so(here: Clinic) -> None:
    order = here.order()
    assert here.run(order, kill_at="6:torn") == -signal.SIGKILL
    assert here.run(order) == 0
    marks = [each.mark for each in RunFolder(path=order.folder).entries()]
    assert marks.count(Mark.REPAIRED) == 1
    assert Mark.RESUMED in marks
