"""Invoices and payments in MongoDB: which disagree with their payments, and what the audit trail says of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

from medflow_tui.clients.mongodb import Connection
from medflow_tui.model.targets.payments import PaymentsTarget
from medflow_tui.rules.audit_trail import Entry, Paid, unaudited

WAITING = ("issued", "sent", "viewed", "partial")
OPEN = (*WAITING, "overdue")
UNPAID = ("issued", "sent", "viewed")
ROWS = 2000
PAYMENT_ADDRESS = r"^/api/(invoices|billing|payments)\b.*payment"
KINDS = ("settled", "ignored", "mismatched")
ONLY_ID = {"$project": {"_id": 1}}
IDS = 100  # of one kind are handed over; counts say how many more there are


@dataclass(frozen=True, slots=True, kw_only=True)
class Disputed:
    """Ids of invoices (at most IDS of each kind, oldest payment first), and nothing else of them.

    `unaudited` is None when the trail cannot be judged.
    """

    settled: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    mismatched: tuple[str, ...] = ()
    unaudited: tuple[str, ...] | None = None


def disputed(server: Connection, target: PaymentsTarget) -> Disputed:
    """The invoices that somebody must look at, by the same rules as the counts of the dashboard."""
    now = server.ask("hello")["localTime"]
    is_old = {"last": {"$lt": now - timedelta(seconds=target.stuck_after_s)}}
    oldest: list[dict[str, Any]] = [{"$match": is_old}, {"$sort": {"last": 1}}, {"$limit": IDS}, ONLY_ID]
    since = now - timedelta(days=target.window_days)
    found = {
        kind: tuple(
            str(row["_id"])
            for row in server.rows(
                "invoices",
                [*_told_apart(since, now), {"$match": {kind: True}}, *oldest],
            )
        )
        for kind in KINDS
    }
    alone = unrecorded(server, target, now)
    ids = None if alone is None else tuple(dict.fromkeys(each.invoice for each in alone))[:IDS]
    return Disputed(**found, unaudited=ids)


def unrecorded(server: Connection, target: PaymentsTarget, now: datetime) -> tuple[Paid, ...] | None:
    """Payments of the audit window without an entry; None when there are too many to tell."""
    payments, entries = recorded(server, target, now)
    if len(payments) >= ROWS or len(entries) >= ROWS:
        return None
    return unaudited(payments, entries, target.audit_grace_s)


def recorded(
    server: Connection, target: PaymentsTarget, now: datetime
) -> tuple[tuple[Paid, ...], tuple[Entry, ...]]:
    """Payments of the audit window, and what the trail says of that time; each at most ROWS."""
    since, grace = now - timedelta(seconds=target.audit_window_s), timedelta(seconds=target.audit_grace_s)
    return _payments(server, since, now - grace), _entries(server, target, since - grace, now)


def disagreeing(since: datetime, now: datetime, stuck_after_s: int) -> list[dict[str, Any]]:
    """The aggregation that counts invoices at odds with their payments, among those with one since then."""
    any_kind = {"$or": [f"${each}" for each in KINDS]}
    is_old = {"$lt": ["$last", now - timedelta(seconds=stuck_after_s)]}
    stuck, young = {"$and": [any_kind, is_old]}, {"$and": [any_kind, {"$not": [is_old]}]}
    return [
        *_told_apart(since, now),
        {
            "$group": {
                "_id": None,
                "looked": {"$sum": 1},
                **{each: {"$sum": _one_if({"$and": [f"${each}", is_old]})} for each in KINDS},
                "stuck": {"$sum": _one_if(stuck)},
                "unsettled": {"$sum": _one_if(young)},
                "oldest": {"$min": {"$cond": [stuck, "$last", None]}},
            }
        },
    ]


def _told_apart(since: datetime, now: datetime) -> list[dict[str, Any]]:
    """Each invoice with a payment since then: when the last one was, and which of KINDS it is.

    Starts on the index {payments.date}. Arrays are walked with $map: a stand-in does not follow a path through them.
    Amounts may differ by 1 or 1 % of the total (exchange and rounding).
    """
    amount = {"$ifNull": ["$$each.amountInBaseCurrency", "$$each.amount"]}
    total, due = {"$ifNull": ["$summary.total", 0]}, "$summary.amountDue"
    slack = {"$max": [1, {"$multiply": [0.01, "$total"]}]}
    off = {"$abs": {"$subtract": ["$paid", {"$ifNull": ["$summary.amountPaid", 0]}]}}
    is_set = {"$ne": [{"$type": due}, "missing"]}
    kinds = {
        "settled": {"$and": [_is_in(OPEN), {"$gt": ["$total", 0]}, is_set, {"$lte": [due, 0]}]},
        "ignored": {"$and": [_is_in(UNPAID), {"$gt": ["$paid", 0]}, {"$gt": [due, 0]}]},
        "mismatched": {"$and": [{"$not": [_is_in(("draft", "cancelled"))]}, {"$gt": [off, slack]}]},
    }
    return [
        {"$match": {"payments": {"$elemMatch": {"date": {"$gte": since, "$lte": now}}}}},
        {
            "$project": {
                "status": 1,
                "summary": 1,
                "total": total,
                "paid": {"$sum": _each_payment(amount)},
                "last": {"$max": _each_payment("$$each.date")},
            }
        },
        {"$project": {"last": 1, **kinds}},
    ]


def _each_payment(what: Any) -> dict[str, Any]:
    return {"$map": {"input": "$payments", "as": "each", "in": what}}


def _is_in(statuses: tuple[str, ...]) -> dict[str, Any]:
    return {"$in": ["$status", list(statuses)]}


def _one_if(condition: Any) -> dict[str, Any]:
    return {"$cond": [condition, 1, 0]}


def _payments(server: Connection, since: datetime, until: datetime) -> tuple[Paid, ...]:
    between = {"payments.date": {"$gte": since, "$lte": until}}
    found = server.rows(
        "invoices",
        [
            {"$match": {"payments": {"$elemMatch": {"date": between["payments.date"]}}}},
            {"$project": {"payments.date": 1, "payments.amount": 1}},
            {"$unwind": "$payments"},
            {"$match": {**between, "payments.amount": {"$gt": 0}}},
            {"$limit": ROWS},
            {"$project": {"at": "$payments.date"}},
        ],
    )
    return tuple(
        Paid(invoice=str(each["_id"]), at=each["at"])
        for each in found
        if each["at"].astimezone(UTC).time() != time()
    )


def _entries(server: Connection, target: PaymentsTarget, since: datetime, now: datetime) -> tuple[Entry, ...]:
    found = server.rows(
        "auditlogs",
        [
            {
                "$match": {
                    "createdAt": {"$gte": since, "$lte": now},
                    "$or": [
                        {"action": {"$in": list(target.audit_actions)}},
                        {
                            "action": "DATA_CREATE",
                            "resource": {"$regex": PAYMENT_ADDRESS},
                            "responseStatus": {"$not": {"$gte": 400}},
                        },
                    ],
                }
            },
            {"$limit": ROWS},
            {"$project": {"_id": 0, "resource": 1, "createdAt": 1}},
        ],
    )
    return tuple(Entry(resource=str(each.get("resource", "")), at=each["createdAt"]) for each in found)
