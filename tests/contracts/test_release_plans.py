"""Plans of deployment and code rollback: what they would do, each guard made to fail, and a dry run that touches nothing."""

from __future__ import annotations

import os
import re
import shutil
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from medflow_tui.actions import releases
from medflow_tui.actions.releases_making import mark_ready
from medflow_tui.model.errors import RefusedError
from medflow_tui.model.plan import Plan
from medflow_tui.model.procedure import Mark, Outcome
from medflow_tui.model.releases import FOLDER, LINK
from medflow_tui.runner.lock import RunLock
from medflow_tui.runner.program import Program
from medflow_tui.runner.surroundings import LOCKS
from tests.servers.backup_site import SAYS, UNIQUE, WRITES, Safe
from tests.servers.releases_run import ANSWERS, hurry, run_answered, set_npm
from tests.servers.releases_site import Clinic, seal
from tests.servers.runs import Bench, Crashed

PLANS = Path(__file__).parents[1] / "snapshots" / "release-plans.txt"
INPUTS = {"deployment": {"version": "2.0.0", "script": "none"}, "code-rollback": {"version": "0.9.0"}}
Break = Callable[[Clinic, Bench, pytest.MonkeyPatch], Bench]


def clinic_at(folder: Path, way: str = LINK) -> Clinic:
    """1.0.0 in its place, 2.0.0 whole beside it, 0.9.0 ready to go back to."""
    clinic = Clinic.at(folder, way)
    mark_ready(clinic.release("0.9.0"), "v20.0.0")
    return clinic


def bench_of(clinic: Clinic, name: str, state: Path, environment: str = "lab") -> Bench:
    return clinic.bench(name, state, environment, **INPUTS[name])


def chosen(bench: Bench) -> str:
    return bench.inputs["version"]


def sealed(**words: object) -> Break:
    """The version is sealed with other words."""

    def spoil(clinic: Clinic, bench: Bench, patch: pytest.MonkeyPatch) -> Bench:
        place = clinic.folder / chosen(bench)
        seal(place, chosen(bench), **{"data": {"reads": [3], "writes": 3}, **words})  # type: ignore[arg-type]
        mark_ready(place, "v20.0.0")
        return bench

    return spoil


def input_of(**inputs: str) -> Break:
    return lambda clinic, bench, patch: replace(bench, inputs={**bench.inputs, **inputs})


def cut(clinic: Clinic, bench: Bench, patch: pytest.MonkeyPatch) -> Bench:
    (clinic.folder / chosen(bench) / "backend" / "server.py").unlink()
    return bench


def stray(clinic: Clinic, bench: Bench, patch: pytest.MonkeyPatch) -> Bench:
    (clinic.folder / "1.0.0" / "scan.png").touch()
    return bench


def no_room(clinic: Clinic, bench: Bench, patch: pytest.MonkeyPatch) -> Bench:
    patch.setattr(shutil, "disk_usage", lambda place: type("Usage", (), {"free": 1 << 20, "total": 1 << 40}))
    return bench


def held(clinic: Clinic, bench: Bench, patch: pytest.MonkeyPatch) -> Bench:
    lock = RunLock(bench.state / LOCKS, bench.playbook.locks, lease_s=600)
    lock.take(run="20261128-060000-other-abcd", who="amani")
    return bench


def unwritable(clinic: Clinic, bench: Bench, patch: pytest.MonkeyPatch) -> Bench:
    patch.setattr(os, "access", lambda place, mode: False)
    return bench


def nobody_starts_it(clinic: Clinic, bench: Bench, patch: pytest.MonkeyPatch) -> Bench:
    return replace(bench, targets=(bench.targets[0], replace(clinic.service, manager="launchd", unit="x")))


BREAKS: dict[str, Break] = {
    "environment": lambda clinic, bench, patch: replace(bench, environment="?"),
    "backup": lambda clinic, bench, patch: replace(bench, environment="production"),
    "backup_now": lambda clinic, bench, patch: replace(bench, environment="production"),
    "here": nobody_starts_it,
    "another": input_of(version="1.0.0"),
    "whole": cut,
    "node": sealed(node=">=99"),
    "data": sealed(data={"reads": [4], "writes": 4}),
    "back": sealed(data={"reads": [3, 4], "writes": 4}),
    "script_known": input_of(script="setup"),
    "strays": stray,
    "room": no_room,
    "nobody_else": held,
    "journal": unwritable,
    "space": no_room,
}


@pytest.mark.parametrize(
    ("name", "guard"),
    [
        *(("deployment", each) for each in BREAKS),
        *(("code-rollback", each) for each in BREAKS if each not in ("backup_now", "script_known", "room")),
    ],
)
def test_each_guard_is_made_to_fail_and_says_why_and_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, guard: str
) -> None:
    clinic = clinic_at(tmp_path / "site")
    bench = BREAKS[guard](clinic, bench_of(clinic, name, tmp_path / "state"), monkeypatch)
    assert {each.id for each in bench.playbook.guards} <= {*BREAKS, "identity"}, (
        "a guard without a way to fail"
    )
    (found,) = [each for each in bench.plan().guards if each.id == guard]
    (written,) = [each for each in bench.playbook.guards if each.id == guard]
    assert found.outcome is not Outcome.PASS
    assert found.stops or written.before
    assert all((found.said, found.why.en, found.fix.en))


@pytest.mark.parametrize("name", INPUTS)
def test_other_folders_than_those_of_the_plan_are_refused(tmp_path: Path, name: str) -> None:
    clinic = clinic_at(tmp_path / "site")
    bench = bench_of(clinic, name, tmp_path / "state")
    order = bench.order()
    clinic.folder.rename(tmp_path / "before")
    shutil.copytree(tmp_path / "before", clinic.folder, symlinks=True)
    assert run_answered(bench, order, {}).outcome is Outcome.FAIL
    (guarded, *_) = [each for each in bench.entries(order) if each.mark is Mark.GUARDED]
    assert guarded.facts["identity"] == "fail"
    assert not [each for each in bench.entries(order) if each.mark is Mark.INTENDED]


@pytest.mark.parametrize("name", INPUTS)
def test_all_guards_hold_where_all_is_in_order(tmp_path: Path, name: str) -> None:
    clinic = clinic_at(tmp_path / "site")
    held_back = [each for each in bench_of(clinic, name, tmp_path / "state").plan().guards if each.stops]
    assert not held_back


@pytest.mark.parametrize("name", INPUTS)
def test_a_dry_run_touches_nothing(tmp_path: Path, name: str) -> None:
    clinic = clinic_at(tmp_path / "site")
    before = listing(tmp_path)
    bench_of(clinic, name, tmp_path / "state").plan()
    assert listing(tmp_path) == before


def listing(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {
        str(each): (each.lstat().st_mtime_ns, each.read_bytes() if each.is_file() else b"")
        for each in folder.rglob("*")
    }


def calls_of(plan: Plan, root: Path) -> list[str]:
    """Each step with the calls that it would make, then the ways back."""
    steps = [f"{each.id}: {' | '.join(each.calls)}" for each in plan.steps]
    more = [f"{name}: {' | '.join(each)}" for name, each in sorted(plan.further_calls.items())]
    told = (each.replace(str(root), "/srv").replace(sys.executable, "python") for each in (*steps, *more))
    return [re.sub(r"server\.py \d+", "server.py PORT", each).rstrip() for each in told]


def test_the_plan_of_a_deployment(tmp_path: Path) -> None:
    clinic = clinic_at(tmp_path)
    deployment = replace(
        clinic.deployment, backup=("/usr/bin/take", "daily"), backup_says=("done",), build=("make",)
    )
    bench = replace(bench_of(clinic, "deployment", tmp_path / "state"), releases=deployment)
    assert calls_of(bench.plan(), tmp_path) == planned("DEPLOYMENT")


def test_the_plan_of_a_way_back(tmp_path: Path) -> None:
    plan = bench_of(clinic_at(tmp_path), "code-rollback", tmp_path / "state").plan()
    assert calls_of(plan, tmp_path) == planned("CODE ROLLBACK")


def test_the_plan_of_a_folder_that_is_renamed_as_robocopy_leaves_it(tmp_path: Path) -> None:
    plan = bench_of(clinic_at(tmp_path, FOLDER), "deployment", tmp_path / "state").plan()
    (switch,) = [each for each in calls_of(plan, tmp_path) if each.startswith("switch:")]
    assert [switch] == planned("SWITCH OF A FOLDER")


def planned(name: str) -> list[str]:
    """The lines below a heading of the snapshot."""
    text = PLANS.read_text(encoding="utf-8")
    return text.partition(f"== {name} ==\n")[2].partition("\n==")[0].strip().splitlines()


@pytest.fixture
def clinic(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    hurry(monkeypatch)
    set_npm(tmp_path, monkeypatch)
    found = clinic_at(tmp_path / "site")
    found.start()
    yield found
    found.end()


def with_backups(clinic: Clinic, tmp_path: Path, body: str) -> tuple[Bench, Safe]:
    """A deployment at a site that has a command for backups."""
    (tmp_path / "vault").mkdir()
    safe = Safe.at(tmp_path / "vault", body)
    bench = bench_of(clinic, "deployment", tmp_path / "state")
    deployment = replace(clinic.deployment, backup=safe.command, backup_says=safe.says)
    return replace(bench, releases=deployment, targets=(*bench.targets, safe.target)), safe


def test_the_backup_is_taken_and_looked_at_before_anything_is_stopped(clinic: Clinic, tmp_path: Path) -> None:
    bench, safe = with_backups(clinic, tmp_path, WRITES + SAYS)
    order = bench.order()
    assert run_answered(bench, order, ANSWERS).outcome is Outcome.PASS
    told = [(each.step, each.mark) for each in bench.entries(order)]
    assert told.index(("save", Mark.VERIFIED)) < told.index(("stop", Mark.INTENDED))
    (proof,) = [each for each in bench.entries(order) if each.step == "save" and each.mark is Mark.VERIFIED]
    assert proof.facts["backup_level"] == "L2"
    assert len(list((safe.folder / "backups" / "daily").iterdir())) == 4
    assert "5 collections" in (order.folder / "out" / "save.txt").read_text()


def test_without_a_backup_nothing_is_stopped(clinic: Clinic, tmp_path: Path) -> None:
    bench, _ = with_backups(clinic, tmp_path, SAYS)
    order = bench.order()
    assert run_answered(bench, order, ANSWERS).outcome is not Outcome.PASS
    told = [(each.step, each.mark) for each in bench.entries(order)]
    assert ("save", Mark.FAILED) in told
    assert ("stop", Mark.INTENDED) not in told
    assert (clinic.version(), clinic.stands_in()) == ("1.0.0", "1.0.0")


def test_a_backup_that_is_not_good_enough_at_the_stop_stops_nothing(clinic: Clinic, tmp_path: Path) -> None:
    bench, _ = with_backups(clinic, tmp_path, WRITES + SAYS)
    strict = 'at = "before:stop"\non_unknown = "warn"\nneed = { max_age_s = 3600, level = "L1" }'
    edit = (strict, 'at = "before:stop"\nneed = { max_age_s = 3600, level = "L4" }')
    bench = replace(bench, edits=(edit,))
    order = bench.order()
    assert run_answered(bench, order, ANSWERS).outcome is not Outcome.PASS
    told = [(each.step, each.mark) for each in bench.entries(order)]
    assert ("save", Mark.VERIFIED) in told
    assert ("stop", Mark.INTENDED) not in told


def test_production_with_a_fresh_backup_is_not_refused_for_it(tmp_path: Path) -> None:
    clinic = clinic_at(tmp_path / "site")
    (tmp_path / "vault").mkdir()
    safe = Safe.at(tmp_path / "vault")
    safe.put(datetime.now(UTC) - timedelta(minutes=10))
    for name in INPUTS:
        bench = bench_of(clinic, name, tmp_path / "state", "production")
        plan = replace(bench, targets=(*bench.targets, safe.target)).plan()
        found = {each.id: each.outcome for each in plan.guards}
        assert found["backup"] is Outcome.PASS, (name, plan.guards)
        assert found.get("backup_now", Outcome.PASS) is Outcome.PASS


def test_a_backup_that_breaks_while_everybody_waits_keeps_nobody_waiting(
    clinic: Clinic, tmp_path: Path
) -> None:
    """Whether there is one is asked before anything is stopped, not in the middle."""
    (tmp_path / "vault").mkdir()
    safe = Safe.at(tmp_path / "vault")
    path = safe.put(datetime.now(UTC) - timedelta(minutes=10))
    shutil.rmtree(clinic.folder / "2.0.0")
    script = f"require('fs').truncateSync({str(path)!r}, 9); console.log('1 document changed')"
    clinic.release("2.0.0", script=script)
    bench = bench_of(clinic, "deployment", tmp_path / "state")
    inputs = {"version": "2.0.0", "script": "migrate"}
    bench = replace(bench, targets=(*bench.targets, safe.target), inputs=inputs)
    move = run_answered(bench, bench.order(), {**ANSWERS, "together.item3": "migrate"})
    assert (move.outcome, path.stat().st_size) == (Outcome.PASS, 9)
    assert clinic.stands_in() == "2.0.0"


@pytest.mark.parametrize("way", [LINK, FOLDER])
def test_what_cannot_be_done_from_here_is_refused_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    """The real server may be a Windows machine under PM2, looked at from another."""
    clinic = clinic_at(tmp_path / "site", way)
    bench = bench_of(clinic, "deployment", tmp_path / "state")
    there = replace(clinic.service, manager="pm2", unit="medflow-backend", runs_on="SERVEUR")
    with pytest.raises(RefusedError, match="where it runs"):
        replace(bench, targets=(bench.targets[0], there)).plan()
    monkeypatch.setattr(releases, "sys", SimpleNamespace(platform="win32"))
    if way == LINK:
        with pytest.raises(RefusedError, match="way = folder"):
            bench.plan()
    else:
        assert bench.plan()


CRASHES = {
    "nothing was done": ((Mark.INTENDED, "save"), "after", 2),
    "nobody heard how it ended": ((Mark.CARRIED_OUT, "save"), "before", 2),
    "it was not looked at yet": ((Mark.CARRIED_OUT, "save"), "after", 1),
}


@pytest.mark.parametrize("name", CRASHES)
def test_crashed_around_the_backup_one_resume_ends_with_a_whole_one(
    clinic: Clinic, tmp_path: Path, name: str
) -> None:
    at, moment, most = CRASHES[name]
    bench, safe = with_backups(clinic, tmp_path, UNIQUE + WRITES + SAYS)
    order = bench.order()
    move = bench.run_over_crash(order, at, moment, lambda order: run_answered(bench, order, ANSWERS))
    assert move.outcome is Outcome.PASS, bench.entries(order)[-4:]
    made = len(list((safe.folder / "backups" / "daily").iterdir())) - 3
    assert 1 <= made <= most
    assert clinic.stands_in() == "2.0.0"


def test_a_backup_that_outlives_the_run_is_waited_for_and_never_doubled(
    clinic: Clinic, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits = "while not (place.parent / 'go').exists(): time.sleep(0.02)\n"
    alone = "assert not (place.parent / 'works').exists()\n(place.parent / 'works').touch()\n"
    ends = "(place.parent / 'works').unlink()\n"
    bench, safe = with_backups(clinic, tmp_path, alone + waits + UNIQUE + WRITES + ends + SAYS)
    order, real = bench.order(), Program._wait

    def gone(self: Program, child: Any, task: Any) -> str:
        if task.step.id == "save":
            raise Crashed
        return real(self, child, task)

    with monkeypatch.context() as patch:
        patch.setattr(Program, "_wait", gone)
        with pytest.raises(Crashed):
            run_answered(bench, order, ANSWERS)
    timer = threading.Timer(0.5, (safe.folder / "backups" / "go").touch)
    timer.start()
    assert run_answered(bench, order, ANSWERS).outcome is Outcome.PASS, bench.entries(order)[-4:]
    timer.join()
    assert clinic.stands_in() == "2.0.0"


def test_a_script_that_was_changed_after_it_was_shown_is_not_run(
    clinic: Clinic, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.rmtree(clinic.folder / "2.0.0")
    place = clinic.release("2.0.0", script="console.log('1 document changed')")
    script = place / "backend" / "scripts" / "migrate.js"
    body = "import pathlib\n" + f"pathlib.Path({str(script)!r}).write_text('console.log(2)')\n"
    (tmp_path / "vault").mkdir()
    safe = Safe.at(tmp_path / "vault", WRITES + body + SAYS)
    bench = bench_of(clinic, "deployment", tmp_path / "state")
    deployment = replace(clinic.deployment, backup=safe.command, backup_says=safe.says)
    bench = replace(
        bench,
        releases=deployment,
        targets=(*bench.targets, safe.target),
        inputs={"version": "2.0.0", "script": "migrate"},
    )
    order = bench.order()
    run_answered(bench, order, {**ANSWERS, "together.item3": "migrate"})
    told = [(each.step, each.mark) for each in bench.entries(order)]
    assert ("run_script", Mark.INTENDED) not in told
    assert clinic.version() == "1.0.0"


def test_a_script_is_shown_to_its_last_letter_or_not_run_at_all(tmp_path: Path) -> None:
    clinic = clinic_at(tmp_path / "site")
    shutil.rmtree(clinic.folder / "2.0.0")
    long = "\n".join(f"line({number})" for number in range(900)) + "\nx" + "y" * 900 + "END"
    clinic.release("2.0.0", script=long)
    bench = bench_of(clinic, "deployment", tmp_path / "state")
    bench = replace(bench, inputs={"version": "2.0.0", "script": "migrate"})
    order = bench.order()
    run_answered(bench, order, {"together.item1": "wrong"})
    shown = (order.folder / "out" / "script.txt").read_text()
    assert "line(0)\n" in shown
    assert shown.replace("\n", "").endswith("y" * 900 + "END")
    shutil.rmtree(clinic.folder / "2.0.0")
    clinic.release("2.0.0", script="// " + "a" * 100_001)
    (found,) = [each for each in bench.plan().guards if each.id == "script_known"]
    assert (found.outcome, found.stops) == (Outcome.FAIL, True)
