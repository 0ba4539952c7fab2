"""The MongoDB probe over the real protocol, against a MongoDB-compatible server of its own."""

from __future__ import annotations

import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import bson
import pytest
from bson.datetime_ms import DatetimeMS

from medflow_tui.clients.mongodb import Connection, _opened, connected
from medflow_tui.clients.network import Deadline, UnreachableError
from medflow_tui.model.health import Cause, Health, Reading
from medflow_tui.model.targets.mongodb import AUDIT_KEPT_S, INDEXES, MongodbTarget
from medflow_tui.probes.mongodb import build, members
from medflow_tui.rules.judging import Context
from medflow_tui.rules.judging.mongodb import judge
from medflow_tui.rules.mongodb_log import unclean_shutdown
from tests.servers.bad_line import bad_line
from tests.servers.mongodb import PASSWORD, USER, MongodbServer, free_port, running
from tests.servers.readings import never_accepting, tools

DEADLINE_S = 1.5
SLACK_S = 1.0


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MongodbServer]:
    with running(tmp_path_factory.mktemp("mongodb")) as found:
        yield found


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MongodbServer]:
    with running(tmp_path_factory.mktemp("guarded"), auth=True) as found:
        with found.database() as database:
            database["patients"].insert_one({"patientId": "P1"})
        yield found


@pytest.fixture
def filled(server: MongodbServer) -> MongodbServer:
    """All collections and indexes of the field, one document where one must be."""
    with server.database() as database:
        database.client.drop_database("medflow")
        target = MongodbTarget(name="mongodb")
        for name in target.collections:
            database.create_collection(name)
        for name in target.never_empty:
            database[name].insert_one({"made": "up"})
        for index in INDEXES:
            more = {"expireAfterSeconds": index.expires_s} if index.expires_s else {}
            database[index.collection].create_index([(each, 1) for each in index.fields], **more)
    return server


def look(tmp_path: Path, address: str, deadline_s: float = 5.0, **more: Any) -> Reading:
    secrets = {"MONGO": PASSWORD, "WRONG": "not-" + PASSWORD, "EMPTY": "", "ODD": "a\x07b"}
    target = MongodbTarget(name="mongodb", address=address, **more)
    (reading,) = build(target, tools(tmp_path, **secrets)).read(deadline_s)
    return reading


def health(reading: Reading, **more: Any) -> Health:
    return judge(reading, MongodbTarget(name="mongodb", **more), Context(now=reading.observed_at)).health


def cause(reading: Reading) -> Cause | None:
    return reading.failure.cause if reading.failure else None


def test_a_complete_database_is_read_and_found_in_order(filled: MongodbServer, tmp_path: Path) -> None:
    reading = look(tmp_path, filled.address)
    assert reading.failure is None
    values = reading.values
    assert (values["missing"], values["empty"], values["indexes_missing"]) == ((), (), ())
    assert values["expiries"][0]["found_s"] == AUDIT_KEPT_S
    assert values["connections"] >= 1
    assert values["connections_limit"] is None, "available 0 without active is not a limit"
    assert values["role"] == "primary"
    assert [each["state"] for each in values["members"]] == ["PRIMARY"]
    assert values["documents"] == 3
    assert reading.latency_ms is not None
    assert health(reading) is Health.OK


def test_a_missing_collection_is_not_an_empty_one(filled: MongodbServer, tmp_path: Path) -> None:
    with filled.database() as database:
        database.drop_collection("invoices")
        database["users"].delete_many({})
    reading = look(tmp_path, filled.address)
    assert (reading.values["missing"], reading.values["empty"]) == (("invoices",), ("users",))
    assert not any(each.startswith("invoices") for each in reading.values["indexes_missing"])
    assert health(reading) is Health.CRITICAL


def test_a_database_that_does_not_exist_is_critical(server: MongodbServer, tmp_path: Path) -> None:
    reading = look(tmp_path, server.address, database="medflow_of_another_day")
    assert reading.values["collections"] == 0
    assert health(reading) is Health.CRITICAL


def test_missing_and_too_short_indexes_are_found(filled: MongodbServer, tmp_path: Path) -> None:
    with filled.database() as database:
        database["invoices"].drop_index("clinic_1_status_1")
        database["auditlogs"].drop_index("createdAt_1")
        database["auditlogs"].create_index([("createdAt", -1)], name="newest")
        database["auditlogs"].create_index([("createdAt", 1)], expireAfterSeconds=31_536_000)
    reading = look(tmp_path, filled.address)
    assert reading.values["indexes_missing"] == ("invoices (clinic, status)",)
    assert reading.values["expiries"][0]["found_s"] == 31_536_000
    assert health(reading) is Health.CRITICAL


def test_the_profiler_off_is_told_apart_from_no_slow_operation(filled: MongodbServer, tmp_path: Path) -> None:
    off = look(tmp_path, filled.address)
    assert (off.values["profiler"], off.values["slow"]) == (0, None)
    with filled.database() as database:
        database.command("profile", 2)
        list(database["visits"].find({}))
        calm = look(tmp_path, filled.address, slow_ms=100_000)
        busy = look(tmp_path, filled.address, slow_ms=-1)
        database.command("profile", 0)
    assert (calm.values["profiler"], calm.values["slow"]) == (2, 0)
    assert busy.values["slow"] >= 1
    assert busy.values["slow_max_ms"] >= 0


def test_a_look_changes_nothing(filled: MongodbServer, tmp_path: Path) -> None:
    def everything() -> list[Any]:
        with filled.database() as database:
            names = sorted(database.list_collection_names())
            return [
                (each, list(database[each].find()), list(database[each].list_indexes())) for each in names
            ]

    before = everything()
    look(tmp_path, filled.address)
    assert everything() == before


def test_the_connection_offers_no_way_to_write(filled: MongodbServer, tmp_path: Path) -> None:
    target = MongodbTarget(name="mongodb", address=filled.address)

    def attempt(write: Any) -> None:
        with connected(target, tools(tmp_path), Deadline.after(5.0)) as connection:
            write(connection)

    forbidden = [
        lambda each: each.ask("dropDatabase", own=True),
        lambda each: each.ask("profile", 2, own=True),
        lambda each: each.rows("patients", [{"$out": "copied"}]),
        lambda each: each.rows("patients", [{"$merge": {"into": "copied"}}]),
    ]
    for write in forbidden:
        with pytest.raises(ValueError, match=r"\w"):
            attempt(write)
    assert not [each for each in dir(Connection) if "insert" in each or "update" in each or "delete" in each]


def test_the_name_of_a_replica_set_in_the_address_is_compared(server: MongodbServer, tmp_path: Path) -> None:
    reading = look(tmp_path, f"{server.address}/medflow?replicaSet=rs0")
    assert (reading.values["expected_set"], reading.values["set_name"]) == ("rs0", "secantus")
    assert health(reading) is Health.CRITICAL


@pytest.mark.parametrize("where", ["before", "between"])
def test_a_frozen_server_is_silent_and_the_deadline_holds(
    server: MongodbServer, tmp_path: Path, where: str
) -> None:
    target = MongodbTarget(name="mongodb", address=server.address)
    probe = build(target, tools(tmp_path))
    if where == "between":
        probe.read(5.0)
    server.freeze()
    try:
        started = time.monotonic()
        (reading,) = probe.read(DEADLINE_S)
        took = time.monotonic() - started
    finally:
        server.thaw()
    assert cause(reading) is Cause.SILENT
    assert took < DEADLINE_S + SLACK_S
    assert health(reading) is Health.CRITICAL
    (after,) = probe.read(5.0)
    assert after.failure is None


def test_a_server_that_freezes_in_the_middle_is_silent_in_time(server: MongodbServer, tmp_path: Path) -> None:
    target = MongodbTarget(name="mongodb", address=server.address)
    started = time.monotonic()

    def read_while_it_freezes() -> None:
        with connected(target, tools(tmp_path), Deadline.after(DEADLINE_S)) as connection:
            connection.ping()
            server.freeze()
            connection.collections()

    try:
        with pytest.raises(UnreachableError) as seen:
            read_while_it_freezes()
    finally:
        server.thaw()
    assert seen.value.failure.cause is Cause.SILENT
    assert time.monotonic() - started < DEADLINE_S + SLACK_S


@pytest.mark.parametrize("drip_s", [0.0, 0.2], ids=["stops", "drips"])
@pytest.mark.parametrize("after", [0, 300, 1500, 4000])
def test_an_answer_that_stops_or_drips_in_the_middle_is_silent_in_time(
    filled: MongodbServer, tmp_path: Path, after: int, drip_s: float
) -> None:
    with bad_line(filled.port, after=after, drip_s=drip_s) as port:
        started = time.monotonic()
        reading = look(tmp_path, f"mongodb://127.0.0.1:{port}", DEADLINE_S)
        assert time.monotonic() - started < DEADLINE_S + SLACK_S
    assert cause(reading) is Cause.SILENT


def test_a_date_that_no_calendar_has_spoils_no_answer() -> None:
    with closing(_opened("mongodb://127.0.0.1:1", 1.0, {})) as client:
        sent = bson.encode({"lastSync": DatetimeMS(2**61), "name": "OCT"})
        found: dict[str, Any] = bson.decode(sent, client.codec_options)
    assert found["name"] == "OCT"
    assert not isinstance(found["lastSync"], datetime)


def test_a_port_that_never_accepts_is_silent_in_time(tmp_path: Path) -> None:
    with never_accepting() as port:
        started = time.monotonic()
        reading = look(tmp_path, f"mongodb://127.0.0.1:{port}", DEADLINE_S)
        assert time.monotonic() - started < DEADLINE_S + SLACK_S
    assert cause(reading) is Cause.SILENT


def test_a_port_where_nothing_listens_is_refused_at_once(tmp_path: Path) -> None:
    started = time.monotonic()
    reading = look(tmp_path, f"mongodb://127.0.0.1:{free_port()}")
    assert cause(reading) is Cause.REFUSED
    assert time.monotonic() - started < SLACK_S


def test_the_next_host_is_read_when_the_first_refuses(server: MongodbServer, tmp_path: Path) -> None:
    address = f"mongodb://127.0.0.1:{free_port()},127.0.0.1:{server.port}/?replicaSet=secantus"
    reading = look(tmp_path, address)
    assert reading.failure is None
    assert reading.values["set_name"] == "secantus"


def test_several_hosts_without_the_named_set_cannot_be_read(server: MongodbServer, tmp_path: Path) -> None:
    address = f"mongodb://127.0.0.1:{free_port()},127.0.0.1:{server.port}/?replicaSet=rs0"
    assert look(tmp_path, address, DEADLINE_S).failure is not None


class _Speaker(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        self.request.recv(1024)
        self.request.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n" + b"x" * 64)


@pytest.fixture
def web_server() -> Iterator[int]:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Speaker) as listener:
        thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield int(listener.server_address[1])
        listener.shutdown()
        thread.join()


def test_what_is_not_a_mongodb_is_garbled(web_server: int, tmp_path: Path) -> None:
    reading = look(tmp_path, f"mongodb://127.0.0.1:{web_server}", DEADLINE_S)
    assert cause(reading) is Cause.GARBLED
    assert health(reading) is Health.CRITICAL


def test_the_right_password_opens_a_guarded_server(guarded: MongodbServer, tmp_path: Path) -> None:
    reading = look(tmp_path, guarded.address, username=USER, password="env:MONGO")
    assert reading.failure is None
    assert "patients" not in reading.values["missing"]


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"username": USER, "password": "env:WRONG"}, Cause.DENIED),
        ({"username": USER}, Cause.DENIED),
        ({"username": USER, "password": "env:EMPTY"}, Cause.DENIED),
        ({"username": USER, "password": "env:ODD"}, Cause.DENIED),
        ({"username": USER, "password": "env:NOWHERE"}, Cause.DENIED),
        ({}, Cause.DENIED),
    ],
)
def test_a_wrong_or_missing_password_is_denied_and_unknown(
    guarded: MongodbServer, tmp_path: Path, more: dict[str, Any], expected: Cause
) -> None:
    reading = look(tmp_path, guarded.address, **more)
    assert cause(reading) is expected
    assert health(reading) is Health.UNKNOWN
    assert PASSWORD not in repr(reading)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("mongodb://u:planted-secret@127.0.0.1:1", Cause.DENIED),
        ("mongodb+srv://cluster.example.invalid", Cause.UNSUPPORTED),
        ("127.0.0.1:1", Cause.UNSUPPORTED),
        ("mongodb://", Cause.UNSUPPORTED),
        ("", Cause.UNSUPPORTED),
        ("mongodb://127.0.0.1:99999", Cause.UNSUPPORTED),
    ],
)
def test_an_address_that_cannot_be_used_is_said_without_repeating_it(
    tmp_path: Path, address: str, expected: Cause
) -> None:
    reading = look(tmp_path, address)
    assert cause(reading) is expected
    assert "planted-secret" not in repr(reading)
    assert health(reading) is Health.UNKNOWN


def test_lag_is_counted_behind_the_primary_only() -> None:
    now = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
    status = {
        "members": [
            {"name": "a", "stateStr": "PRIMARY", "health": 1.0, "optimeDate": now},
            {"name": "b", "stateStr": "SECONDARY", "health": 1.0, "optimeDate": now - timedelta(seconds=40)},
            {"name": "c", "stateStr": "ARBITER", "health": 1.0},
            {"name": "d", "stateStr": "(not reachable/healthy)", "health": 0.0, "optimeDate": now},
        ]
    }
    assert [each["lag_s"] for each in members(status)] == [0.0, 40.0, None, None]
    assert [each["healthy"] for each in members(status)] == [True, True, True, False]
    assert [each["lag_s"] for each in members({"members": status["members"][1:]})] == [None, None, None]


def test_an_unclean_shutdown_is_found_in_the_log_of_the_server() -> None:
    line = (
        '{"t":{"$date":"2026-11-24T05:01:02.345+01:00"},"s":"W","c":"STORAGE","id":22271,"ctx":"initandlisten",'
        '"msg":"Detected unclean shutdown - Lock file is not empty","attr":{"lockFile":"/data/db/mongod.lock"}}'
    )
    assert unclean_shutdown(["plain text", line]) == datetime(2026, 11, 24, 4, 1, 2, 345_000, tzinfo=UTC)
    assert unclean_shutdown(["unclean shutdown, but not JSON", '{"msg":"Unclean shutdown"}']) is None
    assert unclean_shutdown([]) is None
