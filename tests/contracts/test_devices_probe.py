"""The devices probe over the real protocol, against a MongoDB-compatible server of its own."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from medflow_tui.model.health import Cause, Health, Judgement, Reading
from medflow_tui.model.targets.devices import Device, DevicesTarget
from medflow_tui.probes.devices import build
from medflow_tui.rules.judging import Context
from medflow_tui.rules.judging.devices import judge
from tests.servers.mongodb import MongodbServer, free_port, running
from tests.servers.readings import never_accepting, tools

DEADLINE_S = 1.5
SLACK_S = 1.0
NOW = datetime.now(UTC).replace(microsecond=0)


def document(name: str, age: timedelta | None, **integration: Any) -> dict[str, Any]:
    synced = {"lastSync": NOW - age} if age is not None else {}
    return {
        "deviceId": name,
        "name": f"{name} in the cellar",
        "active": True,
        "status": {"currentStatus": "available", "operational": True},
        "connection": {"settings": {"shareName": "MUSTERMANN", "credentials": {"password": "share-secret"}}},
        "integration": {
            "method": "folder-sync",
            "status": "connected",
            "lastSyncStatus": "success",
            "lastConnection": NOW,
            "consecutiveErrors": 0,
            "folderSync": {"enabled": True, "sharedFolderPath": "/Volumes/MUSTERMANN Erika"},
            **synced,
            **integration,
        },
    }


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MongodbServer]:
    with running(tmp_path_factory.mktemp("mongodb")) as found:
        yield found


@pytest.fixture
def devices(server: MongodbServer) -> Iterator[Any]:
    with server.database() as database:
        database["devices"].drop()
        yield database["devices"]


def target(server: MongodbServer, **more: Any) -> DevicesTarget:
    return DevicesTarget(name="devices", address=server.address, **more)


def read(tmp_path: Path, configured: DevicesTarget, deadline_s: float = 5.0) -> dict[str, Reading]:
    readings = build(configured, tools(tmp_path)).read(deadline_s)
    assert readings[0].target == "devices"
    return {each.target.removeprefix("devices").removeprefix("/"): each for each in readings}


def verdict(readings: dict[str, Reading], name: str, configured: DevicesTarget) -> Judgement:
    return judge(readings[name], configured, Context(now=NOW))


def test_each_active_device_is_a_part_with_its_three_states(
    server: MongodbServer, devices: Any, tmp_path: Path
) -> None:
    retired = {**document("OLD", timedelta(days=400)), "active": False}
    devices.insert_many(
        [
            document("OCT0001", timedelta(minutes=11)),
            document("CLARUS", timedelta(hours=26)),
            document(
                "SOLIX", timedelta(hours=1), status="error", consecutiveErrors=3, lastSyncStatus="failed"
            ),
            document("PAPER", None, method="manual"),
            retired,
        ]
    )
    four_hours = target(server, device=(Device(id="CLARUS", every_s=14_400, label="zeiss29"),))
    found = read(tmp_path, four_hours)
    assert set(found) == {"", "OCT0001", "CLARUS", "SOLIX"}
    assert dict(found[""].values) == {"devices": 3, "by_hand": 1, "complete": True}
    assert found["CLARUS"].values["label"] == "zeiss29"
    assert verdict(found, "OCT0001", four_hours).health is Health.OK
    late = verdict(found, "CLARUS", four_hours)
    assert (late.health, late.evidence.text) == (Health.WARNING, "{age:duration} old, due {due:duration}")
    failing = verdict(found, "SOLIX", four_hours)
    assert (failing.evidence.text, failing.evidence.values["n"]) == ("error: {n:number} in a row", 3)
    assert not any(word in repr(found) for word in ("MUSTERMANN", "share-secret", "Volumes"))


def test_the_old_flat_shape_is_read_and_proves_no_import(
    server: MongodbServer, devices: Any, tmp_path: Path
) -> None:
    devices.insert_one(
        {
            "deviceId": "TOMEY",
            "active": True,
            "status": "online",
            "sharedFolderPath": "/Volumes/Export",
            "connectionType": "smb",
            "lastSeen": (NOW - timedelta(minutes=2)).isoformat(),
        }
    )
    found = read(tmp_path, target(server))
    assert (found["TOMEY"].values["shape"], found["TOMEY"].values["current"]) == ("flat", "online")
    assert verdict(found, "TOMEY", target(server)).health is Health.UNKNOWN


def test_documents_in_odd_shapes_stop_nothing(server: MongodbServer, devices: Any, tmp_path: Path) -> None:
    devices.insert_many(
        [
            {"status": 7, "integration": "x"},
            {"deviceId": 12, "name": "A/B", "integration": {"folderSync": [], "lastSync": "yesterday"}},
            {
                "deviceId": "X",
                "integration": {"consecutiveErrors": float("nan"), "lastSync": NOW.isoformat()},
            },
            {"deviceId": "X", "integration": {"consecutiveErrors": float("inf")}},
            {"deviceId": "Y", "lastSync": "0001-01-01T00:00:00+14:00"},
        ]
    )
    found = read(tmp_path, target(server))
    assert found[""].values["devices"] == 5
    assert len(found) == 6  # two of one name are two
    assert {"A-B", "X"} < set(found)
    assert verdict(found, "X", target(server)).health is Health.OK


def test_a_configured_device_that_is_not_registered_is_said(
    server: MongodbServer, devices: Any, tmp_path: Path
) -> None:
    devices.insert_one(document("OCT0001", timedelta(minutes=1)))
    configured = target(server, device=(Device(id="GONE"),))
    found = read(tmp_path, configured)
    assert verdict(found, "GONE", configured).health is Health.WARNING
    assert verdict(found, "", configured).health is Health.OK


def test_more_devices_than_the_limit_are_said_to_be_read_in_part(
    server: MongodbServer, devices: Any, tmp_path: Path
) -> None:
    devices.insert_many([document(f"D{number}", timedelta(minutes=1)) for number in range(5)])
    configured = target(server, max_devices=3)
    found = read(tmp_path, configured)
    assert len(found) == 4
    assert verdict(found, "", configured).health is Health.UNKNOWN


def test_no_collection_is_not_good_news(server: MongodbServer, devices: Any, tmp_path: Path) -> None:
    assert verdict(read(tmp_path, target(server)), "", target(server)).health is Health.UNKNOWN


def test_a_frozen_server_keeps_to_the_deadline_and_leaves_the_devices_unknown(
    server: MongodbServer, tmp_path: Path
) -> None:
    server.freeze()
    try:
        started = time.monotonic()
        found = read(tmp_path, target(server), DEADLINE_S)
        took = time.monotonic() - started
    finally:
        server.thaw()
    assert took < DEADLINE_S + SLACK_S
    judged = verdict(found, "", target(server))
    assert (judged.health, judged.evidence.text) == (Health.UNKNOWN, "mongodb unreadable")


def test_a_server_that_refuses_or_never_accepts_is_a_failure(tmp_path: Path) -> None:
    refused = read(
        tmp_path, DevicesTarget(name="devices", address=f"mongodb://127.0.0.1:{free_port()}"), DEADLINE_S
    )
    assert refused[""].failure is not None
    assert refused[""].failure.cause is Cause.REFUSED
    with never_accepting() as port:
        silent = read(
            tmp_path, DevicesTarget(name="devices", address=f"mongodb://127.0.0.1:{port}"), DEADLINE_S
        )
    assert silent[""].failure is not None
    assert silent[""].failure.cause is Cause.SILENT
