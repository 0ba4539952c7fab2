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

from datetime import datetime, timedelta
from typing import Any

from medflow_tui.clients.invoices import OPEN, ROWS, WAITING, disagreeing, recorded
from medflow_tui.clients.mongodb import Connection, connected
from medflow_tui.clients.network import Deadline
from medflow_tui.clients.one_reading import one_reading
from medflow_tui.clients.tools import Tools
from medflow_tui.model.health import Probe, Reading
from medflow_tui.model.targets.payments import PaymentsTarget
from medflow_tui.model.words import say
from medflow_tui.rules.audit_trail import unaudited

HOW = say("counts in invoices and auditlogs, no record is read out")

NEWEST = 200  # documents in which fields are looked for
FIELDS = ("status", "summary.total", "summary.amountPaid", "summary.amountDue", "payments")
AUDIT_FIELDS = ("action", "resource", "createdAt")


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
    payments, entries = recorded(server, target, now)
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


def build(target: PaymentsTarget, tools: Tools) -> Probe:
    """The probe of one payments target."""
    return PaymentsProbe(target, tools)
