"""The verdict on the separation of the clinics' data."""

from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

import pytest

from medflow_tui.model.health import Cause, Failure, Health, Judgement, Reading
from medflow_tui.model.targets.isolation import IsolationTarget
from medflow_tui.model.words import say
from medflow_tui.rules.judging import Context
from medflow_tui.rules.judging.isolation import judge

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
TARGET = IsolationTarget(name="isolation", address="mongodb://127.0.0.1:27017")


def counts(seen: int, **more: Any) -> dict[str, Any]:
    whole: dict[str, Any] = {
        "seen": seen,
        "complete": True,
        "homeless": 0,
        "stray": 0,
        "deleted": 0,
        "told": True,
    }
    return {**whole, **more}


CALM: dict[str, Any] = {
    "absent": (),
    "clinics": 4,
    "clinic_of": {"MATADI_KC": 900, "MATRIX_KIN": 4100},
    "patients": counts(5000),
    "invoices": counts(5000, complete=False),
    "devices": counts(8),
    "users": counts(20, homeless=1),
}


def reading(values: dict[str, Any], failure: Failure | None = None) -> Reading:
    return Reading(
        target="isolation",
        kind="isolation",
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
        ({}, Health.OK, "{n:number} clinics apart"),
        ({"patients": counts(5000, stray=1)}, Health.WARNING, "{n:number} of no known clinic"),
        ({"patients": counts(5000, stray=50)}, Health.CRITICAL, "{n:number} of no known clinic"),
        ({"patients": counts(5000, deleted=3)}, Health.WARNING, "{n:number} of a deleted clinic"),
        ({"patients": counts(5000, homeless=7)}, Health.WARNING, "{n:number} without clinic"),
        ({"patients": counts(5000, homeless=7, stray=1)}, Health.WARNING, "{n:number} of no known clinic"),
        ({"invoices": counts(5000, stray=2)}, Health.WARNING, "{n:number} {name} of no clinic"),
        ({"devices": counts(8, stray=1)}, Health.WARNING, "{n:number} {name} of no clinic"),
        ({"users": None, "devices": None}, Health.OK, "{n:number} clinics apart"),
        ({"absent": ("clinics",), "patients": None}, Health.UNKNOWN, "no {name} collection"),
        ({"absent": ("patients",), "patients": None}, Health.UNKNOWN, "no {name} collection"),
        ({"clinics": 0}, Health.UNKNOWN, "no clinic registered"),
        ({"patients": counts(0, told=False)}, Health.UNKNOWN, "no patient at all"),
        ({"patients": counts(9, homeless=9, told=False)}, Health.UNKNOWN, "no field homeClinic"),
    ],
)
def test_every_patient_belongs_to_a_clinic_that_exists(
    seen: dict[str, Any], health: Health, evidence: str
) -> None:
    judgement = verdict(**seen)
    assert (judgement.health, judgement.evidence.text) == (health, evidence)
    assert bool(judgement.means) == health.is_trouble


@pytest.mark.parametrize("cause", [Cause.REFUSED, Cause.SILENT, Cause.OVERRUN])
def test_a_failure_says_nothing_about_isolation(cause: Cause) -> None:
    failed = reading({}, Failure(cause=cause, text=say("so it is")))
    assert judge(failed, TARGET, Context(now=NOW)).health is Health.UNKNOWN


def test_a_sample_and_a_missing_collection_are_said() -> None:
    detail = verdict(users=None).detail
    assert any("no such collection" in each.text for each in detail)
    assert any(part.text == "only the newest" for each in detail for part in each.parts)
