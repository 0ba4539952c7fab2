"""A backend that has given up on a Redis that is back: a real Valkey, a real process, one restart."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest
import redis

from medflow_tui.actions import service, service_survey
from medflow_tui.clients.supervisors import supervisor
from medflow_tui.lab.redis import find
from medflow_tui.model.procedure import Mark, Outcome
from tests.servers.mongodb import free_port
from tests.servers.process import own_process
from tests.servers.runs import Bench, Crashed, crashing
from tests.servers.service_run import await_that, target_from
from tests.servers.service_site import SmallSite, small_site
from tests.servers.service_steps import QUICK, TIMING

LINES = 32


@pytest.fixture(autouse=True)
def _hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "TIMING", replace(TIMING, settle_s=3.0))
    monkeypatch.setattr(service, "supervisor", lambda target: supervisor(target, pace=QUICK))
    monkeypatch.setattr(service_survey, "OVER_S", 0.1)


class Outage:
    """A Valkey on one port that can go away and come back."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port, self._stack = folder, free_port(), ExitStack()
        folder.mkdir()

    def up(self) -> None:
        argv = (
            find(),
            "--port",
            str(self.port),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--dir",
            str(self.folder),
        )
        self._stack.enter_context(own_process(argv, self.port, self.folder))

    def down(self) -> None:
        self._stack.close()

    def backends(self) -> int:
        with redis.Redis(port=self.port) as client:
            return sum(each.get("lib-name") == "node-redis" for each in client.client_list())


@pytest.fixture
def outage(tmp_path: Path) -> Iterator[Outage]:
    found = Outage(tmp_path / "valkey")
    found.up()
    try:
        yield found
    finally:
        found.down()


@pytest.fixture
def site(outage: Outage, tmp_path: Path) -> Iterator[SmallSite]:
    """Redis has been away, and is back; the backend has given up."""
    with small_site(tmp_path / "site") as found:
        found.backend(f"redis=redis://127.0.0.1:{outage.port}", f"worse={found.folder / 'worse'}")
        found.tables.append(
            {"kind": "redis", "name": "redis", "address": f"redis://127.0.0.1:{outage.port}/0"}
        )
        found.start("backend")
        await_that(lambda: outage.backends() == 1)
        yield found


def lost(outage: Outage, site: SmallSite) -> None:
    outage.down()
    await_that(lambda: "Max reconnection" in (site.folder / "backend" / "output.log").read_text())
    outage.up()
    assert outage.backends() == 0


@pytest.fixture
def bench(site: SmallSite, tmp_path: Path) -> Bench:
    targets = tuple(target_from(each) for each in site.tables)
    return Bench(name="redis-not-reconnected", targets=targets, state=tmp_path / "state")


def test_one_restart_connects_it_again(bench: Bench, site: SmallSite, outage: Outage) -> None:
    lost(outage, site)
    order = bench.order()
    move = bench.run(order)
    assert move.outcome is Outcome.PASS, move
    assert outage.backends() == 1
    assert site.count("start") == 2
    last = next(each for each in reversed(bench.entries(order)) if each.step == "connected")
    assert last.facts["redis.backend_clients"] == 1


def test_more_errors_than_before_the_restart_are_a_fail(
    bench: Bench, site: SmallSite, outage: Outage
) -> None:
    (site.folder / "worse").touch()
    lost(outage, site)
    order = bench.order()
    assert bench.run(order).outcome is Outcome.FAIL
    last = next(each for each in reversed(bench.entries(order)) if each.step == "errors_after")
    assert (last.mark, last.said.text) == (Mark.FAILED, "more errors than before the restart")
    assert (outage.backends(), site.count("start")) == (1, 2)


def test_a_backend_that_is_connected_is_left_alone(bench: Bench, site: SmallSite) -> None:
    order = bench.order()
    assert bench.run(order).outcome is not Outcome.PASS
    assert bench.entries(order)[-1].said.parts[0].text.startswith("the backend is connected to Redis")
    assert not any(each.step == "restart" and each.mark is Mark.INTENDED for each in bench.entries(order))
    assert site.count("start") == 1


def test_while_redis_is_away_nothing_is_restarted(bench: Bench, site: SmallSite, outage: Outage) -> None:
    outage.down()
    left = next(each for each in bench.plan().guards if each.id == "left")
    assert left.outcome is Outcome.FAIL
    assert bench.run(bench.order()).outcome is not Outcome.PASS
    assert site.count("start") == 1
    outage.up()


@pytest.mark.parametrize("line", range(5, LINES, 3))
def test_crashed_at_a_line_it_is_restarted_once(
    bench: Bench, site: SmallSite, outage: Outage, line: int
) -> None:
    lost(outage, site)
    order = bench.order()
    try:
        with crashing(line, "after"):
            bench.run(order)
    except Crashed:
        assert bench.run(order).outcome is Outcome.PASS
    assert site.count("start") == 2
    assert outage.backends() == 1
