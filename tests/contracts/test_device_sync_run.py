"""The device sync playbook over real HTTP and a real Valkey, in a process of its own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from medflow_tui.journal import audit
from medflow_tui.journal.run_log import RunFolder
from medflow_tui.model.performer import Login
from medflow_tui.model.procedure import Mark, Outcome, Phase, StepStand
from medflow_tui.runner.dry_run import rehearse
from medflow_tui.runner.follow import Follower, history, unfinished
from medflow_tui.runner.lock import RunLock
from medflow_tui.runner.process import Order
from medflow_tui.runner.runner import Mandate
from tests.servers.process import OwnProcess
from tests.servers.queue_clinic import Clinic, clinic, in_trouble
from tests.servers.sync_backend import FAILED, JOB, QUEUE, RETRY, START
from tests.servers.valkey import running as valkey


@pytest.fixture(scope="module")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnProcess]:
    with valkey(tmp_path_factory.mktemp("valkey")) as server:
        yield server


@pytest.fixture
def here(redis_server: OwnProcess, tmp_path: Path) -> Iterator[Clinic]:
    with clinic(redis_server.port, tmp_path / "state") as found:
        yield found


def state(order: Order):  # type: ignore[no-untyped-def]
    return Follower(RunFolder(path=order.folder)).poll().state


def entries(order: Order):  # type: ignore[no-untyped-def]
    return RunFolder(path=order.folder).entries()


def test_the_plan_names_calls_and_measures_how_far_they_reach(here: Clinic) -> None:
    in_trouble(here)
    plan = here.plan()
    assert {each.id: each.calls for each in plan.steps if each.changes} == {
        "start_worker": (f"POST {START}",),
        "retry_failed": (f"POST {RETRY}",),
    }
    assert [plan.facts[each] for each in ("waiting", "failed", "expired", "devices")] == [6, 3, 1, 8]
    assert plan.refusals == ()
    assert plan.confirm == "LAB SYNC"
    assert plan.role == "admin"


def test_a_run_mends_the_queue_and_proves_it(here: Clinic) -> None:
    in_trouble(here)
    order = here.order()
    assert here.run(order) == 0, (order.folder / "output.txt").read_text()
    assert state(order).phase is Phase.SUCCEEDED
    assert all(each.stand is StepStand.DONE for each in state(order).steps)
    assert here.backend.posts == {START: 1, RETRY: 1}
    assert here.backend.redis.llen(FAILED) == here.backend.redis.llen(QUEUE) == 0
    found = audit.verify(here.state / "audit.jsonl")
    assert found.holds
    assert found.anchor.count > 10


def test_the_ids_are_in_the_journal_before_the_retry_and_the_lost_one_is_named(here: Clinic) -> None:
    in_trouble(here)
    before = here.backend.redis.lrange(FAILED, 0, -1)
    lost = [each for each in before if not here.backend.redis.exists(JOB + each)]
    order = here.order()
    seen: list[tuple[str, ...]] = []

    def when_asked(path: str, moment: str) -> None:
        if path == RETRY and moment == "before":
            intent = next(each for each in reversed(entries(order)) if each.mark is Mark.INTENDED)
            seen.append(tuple(intent.facts["ids"]))

    here.backend.on_post = when_asked
    assert here.run(order) == 0
    assert seen == [tuple(before)]
    intent = next(
        each for each in entries(order) if each.mark is Mark.INTENDED and each.step == "retry_failed"
    )
    assert intent.facts["expired_ids"] == tuple(lost)


def test_a_worker_that_runs_already_is_not_started_again(here: Clinic) -> None:
    here.backend.started_at = "2026-11-23T07:00:00.000Z"
    order = here.order()
    assert here.run(order) == 0
    assert here.backend.posts == {}
    assert not state(order).changed


def test_a_dry_run_sends_nothing_but_get_and_writes_nothing(here: Clinic) -> None:
    in_trouble(here)
    kept = sorted(here.state.rglob("*"))
    with here.crew(None) as crew:
        found = rehearse(here.playbook, here.site, crew, here.state, now=datetime.now(UTC))
    assert here.backend.calls
    assert all(each.startswith("GET ") for each in here.backend.calls)
    assert sorted(here.state.rglob("*")) == kept
    assert found.plan.facts["failed"] == 3
    assert not found.would_start
    assert {each.id for each in found.plan.refusals} == {"identity", "role"}


def test_in_production_nobody_acts_where_nobody_else_could_agree(
    redis_server: OwnProcess, tmp_path: Path
) -> None:
    with clinic(redis_server.port, tmp_path / "state", environment="production") as here:
        in_trouble(here)
        order = here.order()
        assert here.run(order) == 2
        assert state(order).phase is Phase.REFUSED
        assert state(order).said.text == "the site file names nobody else who may agree"
        assert here.backend.posts == {}


def test_a_role_that_may_not_is_refused_before_anything(redis_server: OwnProcess, tmp_path: Path) -> None:
    with clinic(redis_server.port, tmp_path / "state", role="doctor") as here:
        order = here.order()
        assert here.run(order) == 2
        assert state(order).phase is Phase.REFUSED
        assert not any(each.mark is Mark.INTENDED for each in entries(order))


def test_a_wrong_password_is_tried_once(here: Clinic) -> None:
    order = here.order(here.plan(), login=Login(username="amani", password="wrong"))
    here.backend.calls.clear()
    assert here.run(order) == 2
    assert here.backend.calls["POST /api/auth/login"] == 1
    assert state(order).phase is Phase.REFUSED
    denied, ended = audit.verify(here.state / "audit.jsonl").records[-2:]
    assert (denied["ev"], denied["run"], denied["result"]) == (
        "attempt.denied",
        order.folder.name,
        {"why": "login_refused"},
    )
    assert (ended["ev"], ended["result"]["outcome"]) == ("run.done", "fail")


def test_a_backend_without_database_is_refused(here: Clinic) -> None:
    order = here.order()
    here.backend.ready = False
    assert here.run(order) == 2
    assert here.backend.posts == {}


def test_a_backend_that_was_restarted_since_the_plan_is_another_one(here: Clinic) -> None:
    order = here.order()
    here.backend.process_started += 60
    assert here.run(order) == 2
    assert here.backend.posts == {}


def test_more_lost_jobs_than_agreed_need_a_new_plan(here: Clinic) -> None:
    in_trouble(here)
    order = here.order()
    here.backend.add_job("failed", expired=True)
    assert here.run(order) == 2
    assert here.backend.posts == {}


@pytest.mark.parametrize("name", ["plan.json", "playbook.toml"])
def test_one_changed_byte_after_the_confirmation_voids_it(here: Clinic, name: str) -> None:
    order = here.order()
    path = order.folder / name
    text = (
        path.read_text().replace("[confirm]", "[confirm] ")
        if name.endswith("toml")
        else path.read_text().replace("LAB SYNC", "LAB SYNK")
    )
    assert text != path.read_text()
    path.write_text(text)
    assert here.run(order) == 2
    assert state(order).phase is Phase.REFUSED
    assert here.backend.posts == {}


def test_another_person_who_acts_is_named(here: Clinic) -> None:
    RunLock(here.state / "locks", ("device-sync",), lease_s=60).take(run="other", who="grace")
    order = here.order()
    assert here.run(order) == 2
    assert "grace" in str(state(order).said.values)
    assert here.backend.posts == {}


def test_a_worker_that_takes_no_jobs_leaves_the_failed_ones_alone(here: Clinic) -> None:
    in_trouble(here)
    here.backend.takes_jobs = False
    source = here.playbook.source.replace("timeout_s = 60", "timeout_s = 1")
    quick = replace_playbook(here, source)
    assert here.run(quick) == 2
    assert state(quick).phase is Phase.FAILED
    assert here.backend.posts == {START: 1}
    assert here.backend.redis.llen(FAILED) == 3


def test_jobs_that_fail_again_are_a_failure_and_are_counted(here: Clinic) -> None:
    in_trouble(here)
    here.backend.broken_ids = set(here.backend.redis.lrange(FAILED, 0, -1))
    order = here.order()
    assert here.run(order) == 2
    assert state(order).steps[-1].stand is StepStand.FAILED
    assert state(order).said.values["n"] == 2


def test_a_share_that_cannot_be_read_warns_with_the_number_of_jobs(here: Clinic) -> None:
    in_trouble(here, expired=1)
    here.backend.devices[1]["integration"] = {"status": "error"}
    plan = here.plan()
    shares = next(each for each in plan.guards if each.id == "shares")
    assert shares.outcome is Outcome.FAIL
    assert not shares.stops
    assert shares.said.values["n"] == 2


def test_no_patient_and_no_reason_reaches_the_audit_and_no_patient_the_journal(here: Clinic) -> None:
    in_trouble(here)
    order = here.order()
    assert here.run(order) == 0
    written = "".join(each.read_text() for each in here.state.rglob("*") if each.is_file())
    assert "KABILA" not in written
    assert "images missing" not in (here.state / "audit.jsonl").read_text()


def test_without_an_audit_file_nothing_starts(here: Clinic) -> None:
    order = here.order()
    (here.state / "audit.jsonl").write_text('{"broken":\n')
    assert here.run(order) == 4
    assert here.backend.posts == {}


def test_a_damaged_journal_is_never_acted_on(here: Clinic) -> None:
    order = here.order()
    assert here.run(order) == 0
    path = RunFolder(path=order.folder).journal
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[:4] + lines[5:]))
    here.backend.posts.clear()
    assert here.run(order) == 4
    assert here.backend.posts == {}
    assert state(order).phase is Phase.DAMAGED
    assert [each.phase for each in unfinished(here.state / "runs")] == [Phase.DAMAGED]


def test_a_run_that_is_over_is_not_run_again(here: Clinic) -> None:
    order = here.order()
    assert here.run(order) == 0
    lines = len(entries(order))
    here.backend.calls.clear()
    assert here.run(order) == 0
    assert len(entries(order)) == lines
    assert all("auto-sync" not in each for each in here.backend.calls)
    assert [each.phase for each in history(here.state / "runs")] == [Phase.SUCCEEDED]


@pytest.mark.parametrize("changed", [{"typed": "LAB"}, {"reason": "x"}])
def test_a_confirmation_that_is_not_the_right_one_is_refused(here: Clinic, changed: dict[str, str]) -> None:
    order = here.order()
    assert here.run(replace(order, mandate=replace(order.mandate, **changed))) == 2
    assert state(order).phase is Phase.REFUSED
    assert here.backend.posts == {}


def test_a_mandate_for_another_plan_is_refused(here: Clinic) -> None:
    order = here.order()
    mandate = Mandate(who="x", reason="y", typed="z", plan_hash="0" * 64)
    assert here.run(replace(order, mandate=mandate)) == 2
    assert here.backend.posts == {}


def replace_playbook(here: Clinic, source: str) -> Order:
    """An order for a playbook of the test's own, confirmed as any other."""
    from medflow_tui.journal.run_log import create
    from medflow_tui.playbooks.load import parse
    from medflow_tui.runner.preview import make_plan

    book = parse(source, "test.toml")
    with here.crew() as crew:
        plan = make_plan(book, here.site, crew, here.state, now=datetime.now(UTC))
    order = here.order(plan)
    folder = create(here.state / "runs", plan, source)
    (here.state / "site.json").write_text(json.dumps(here.described))
    return replace(order, folder=folder.path)
