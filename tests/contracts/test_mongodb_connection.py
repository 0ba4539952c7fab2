"""MongoDB restarted behind a stopped backend: a real server with data, compared before and after."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
import pytest

from medflow_tui.actions import service, service_soundness, service_survey
from medflow_tui.clients.mongodb import Connection
from medflow_tui.clients.network import Deadline
from medflow_tui.clients.supervisors import supervisor
from medflow_tui.clients.supervisors.pidfile import PidFile
from medflow_tui.clients.supervisors.seen import Seen, forbidden
from medflow_tui.model.procedure import Act, Mark, Outcome
from medflow_tui.model.words import say
from tests.servers.runs import At, Bench, name_of
from tests.servers.service_run import Run, again, await_that, target_from
from tests.servers.service_site import SmallSite, small_site
from tests.servers.service_steps import QUICK, TIMING

COUNTS = {"clinics": 4, "patients": 300, "users": 7}
PATIENT = "KABONGO MARIE"


@pytest.fixture(autouse=True)
def _hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "TIMING", replace(TIMING, settle_s=3.0))
    monkeypatch.setattr(service, "supervisor", lambda target: supervisor(target, pace=QUICK))
    monkeypatch.setattr(service_survey, "OVER_S", 0.1)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[SmallSite]:
    with small_site(tmp_path / "site") as found:
        url = found.mongodb()
        found.start("mongodb")
        with found.database() as database:
            for name, number in COUNTS.items():
                database[name].insert_many([{"name": PATIENT, "n": n} for n in range(number)])
        found.backend(f"mongodb={url}")
        found.start("backend")
        await_that(lambda: found.count("start") == 1)
        yield found


@pytest.fixture
def bench(site: SmallSite, tmp_path: Path) -> Bench:
    targets = tuple(target_from(each) for each in site.tables)
    return Bench(name="mongodb-connection", targets=targets, state=tmp_path / "state")


def counts(site: SmallSite) -> dict[str, int]:
    with site.database() as database:
        return {name: database[name].count_documents({}) for name in database.list_collection_names()}


def facts(bench: Bench, order: Any, step: str) -> Any:
    return next(each.facts for each in reversed(bench.entries(order)) if each.step == step and each.facts)


def test_it_is_restarted_behind_a_stopped_backend_and_holds_what_it_held(
    bench: Bench, site: SmallSite
) -> None:
    before = site.pid("mongodb")
    order = bench.order()
    move = bench.run(order)
    assert move.outcome is Outcome.PASS, move
    assert site.pid("mongodb") != before
    assert (site.count("start"), site.count("term")) == (2, 1)
    assert counts(site) == COUNTS
    told = facts(bench, order, "after")["counts"]
    assert set(told) == {f"{name}={number}" for name, number in COUNTS.items()}
    verified = [each.step for each in bench.entries(order) if each.mark is Mark.VERIFIED]
    assert verified == [
        "capture", "reason", "before", "stop_backend", "restart", "answers", "sound", "after", "start_backend", "ready",
    ]  # fmt: skip
    written = b"".join(each.read_bytes() for each in bench.state.rglob("*") if each.is_file())
    assert PATIENT.encode() not in written


def test_the_plan_names_each_call_and_changes_nothing(bench: Bench, site: SmallSite) -> None:
    before, pids = counts(site), (site.pid("mongodb"), site.pid("backend"))
    plan = bench.plan()
    calls = {each.id: each.calls for each in plan.steps if each.changes}
    assert calls["stop_backend"] == (f"SIGTERM {site.folder}/backend/pid",)
    assert calls["restart"][0] == f"SIGTERM {site.folder}/mongodb/pid"
    assert calls["start_backend"][0].startswith(sys.executable)
    assert "KILL" not in str(calls)
    assert isinstance(plan.facts["db_connections"], int)
    assert plan.facts["db_role"] == "primary", "the stand-in calls itself so"
    assert (counts(site), (site.pid("mongodb"), site.pid("backend"))) == (before, pids)


def test_a_server_that_has_fallen_is_started_and_nothing_was_compared(bench: Bench, site: SmallSite) -> None:
    """What the site expects to be there is looked for instead."""
    site.stop("mongodb")
    quick = replace(bench, targets=tuple(
        replace(each, collections=tuple(COUNTS), never_empty=("patients",)) if each.kind == "mongodb" else each
        for each in bench.targets
    ))  # fmt: skip
    order = quick.order()
    move = quick.run(order)
    assert move.outcome is Outcome.PASS, move
    assert facts(quick, order, "before")["counted"] is False
    assert counts(site) == COUNTS


def test_lost_data_keeps_the_backend_stopped(
    bench: Bench, site: SmallSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    from medflow_tui.actions import service_database

    real = service_database.Counted.counts

    def lossy(self: Any, seconds: float) -> Any:
        found, fading = real(self, seconds)
        if site.count("term"):
            found = {name: number for name, number in found.items() if name != "users"} | {"patients": 299}
        return found, fading

    monkeypatch.setattr(service_database.Counted, "counts", lossy)
    order = bench.order()
    bench.run(order)
    failed = next(each for each in bench.entries(order) if each.step == "after" and each.mark is Mark.FAILED)
    assert failed.said.text.startswith("data is missing")
    assert [each.values["name"] for each in failed.said.parts] == ["patients", "users"]
    assert site.count("start") == 1


def test_a_manager_that_would_kill_it_too_soon_is_refused_with_what_to_do(
    bench: Bench, site: SmallSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Impatient(PidFile):
        """As PM2 with its own default: SIGKILL after 1.6 s."""

        def look(self, deadline: Deadline) -> Seen:
            return replace(super().look(deadline), kills_after_s=1.6)

    monkeypatch.setattr("medflow_tui.clients.supervisors.pidfile.PidFile", Impatient)
    order = bench.order()
    assert bench.run(order).outcome is Outcome.FAIL
    refused = next(each for each in bench.plan().guards if each.id == "ends_cleanly")
    assert refused.stops
    assert (refused.said.values["n"], refused.said.values["least"]) == (1, 75)
    assert (site.count("term"), psutil.Process(site.pid("mongodb")).is_running()) == (0, True)


@pytest.mark.parametrize(("line", "reason"), [("WT_PANIC: WiredTiger library panic", "damaged"), ("No space left on device", "disk_full")])  # fmt: skip
def test_what_a_restart_does_not_mend_is_read_in_the_log_before_anything_is_stopped(
    bench: Bench, site: SmallSite, line: str, reason: str
) -> None:
    with Path(site.table("mongodb-process")["output"]).open("a", encoding="utf-8") as log:
        log.write(f"{PATIENT} {line}\n")
    order = bench.order()
    assert bench.run(order).act is Act.PAUSE
    failed = next(each for each in bench.entries(order) if each.step == "reason" and each.facts)
    assert (failed.mark, failed.facts["reasons"]) == (Mark.FAILED, (reason,))
    assert (site.count("term"), counts(site)) == (0, COUNTS)
    written = [each for each in bench.state.rglob("*.jsonl") if PATIENT.encode() in each.read_bytes()]
    assert not written


def test_after_an_end_that_was_not_clean_each_collection_is_validated(
    bench: Bench, site: SmallSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that is not sound keeps the backend stopped."""
    monkeypatch.setattr(service_soundness, "unclean_shutdown", lambda lines: datetime.now(UTC))
    order = bench.order()
    assert bench.run(order).outcome is Outcome.PASS
    told = facts(bench, order, "sound")
    assert (told["unclean"], told["validated"], told["unsound"]) == (True, len(COUNTS), ())


@pytest.mark.parametrize(("answer", "outcome"), [(False, Mark.FAILED), (None, Mark.DOUBTED)])
def test_a_collection_that_is_not_sound_or_does_not_tell_keeps_the_backend_stopped(
    bench: Bench, site: SmallSite, monkeypatch: pytest.MonkeyPatch, answer: bool | None, outcome: Mark
) -> None:
    monkeypatch.setattr(service_soundness, "unclean_shutdown", lambda lines: datetime.now(UTC))
    real = Connection.validate

    def validate(self: Connection, name: str, within_s: float) -> bool | None:
        return answer if name == "patients" else real(self, name, within_s)

    monkeypatch.setattr(Connection, "validate", validate)
    order = bench.order()
    assert bench.run(order).act is Act.PAUSE
    last = next(each for each in reversed(bench.entries(order)) if each.step == "sound" and each.facts)
    assert (last.mark, last.said.values["names"]) == (outcome, "patients")
    assert site.count("start") == 1


@pytest.mark.parametrize("program", ["mongodump", "mongorestore"])
def test_while_a_dump_runs_nothing_is_stopped(
    bench: Bench, site: SmallSite, tmp_path: Path, program: str
) -> None:
    running = tmp_path / program
    running.symlink_to(sys.executable)
    child = psutil.Popen(
        [str(running), "-c", f"import time; open('/proc/self/comm', 'w').write('{program}'); time.sleep(60)"]
    )
    try:
        await_that(lambda: child.name() == program)
        order = bench.order()
        assert bench.run(order).outcome is Outcome.FAIL
        assert next(each for each in bench.plan().guards if each.id == "no_dump").stops
    finally:
        child.kill()
        child.wait()
    assert site.count("term") == 0


def test_taken_back_the_backend_runs_again(
    bench: Bench, site: SmallSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Away(PidFile):
        """MongoDB's manager does not answer when it is to be restarted."""

        def look(self, deadline: Deadline) -> Seen:
            if self._target.name == "mongodb-process" and site.count("term"):
                raise forbidden(say("this account may not see it"))
            return super().look(deadline)

    monkeypatch.setattr("medflow_tui.clients.supervisors.pidfile.PidFile", Away)
    order = bench.order()
    assert bench.run(order).act is Act.PAUSE
    assert (site.count("start"), site.count("term")) == (1, 1)
    back = again(bench, order.folder.name)
    bench.run(replace(back, mandate=replace(back.mandate, stop="roll_back")))
    assert bench.entries(order)[-1].mark is Mark.RUN_ENDED
    assert site.count("start") == 2
    assert psutil.Process(site.pid("backend")).is_running()


CROSSED: list[tuple[At, str]] = [
    ((Mark.CARRIED_OUT, "stop_backend"), "before"),
    ((Mark.INTENDED, "restart"), "after"),
    ((Mark.CARRIED_OUT, "restart"), "before"),
    ((Mark.VERIFIED, "after"), "after"),
    ((Mark.CARRIED_OUT, "start_backend"), "before"),
]
"""Intended and not done; done and not written down. Each line, with real processes: `python -m tests.crashes`."""


@pytest.mark.parametrize(("at", "moment"), CROSSED, ids=name_of)
def test_crashed_where_a_door_is_crossed_each_was_told_once(
    bench: Bench, site: SmallSite, at: At, moment: str
) -> None:
    before = site.pid("mongodb")
    move = bench.run_over_crash(bench.order(), at, moment)
    assert move.outcome is Outcome.PASS, move
    assert site.pid("mongodb") != before
    assert (site.count("start"), site.count("term")) == (2, 1)
    assert counts(site) == COUNTS


@pytest.mark.real_server
def test_killed_while_mongodb_ends_it_is_restarted_once(site: SmallSite, tmp_path: Path) -> None:
    run = Run(playbook="mongodb-connection", state=tmp_path / "state", targets=site.tables)
    before = psutil.Process(site.pid("mongodb"))
    child = run.begin()
    await_that(lambda: not before.is_running() or before.status() == "zombie")
    run.kill(child)
    assert run.end() == 0, run.standing()
    assert (site.count("start"), site.count("term")) == (2, 1)
    assert counts(site) == COUNTS
