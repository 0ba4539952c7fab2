"""The verdict on payments: counts that mean trouble, and counts that could not be made."""

from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

import pytest

from medflow_tui.model.health import Cause, Failure, Health, Judgement, Reading
from medflow_tui.model.targets.payments import PaymentsTarget
from medflow_tui.model.words import say
from medflow_tui.rules.judging import Context
from medflow_tui.rules.judging.payments import judge

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
TARGET = PaymentsTarget(name="payments", address="mongodb://127.0.0.1:27017")

CALM: dict[str, Any] = {
    "absent": (),
    "invoices_empty": False,
    "fields_absent": (),
    "waiting": 212,
    "overdue": 30,
    "count_limit": 20_000,
    "window_days": 31,
    "looked": 4210,
    "stuck": 0,
    "settled": 0,
    "ignored": 0,
    "mismatched": 0,
    "unsettled": 0,
    "stuck_oldest_s": None,
    "audit_told": True,
    "payments": 12,
    "unaudited": 0,
    "unaudited_oldest_s": None,
    "audit_window_s": 3600,
}
NO_AUDIT = {"audit_told": False, "payments": None, "unaudited": None}


def reading(values: dict[str, Any], failure: Failure | None = None) -> Reading:
    return Reading(
        target="payments",
        kind="payments",
        observed_at=NOW,
        how=say("by hand"),
        values=MappingProxyType(values),
        failure=failure,
    )


def verdict(**seen: Any) -> Judgement:
    return judge(reading({**CALM, **seen}), TARGET, Context(now=NOW))


@pytest.mark.parametrize(
    ("seen", "health", "evidence"),
    [
        ({}, Health.OK, "none stuck"),
        ({"waiting": 20_000}, Health.OK, "none stuck"),
        ({"unsettled": 2}, Health.OK, "none stuck"),
        ({"payments": 0}, Health.OK, "none stuck"),
        ({"stuck": 1, "settled": 1, "stuck_oldest_s": 7200.0}, Health.WARNING, "{n:number} stuck"),
        ({"stuck": 20, "ignored": 20, "stuck_oldest_s": 7200.0}, Health.CRITICAL, "{n:number} stuck"),
        ({"unaudited": 1}, Health.WARNING, "{n:number} without audit"),
        ({"unaudited": 10}, Health.CRITICAL, "{n:number} without audit"),
        ({"stuck": 1, "unaudited": 10}, Health.CRITICAL, "{n:number} without audit"),
        ({"stuck": 1, **NO_AUDIT}, Health.WARNING, "{n:number} stuck"),
        ({"absent": ("auditlogs",), **NO_AUDIT}, Health.UNKNOWN, "no audit trail"),
        (NO_AUDIT, Health.UNKNOWN, "audit trail not readable"),
        ({"looked": 0}, Health.UNKNOWN, "no payment in {n:number} days"),
    ],
)
def test_counts_are_judged_worst_first(seen: dict[str, Any], health: Health, evidence: str) -> None:
    judgement = verdict(**seen)
    assert (judgement.health, judgement.evidence.text) == (health, evidence)


@pytest.mark.parametrize(
    ("seen", "evidence"),
    [
        ({"absent": ("invoices",), "invoices_empty": False, "fields_absent": ()}, "no invoices collection"),
        ({"absent": (), "invoices_empty": True, "fields_absent": ()}, "no invoice at all"),
        ({"absent": (), "invoices_empty": False, "fields_absent": ("payments",)}, "no field {name}"),
    ],
)
def test_what_cannot_be_counted_is_unknown_and_never_none(seen: dict[str, Any], evidence: str) -> None:
    judgement = judge(reading(seen), TARGET, Context(now=NOW))
    assert (judgement.health, judgement.evidence.text) == (Health.UNKNOWN, evidence)


@pytest.mark.parametrize("cause", [Cause.REFUSED, Cause.SILENT, Cause.OVERRUN, Cause.DENIED])
def test_a_failure_says_nothing_about_payments(cause: Cause) -> None:
    failed = reading({}, Failure(cause=cause, text=say("so it is")))
    assert judge(failed, TARGET, Context(now=NOW)).health is Health.UNKNOWN


def test_stuck_and_unaudited_are_both_in_the_evidence() -> None:
    judgement = verdict(stuck=2, unaudited=3)
    assert [each.text for each in judgement.evidence.parts] == ["{n:number} without audit"]


def test_a_capped_count_says_so() -> None:
    line = next(each for each in verdict(waiting=20_000).detail if "wait for payment" in each.text)
    assert [each.text for each in line.parts] == ["or more"]
