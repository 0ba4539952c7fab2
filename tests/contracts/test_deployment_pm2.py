"""The same under a real PM2, which keeps the folder of a process by its name: the new version must really run."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from medflow_tui.model.procedure import End, Outcome
from medflow_tui.model.releases import FOLDER, LINK
from medflow_tui.model.targets.process import ProcessTarget
from tests.servers import pm2
from tests.servers.releases_run import ANSWERS, bench_of, hurry, run_answered, set_npm
from tests.servers.releases_site import Clinic, seal
from tests.servers.runs import Bench

UNIT = "medflow-backend"


@pytest.fixture(params=[LINK, FOLDER])
def clinic(request: pytest.FixtureRequest, tmp_path: Path) -> Clinic:
    return Clinic.at(tmp_path / "site", request.param)


@pytest.fixture
def manager(clinic: Clinic, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[pm2.Pm2]:
    hurry(monkeypatch)
    set_npm(tmp_path, monkeypatch)
    try:
        with pm2.running() as found:
            monkeypatch.setenv("PATH", f"{found.program}{os.pathsep}{os.environ['PATH']}")
            place = clinic.current / "backend"
            found.call(
                "start", str(place / "server.py"), "--name", UNIT, "--interpreter", sys.executable,
                "--cwd", str(place), "--", str(clinic.port),
            )  # fmt: skip
            yield found
    except pm2.UnavailableError as error:
        pytest.skip(str(error))


@pytest.fixture
def bench(clinic: Clinic, manager: pm2.Pm2, tmp_path: Path) -> Bench:
    process = ProcessTarget(name="backend-process", manager="pm2", unit=UNIT, pm2_home=str(manager.home))
    bench = bench_of(clinic, tmp_path)
    return replace(bench, targets=(bench.targets[0], process))


def runs(manager: pm2.Pm2) -> str:
    """The version in which PM2's process stands."""
    pid = int(manager.call("pid", UNIT).split()[-1])
    return (Path(psutil.Process(pid).cwd()) / "VERSION").read_text()


def test_the_new_version_really_runs(clinic: Clinic, manager: pm2.Pm2, bench: Bench) -> None:
    assert runs(manager) == "1.0.0"
    order = bench.order()
    move = run_answered(bench, order, ANSWERS)
    assert move.outcome is Outcome.PASS, (move, bench.entries(order)[-6:])
    assert (clinic.version(), runs(manager)) == ("2.0.0", "2.0.0")


def test_a_version_that_is_never_ready_is_taken_back(clinic: Clinic, manager: pm2.Pm2, bench: Bench) -> None:
    place = clinic.folder / "2.0.0"
    (place / "backend" / "broken").touch()
    seal(place, "2.0.0", data={"reads": [3], "writes": 3})
    bench = replace(bench, edits=(("timeout_s = 180\n", "timeout_s = 2\n"),))
    move = run_answered(bench, bench.order(), ANSWERS)
    assert (move.end, clinic.version(), runs(manager)) == (End.ROLLED_BACK, "1.0.0", "1.0.0")
