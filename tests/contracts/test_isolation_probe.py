"""The isolation probe over the real protocol: invented patients, counts only."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from bson import ObjectId

from medflow_tui.model.health import Cause, Health, Reading
from medflow_tui.model.targets.isolation import IsolationTarget
from medflow_tui.probes.isolation import build
from medflow_tui.rules.judging import Context
from medflow_tui.rules.judging.isolation import judge
from tests.servers.mongodb import MongodbServer, running
from tests.servers.readings import tools

PATIENT = "PLANTED-PATIENT-NAME"
MATADI, MATRIX, CLOSED = ObjectId(), ObjectId(), ObjectId()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MongodbServer]:
    with running(tmp_path_factory.mktemp("isolation")) as found:
        yield found


@pytest.fixture
def database(server: MongodbServer) -> Iterator[Any]:
    """Three clinics (one deleted), four patients of two, and one document of each other collection."""
    with server.database() as found:
        found.client.drop_database("medflow")
        found["clinics"].insert_many(
            [
                {"_id": MATADI, "clinicId": "MATADI_KC"},
                {"_id": MATRIX, "clinicId": "MATRIX_KIN", "isDeleted": False},
                {"_id": CLOSED, "clinicId": "CLOSED", "isDeleted": True},
            ]
        )
        found["patients"].insert_many([patient(MATADI), patient(MATADI), patient(MATRIX), patient(MATRIX)])
        found["invoices"].insert_one({"clinic": MATADI})
        found["devices"].insert_one({"clinic": MATRIX})
        found["users"].insert_many([{"clinics": [MATADI, MATRIX]}, {"clinics": []}])
        yield found


def patient(home: Any) -> dict[str, Any]:
    return {"firstName": PATIENT, "homeClinic": home}


def look(tmp_path: Path, server: MongodbServer, deadline_s: float = 8.0, **more: Any) -> Reading:
    target = IsolationTarget(name="isolation", address=server.address, **more)
    (reading,) = build(target, tools(tmp_path)).read(deadline_s)
    return reading


def health(reading: Reading) -> Health:
    return judge(reading, IsolationTarget(name="isolation"), Context(now=reading.observed_at)).health


def test_patients_of_known_clinics_are_apart(server: MongodbServer, database: Any, tmp_path: Path) -> None:
    reading = look(tmp_path, server)
    assert reading.failure is None
    assert dict(reading.values["clinic_of"]) == {"MATADI_KC": 2, "MATRIX_KIN": 2}
    assert reading.values["patients"] == {
        "seen": 4,
        "complete": True,
        "homeless": 0,
        "stray": 0,
        "deleted": 0,
        "told": True,
    }
    assert reading.values["users"]["homeless"] == 1
    assert health(reading) is Health.OK


def test_patients_of_no_clinic_of_an_unknown_and_of_a_deleted_one_are_counted_apart(
    server: MongodbServer, database: Any, tmp_path: Path
) -> None:
    database["patients"].insert_many(
        [
            patient(None),
            {"firstName": PATIENT},
            patient(""),
            patient(ObjectId()),
            patient(str(MATADI)),
            patient(CLOSED),
        ]
    )
    database["patients"].insert_one({**patient(ObjectId()), "isDeleted": True})
    found = look(tmp_path, server).values["patients"]
    assert (found["homeless"], found["stray"], found["deleted"], found["seen"]) == (3, 2, 1, 10)


def test_the_field_of_the_runbook_would_pass_where_this_one_does_not(
    server: MongodbServer, database: Any, tmp_path: Path
) -> None:
    database["patients"].insert_one(patient(ObjectId()))
    groups = list(database["patients"].aggregate([{"$group": {"_id": "$clinic", "count": {"$sum": 1}}}]))
    assert [each["_id"] for each in groups] == [None]
    assert health(look(tmp_path, server)) is Health.WARNING


@pytest.mark.parametrize("collection", ["invoices", "devices"])
def test_other_records_of_an_unknown_clinic_are_counted(
    server: MongodbServer, database: Any, tmp_path: Path, collection: str
) -> None:
    database[collection].insert_one({"clinic": ObjectId()})
    reading = look(tmp_path, server)
    assert reading.values[collection]["stray"] == 1
    assert health(reading) is Health.WARNING


def test_no_patient_is_unknown(server: MongodbServer, database: Any, tmp_path: Path) -> None:
    database["patients"].delete_many({})
    assert health(look(tmp_path, server)) is Health.UNKNOWN


def test_patients_without_the_field_are_unknown(server: MongodbServer, database: Any, tmp_path: Path) -> None:
    database["patients"].delete_many({})
    database["patients"].insert_many([{"clinic": MATADI}, {"clinic": MATRIX}])
    reading = look(tmp_path, server)
    assert reading.values["patients"]["told"] is False
    assert health(reading) is Health.UNKNOWN


@pytest.mark.parametrize("collection", ["patients", "clinics"])
def test_a_missing_collection_is_unknown(
    server: MongodbServer, database: Any, tmp_path: Path, collection: str
) -> None:
    database.drop_collection(collection)
    reading = look(tmp_path, server)
    assert reading.values["absent"] == (collection,)
    assert health(reading) is Health.UNKNOWN


def test_a_sample_says_that_it_is_not_all(server: MongodbServer, database: Any, tmp_path: Path) -> None:
    database["invoices"].insert_many([{"clinic": MATADI} for _ in range(5)])
    found = look(tmp_path, server, sample_limit=3).values["invoices"]
    assert (found["seen"], found["complete"]) == (3, False)


def test_no_record_is_in_the_reading(server: MongodbServer, database: Any, tmp_path: Path) -> None:
    stranger = ObjectId()
    database["patients"].insert_one(patient(stranger))
    told = repr(look(tmp_path, server))
    assert PATIENT not in told
    assert str(stranger) not in told


def test_a_frozen_server_is_unknown_in_time(server: MongodbServer, tmp_path: Path) -> None:
    server.freeze()
    try:
        started = time.monotonic()
        reading = look(tmp_path, server, 1.0)
        took = time.monotonic() - started
    finally:
        server.thaw()
    assert reading.failure is not None
    assert reading.failure.cause is Cause.SILENT
    assert took < 2.0
    assert health(reading) is Health.UNKNOWN
