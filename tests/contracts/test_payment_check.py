"""Payments are looked at in a real database and handed over: counts and ids of invoices, and nothing of a patient."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from medflow_tui.model.procedure import Act, End, Mark, Outcome
from medflow_tui.model.site import Contact
from medflow_tui.model.targets.payments import PaymentsTarget
from tests.contracts.test_payments_probe import PATIENT, entry, invoice, payment
from tests.servers.answering import run_answered
from tests.servers.mongodb import MongodbServer, free_port, running
from tests.servers.runs import Bench

LINES = 14


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MongodbServer]:
    with running(tmp_path_factory.mktemp("payments")) as found:
        yield found


@pytest.fixture
def database(server: MongodbServer) -> Iterator[Any]:
    """One invoice of each kind, one payment without a trace, one that waits, one in order."""
    with server.database() as found:
        found.client.drop_database("medflow")
        found["clinics"].insert_one({"clinicId": "MATRIX_KIN"})
        found["invoices"].insert_many(
            [
                invoice("issued", 1000, payment(1000, 120)),
                invoice("sent", 1000, payment(400, 180)),
                invoice("partial", 1000, payment(700, 90), paid=400),
                invoice("viewed", 1000),
                invoice("paid", 1000, payment(1000, 30)),
                invoice("paid", 1000, payment(1000, 300)),
            ]
        )
        found["auditlogs"].insert_one(entry("DATA_CREATE", "/api/visits", 10))
        yield found


@pytest.fixture
def bench(server: MongodbServer, tmp_path: Path) -> Bench:
    target = PaymentsTarget(name="payments", address=server.address, contact="database")
    return Bench(
        name="payments",
        targets=(target,),
        state=tmp_path / "state",
        contacts={"database": Contact(role="database", name="Grace M.", phone="+243 000")},
    )


def mended(database: Any) -> None:
    database["invoices"].delete_many({"status": {"$ne": "viewed"}})
    database["invoices"].insert_one(invoice("paid", 1000, payment(1000, 300)))


def everything(database: Any) -> list[dict[str, Any]]:
    return [each for name in sorted(database.list_collection_names()) for each in database[name].find()]


def written(bench: Bench) -> bytes:
    return b"".join(each.read_bytes() for each in bench.state.rglob("*") if each.is_file())


def test_the_plan_says_how_many_are_stuck_and_touches_nothing(bench: Bench, database: Any) -> None:
    before = everything(database)
    plan = bench.plan()
    assert [plan.facts[each] for each in ("stuck", "pending", "unaudited")] == [3, 3, 1]
    assert plan.refusals == ()
    assert not any(each.changes or each.calls for each in plan.steps)
    assert everything(database) == before
    assert not bench.state.exists()


def test_counts_and_ids_are_handed_over_with_whom_to_call(bench: Bench, database: Any) -> None:
    order, before = bench.order(), everything(database)
    move = run_answered(bench, order, "told")
    assert move.outcome is Outcome.PASS
    looked = next(each for each in bench.entries(order) if each.mark is Mark.VERIFIED and each.step == "look")
    ids = {kind: looked.facts[f"{kind}_ids"] for kind in ("settled", "ignored", "mismatched", "unaudited")}
    by_status = {each["status"]: str(each["_id"]) for each in before if each.get("status", "paid") != "paid"}
    assert ids["settled"] == (by_status["issued"],)
    assert ids["ignored"] == (by_status["sent"],)
    assert ids["mismatched"] == (by_status["partial"],)
    paper = order.folder / "handover.txt"
    text = paper.read_text()
    assert all(one in text for each in ids.values() for one in each)
    assert "Appeler : le responsable de la base, Grace M., +243 000" in text
    assert stat.S_IMODE(paper.stat().st_mode) == 0o600
    assert everything(database) == before


def test_nothing_of_a_patient_is_written_anywhere(bench: Bench, database: Any) -> None:
    database["invoices"].insert_one(
        {**invoice("issued", 10, payment(10, 200)), "invoiceId": f"INV-{PATIENT}"}
    )
    run_answered(bench, bench.order(), "told")
    assert PATIENT.encode() not in written(bench)
    assert b"INV" not in written(bench)


@pytest.mark.parametrize("choice", ["clear", "mended"])
def test_an_answer_alone_does_not_make_it_good(bench: Bench, database: Any, choice: str) -> None:
    order = bench.order()
    move = run_answered(bench, order, choice)
    assert move.act is Act.PAUSE
    assert bench.entries(order)[-2].mark is Mark.FAILED
    mended(database)
    assert run_answered(bench, order, choice).outcome is Outcome.PASS


def test_when_nobody_can_be_reached_the_run_ends_without_a_pass(bench: Bench, database: Any) -> None:
    move = run_answered(bench, bench.order(), "nobody")
    assert move.end is End.CANCELLED
    assert move.outcome is Outcome.FAIL


def test_a_database_that_does_not_answer_is_asked_about_and_then_looked_at_again(
    bench: Bench, database: Any
) -> None:
    order = bench.order()
    gone = replace(
        bench,
        targets=(replace(bench.targets[0], address=f"mongodb://127.0.0.1:{free_port()}"),),  # type: ignore[call-arg]
    )
    move = run_answered(gone, order, "told")
    assert move.outcome is not Outcome.PASS
    assert not (order.folder / "handover.txt").exists()


def test_another_database_than_the_one_in_the_plan_is_refused(bench: Bench, database: Any) -> None:
    order = bench.order()
    database["clinics"].insert_one({"clinicId": "GOMA"})
    move = run_answered(bench, order, "told")
    assert move.outcome is Outcome.FAIL
    assert "another server answers" in str(move.why)
    assert not any(each.mark is Mark.INTENDED for each in bench.entries(order))


def test_production_may_look(bench: Bench, database: Any) -> None:
    at_work = replace(bench, environment="production")
    assert run_answered(at_work, at_work.order(), "told").outcome is Outcome.PASS


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("line", range(LINES))
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_crashed_at_any_line_one_resume_ends_it(bench: Bench, database: Any, line: int, moment: str) -> None:
    order, before = bench.order(), everything(database)
    move = bench.run_over_crash(order, line, moment, lambda order: run_answered(bench, order, "told"))
    assert move.outcome is Outcome.PASS, move
    assert bench.entries(order)[-1].mark is Mark.RUN_ENDED
    assert everything(database) == before
    assert (order.folder / "handover.txt").exists()
