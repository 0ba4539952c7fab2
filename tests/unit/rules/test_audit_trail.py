"""Payments against the audit trail."""

from datetime import UTC, datetime, timedelta

import pytest

from medflow_tui.rules.audit_trail import Entry, Paid, unaudited

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
ONE, TWO = "69707e0200000000000000aa", "69707e0200000000000000bb"


def paid(invoice: str, minutes: float) -> Paid:
    return Paid(invoice=invoice, at=NOW - timedelta(minutes=minutes))


def entry(resource: str, minutes: float) -> Entry:
    return Entry(resource=resource, at=NOW - timedelta(minutes=minutes))


@pytest.mark.parametrize(
    ("payments", "entries", "alone"),
    [
        ([], [], 0),
        ([paid(ONE, 10)], [], 1),
        ([paid(ONE, 10)], [entry(f"/api/invoices/{ONE}/payments", 10)], 0),
        ([paid(ONE, 10)], [entry(f"/api/invoices/{ONE}/items/{TWO}/payment", 10)], 0),
        ([paid(ONE, 10), paid(ONE, 20)], [entry(f"/api/invoices/{ONE}/payments", 20)], 0),
        ([paid(ONE, 10), paid(TWO, 10)], [entry(f"/api/invoices/{ONE}/payments", 10)], 1),
        ([paid(ONE, 10)], [entry(f"/api/invoices/{TWO}/payments", 10)], 1),
        ([paid(ONE, 10)], [entry("/api/billing/payments", 9)], 0),
        ([paid(ONE, 10)], [entry("/api/billing/payments", 30)], 1),
        ([paid(ONE, 10), paid(TWO, 10)], [entry("/api/billing/payments", 10)], 1),
    ],
)
def test_a_payment_is_audited_by_its_invoice_or_by_one_entry_near_it(
    payments: list[Paid], entries: list[Entry], alone: int
) -> None:
    assert len(unaudited(payments, entries, grace_s=120)) == alone
