"""Situations of a machine."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

import pytest

from medflow_tui.model.health import Cause, Failure, Health, Judgement, Reading
from medflow_tui.model.targets.host import HostTarget
from medflow_tui.model.words import say
from medflow_tui.rules.judging import Context
from medflow_tui.rules.judging.host import judge

NOW = datetime(2026, 11, 23, 13, 0, tzinfo=UTC)
GB = 1024**3
TARGET = HostTarget(name="host")


def part(name: str, age_s: float = 0, failure: Failure | None = None, **values: Any) -> Judgement:
    reading = Reading(
        target=f"host/{name}" if name else "host",
        kind="host",
        observed_at=NOW - timedelta(seconds=age_s),
        how=say("test"),
        values=MappingProxyType(values),
        failure=failure,
    )
    return judge(reading, TARGET, Context(now=NOW))


def minutes(number: float) -> datetime:
    return NOW - timedelta(minutes=number)


@pytest.mark.parametrize(
    ("name", "values", "health"),
    [
        ("cpu", {"percent": 100.0, "busy_since": minutes(14)}, Health.OK),
        ("cpu", {"percent": 81.0, "busy_since": minutes(15)}, Health.WARNING),
        ("cpu", {"percent": 20.0, "busy_since": None}, Health.OK),
        ("memory", {"used": 8 * GB, "total": 16 * GB}, Health.OK),
        ("memory", {"used": 14.5 * GB, "total": 16 * GB}, Health.WARNING),
        ("memory", {"used": 15.9 * GB, "total": 16 * GB}, Health.CRITICAL),
        ("swap", {"used": 1 * GB, "total": 2 * GB}, Health.OK),
        ("swap", {"used": 1.9 * GB, "total": 2 * GB}, Health.WARNING),
        ("disk C", {"free": 41 * GB, "total": 200 * GB}, Health.OK),
        ("disk C", {"free": 19 * GB, "total": 200 * GB}, Health.WARNING),
        ("disk C", {"free": 9 * GB, "total": 200 * GB}, Health.CRITICAL),
        ("clock", {"offset_s": 0.2, "kept": True}, Health.OK),
        ("clock", {"offset_s": -7.0, "kept": None}, Health.WARNING),
        ("clock", {"offset_s": 3600.0, "kept": None}, Health.CRITICAL),
        ("clock", {"offset_s": None, "kept": True}, Health.OK),
        ("clock", {"offset_s": None, "kept": False}, Health.WARNING),
        ("clock", {"offset_s": None, "kept": None}, Health.UNKNOWN),
        ("power", {"source": "mains", "percent": None}, Health.OK),
        ("power", {"source": "battery", "percent": 80.0}, Health.WARNING),
        ("power", {"source": "battery", "percent": 12.0}, Health.CRITICAL),
        ("power", {"source": "battery", "percent": None}, Health.WARNING),
        ("power", {"source": "unknown", "percent": None}, Health.UNKNOWN),
        ("", {"boot_at": minutes(60), "power_known": True, "from_file": False}, Health.OK),
    ],
)
def test_each_part_is_judged_by_its_own_limits(name: str, values: dict[str, Any], health: Health) -> None:
    found = part(name, **values)
    assert found.health is health
    assert bool(found.means) is (health in (Health.WARNING, Health.CRITICAL))


def test_unknown_power_is_a_note_on_a_host_that_is_well() -> None:
    found = part("", boot_at=None, power_known=False, from_file=True)
    assert found.health is Health.OK
    assert [each.text for each in found.detail] == ["power unknown: no battery and no UPS is seen here"]


@pytest.mark.parametrize("name", ["", "cpu", "disk /", "power"])
def test_figures_that_are_too_old_say_nothing(name: str) -> None:
    found = part(
        name,
        age_s=301,
        boot_at=None,
        power_known=True,
        percent=1.0,
        busy_since=None,
        free=1,
        total=1,
        source="mains",
    )
    assert (found.health, found.evidence.text) == (Health.UNKNOWN, "figures of {at:when}")


@pytest.mark.parametrize("cause", [Cause.ABSENT, Cause.GARBLED, Cause.FORBIDDEN])
def test_figures_that_cannot_be_read_are_unknown_not_a_dead_host(cause: Cause) -> None:
    assert part("", failure=Failure(cause=cause, text=say("no file of figures"))).health is Health.UNKNOWN


@pytest.mark.parametrize("cause", [Cause.ABSENT, Cause.SILENT])
def test_a_disk_that_is_gone_or_hangs_is_critical(cause: Cause) -> None:
    assert (
        part("disk /data", failure=Failure(cause=cause, text=say("no such disk"))).health is Health.CRITICAL
    )
