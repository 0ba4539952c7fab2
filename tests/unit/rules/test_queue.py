"""The verdict on the device sync queue in the situations of the field."""

from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

import pytest

from medflow_tui.model.health import Cause, Failure, Health, Judgement, Reading
from medflow_tui.model.targets.queue import QueueTarget
from medflow_tui.model.words import SILENCE, say
from medflow_tui.rules.judging import Context, judge

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
TARGET = QueueTarget(name="queue", stuck_after_s=600, expiry_warning_s=14_400)


def ago(**much: float) -> str:
    return (NOW - timedelta(**much)).isoformat()


CALM: dict[str, Any] = {
    "waiting": 0,
    "pending": MappingProxyType(dict.fromkeys(range(1, 11), 0)),
    "delayed": 0,
    "delayed_due_at": None,
    "failed": 0,
    "failed_seen": 0,
    "failed_gone": 0,
    "oldest_at": None,
    "expires_in_s": None,
    "gone": 0,
    "undated": 0,
    "done": 14,
    "worked_at": None,
    "lost": 0,
    "in_hand": 0,
    "complete": True,
    "worker": "started",
}
WORKER: dict[str, Any] = {
    "api": "answers",
    "redis": True,
    "started_at": ago(hours=1),
    "has_redis": True,
    "processed": 3,
    "active": 0,
    "waiting": 0,
    "oldest_at": None,
    "worked_at": None,
}
WAITS = {"waiting": 2, "oldest_at": ago(minutes=40)}
LIMITED = Failure(cause=Cause.LIMITED, text=say("429 until {until:clock}", until=NOW), until=NOW)


def judged(part: str, values: dict[str, Any] | None = None, failure: Failure | None = None) -> Judgement:
    reading = Reading(
        target=f"queue{part}",
        kind="queue",
        observed_at=NOW,
        how=say("how"),
        values=MappingProxyType(values or {}),
        failure=failure,
    )
    return judge(reading, TARGET, Context(now=NOW))


@pytest.mark.parametrize(
    ("seen", "health", "evidence"),
    [
        ({}, Health.OK, "nothing waits"),
        ({"waiting": 2, "oldest_at": ago(minutes=2)}, Health.OK, "{n:number} wait"),
        ({"worker": "unknown"}, Health.OK, "nothing waits"),
        ({"worker": "none"}, Health.OK, "nothing waits"),
        ({"worker": "none", **WAITS}, Health.CRITICAL, "no worker, jobs wait since {at:when}"),
        ({"worker": "no redis", **WAITS}, Health.CRITICAL, "no worker, jobs wait since {at:when}"),
        ({"worker": "none", "waiting": 1}, Health.CRITICAL, "no worker, jobs wait"),
        ({"worker": "unknown", **WAITS}, Health.WARNING, "jobs wait since {at:when}"),
        (WAITS, Health.WARNING, "jobs wait since {at:when}"),
        ({**WAITS, "worked_at": ago(minutes=1)}, Health.OK, "{n:number} wait"),
        ({**WAITS, "expires_in_s": 14_000.0}, Health.WARNING, "lost in {rest:duration}"),
        ({"lost": 1}, Health.WARNING, "{n:number} jobs lost"),
        ({"gone": 4}, Health.WARNING, "{n:number} jobs expired"),
        ({"failed": 1, "failed_seen": 1, "failed_gone": 1}, Health.WARNING, "{n:number} failed"),
        ({"complete": False}, Health.UNKNOWN, "read in part"),
        ({"waiting": 2, "undated": 2}, Health.UNKNOWN, "{n:number} wait, no date"),
        ({"waiting": 2, "oldest_at": ago(days=-1)}, Health.UNKNOWN, "clocks disagree"),
        ({**WAITS, "worked_at": ago(days=-1)}, Health.WARNING, "jobs wait since {at:when}"),
        ({"complete": False, "lost": 1}, Health.WARNING, "{n:number} jobs lost"),
    ],
)
def test_the_queue_is_judged_by_its_gravest_fact(seen: dict[str, Any], health: Health, evidence: str) -> None:
    found = judged("", {**CALM, **seen})
    assert (found.health, found.evidence.text) == (health, evidence)
    assert (found.means is not SILENCE) == found.health.is_trouble


def test_redis_that_cannot_be_read_leaves_the_queue_unknown() -> None:
    refused = Failure(cause=Cause.REFUSED, text=say("refused"))
    assert judged("", failure=refused).health is Health.UNKNOWN
    assert judged("", failure=refused).evidence.text == "cannot be read"
    assert judged("", failure=refused).detail == (refused.text,)
    assert judged("/worker", failure=refused).evidence.text == "redis unreadable"


@pytest.mark.parametrize(
    ("seen", "health", "evidence"),
    [
        ({}, Health.OK, "on since {at:when}"),
        ({"started_at": None}, Health.WARNING, "no worker"),
        ({"started_at": None, **WAITS}, Health.WARNING, "no worker"),
        ({"has_redis": False}, Health.WARNING, "backend: no redis"),
        (WAITS, Health.WARNING, "jobs wait since {at:when}"),
        ({**WAITS, "active": 3}, Health.OK, "on since {at:when}"),
        ({**WAITS, "redis": False}, Health.OK, "on since {at:when}"),
    ],
)
def test_the_worker_is_judged_by_the_backends_word(
    seen: dict[str, Any], health: Health, evidence: str
) -> None:
    found = judged("/worker", {**WORKER, **seen})
    assert (found.health, found.evidence.text) == (health, evidence)


@pytest.mark.parametrize(
    ("seen", "health", "evidence"),
    [
        ({"api": "none"}, Health.UNKNOWN, "no log-in given"),
        ({"api": "failed", "why": LIMITED.text}, Health.UNKNOWN, "429 until {until:clock}"),
        ({"api": "none", **WAITS}, Health.WARNING, "jobs wait since {at:when}"),
        ({"api": "none", "worked_at": ago(minutes=3)}, Health.OK, "worked at {at:clock}"),
        ({"api": "none", "worked_at": ago(hours=3)}, Health.UNKNOWN, "no log-in given"),
        ({"api": "none", "worked_at": ago(days=-1)}, Health.UNKNOWN, "no log-in given"),
        ({"api": "none", "waiting": 1, "oldest_at": ago(minutes=2)}, Health.UNKNOWN, "no log-in given"),
    ],
)
def test_without_the_backends_word_only_what_redis_proves_counts(
    seen: dict[str, Any], health: Health, evidence: str
) -> None:
    known = {"redis": True, "waiting": 0, "oldest_at": None, "worked_at": None}
    found = judged("/worker", {**known, **seen})
    assert (found.health, found.evidence.text) == (health, evidence)


def test_a_rate_limit_says_until_when_and_that_nothing_is_asked_before() -> None:
    found = judged("/api", failure=LIMITED)
    assert (found.health, found.evidence) == (Health.UNKNOWN, LIMITED.text)
    assert found.detail[0].text == "no further call before then"


def test_a_backend_that_is_down_is_not_judged_here() -> None:
    assert judged("/api", failure=Failure(cause=Cause.REFUSED, text=say("refused"))).health is Health.UNKNOWN


def test_the_detail_tells_every_count() -> None:
    values = {
        **CALM,
        "waiting": 3,
        "delayed": 1,
        "delayed_due_at": ago(minutes=-1),
        "failed": 2,
        "in_hand": 1,
        "lost": 1,
    }
    texts = [
        each.text
        for each in judged("", {**values, "gone": 1, "complete": False, "worker": "no redis"}).detail
    ]
    for word in ("delayed", "failed", "lost", "taken", "in vain", "done", "in part", "without Redis"):
        assert any(word in each for each in texts), word
