"""A deployment that is cut off anywhere, also in the middle of the switch: one resume ends it, nothing is done twice."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from medflow_tui.clients import release_switch
from medflow_tui.model.procedure import End, Mark, Move, Outcome
from medflow_tui.model.releases import FOLDER, LINK
from medflow_tui.runner.process import Order
from medflow_tui.runner.program import Program
from tests.servers.releases_run import ANSWERS, GOOD_NPM, bench_of, hurry, run_answered, set_npm
from tests.servers.releases_site import Clinic
from tests.servers.runs import At, Bench, Crashed, crashing, name_of

DONE = [(Mark.CARRIED_OUT, each) for each in ("install", "build", "save", "stop", "switch", "start")]
CROSSED: list[tuple[At, str]] = [
    ((Mark.LOCKED, ""), "after"),
    ((Mark.INTENDED, "together"), "before"),
    *(((Mark.INTENDED, each), "after") for each in ("install", "build", "stop", "switch", "start")),
    *((each, "before") for each in DONE),
    ((Mark.CARRIED_OUT, "switch"), "after"),
    ((Mark.VERIFIED, "run_script"), "before"),
    ((Mark.INTENDED, "seen"), "before"),
    ((Mark.RUN_ENDED, ""), "before"),
]
"""Where a door is crossed: intended and not done; done and not written down; written down and not read back; answered.

Every line, with real processes: `python -m tests.crashes --playbook deployment`.
"""
WHILE_PEOPLE_WAIT: list[tuple[At, str]] = [
    ((Mark.CARRIED_OUT, "stop"), "before"),
    ((Mark.INTENDED, "switch"), "after"),
    ((Mark.CARRIED_OUT, "switch"), "before"),
    ((Mark.CARRIED_OUT, "start"), "before"),
]


@pytest.fixture(autouse=True)
def _hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    hurry(monkeypatch)


@pytest.fixture(params=[LINK])
def clinic(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Clinic]:
    found = Clinic.at(tmp_path / "site", request.param)
    found.start()
    yield found
    found.end()


@pytest.fixture
def npm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    set_npm(tmp_path, monkeypatch)


def ended(clinic: Clinic, bench: Bench, order: Order) -> None:
    """What must be true after one resume."""
    assert (clinic.version(), clinic.stands_in()) == ("2.0.0", "2.0.0")
    assert (clinic.current / ".env").exists()
    entries = bench.entries(order)
    assert entries[-1].mark is Mark.RUN_ENDED


def crashed_and_resumed(clinic: Clinic, bench: Bench, at: At, moment: str) -> None:
    order = bench.order()
    move = bench.run_over_crash(order, at, moment, lambda order: run_answered(bench, order, ANSWERS))
    assert move.outcome is Outcome.PASS, (move, bench.entries(order)[-4:])
    ended(clinic, bench, order)


@pytest.mark.parametrize(("at", "moment"), CROSSED, ids=name_of)
def test_crashed_where_a_door_is_crossed_one_resume_ends_it(
    clinic: Clinic, tmp_path: Path, npm: None, at: At, moment: str
) -> None:
    crashed_and_resumed(clinic, bench_of(clinic, tmp_path), at, moment)


@pytest.mark.parametrize("clinic", [FOLDER], indirect=True)
@pytest.mark.parametrize(("at", "moment"), WHILE_PEOPLE_WAIT, ids=name_of)
def test_crashed_while_people_wait_one_resume_ends_it(
    clinic: Clinic, tmp_path: Path, npm: None, at: At, moment: str
) -> None:
    crashed_and_resumed(clinic, bench_of(clinic, tmp_path), at, moment)


@pytest.mark.parametrize(
    ("clinic", "call"), [(LINK, 1), (FOLDER, 1), (FOLDER, 2), (FOLDER, 3)], indirect=["clinic"]
)
def test_crashed_in_the_middle_of_the_switch_one_resume_ends_it(
    clinic: Clinic, tmp_path: Path, npm: None, monkeypatch: pytest.MonkeyPatch, call: int
) -> None:
    bench = bench_of(clinic, tmp_path)
    order = bench.order()
    cut_in_the_switch(clinic, bench, order, monkeypatch, call)
    assert run_answered(bench, order, ANSWERS).outcome is Outcome.PASS
    ended(clinic, bench, order)


@pytest.mark.parametrize(("clinic", "call"), [(FOLDER, 1), (FOLDER, 2)], indirect=["clinic"])
def test_crashed_in_the_middle_of_the_switch_one_resume_takes_it_back(
    clinic: Clinic, tmp_path: Path, npm: None, monkeypatch: pytest.MonkeyPatch, call: int
) -> None:
    """Between two versions no clinic works: half a switch is a change."""
    bench = bench_of(clinic, tmp_path)
    order = bench.order()
    before = clinic.version()
    cut_in_the_switch(clinic, bench, order, monkeypatch, call)
    back = replace(order, mandate=replace(order.mandate, stop="roll_back"))
    assert run_answered(bench, back, ANSWERS).end is End.ROLLED_BACK
    assert (clinic.version(), clinic.stands_in()) == (before, before)
    assert (clinic.current / ".env").exists()


def cut_in_the_switch(
    clinic: Clinic, bench: Bench, order: Order, monkeypatch: pytest.MonkeyPatch, call: int
) -> None:
    """After the n-th renaming nothing more happens; the names alone tell what is still to be done."""
    real, count = Path.rename, 0
    real_replace = Path.replace

    def rename(self: Path, target: Path) -> Path:
        nonlocal count
        done = real(self, target)
        if "current" in f"{self} {target}" or target.name == ".env":
            count += 1
            if count == call:
                raise Crashed
        return done

    def before_replace(self: Path, target: Path) -> Path:
        if self.name.startswith(release_switch.FRESH):
            raise Crashed
        return real_replace(self, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", rename)
        patch.setattr(Path, "replace", before_replace)
        with pytest.raises(Crashed):
            run_answered(bench, order, ANSWERS)
    assert clinic.stands_in() == ""


def test_what_was_installed_until_a_crash_is_not_told_as_nothing_changed_and_is_taken_away(
    clinic: Clinic, tmp_path: Path, npm: None
) -> None:
    bench = bench_of(clinic, tmp_path)
    order = bench.order()

    def run(order: Order) -> Move:
        return run_answered(bench, order, ANSWERS)

    with crashing((Mark.CARRIED_OUT, "install"), "before"), pytest.raises(Crashed):
        run(order)
    (left,) = (each for each in clinic.folder.rglob("node_modules") if "2.0.0" in str(each))
    package = next(each for each in left.iterdir() if each.is_dir() and not each.name.startswith("."))
    shutil.rmtree(package)
    assert run(replace(order, mandate=replace(order.mandate, stop="roll_back"))).end is End.ROLLED_BACK
    assert not left.exists()


def test_an_npm_that_outlives_the_run_is_waited_for_and_not_started_twice(
    clinic: Clinic, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, starts = tmp_path / "go", tmp_path / "starts"
    waits = f"import pathlib, time\nopen({str(starts)!r}, 'a').write('x')\n"
    waits += f"while not pathlib.Path({str(gate)!r}).exists(): time.sleep(0.02)\n"
    set_npm(tmp_path, monkeypatch, waits + GOOD_NPM)
    bench = bench_of(clinic, tmp_path)
    order = bench.order()

    def gone(self: Program, child: object, task: object) -> str:
        raise Crashed

    with monkeypatch.context() as patch:
        patch.setattr(Program, "_wait", gone)
        with pytest.raises(Crashed):
            run_answered(bench, order, ANSWERS)
    timer = threading.Timer(0.5, gate.touch)
    timer.start()
    assert run_answered(bench, order, ANSWERS).outcome is Outcome.PASS
    timer.join()
    assert starts.read_text() == "x"
    ended(clinic, bench, order)
