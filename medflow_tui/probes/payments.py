"""Looks at payments: invoices whose status does not follow their payments, and whether payments reach the audit trail.

The runbook asks for invoices "pending" and payments "processing"; neither exists. What it means, in the real fields:

waiting   status issued, sent, viewed or partial with something due: that is what "pending" meant; normal business.
stuck     an hour after a payment the invoice still does not say so (what "processing" for an hour meant). On every save the
          model sets amountPaid to the sum of the payments, amountDue to what is left, and the status to paid or partial; so
          an invoice that disagrees was written half or past the model:
          settled     nothing is due, and the status is still an open one
          ignored     payments stand there, and the status is issued, sent or viewed
          mismatched  the sum of the payments is not amountPaid
unaudited a payment without an entry in auditlogs. POST /api/invoices/:id/payments writes CRITICAL_PAYMENT_ADD before and
          DATA_CREATE after it, `resource` being the address with the invoice's id.

A refund is a negative payment; a payment dated by hand (a date without time) cannot be matched and is left out.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

from medflow_tui.clients.mongodb import Connection, connected
from medflow_tui.clients.network import Deadline
from medflow_tui.clients.one_reading import one_reading
from medflow_tui.clients.tools import Tools
from medflow_tui.model.health import Probe, Reading
from medflow_tui.model.targets.payments import PaymentsTarget
from medflow_tui.model.words import say
from medflow_tui.rules.audit_trail import Entry, Paid, unaudited

HOW = say("counts in invoices and auditlogs, no record is read out")

WAITING = ("issued", "sent", "viewed", "partial")
OPEN = (*WAITING, "overdue")
UNPAID = ("issued", "sent", "viewed")
NEWEST = 200  # documents in which fields are looked for
ROWS = 2000
FIELDS = ("status", "summary.total", "summary.amountPaid", "summary.amountDue", "payments")
AUDIT_FIELDS = ("action", "resource", "createdAt")
PAYMENT_ADDRESS = r"^/api/(invoices|billing|payments)\b.*payment"


class PaymentsProbe:
    """Values, counts only: absent (tuple of missing collections), invoices_empty, fields_absent (tuple of names),

    waiting, overdue (each at most count_limit), count_limit; window_days, looked (invoices with a payment in the window),
    stuck, settled, ignored, mismatched, unsettled (younger than the hour), stuck_oldest_s;
    audit_told (False when the trail cannot be judged), payments (in the audit window), unaudited, unaudited_oldest_s,
    audit_window_s. All but the first four are absent when those say that nothing can be counted.
    """

    def __init__(self, target: PaymentsTarget, tools: Tools) -> None:
        self._target, self._tools = target, tools

    def read(self, deadline_s: float) -> tuple[Reading, ...]:
        return (one_reading(self._target, self._tools, HOW, self._look, deadline_s),)

    def _look(self, deadline: Deadline) -> tuple[dict[str, Any], float]:
        with connected(self._target, self._tools, deadline) as server:
            latency = server.ping()
            return _counted(server, self._target), latency


def _counted(server: Connection, target: PaymentsTarget) -> dict[str, Any]:
    present = server.collections()
    absent = tuple(each for each in ("invoices", "auditlogs") if each not in present)
    values: dict[str, Any] = {"absent": absent, "invoices_empty": False, "fields_absent": (), "looked": 0}
    if "invoices" in absent:
        return values
    seen, lacking = _fields(server, "invoices", FIELDS)
    values |= {"invoices_empty": seen == 0, "fields_absent": lacking}
    if not seen or lacking:
        return values
    now = server.ask("hello")["localTime"]
    values |= _waiting(server, target, now) | _stuck(server, target, now)
    return values | _audited(server, target, now, "auditlogs" not in absent)


def _fields(server: Connection, collection: str, names: tuple[str, ...]) -> tuple[int, tuple[str, ...]]:
    """How many of the newest documents there are, and which fields none of them has: renamed, or another program's."""
    has = {
        f"f{place}": {"$sum": {"$cond": [{"$eq": [{"$type": f"${name}"}, "missing"]}, 0, 1]}}
        for place, name in enumerate(names)
    }
    found = server.rows(
        collection,
        [{"$sort": {"_id": -1}}, {"$limit": NEWEST}, {"$group": {"_id": None, "n": {"$sum": 1}, **has}}],
    )
    if not found:
        return 0, ()
    return int(found[0]["n"]), tuple(name for place, name in enumerate(names) if not found[0][f"f{place}"])


def _waiting(server: Connection, target: PaymentsTarget, now: datetime) -> dict[str, Any]:
    due = {"summary.amountDue": {"$gt": 0}}
    waiting = {"status": {"$in": list(WAITING)}, **due}
    late = {"status": {"$in": list(OPEN)}, "dueDate": {"$lt": now}, **due}
    return {
        "waiting": server.count("invoices", waiting, target.count_limit),
        "overdue": server.count("invoices", late, target.count_limit),
        "count_limit": target.count_limit,
    }


def _stuck(server: Connection, target: PaymentsTarget, now: datetime) -> dict[str, Any]:
    found = server.rows(
        "invoices", disagreeing(now - timedelta(days=target.window_days), now, target.stuck_after_s)
    )
    row = found[0] if found else {}
    names = ("looked", "stuck", "settled", "ignored", "mismatched", "unsettled")
    oldest = row.get("oldest")
    age = (now - oldest).total_seconds() if isinstance(oldest, datetime) else None
    return {name: int(row.get(name, 0)) for name in names} | {
        "stuck_oldest_s": age,
        "window_days": target.window_days,
    }


def disagreeing(since: datetime, now: datetime, stuck_after_s: int) -> list[dict[str, Any]]:
    """The aggregation that counts invoices at odds with their payments, among those with one since then.

    Starts on the index {payments.date}. Arrays are walked with $map: a stand-in does not follow a path through them. Amounts may differ by 1 or 1 % of the total (exchange and rounding).
    """
    paid = {
        "$sum": {
            "$map": {
                "input": "$payments",
                "as": "each",
                "in": {"$ifNull": ["$$each.amountInBaseCurrency", "$$each.amount"]},
            }
        }
    }
    total, due = {"$ifNull": ["$summary.total", 0]}, "$summary.amountDue"
    slack = {"$max": [1, {"$multiply": [0.01, "$total"]}]}
    off = {"$abs": {"$subtract": ["$paid", {"$ifNull": ["$summary.amountPaid", 0]}]}}
    kinds = {
        "settled": {
            "$and": [
                _is_in(OPEN),
                {"$gt": ["$total", 0]},
                {"$ne": [{"$type": due}, "missing"]},
                {"$lte": [due, 0]},
            ]
        },
        "ignored": {"$and": [_is_in(UNPAID), {"$gt": ["$paid", 0]}, {"$gt": [due, 0]}]},
        "mismatched": {"$and": [{"$not": [_is_in(("draft", "cancelled"))]}, {"$gt": [off, slack]}]},
    }
    any_kind = {"$or": [f"${each}" for each in kinds]}
    is_old = {"$lt": ["$last", now - timedelta(seconds=stuck_after_s)]}
    stuck, young = {"$and": [any_kind, is_old]}, {"$and": [any_kind, {"$not": [is_old]}]}
    return [
        {"$match": {"payments": {"$elemMatch": {"date": {"$gte": since, "$lte": now}}}}},
        {
            "$project": {
                "status": 1,
                "summary": 1,
                "total": total,
                "paid": paid,
                "last": {"$max": {"$map": {"input": "$payments", "as": "each", "in": "$$each.date"}}},
            }
        },
        {"$project": {"last": 1, **kinds}},
        {
            "$group": {
                "_id": None,
                "looked": {"$sum": 1},
                **{each: {"$sum": _one_if({"$and": [f"${each}", is_old]})} for each in kinds},
                "stuck": {"$sum": _one_if(stuck)},
                "unsettled": {"$sum": _one_if(young)},
                "oldest": {"$min": {"$cond": [stuck, "$last", None]}},
            }
        },
    ]


def _is_in(statuses: tuple[str, ...]) -> dict[str, Any]:
    return {"$in": ["$status", list(statuses)]}


def _one_if(condition: Any) -> dict[str, Any]:
    return {"$cond": [condition, 1, 0]}


def _audited(server: Connection, target: PaymentsTarget, now: datetime, is_there: bool) -> dict[str, Any]:
    untold = {
        "audit_told": False,
        "payments": None,
        "unaudited": None,
        "unaudited_oldest_s": None,
        "audit_window_s": target.audit_window_s,
    }
    if not is_there or _fields(server, "auditlogs", AUDIT_FIELDS)[1]:
        return untold
    since = now - timedelta(seconds=target.audit_window_s)
    payments = _payments(server, since, now - timedelta(seconds=target.audit_grace_s))
    entries = _entries(server, target, since - timedelta(seconds=target.audit_grace_s), now)
    if len(payments) >= ROWS or len(entries) >= ROWS:
        return untold
    alone = unaudited(payments, entries, target.audit_grace_s)
    oldest = max(((now - each.at).total_seconds() for each in alone), default=None)
    return untold | {
        "audit_told": True,
        "payments": len(payments),
        "unaudited": len(alone),
        "unaudited_oldest_s": oldest,
    }


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


def build(target: PaymentsTarget, tools: Tools) -> Probe:
    """The probe of one payments target."""
    return PaymentsProbe(target, tools)
