"""Going back to a version that is really there: code only, without npm, and never on data that it cannot read."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from medflow_tui.actions.releases_making import mark_ready
from medflow_tui.locale.language import Language
from medflow_tui.model.errors import RefusedError
from medflow_tui.model.performer import Task
from medflow_tui.model.procedure import End, Mark, Outcome
from medflow_tui.model.releases import Deployment
from medflow_tui.runner.preview import options_of
from tests.servers.releases_run import hurry, run_answered, set_npm
from tests.servers.releases_site import Clinic, seal
from tests.servers.runs import At, Bench, name_of

ANSWERS = {"together.item1": "1.0.0", "together.item2": "0.9.0", "seen": "works"}


@pytest.fixture(autouse=True)
def _hurry(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """And an npm that must never be called."""
    hurry(monkeypatch)
    set_npm(tmp_path, monkeypatch, "raise SystemExit(9)")


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Clinic]:
    """1.0.0 is in service, 0.9.0 was installed once, 2.0.0 was copied here and never installed."""
    found = Clinic.at(tmp_path / "site")
    installed(found.release("0.9.0"))
    found.start()
    yield found
    found.end()


def installed(place: Path) -> Path:
    package = place / "backend" / "node_modules" / "eyes"
    package.mkdir(parents=True)
    (package / "package.json").write_text(json.dumps({"name": "eyes", "version": "1.2.3", "main": "main.js"}))
    (package / "main.js").write_text("module.exports = 1;")
    mark_ready(place, "v20.0.0")
    return place


def bench_of(clinic: Clinic, tmp_path: Path, version: str = "0.9.0") -> Bench:
    return clinic.bench("code-rollback", tmp_path / "state", version=version)


def offered(bench: Bench) -> tuple[str, ...]:
    with bench.crew() as crew:
        return options_of(bench.playbook, bench.playbook.inputs[0], crew)


def stops(bench: Bench) -> set[str]:
    return {each.id for each in bench.plan().guards if each.stops}


def test_it_goes_back_without_npm_and_leaves_the_data_alone(clinic: Clinic, tmp_path: Path) -> None:
    bench = bench_of(clinic, tmp_path)
    assert not stops(bench)
    assert run_answered(bench, bench.order(), ANSWERS).outcome is Outcome.PASS
    assert (clinic.version(), clinic.stands_in()) == ("0.9.0", "0.9.0")
    assert offered(bench) == ("1.0.0",), "what was in service until now may be gone back to"


def test_only_versions_that_are_whole_installed_and_fit_the_data_are_offered(
    clinic: Clinic, tmp_path: Path
) -> None:
    installed(clinic.release("0.8.0", data=(2,)))
    installed(clinic.release("0.7.0"))
    (clinic.folder / "0.7.0" / "backend" / "server.py").unlink()
    assert offered(bench_of(clinic, tmp_path)) == ("0.9.0",)


def test_a_version_that_does_not_say_which_data_it_reads_is_offered_and_shown_as_unknown(
    clinic: Clinic, tmp_path: Path
) -> None:
    unsaid = installed(clinic.release("0.5.0"))
    seal(unsaid, "0.5.0", data={})
    mark_ready(unsaid, "v20.0.0")
    bench = bench_of(clinic, tmp_path, "0.5.0")
    with bench.crew() as crew:
        performer = crew.performer("releases.built")
        assert performer is not None
        step = replace(bench.playbook.steps[0], id="version", args={})
        found = performer.verify(Task(step=step, past={}, tell=lambda said, facts: None))
    assert found.facts["options"] == ("0.5.0", "0.9.0")
    assert "read the present data: 0.5.0" in Language("en").say(found.said)
    (data,) = [each for each in bench.plan().guards if each.id == "data"]
    assert (data.outcome, data.stops) == (Outcome.UNKNOWN, True)


def test_with_nothing_to_go_back_to_there_is_nothing_to_choose(clinic: Clinic, tmp_path: Path) -> None:
    (clinic.folder / "0.9.0" / "SHA256SUMS").write_text("")
    with pytest.raises(RefusedError):
        offered(bench_of(clinic, tmp_path))


def test_a_version_that_was_never_installed_is_refused(clinic: Clinic, tmp_path: Path) -> None:
    assert "whole" in stops(bench_of(clinic, tmp_path, "2.0.0"))


@pytest.mark.parametrize("word", ["previous", "HEAD~1", "../1.0.0", "1.0.0"])
def test_only_an_explicit_version_that_is_there_is_taken(clinic: Clinic, tmp_path: Path, word: str) -> None:
    bench = bench_of(clinic, tmp_path, word)
    try:
        assert stops(bench)
    except RefusedError:
        assert "/" in word or "~" in word


@pytest.mark.parametrize("data", [{"reads": [2], "writes": 2}, {}, {"reads": [3]}])
def test_a_version_that_cannot_read_the_present_data_is_refused(
    clinic: Clinic, tmp_path: Path, data: dict[str, object]
) -> None:
    seal(clinic.folder / "0.9.0", "0.9.0", data=data)
    bench = bench_of(clinic, tmp_path)
    assert "data" in stops(bench)
    assert run_answered(bench, bench.order(), ANSWERS).outcome is Outcome.FAIL
    assert clinic.stands_in() == "1.0.0"


def test_the_newest_format_that_ever_was_in_service_counts(clinic: Clinic, tmp_path: Path) -> None:
    (clinic.folder / "data-format").write_text("4\n")
    assert "data" in stops(bench_of(clinic, tmp_path))


def test_a_package_that_this_node_cannot_load_stops_it_before_anybody_waits(
    clinic: Clinic, tmp_path: Path
) -> None:
    (clinic.folder / "0.9.0" / "backend" / "node_modules" / "eyes" / "main.js").write_text(
        "throw new Error()"
    )
    bench = bench_of(clinic, tmp_path)
    order = bench.order()
    assert run_answered(bench, order, ANSWERS).outcome is Outcome.FAIL
    assert not any(each.step == "stop" and each.mark is Mark.INTENDED for each in bench.entries(order))
    assert clinic.stands_in() == "1.0.0"


def test_an_old_version_that_is_never_ready_gives_way_to_the_new_one(clinic: Clinic, tmp_path: Path) -> None:
    shutil.rmtree(clinic.folder / "0.9.0")
    place = clinic.release("0.9.0")
    (place / "backend" / "broken").touch()
    seal(place, "0.9.0", data={"reads": [3], "writes": 3})
    installed(place)
    bench = replace(bench_of(clinic, tmp_path), edits=(("timeout_s = 180\n", "timeout_s = 2\n"),))
    move = run_answered(bench, bench.order(), ANSWERS)
    assert (move.end, clinic.version(), clinic.stands_in()) == (End.ROLLED_BACK, "1.0.0", "1.0.0")


def test_a_site_that_does_not_say_where_versions_are_is_refused_with_the_reason(
    clinic: Clinic, tmp_path: Path
) -> None:
    with pytest.raises(RefusedError, match="releases"):
        replace(bench_of(clinic, tmp_path), releases=Deployment()).plan()


def test_a_service_on_another_machine_is_not_changed_from_here(clinic: Clinic, tmp_path: Path) -> None:
    bench = bench_of(clinic, tmp_path)
    elsewhere = replace(clinic.service, runs_on="serveur")
    with pytest.raises(RefusedError, match="not applicable here"):
        replace(bench, targets=(elsewhere,)).plan()


@pytest.mark.parametrize(
    ("at", "moment"),
    [
        ((Mark.CARRIED_OUT, "stop"), "before"),
        ((Mark.INTENDED, "switch"), "after"),
        ((Mark.CARRIED_OUT, "switch"), "before"),
        ((Mark.CARRIED_OUT, "start"), "before"),
        ((Mark.INTENDED, "seen"), "before"),
    ],
    ids=name_of,
)
def test_crashed_where_a_door_is_crossed_one_resume_ends_it(
    clinic: Clinic, tmp_path: Path, at: At, moment: str
) -> None:
    """Each line, with real processes: `python -m tests.crashes --playbook code-rollback`."""
    bench = bench_of(clinic, tmp_path)
    order = bench.order()
    move = bench.run_over_crash(order, at, moment, lambda order: run_answered(bench, order, ANSWERS))
    assert move.outcome is Outcome.PASS
    assert (clinic.version(), clinic.stands_in()) == ("0.9.0", "0.9.0")
    assert bench.entries(order)[-1].mark is Mark.RUN_ENDED
