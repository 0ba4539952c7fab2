"""The verdict on the devices in the situations of the field."""

from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

import pytest

from medflow_tui.model.health import Cause, Failure, Health, Judgement, Reading
from medflow_tui.model.site import Hours
from medflow_tui.model.targets.devices import Device, DevicesTarget
from medflow_tui.model.words import say
from medflow_tui.rules.judging import Context, judge

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
TARGET = DevicesTarget(
    name="devices",
    expected_every_s=93_600,
    device=(Device(id="CLARUS", every_s=14_400), Device(id="OCT", every_s=0)),
)


def ago(**much: float) -> str:
    return (NOW - timedelta(**much)).isoformat()


CALM: dict[str, Any] = {
    "label": "OCT",
    "shape": "nested",
    "method": "folder-sync",
    "integration": "connected",
    "last_sync_status": "success",
    "current": "available",
    "last_sync": ago(minutes=11),
    "last_seen": None,
    "errors": 0,
    "files_failed": 0,
}


def judged(part: str, values: dict[str, Any] | None = None, failure: Failure | None = None) -> Judgement:
    reading = Reading(
        target=f"devices{part}",
        kind="devices",
        observed_at=NOW,
        how=say("how"),
        values=MappingProxyType(values or {}),
        failure=failure,
    )
    return judge(reading, TARGET, Context(now=NOW))


@pytest.mark.parametrize(
    ("seen", "health", "evidence"),
    [
        ({}, Health.OK, "{age:duration} old"),
        ({"integration": "error"}, Health.WARNING, "marked as error"),
        ({"integration": "error", "errors": 3}, Health.WARNING, "error: {n:number} in a row"),
        ({"current": "error"}, Health.WARNING, "marked as error"),
        ({"integration": "disconnected"}, Health.WARNING, "disconnected"),
        ({"current": "offline"}, Health.WARNING, "offline"),
        ({"current": "maintenance", "errors": 9}, Health.MAINTENANCE, "in maintenance"),
        ({"last_sync_status": "failed"}, Health.WARNING, "last import failed"),
        ({"last_sync_status": "partial"}, Health.WARNING, "imported in part"),
        ({"last_sync": None, "integration": "pending"}, Health.WARNING, "never imported"),
        ({"last_sync": None, "shape": "flat", "current": "online"}, Health.UNKNOWN, "no import recorded"),
        ({"last_sync": None, "shape": "flat", "current": "offline"}, Health.WARNING, "offline"),
        ({"last_sync": ago(hours=27)}, Health.WARNING, "{age:duration} old, due {due:duration}"),
        ({"last_sync": ago(hours=25)}, Health.OK, "{age:duration} old"),
        ({"last_sync": ago(hours=-2)}, Health.UNKNOWN, "dated ahead of now"),
        ({"last_sync": ago(minutes=-2)}, Health.OK, "{age:duration} old"),
    ],
)
def test_a_device_is_judged_by_the_worst_of_its_states_then_by_age(
    seen: dict[str, Any], health: Health, evidence: str
) -> None:
    found = judged("/OCT", {**CALM, **seen})
    assert (found.health, found.evidence.text) == (health, evidence)


def test_a_device_has_its_own_due_time() -> None:
    found = judged("/CLARUS", {**CALM, "last_sync": ago(hours=26)})
    assert (found.health, found.evidence.values["due"]) == (Health.WARNING, 14_400)


def test_mongodb_that_cannot_be_read_leaves_them_unknown() -> None:
    found = judged("", failure=Failure(cause=Cause.REFUSED, text=say("refused")))
    assert (found.health, found.evidence.text) == (Health.UNKNOWN, "mongodb unreadable")


def test_a_configured_device_that_is_not_there_is_a_warning() -> None:
    assert (
        judged("/CLARUS", failure=Failure(cause=Cause.ABSENT, text=say("not in MedFlow"))).health
        is Health.WARNING
    )


@pytest.mark.parametrize(
    ("seen", "health"),
    [
        ({"devices": 8, "by_hand": 1, "complete": True}, Health.OK),
        ({"devices": 0, "by_hand": 0, "complete": True}, Health.UNKNOWN),
        ({"devices": 200, "by_hand": 0, "complete": False}, Health.UNKNOWN),
    ],
)
def test_the_whole_is_good_only_when_all_were_read(seen: dict[str, Any], health: Health) -> None:
    assert judged("", seen).health is health


def test_a_device_that_was_used_on_saturday_is_not_late_on_monday_morning() -> None:
    """Every 4 h, last on Saturday at 14:30 UTC, looked at on Tuesday at 09:00: all of Monday lies between."""
    saturday = NOW.replace(day=21, hour=14, minute=30).isoformat()
    working = {**CALM, "last_sync": saturday, "hours": Hours(), "zone": "Africa/Kinshasa"}
    assert judged("/CLARUS", working).health is Health.WARNING
    only_saturdays = {**working, "hours": Hours(days=("sat",))}
    assert judged("/CLARUS", only_saturdays).health is Health.OK
