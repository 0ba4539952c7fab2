"""The full matrix: every playbook we ship has its place, a bad end is seen, and one that was interrupted goes on."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from medflow_tui.playbooks.load import shipped
from tests.crashes import matrix, workers
from tests.crashes.kept import Kept
from tests.crashes.scenes import CHANGES, Scene, Staged
from tests.servers.service_rigs import RIGS
from tests.servers.service_run import ROOT

OURS = {"engine", "way back"}
"""Those of the tests, beside those that we ship."""
ENGINE = "engine, forward"


def test_every_shipped_playbook_is_in_the_matrix_and_one_of_them_under_each_service_manager() -> None:
    names = {each.partition(",")[0] for each in matrix.SETTINGS}
    assert names - OURS == {each.stem for each in shipped().glob("*.toml")}
    managed = {each.partition(", ")[2] for each in matrix.SETTINGS if each.startswith("backend-not-")}
    assert managed == set(RIGS)


@contextmanager
def with_two_changes(folder: Path) -> Iterator[Scene]:
    """A site that says of each run that it changed something twice."""

    class Twice(Staged):
        def once(self) -> None:
            assert [*CHANGES[False], CHANGES[False][-1]] == CHANGES[False], "twice"

    yield Twice(folder, fails=False)


def test_a_change_made_twice_is_a_failed_kill(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(matrix.SETTINGS, "twice", with_two_changes)
    worker = workers.Worker()
    assert "AssertionError twice" in worker.carry_out(("twice", "3:after", 0, 1.0))["failed"]
    assert worker.carry_out((ENGINE, "3:after", 0, 1.0))["failed"] == ""
    assert "exit 0" in worker.carry_out((ENGINE, "3:after", 2, 1.0))["failed"], "another end is none"


def test_a_run_that_nobody_kills_and_that_does_not_end_as_it_should_fails(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = matrix.SETTINGS["engine, way back"]
    monkeypatch.setitem(matrix.SETTINGS, "engine", found)
    assert "rolled" in workers.Worker().carry_out(("engine", "", 0, 0.0))["failed"]


def test_an_interrupted_matrix_goes_on_where_it_stopped(tmp_path: Path) -> None:
    """Of two kills one is known, and the line of the other is torn."""
    file = tmp_path / "results.jsonl"
    kept = Kept(file)
    kept.add({"name": ENGINE, "lines": 24, "code": 0, "lasts": 1.0, "seconds": 1.0})
    kept.add({"name": ENGINE, "at": "0:torn", "failed": "", "seconds": 1.0})
    with file.open("a") as torn:
        torn.write('{"name": "engine, fo')
    words = f"--moments torn --every 12 --jobs 2 --older --results {file}".split()
    argv = [sys.executable, "-m", "tests.crashes", "--playbook", ENGINE, *words]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert f"| {ENGINE} | 24 | 2 | 2 |" in done.stdout
    assert [each.partition(" (")[0] for each in done.stderr.splitlines()] == [f"{ENGINE}, 12:torn: ok"]
    assert {at for _, at in Kept(file, older=True).kills} == {"0:torn", "12:torn"}


def test_results_of_other_sources_do_not_count_unless_wanted(tmp_path: Path) -> None:
    file = tmp_path / "results.jsonl"
    kill = {"name": ENGINE, "at": "3:torn", "failed": "", "seconds": 1.0}
    Kept(file, sources="a").add(kill)
    assert not Kept(file, sources="b").kills
    assert len(Kept(file, older=True, sources="b").kills) == 1
    assert json.loads(file.read_text())["sources"] == "a"
