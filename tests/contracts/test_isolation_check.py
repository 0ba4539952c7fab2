"""The separation of the clinics is looked at in a real database and handed over: clinics and counts, no patient."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from bson import ObjectId

from medflow_tui.model.procedure import Act, Mark, Outcome
from medflow_tui.model.targets.isolation import IsolationTarget
from tests.contracts.test_isolation_probe import CLOSED, MATADI, MATRIX, PATIENT, patient
from tests.servers.answering import run_answered
from tests.servers.mongodb import MongodbServer, running
from tests.servers.runs import Bench

LINES = 14
NOWHERE = ObjectId()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MongodbServer]:
    with running(tmp_path_factory.mktemp("isolation")) as found:
        yield found


@pytest.fixture
def database(server: MongodbServer) -> Iterator[Any]:
    """Three patients name a clinic that does not exist, one a deleted one, one none, one a clinic by a name."""
    with server.database() as found:
        found.client.drop_database("medflow")
        found["clinics"].insert_many(
            [
                {"_id": MATADI, "clinicId": "MATADI_KC"},
                {"_id": MATRIX, "clinicId": "MATRIX_KIN"},
                {"_id": CLOSED, "clinicId": "CLOSED", "isDeleted": True},
            ]
        )
        homes = [MATADI, MATRIX, NOWHERE, NOWHERE, NOWHERE, CLOSED, None, PATIENT]
        found["patients"].insert_many([patient(each) for each in homes])
        found["invoices"].insert_many([{"clinic": NOWHERE}, {"clinic": MATADI}])
        yield found


@pytest.fixture
def bench(server: MongodbServer, tmp_path: Path) -> Bench:
    target = IsolationTarget(name="isolation", address=server.address)
    return Bench(name="data-isolation", targets=(target,), state=tmp_path / "state")


def test_the_plan_counts_patients_of_no_clinic(bench: Bench, database: Any) -> None:
    plan = bench.plan()
    assert [plan.facts[each] for each in ("strays", "deleted", "homeless", "clinics")] == [4, 1, 1, 3]
    assert plan.refusals == ()
    assert not bench.state.exists()


def test_clinics_and_counts_are_handed_over_and_no_patient(bench: Bench, database: Any) -> None:
    patients = [str(each["_id"]) for each in database["patients"].find()]
    order = bench.order()
    assert run_answered(bench, order, "told").outcome is Outcome.PASS
    looked = next(each for each in bench.entries(order) if each.mark is Mark.VERIFIED and each.step == "look")
    assert set(looked.facts["stray_clinics"]) == {  # type: ignore[arg-type]
        f"{NOWHERE} patients 3",
        f"{NOWHERE} invoices 1",
        "? patients 1",
    }
    assert looked.facts["deleted_clinics"] == (f"{CLOSED} patients 1",)
    assert looked.facts["homeless_clinics"] == ("- patients 1",)
    paper = (order.folder / "handover.txt").read_text()
    assert f"{NOWHERE} patients 3" in paper
    written = b"".join(each.read_bytes() for each in bench.state.rglob("*") if each.is_file())
    assert PATIENT.encode() not in written
    assert not any(each.encode() in written for each in patients)


def test_it_ends_well_once_every_patient_has_a_clinic(bench: Bench, database: Any) -> None:
    order = bench.order()
    assert run_answered(bench, order, "mended").act is Act.PAUSE
    database["patients"].update_many({}, {"$set": {"homeClinic": MATADI}})
    database["invoices"].update_many({}, {"$set": {"clinic": MATADI}})
    assert run_answered(bench, order, "mended").outcome is Outcome.PASS


def test_without_the_field_nothing_passes(bench: Bench, database: Any) -> None:
    database["patients"].update_many({}, {"$unset": {"homeClinic": ""}})
    database["invoices"].delete_many({})
    move = run_answered(bench, bench.order(), "clear")
    assert move.act is Act.PAUSE
    assert "not known" in str(move.why)


def test_another_database_than_the_one_in_the_plan_is_refused(bench: Bench, database: Any) -> None:
    order = bench.order()
    database["clinics"].insert_one({"clinicId": "ANOTHER"})
    assert run_answered(bench, order, "told").outcome is Outcome.FAIL
    assert not any(each.mark is Mark.INTENDED for each in bench.entries(order))


@pytest.mark.parametrize("line", range(LINES))
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_crashed_at_any_line_one_resume_ends_it(bench: Bench, database: Any, line: int) -> None:
    order, moment = bench.order(), "after" if line % 2 else "before"
    before = {name: list(database[name].find()) for name in sorted(database.list_collection_names())}
    move = bench.run_over_crash(order, line, moment, lambda order: run_answered(bench, order, "told"))
    assert move.outcome is Outcome.PASS, move
    assert bench.entries(order)[-1].mark is Mark.RUN_ENDED
    assert {name: list(database[name].find()) for name in before} == before
    assert (order.folder / "handover.txt").exists()
