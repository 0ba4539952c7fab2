"""Payments as a target: invoices whose status does not follow their payments, and the audit trail of payments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from medflow_tui.model.target import SERVICES, Target

AUDIT_ACTIONS = (
    "PAYMENT_PROCESS",
    "PAYMENT_ADD",
    "MULTI_CURRENCY_PAYMENT",
    "CRITICAL_PAYMENT_ADD",  # middleware of POST /api/invoices/:id/payments
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentsTarget(Target):
    """Reached as a MongoDB target is. Invoices with a payment in the last `window_days` are looked at.

    An invoice is stuck when its status disagrees with its payments for `stuck_after_s` seconds (the runbook's hour).
    A payment of the last `audit_window_s` seconds, older than `audit_grace_s`, must have an entry in the audit trail with
    one of `audit_actions`, or the plain `DATA_CREATE` of a payment address.
    """

    kind: ClassVar[str] = "payments"
    pane: ClassVar[str] = SERVICES

    address: str = ""
    username: str = ""
    password: str = ""
    auth_source: str = "admin"
    contact: str = "database"
    interval_s: float = 300.0
    deadline_s: float = 10.0
    database: str = "medflow"
    window_days: int = 31
    stuck_after_s: int = 3600
    stuck_warning: int = 1
    stuck_critical: int = 20
    audit_actions: tuple[str, ...] = AUDIT_ACTIONS
    audit_window_s: int = 3600
    audit_grace_s: int = 120
    unaudited_warning: int = 1
    unaudited_critical: int = 10
    count_limit: int = 20_000
