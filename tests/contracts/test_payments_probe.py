"""The payments probe over the real protocol: invented invoices, the real field names, counts only."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from bson import ObjectId

from medflow_tui.model.health import Cause, Health, Reading
from medflow_tui.model.targets.payments import PaymentsTarget
from medflow_tui.probes.payments import build
from medflow_tui.rules.judging import Context
from medflow_tui.rules.judging.payments import judge
from tests.servers.mongodb import MongodbServer, free_port, running
from tests.servers.readings import tools

PATIENT = "PLANTED-PATIENT-NAME"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MongodbServer]:
    with running(tmp_path_factory.mktemp("payments")) as found:
        yield found


@pytest.fixture
def database(server: MongodbServer) -> Iterator[Any]:
    with server.database() as found:
        found.client.drop_database("medflow")
        found.create_collection("invoices")
        found.create_collection("auditlogs")
        yield found


def ago(minutes: float) -> datetime:
    return datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=minutes)


def invoice(
    status: str, total: float, *payments: dict[str, Any], paid: float | None = None
) -> dict[str, Any]:
    """An invoice as the model saves it; `paid` other than the sum of its payments is one written past the model."""
    amount = (
        sum(each.get("amountInBaseCurrency", each["amount"]) for each in payments) if paid is None else paid
    )
    return {
        "_id": ObjectId(),
        "invoiceId": "INV1",
        "status": status,
        "clinic": ObjectId(),
        "notes": {"internal": PATIENT},
        "summary": {"total": total, "amountPaid": amount, "amountDue": total - amount},
        "payments": list(payments),
        "dueDate": ago(-60 * 24 * 30),
    }


def payment(amount: float, minutes: float, **more: Any) -> dict[str, Any]:
    return {
        "paymentId": "PAY1",
        "amount": amount,
        "currency": "CDF",
        "method": "cash",
        "date": ago(minutes),
        **more,
    }


def entry(action: str, resource: str, minutes: float, status: int | None = 200) -> dict[str, Any]:
    return {"action": action, "resource": resource, "createdAt": ago(minutes), "responseStatus": status}


def look(tmp_path: Path, server: MongodbServer, deadline_s: float = 8.0, **more: Any) -> Reading:
    target = PaymentsTarget(name="payments", address=server.address, **more)
    (reading,) = build(target, tools(tmp_path)).read(deadline_s)
    return reading


def health(reading: Reading) -> Health:
    return judge(reading, PaymentsTarget(name="payments"), Context(now=reading.observed_at)).health


def counts(reading: Reading, *names: str) -> dict[str, Any]:
    assert reading.failure is None
    return {each: reading.values[each] for each in names}


def test_invoices_that_follow_their_payments_are_not_stuck(
    server: MongodbServer, database: Any, tmp_path: Path
) -> None:
    database["invoices"].insert_many(
        [
            invoice("paid", 1000, payment(1000, 300)),
            invoice("partial", 1000, payment(400, 300)),
            invoice("issued", 1000),
            invoice("overdue", 1000, payment(400, 300)),
            invoice("refunded", 1000, payment(1000, 400), payment(-1000, 300)),
            invoice("paid", 28_000, payment(10, 300, currency="USD", amountInBaseCurrency=28_000)),
        ]
    )
    database["auditlogs"].insert_one(entry("DATA_CREATE", "/api/visits", 10))
    reading = look(tmp_path, server)
    assert counts(reading, "looked", "stuck", "unsettled", "waiting", "payments") == {
        "looked": 5,
        "stuck": 0,
        "unsettled": 0,
        "waiting": 2,
        "payments": 0,
    }
    assert health(reading) is Health.OK


def test_each_way_of_being_stuck_is_counted_after_an_hour(
    server: MongodbServer, database: Any, tmp_path: Path
) -> None:
    database["invoices"].insert_many(
        [
            invoice("issued", 1000, payment(1000, 120)),
            invoice("sent", 1000, payment(400, 180)),
            invoice("partial", 1000, payment(700, 90), paid=400),
            invoice("viewed", 1000, payment(1000, 20)),
        ]
    )
    reading = look(tmp_path, server)
    assert counts(reading, "stuck", "settled", "ignored", "mismatched", "unsettled") == {
        "stuck": 3,
        "settled": 1,
        "ignored": 1,
        "mismatched": 1,
        "unsettled": 1,
    }
    assert reading.values["stuck_oldest_s"] == pytest.approx(180 * 60, abs=60)
    assert health(reading) is Health.WARNING


def test_the_words_of_the_runbook_find_nothing_where_the_real_fields_do(
    server: MongodbServer, database: Any, tmp_path: Path
) -> None:
    database["invoices"].insert_one(invoice("issued", 1000, payment(1000, 120)))
    assert database["invoices"].count_documents({"status": "pending"}) == 0
    assert database["invoices"].count_documents({"payments.status": "processing"}) == 0
    assert look(tmp_path, server).values["stuck"] == 1


def test_a_payment_without_an_audit_entry_is_counted(
    server: MongodbServer, database: Any, tmp_path: Path
) -> None:
    by_middleware = invoice("paid", 1000, payment(1000, 30))
    by_plain_entry = invoice("paid", 1000, payment(1000, 35))
    refused = invoice("paid", 1000, payment(1000, 40))
    nowhere = invoice("paid", 1000, payment(1000, 45))
    too_new = invoice("paid", 1000, payment(1000, 0.5))
    database["invoices"].insert_many([by_middleware, by_plain_entry, refused, nowhere, too_new])
    database["auditlogs"].insert_many(
        [
            entry("CRITICAL_PAYMENT_ADD", f"/api/invoices/{by_middleware['_id']}/payments", 30, None),
            entry("DATA_CREATE", f"/api/invoices/{by_plain_entry['_id']}/payments", 35, 200),
            entry("DATA_CREATE", f"/api/invoices/{refused['_id']}/payments", 40, 400),
            entry("DATA_ACCESS", f"/api/invoices/{nowhere['_id']}/payments", 45, 200),
        ]
    )
    reading = look(tmp_path, server)
    assert counts(reading, "payments", "unaudited", "stuck") == {"payments": 4, "unaudited": 2, "stuck": 0}
    assert reading.values["unaudited_oldest_s"] == pytest.approx(45 * 60, abs=60)
    assert health(reading) is Health.WARNING


def test_the_action_of_the_field_counts_when_it_names_no_invoice(
    server: MongodbServer, database: Any, tmp_path: Path
) -> None:
    database["invoices"].insert_one(invoice("paid", 1000, payment(1000, 30)))
    database["auditlogs"].insert_one(entry("PAYMENT_PROCESS", "/api/billing/process", 30))
    assert counts(look(tmp_path, server), "payments", "unaudited") == {"payments": 1, "unaudited": 0}


def test_an_empty_audit_trail_is_read_as_no_entry(
    server: MongodbServer, database: Any, tmp_path: Path
) -> None:
    database["invoices"].insert_one(invoice("paid", 1000, payment(1000, 30)))
    assert counts(look(tmp_path, server), "audit_told", "unaudited") == {"audit_told": True, "unaudited": 1}


def test_a_missing_audit_trail_is_unknown(server: MongodbServer, database: Any, tmp_path: Path) -> None:
    database["invoices"].insert_one(invoice("paid", 1000, payment(1000, 30)))
    database.drop_collection("auditlogs")
    reading = look(tmp_path, server)
    assert counts(reading, "absent", "unaudited") == {"absent": ("auditlogs",), "unaudited": None}
    assert health(reading) is Health.UNKNOWN


def test_an_audit_trail_of_other_fields_is_unknown(
    server: MongodbServer, database: Any, tmp_path: Path
) -> None:
    database["invoices"].insert_one(invoice("paid", 1000, payment(1000, 30)))
    database["auditlogs"].insert_one({"event": "x", "at": ago(3)})
    reading = look(tmp_path, server)
    assert reading.values["audit_told"] is False
    assert health(reading) is Health.UNKNOWN


@pytest.mark.parametrize("present", ["missing", "empty", "other fields"])
def test_invoices_that_cannot_be_counted_are_unknown_and_not_none(
    server: MongodbServer, database: Any, tmp_path: Path, present: str
) -> None:
    if present == "missing":
        database.drop_collection("invoices")
    elif present == "other fields":
        database["invoices"].insert_one({"state": "pending", "amount": 3})
    reading = look(tmp_path, server)
    assert "stuck" not in reading.values
    assert health(reading) is Health.UNKNOWN


def test_no_record_is_in_the_reading(server: MongodbServer, database: Any, tmp_path: Path) -> None:
    stuck = invoice("issued", 1000, payment(1000, 120))
    database["invoices"].insert_one(stuck)
    told = repr(look(tmp_path, server))
    assert PATIENT not in told
    assert str(stuck["_id"]) not in told
    assert "INV1" not in told


def test_a_count_stops_at_its_limit(server: MongodbServer, database: Any, tmp_path: Path) -> None:
    database["invoices"].insert_many([invoice("issued", 1000) for _ in range(12)])
    assert counts(look(tmp_path, server, count_limit=10), "waiting", "count_limit") == {
        "waiting": 10,
        "count_limit": 10,
    }


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


def test_a_refused_connection_is_unknown(tmp_path: Path) -> None:
    target = PaymentsTarget(name="payments", address=f"mongodb://127.0.0.1:{free_port()}")
    (reading,) = build(target, tools(tmp_path)).read(2.0)
    assert reading.failure is not None
    assert reading.failure.cause is Cause.REFUSED
    assert health(reading) is Health.UNKNOWN
