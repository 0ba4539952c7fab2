"""Which payments left no entry in the audit trail."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

NAMED = re.compile(r"/invoices/([0-9a-f]{24})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Paid:
    """One payment, only for matching: never put into a reading."""

    invoice: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry of the audit trail that speaks of a payment, only for matching: `resource` is the address that was called."""

    resource: str
    at: datetime


def unaudited(payments: Iterable[Paid], entries: Iterable[Entry], grace_s: int) -> tuple[Paid, ...]:
    """Payments that no entry speaks of.

    An entry whose address names an invoice speaks of every payment of that invoice; one that names none speaks of one
    payment, the nearest within `grace_s`.
    """
    named: set[str] = set()
    loose: list[Entry] = []
    for entry in entries:
        found = NAMED.findall(entry.resource.lower())
        named.update(found)
        if not found:
            loose.append(entry)
    alone = []
    for each in sorted(payments, key=lambda one: one.at):
        if each.invoice in named:
            continue
        near = min(loose, key=lambda entry: abs(entry.at - each.at), default=None)
        if near is not None and abs((near.at - each.at).total_seconds()) <= grace_s:
            loose.remove(near)
        else:
            alone.append(each)
    return tuple(alone)
