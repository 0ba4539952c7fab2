"""The clinics probe over the real protocols: a MongoDB-compatible server, a central server, TCP."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from bson import ObjectId

from medflow_tui.model.health import Health, Reading
from medflow_tui.model.site import Hours
from medflow_tui.model.targets.clinics import Clinic, ClinicsTarget
from medflow_tui.probes.clinics import build
from medflow_tui.rules.judging import Context, judge
from tests.contracts.scripted_web import Script, ScriptedWeb, free_port, raw_server, scripted_web
from tests.servers.mongodb import MongodbServer, running
from tests.servers.readings import never_accepting, tools

NOW = datetime(2026, 11, 23, 13, 0, tzinfo=UTC)  # Monday, 14:00 in Kinshasa
DEADLINE_S, SLACK_S = 2.0, 1.0
DASHBOARD = "GET /api/dashboard"
PATIENT = "Mukendi Ilunga"
REGISTRY = (
    {
        "clinicId": "MATADI_KC",
        "name": "Centre Matadi",
        "shortName": "Matadi",
        "status": "active",
        "timezone": "Africa/Kinshasa",
    },
    {
        "clinicId": "MATRIX_KIN",
        "name": "Matrix Eye Clinic",
        "status": "active",
        "timezone": "Africa/Kinshasa",
    },
    {"clinicId": "GOMA", "name": "Goma", "status": "inactive", "timezone": "Africa/Lubumbashi"},
    {"clinicId": "OLD_KIN", "name": "Old", "status": "active", "isDeleted": True},
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MongodbServer]:
    with running(tmp_path_factory.mktemp("clinics")) as found:
        yield found


@pytest.fixture
def filled(server: MongodbServer) -> MongodbServer:
    with server.database() as database:
        database.client.drop_database("medflow")
        database["clinics"].insert_many([dict(each) for each in REGISTRY])
        database.create_collection("syncqueues")
    return server


@pytest.fixture
def central() -> Iterator[ScriptedWeb]:
    with scripted_web() as web:
        web.answers[DASHBOARD] = Script(body=dashboard(MATADI_KC=12, MATRIX_KIN=6))
        yield web


def dashboard(**minutes_ago: float | None) -> dict[str, Any]:
    """The open answer of the central server; `isOnline` as it says it, from five minutes on false."""
    listed = [
        {
            "clinicId": name,
            "name": name,
            "connection": {"lastSeenAt": None if age is None else stamp(age)},
            "isOnline": age is not None and age < 5,
        }
        for name, age in minutes_ago.items()
    ]
    return {"success": True, "dashboard": {"clinics": {"total": len(listed), "online": 0, "list": listed}}}


def stamp(minutes: float) -> str:
    return (NOW - timedelta(minutes=minutes)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def waits(clinic: str, status: str, minutes: float, **more: Any) -> dict[str, Any]:
    made = NOW - timedelta(minutes=minutes)
    return {"clinicId": clinic, "status": status, "data": {"name": PATIENT}, "createdAt": made, **more}


def target(database: str, central_url: str, *clinics: Clinic, **more: Any) -> ClinicsTarget:
    return ClinicsTarget(name="clinics", address=database, central=central_url, clinic=clinics, **more)


def look(
    tmp_path: Path, found: ClinicsTarget, deadline_s: float = 5.0, code: str = "MATRIX"
) -> dict[str, Reading]:
    given = tools(tmp_path)
    given = replace(given, now=lambda: NOW, site=replace(given.site, code=code))
    return {each.target: each for each in build(found, given).read(deadline_s)}


def verdicts(readings: dict[str, Reading], found: ClinicsTarget) -> dict[str, tuple[Health, str]]:
    judged = {name: judge(each, found, Context(now=NOW)) for name, each in readings.items()}
    return {name: (each.health, each.evidence.text) for name, each in judged.items()}


@contextmanager
def listening() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0), backlog=64) as one:
        yield f"127.0.0.1:{one.getsockname()[1]}"


def test_the_registry_is_joined_with_the_central_server_and_the_lines(
    filled: MongodbServer, central: ScriptedWeb, tmp_path: Path
) -> None:
    with listening() as place:
        matadi = Clinic(id="MATADI_KC", address=place, every_s=1800)
        found = target(filled.address, central.url, matadi, Clinic(id="MATRIX_KIN", every_s=600))
        readings = look(tmp_path, found)
    assert list(readings) == ["clinics", "clinics/MATADI_KC", "clinics/MATRIX_KIN"]
    assert readings["clinics/MATADI_KC"].values["label"] == "Matadi"
    assert readings["clinics/MATADI_KC"].values["answered"] is True
    assert readings["clinics/MATRIX_KIN"].values["answered"] is None
    assert readings["clinics/MATADI_KC"].values["seen_at"] == NOW - timedelta(minutes=12)
    assert readings["clinics"].values["own"] == "MATRIX_KIN"
    assert verdicts(readings, found) == {
        "clinics": (Health.OK, "all sent {at:when}"),
        "clinics/MATADI_KC": (Health.OK, "{rtt:ms}"),
        "clinics/MATRIX_KIN": (Health.OK, "seen {at:when}"),
    }


def test_the_central_server_is_asked_once_and_without_any_credential(
    filled: MongodbServer, central: ScriptedWeb, tmp_path: Path
) -> None:
    look(tmp_path, target(filled.address, central.url))
    assert central.paths() == [DASHBOARD]
    sent = set(central.calls[0].headers)
    assert not sent & {"x-clinic-id", "x-sync-token", "x-master-token", "authorization", "cookie"}


def test_changes_that_wait_are_counted_by_status_and_nothing_of_their_content_is_read(
    filled: MongodbServer, central: ScriptedWeb, tmp_path: Path
) -> None:
    with filled.database() as database:
        database["syncqueues"].insert_many(
            [
                waits("MATRIX_KIN", "pending", 100),
                waits("MATRIX_KIN", "pending", 20),
                waits("MATADI_KC", "conflict", 130),
                waits("MATADI_KC", "dead_letter", 4000),
                waits("MATRIX_KIN", "synced", 9000),
            ]
        )
    found = target(filled.address, central.url)
    readings = look(tmp_path, found)
    values = readings["clinics"].values
    assert dict(values["by_status"]) == {"pending": 2, "conflict": 1, "dead_letter": 1}
    assert (values["waiting"], values["given_up"]) == (3, 1)
    assert (values["oldest_at"], values["oldest_of"]) == (NOW - timedelta(minutes=130), "MATADI_KC")
    assert readings["clinics/MATRIX_KIN"].values["oldest_at"] == NOW - timedelta(minutes=100)
    assert verdicts(readings, found)["clinics"][0] is Health.WARNING
    assert PATIENT not in repr(readings)


def test_a_change_without_a_date_is_as_old_as_its_id(
    filled: MongodbServer, central: ScriptedWeb, tmp_path: Path
) -> None:
    made = NOW - timedelta(hours=3)
    with filled.database() as database:
        database["syncqueues"].insert_one(
            {"_id": ObjectId.from_datetime(made), "clinicId": "MATRIX_KIN", "status": "pending"}
        )
    assert look(tmp_path, target(filled.address, central.url))["clinics"].values["oldest_at"] == made


@pytest.mark.parametrize("date", ["2026-11-23T10:00:00Z", 5, None], ids=str)
def test_a_date_of_another_type_hides_no_age(
    filled: MongodbServer, central: ScriptedWeb, tmp_path: Path, date: object
) -> None:
    made = NOW - timedelta(hours=3)
    with filled.database() as database:
        database["syncqueues"].insert_many(
            [
                {
                    "_id": ObjectId.from_datetime(made + timedelta(minutes=n)),
                    "clinicId": "MATRIX_KIN",
                    "status": "pending",
                    "createdAt": each,
                }
                for n, each in enumerate((date, NOW))
            ]
        )
    found = target(filled.address, central.url)
    readings = look(tmp_path, found)
    assert verdicts(readings, found)["clinics"][0] is not Health.OK
    assert readings["clinics"].values["oldest_at"] <= NOW


def test_a_missing_queue_is_not_an_empty_one(
    filled: MongodbServer, central: ScriptedWeb, tmp_path: Path
) -> None:
    with filled.database() as database:
        database.drop_collection("syncqueues")
    found = target(filled.address, central.url)
    assert verdicts(look(tmp_path, found), found)["clinics"] == (Health.UNKNOWN, "queue unreadable")


def test_an_empty_queue_is_unknown_when_the_central_server_did_not_hear_from_us(
    filled: MongodbServer, central: ScriptedWeb, tmp_path: Path
) -> None:
    central.answers[DASHBOARD] = Script(body=dashboard(MATADI_KC=12, MATRIX_KIN=300))
    found = target(filled.address, central.url)
    assert verdicts(look(tmp_path, found), found)["clinics"] == (Health.UNKNOWN, "empty, unconfirmed")


def test_which_clinic_is_ours_is_not_guessed_among_several(
    filled: MongodbServer, central: ScriptedWeb, tmp_path: Path
) -> None:
    found = target(filled.address, central.url)
    assert look(tmp_path, found, code="MAT")["clinics"].values["own"] == ""
    assert look(tmp_path, found, code="matadi")["clinics"].values["own"] == "MATADI_KC"
    named = replace(found, own="MATADI_KC")
    assert look(tmp_path, named)["clinics"].values["own"] == "MATADI_KC"


@pytest.mark.parametrize(
    "script",
    [
        Script(status=500, body={"success": False, "error": "x"}),
        Script(status=200, body=b"<!DOCTYPE html><html></html>", kind="text/html"),
        Script(body={"success": True}),
        Script(
            body={
                "dashboard": {"clinics": {"list": [{"clinicId": "A", "connection": {"lastSeenAt": "noon"}}]}}
            }
        ),
        Script(status=429, body={"success": False}),
        Script(
            body={
                "dashboard": {
                    "clinics": {
                        "list": [
                            {
                                "clinicId": "MATADI_KC",
                                "connection": {"lastSeenAt": "0001-01-01T00:00:00+14:00"},
                            }
                        ]
                    }
                }
            }
        ),
    ],
)
def test_a_central_server_that_cannot_be_read_leaves_the_last_sync_unknown(
    filled: MongodbServer, central: ScriptedWeb, tmp_path: Path, script: Script
) -> None:
    central.answers[DASHBOARD] = script
    found = target(filled.address, central.url)
    judged = verdicts(look(tmp_path, found), found)
    assert judged["clinics/MATADI_KC"] == (Health.UNKNOWN, "last sync unknown")
    assert judged["clinics"][0] is Health.UNKNOWN


def test_without_the_registry_the_site_file_and_the_central_server_name_the_clinics(
    central: ScriptedWeb, tmp_path: Path
) -> None:
    found = target(f"mongodb://127.0.0.1:{free_port()}", central.url, Clinic(id="TOMBA"))
    readings = look(tmp_path, found)
    assert set(readings) == {"clinics", "clinics/TOMBA", "clinics/MATADI_KC", "clinics/MATRIX_KIN"}
    judged = verdicts(readings, found)
    assert judged["clinics/MATADI_KC"][0] is Health.OK
    assert judged["clinics/TOMBA"] == (Health.UNKNOWN, "unknown to central")
    assert judged["clinics"] == (Health.UNKNOWN, "queue unreadable")


def test_a_clinic_that_only_the_site_file_knows_is_said_so(
    filled: MongodbServer, central: ScriptedWeb, tmp_path: Path
) -> None:
    found = target(filled.address, central.url, Clinic(id="MATADI"))
    assert verdicts(look(tmp_path, found), found)["clinics/MATADI"] == (Health.UNKNOWN, "not in the registry")


def test_a_closed_address_is_a_line_that_works_and_a_port_that_does_not(
    filled: MongodbServer, central: ScriptedWeb, tmp_path: Path
) -> None:
    found = target(
        filled.address, central.url, Clinic(id="MATADI_KC", address=f"127.0.0.1:{free_port()}", every_s=1800)
    )
    assert verdicts(look(tmp_path, found), found)["clinics/MATADI_KC"] == (Health.WARNING, "up, port refuses")


def test_a_frozen_database_and_a_silent_central_server_cost_one_deadline_together(
    server: MongodbServer, tmp_path: Path
) -> None:
    with listening() as place, raw_server(accepts=False) as silent:
        found = target(server.address, silent, Clinic(id="MATADI_KC", address=place))
        server.freeze()
        try:
            started = time.monotonic()
            readings = look(tmp_path, found, DEADLINE_S)
            elapsed = time.monotonic() - started
        finally:
            server.thaw()
    assert elapsed < DEADLINE_S + SLACK_S
    assert readings["clinics/MATADI_KC"].values["answered"] is True
    judged = verdicts(readings, found)
    assert judged["clinics/MATADI_KC"] == (Health.UNKNOWN, "last sync unknown")
    assert judged["clinics"] == (Health.UNKNOWN, "queue unreadable")


def test_a_secret_that_cannot_be_read_is_a_queue_that_cannot(central: ScriptedWeb, tmp_path: Path) -> None:
    with never_accepting() as port:
        found = target(f"mongodb://127.0.0.1:{port}", central.url, username="watch", password="env:MISSING")
        readings = look(tmp_path, found)
    assert readings["clinics"].values["queue_failure"].text == "no secret {name}"


def test_nothing_is_changed_by_looking(filled: MongodbServer, central: ScriptedWeb, tmp_path: Path) -> None:
    def contents() -> dict[str, list[Any]]:
        with filled.database() as database:
            return {
                name: sorted(database[name].find(), key=str)
                for name in sorted(database.list_collection_names())
            }

    before = contents()
    look(tmp_path / "state", target(filled.address, central.url))
    assert contents() == before
    assert not (tmp_path / "state").exists()


def test_hours_of_the_file_go_before_those_of_the_site_and_are_looked_at_each_time(
    filled: MongodbServer, central: ScriptedWeb, tmp_path: Path
) -> None:
    path = tmp_path / "hours.json"
    found = target(filled.address, central.url, Clinic(id="MATADI_KC", every_s=1800), hours_file=str(path))
    closed = {"opens": "18:00", "closes": "19:00", "days": ["mon"]}
    path.write_text(json.dumps({"MATADI_KC": closed}))
    assert verdicts(look(tmp_path, found), found)["clinics/MATADI_KC"][0] is Health.EXPECTED_OFFLINE
    for spoiled in ("{}", "[", "[]", '{"MATADI_KC": 7}', '{"MATADI_KC": {"opens": "07:30"}}'):
        path.write_text(spoiled)
        assert verdicts(look(tmp_path, found), found)["clinics/MATADI_KC"][0] is Health.OK
    probe = build(found, replace(tools(tmp_path), now=lambda: NOW))
    path.write_text(json.dumps({"MATADI_KC": closed}))
    for spoiled in ("", "[", "[" * 100_000, '{"MATADI_KC": '):
        hours = {each.target: each.values.get("hours") for each in probe.read(5.0)}
        assert hours["clinics/MATADI_KC"] == Hours(opens="18:00", closes="19:00", days=("mon",))
        path.write_text(spoiled)  # the hours of the look before count on
    path.write_text(json.dumps({"MATADI_KC": {**closed, "opens": 18}}))
    assert verdicts(look(tmp_path, found), found)["clinics/MATADI_KC"] == (Health.UNKNOWN, "hours: {word}?")


def test_a_line_that_comes_back_is_well_at_once(
    filled: MongodbServer, central: ScriptedWeb, tmp_path: Path
) -> None:
    with socket.socket() as one, ExitStack() as fillers:
        one.bind(("127.0.0.1", 0))
        one.listen(0)
        for _ in range(3):
            filler = fillers.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(one.getsockname())
        clinic = Clinic(id="MATADI_KC", address=f"127.0.0.1:{one.getsockname()[1]}", every_s=1800)
        found = target(filled.address, central.url, clinic)
        given = replace(tools(tmp_path), now=lambda: NOW)
        probe = build(found, given)

        def matadi() -> tuple[Health, str]:
            readings = {each.target: each for each in probe.read(1.0)}
            return verdicts(readings, found)["clinics/MATADI_KC"]

        for _ in range(3):
            assert matadi() == (Health.CRITICAL, "no answer")
        fillers.close()
        one.listen(64)
        one.setblocking(False)
        with suppress(BlockingIOError):
            while True:
                one.accept()[0].close()
        assert matadi() == (Health.OK, "{rtt:ms}")
