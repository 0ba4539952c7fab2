"""Situations of a log."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

import pytest

from medflow_tui.model.health import Cause, Failure, Health, Judgement, Reading
from medflow_tui.model.targets.log import LogTarget
from medflow_tui.model.words import say
from medflow_tui.rules.judging import Context
from medflow_tui.rules.judging.log import judge
from medflow_tui.rules.logalarms import ALARMS, alarm_in

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def log(failure: Failure | None = None, *, quiet_warning_s: float = 0.0, **values: Any) -> Judgement:
    calm = {
        "size": 1000, "written_at": NOW, "last_at": NOW - timedelta(minutes=1), "lines": 10, "errors": 0, "warnings": 0, "covered_s": 600.0,
        "errors_per_min": 0.0, "alarms": {}, "alarm_at": {},
    }  # fmt: skip
    reading = Reading(
        target="log",
        kind="log",
        observed_at=NOW,
        how=say("test"),
        values=MappingProxyType({} if failure else calm | values),
        failure=failure,
    )
    return judge(reading, LogTarget(name="log", quiet_warning_s=quiet_warning_s), Context(now=NOW))


SITUATIONS = (
    ({}, Health.OK, "no error in {window:duration}"),
    ({"errors": 3, "errors_per_min": 0.3}, Health.OK, "{n:number} errors in {window:duration}"),
    ({"errors": 168, "errors_per_min": 168.0}, Health.WARNING, "{n:number} errors a minute"),
    ({"alarms": {"redis-given-up": 9}, "errors": 9}, Health.WARNING, "gave up on redis"),
    ({"alarms": {"redis-given-up": 9, "changes-lost": 1}}, Health.WARNING, "changes are lost"),
    ({"alarms": {"start-failed": 1}, "errors_per_min": 400.0}, Health.WARNING, "could not start"),
    ({"last_at": NOW - timedelta(hours=3)}, Health.OK, "no error in {window:duration}"),
    (
        {"last_at": NOW - timedelta(hours=3), "quiet_warning_s": 3600.0},
        Health.WARNING,
        "silent for {age:duration}",
    ),
    (
        {"last_at": None, "written_at": NOW - timedelta(hours=3), "quiet_warning_s": 3600.0},
        Health.WARNING,
        "silent for {age:duration}",
    ),
    (
        {
            "last_at": NOW + timedelta(days=1),
            "written_at": NOW - timedelta(hours=3),
            "quiet_warning_s": 3600.0,
        },
        Health.WARNING,
        "silent for {age:duration}",
    ),
    (
        {
            "last_at": NOW + timedelta(days=1),
            "written_at": NOW + timedelta(days=1),
            "quiet_warning_s": 3600.0,
        },
        Health.UNKNOWN,
        "dated ahead of now",
    ),
    ({"files_unread": 1}, Health.UNKNOWN, "{n:number} files not read"),
)


@pytest.mark.parametrize(("values", "health", "evidence"), SITUATIONS)
def test_situations_of_a_log(values: dict[str, Any], health: Health, evidence: str) -> None:
    found = log(**values)
    assert (found.health, found.evidence.text) == (health, evidence)
    assert bool(found.means) == (health is Health.WARNING)


@pytest.mark.parametrize("cause", list(Cause))
def test_a_log_that_cannot_be_read_is_never_good_and_never_critical(cause: Cause) -> None:
    found = log(Failure(cause=cause, text=say("why")))
    assert (found.health, found.evidence.text) == (Health.UNKNOWN, "why")


def test_a_part_that_was_read_in_too_many_lines_says_so() -> None:
    assert any("too many lines" in each.text for each in log(covered_s=20.0).detail)


FIELD = {
    "SyncQueue: [SYNC] Failed to queue change: SyncQueue validation failed: collection: Path 'collection' is required.": "changes-lost",
    "Redis: Max reconnection attempts reached": "redis-given-up",
    "❌ MongoDB connection error: TypeError: x is not a function": "start-failed",
    "[CIRCUIT BREAKER] Redis circuit OPEN after 5 failures. Will retry in 30s": "circuit-open",
    "Error: MongoDB dump failed: Command failed": "backup-failed",
    "Error: listen EADDRINUSE: address already in use :::5001": "port-taken",
    "Folder not accessible: /Volumes/EXAMEN": "folder-not-accessible",
    "MongoServerError: The $changeStream stage is only supported on replica sets": "no-replica-set",
    "ENOSPC: no space left on device, write": "disk-full",
    "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory": "out-of-memory",
    "Backup decryption failed: Unsupported state or unable to authenticate data": "backup-unreadable",
}


@pytest.mark.parametrize(("text", "name"), FIELD.items())
def test_known_lines_of_the_field_are_recognised(text: str, name: str) -> None:
    found = alarm_in(text)
    assert found is not None
    assert found.name == name


def test_the_source_in_brackets_belongs_to_the_line() -> None:
    found = alarm_in("Failed to queue change: x", "SYNC")
    assert found is not None
    assert found.name == "changes-lost"


def test_ordinary_lines_are_no_alarm_and_every_alarm_is_tried() -> None:
    assert alarm_in("Redis connected") is None
    assert {each.name for each in ALARMS} == set(FIELD.values())
