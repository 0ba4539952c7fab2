"""What the playbook for the backend plans, refuses, and does when it is interrupted at any line: a real process."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from medflow_tui.actions import service, service_blast, service_errors, service_survey
from medflow_tui.clients.supervisors import supervisor
from medflow_tui.model.procedure import Entry, Mark, Outcome
from medflow_tui.model.targets.http import HttpTarget
from medflow_tui.model.targets.process import ProcessTarget
from tests.servers.runs import At, Bench, name_of
from tests.servers.service_rigs import PLANTED, Front, Rig, fronting, of_pidfile
from tests.servers.service_run import target_from
from tests.servers.service_steps import QUICK, TIMING


@pytest.fixture(autouse=True)
def _hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "TIMING", replace(TIMING, settle_s=3.0))
    monkeypatch.setattr(service, "supervisor", lambda target: supervisor(target, pace=QUICK))
    monkeypatch.setattr(service_survey, "OVER_S", 0.1)


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with of_pidfile(tmp_path) as found:
        yield found


@pytest.fixture
def front(rig: Rig) -> Iterator[tuple[Front, str]]:
    with fronting(rig) as found:
        yield found


@pytest.fixture
def bench(rig: Rig, front: tuple[Front, str], tmp_path: Path) -> Bench:
    return bench_of(rig.table, front[1], tmp_path)


def bench_of(table: dict[str, Any], url: str, folder: Path, **more: Any) -> Bench:
    process = target_from({"kind": "process", "name": "backend-process", **table, **more})
    return Bench(
        name="backend-not-responding",
        targets=(process, HttpTarget(name="backend", address=url)),
        state=folder / "state",
    )


def result(bench: Bench, guard: str) -> Any:
    return next(each for each in bench.plan().guards if each.id == guard)


def test_the_plan_says_which_calls_are_made_and_how_far_they_reach(bench: Bench, rig: Rig) -> None:
    before = rig.lines()
    plan = bench.plan()
    calls = {each.id: each.calls for each in plan.steps if each.changes}
    assert list(calls) == ["restart"]
    assert calls["restart"][0] == f"SIGTERM {rig.table['pid_file']}"
    assert calls["restart"][1].startswith(rig.table["start"][0])
    assert plan.confirm == "LAB"
    assert plan.targets["backend"] == f"pidfile {rig.table['pid_file']}"
    assert plan.facts["service.backend.applies"] is True
    assert plan.facts["service.backend.running"] is True
    assert isinstance(plan.facts["requests"], int)
    assert not plan.refusals
    assert result(bench, "needed").outcome is Outcome.FAIL, "it is ready: a warning, no refusal"
    assert rig.lines() == before
    assert not list(bench.state.rglob("*"))


def test_a_service_on_another_machine_is_refused_before_anything(
    rig: Rig, front: tuple[Front, str], tmp_path: Path
) -> None:
    bench = bench_of(rig.table, front[1], tmp_path, runs_on="serveur")
    order = bench.order()
    move = bench.run(order)
    assert move.outcome is Outcome.FAIL
    assert result(bench, "here").said.text.startswith("not applicable here")
    assert not any(each.mark in (Mark.INTENDED, Mark.FAILED) for each in bench.entries(order))
    assert rig.starts() == 1


def test_a_site_that_names_another_process_only_has_nothing_to_restart(
    rig: Rig, front: tuple[Front, str], tmp_path: Path
) -> None:
    process = target_from({"kind": "process", "name": "ocr", **rig.table})
    bench = Bench(
        name="backend-not-responding",
        targets=(process, HttpTarget(name="backend", address=front[1])),
        state=tmp_path / "state",
    )
    assert result(bench, "here").stops
    assert [each.calls for each in bench.plan().steps if each.changes] == [()]
    assert bench.run(bench.order()).outcome is Outcome.FAIL
    assert rig.starts() == 1


def test_a_machine_that_is_not_the_one_of_the_plan_is_refused(
    bench: Bench, rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = bench.order()
    monkeypatch.setattr(service_survey, "machine", lambda: "another")
    assert bench.run(order).outcome is Outcome.FAIL
    assert rig.starts() == 1


def test_without_its_database_it_is_not_called_mended(
    bench: Bench, rig: Rig, front: tuple[Front, str]
) -> None:
    front[0].has_database = False
    quick = replace(bench, edits=(("timeout_s = 180\non_unknown", "timeout_s = 2\non_unknown"),))
    order = quick.order()
    assert quick.run(order).outcome is Outcome.FAIL
    last = next(each for each in reversed(bench.entries(order)) if each.step == "ready")
    assert (last.mark, last.said.values["state"]) == (Mark.FAILED, "disconnected")
    assert rig.starts() == 2


def test_it_is_captured_first_and_without_a_capture_nothing_is_restarted(
    bench: Bench, rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("medflow_tui.actions.service_capture._write", full)
    order = bench.order()
    bench.run(order)
    assert not any(each.step == "restart" and each.mark is Mark.INTENDED for each in bench.entries(order))
    assert rig.starts() == 1


def test_a_fourth_run_within_a_quarter_of_an_hour_calls_the_vendor(bench: Bench) -> None:
    assert bench.run(bench.order()).outcome is Outcome.PASS
    order = bench.order()
    assert bench.run(order).outcome is Outcome.FAIL, "a minute must pass"
    assert result(bench, "limits").stops


def told(bench: Bench, order: Any, step: str) -> Entry:
    return next(each for each in reversed(bench.entries(order)) if each.step == step and each.facts)


def test_the_rate_of_errors_before_and_after_is_written_down(bench: Bench, front: tuple[Front, str]) -> None:
    """No more of them than before is a pass."""
    front[0].failed = lambda: len(front[0].asked)
    order = bench.order()
    assert bench.run(order).outcome is Outcome.PASS
    for step in ("errors_before", "errors_after"):
        found = told(bench, order, step).facts
        assert found["errors_known"] is True, step
        assert found["requests"] == 2 * int(str(found["failed_requests"])) > 0, step


def test_more_errors_than_before_are_a_fail(bench: Bench, rig: Rig, front: tuple[Front, str]) -> None:
    front[0].failed = lambda: len(front[0].asked) if rig.starts() == 2 else 0
    order = bench.order()
    assert bench.run(order).outcome is Outcome.FAIL
    found = told(bench, order, "errors_after")
    assert (found.mark, found.said.text) == (Mark.FAILED, "more errors than before the restart")
    assert told(bench, order, "errors_before").facts["failed_requests"] == 0


def test_one_that_hung_tells_no_rate_before_and_is_measured_by_the_yellow_line(
    bench: Bench, rig: Rig, front: tuple[Front, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = service_blast.traffic_of
    monkeypatch.setattr(
        service_errors, "traffic_of", lambda *args: real(*args) if rig.starts() == 2 else None
    )
    order = bench.order()
    assert bench.run(order).outcome is Outcome.PASS
    assert told(bench, order, "errors_before").facts["errors_known"] is False
    assert told(bench, order, "errors_after").facts["errors_known"] is True


@pytest.mark.parametrize(
    ("at", "moment"),
    [
        ((Mark.LOCKED, ""), "after"),
        ((Mark.INTENDED, "capture"), "after"),
        ((Mark.INTENDED, "restart"), "before"),
        ((Mark.INTENDED, "restart"), "after"),
        ((Mark.CARRIED_OUT, "restart"), "before"),
        ((Mark.CARRIED_OUT, "restart"), "after"),
        ((Mark.VERIFIED, "ready"), "before"),
        ((Mark.RUN_ENDED, ""), "before"),
    ],
    ids=name_of,
)
def test_crashed_where_a_door_is_crossed_one_resume_ends_it_and_it_was_restarted_once(
    bench: Bench, rig: Rig, at: At, moment: str
) -> None:
    """Each line, with real processes: `python -m tests.crashes --playbook backend`."""
    order = bench.order()
    move = bench.run_over_crash(order, at, moment)
    assert move.outcome is Outcome.PASS, move
    assert rig.starts() == 2
    assert bench.entries(order)[-1].mark is Mark.RUN_ENDED


def test_what_the_log_holds_of_patients_and_secrets_is_in_no_file_but_the_sealed_one(bench: Bench) -> None:
    bench.run(bench.order())
    files = [each for each in bench.state.rglob("*") if each.is_file()]
    holding = [each for each in files if PLANTED.encode() in each.read_bytes()]
    assert [each.parent.name for each in holding] == ["sealed"]
    assert {each.stat().st_mode & 0o777 for each in holding} == {0o600}
    for word in (b"planted_9c41d2aa77", b"KABONGO", b"P10233"):
        assert {each for each in files if word in each.read_bytes()} == set(holding)


def test_a_plain_process_target_of_the_profile_is_the_backend(
    rig: Rig, front: tuple[Front, str], tmp_path: Path
) -> None:
    bench = bench_of(rig.table, front[1], tmp_path)
    renamed = replace(bench, targets=tuple(
        replace(each, name="process") if isinstance(each, ProcessTarget) else each for each in bench.targets
    ))  # fmt: skip
    assert renamed.plan().facts["services"] == ("backend",)
