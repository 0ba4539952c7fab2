"""The verdict on a device's share in the situations of the field."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

import pytest

from medflow_tui.model.health import Cause, Failure, Health, Judgement, Reading
from medflow_tui.model.site import Hours
from medflow_tui.model.targets.share import ShareTarget
from medflow_tui.model.words import say
from medflow_tui.rules.judging import Context, judge

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
TARGET = ShareTarget(name="solix56", address="smb://10.0.0.9/Export Solix", expected_every_s=14_400)
LOCAL = ShareTarget(name="tonoref", mount="C:/tonoref", expected_every_s=14_400)


def ago(**much: float) -> str:
    return (NOW - timedelta(**much)).isoformat()


CALM: dict[str, Any] = {
    "host": "answers",
    "connects": 20,
    "loss": 0.0,
    "rtt_ms": 4.0,
    "share": "answers",
    "newest": ago(minutes=11),
    "files": 551,
    "seen": 560,
    "ahead": 0,
    "complete": True,
    "mount": "none",
}


def judged(
    values: dict[str, Any] | None = None, failure: Failure | None = None, target: ShareTarget = TARGET
) -> Judgement:
    reading = Reading(
        target=target.name,
        kind="share",
        observed_at=NOW,
        how=say("how"),
        values=MappingProxyType(values or {}),
        failure=failure,
    )
    return judge(reading, target, Context(now=NOW))


@pytest.mark.parametrize(
    ("seen", "health", "evidence"),
    [
        ({}, Health.OK, "{age:duration} old"),
        ({"share": "silent", "why": say("x")}, Health.CRITICAL, "host answers, share does not"),
        ({"share": "refused", "why": say("x")}, Health.CRITICAL, "host answers, share does not"),
        ({"share": "absent", "why": say("x")}, Health.CRITICAL, "host answers, share does not"),
        ({"share": "no folder"}, Health.CRITICAL, "folder not in share"),
        ({"mount": "stale"}, Health.CRITICAL, "stale mount"),
        ({"mount": "absent"}, Health.CRITICAL, "not mounted"),
        ({"mount": "empty"}, Health.WARNING, "mount is empty"),
        ({"mount": "empty", "files": 0, "newest": None}, Health.WARNING, "no file in it"),
        ({"mount": "forbidden"}, Health.UNKNOWN, "may not be read"),
        ({"mount": "answers"}, Health.OK, "{age:duration} old"),
        ({"newest": ago(hours=26)}, Health.WARNING, "{age:duration} old, due {due:duration}"),
        ({"newest": ago(hours=26), "complete": False}, Health.UNKNOWN, "{age:duration} old, in part"),
        ({"complete": False}, Health.OK, "{age:duration} old"),
        ({"newest": None, "files": 0}, Health.WARNING, "no file in it"),
        ({"newest": None, "complete": False}, Health.UNKNOWN, "seen in part"),
        ({"newest": None, "ahead": 3}, Health.UNKNOWN, "dated ahead of now"),
        ({"loss": 20.0}, Health.WARNING, "loss {loss:percent} {rtt:ms}"),
        ({"loss": 50.0, "connects": 2}, Health.OK, "{age:duration} old"),
        ({"newest": ago(minutes=-2)}, Health.OK, "{age:duration} old"),
    ],
)
def test_a_share_is_judged_from_the_host_to_its_newest_file(
    seen: dict[str, Any], health: Health, evidence: str
) -> None:
    found = judged({**CALM, **seen})
    assert (found.health, found.evidence.text) == (health, evidence)


@pytest.mark.parametrize(
    ("cause", "health", "evidence"),
    [
        (Cause.UNREACHABLE, Health.CRITICAL, "host does not answer"),
        (Cause.UNRESOLVED, Health.CRITICAL, "words"),
        (Cause.DENIED, Health.UNKNOWN, "words"),
        (Cause.FORBIDDEN, Health.UNKNOWN, "words"),
        (Cause.UNSUPPORTED, Health.UNKNOWN, "words"),
    ],
)
def test_a_failure_is_the_hosts_or_ours(cause: Cause, health: Health, evidence: str) -> None:
    found = judged(failure=Failure(cause=cause, text=say("words")))
    assert (found.health, found.evidence.text) == (health, evidence)


def test_a_local_folder_is_named_as_one() -> None:
    values = {
        "host": "none",
        "share": "none",
        "ahead": 0,
        "files": 3,
        "complete": True,
        "newest": ago(minutes=5),
    }
    assert judged({**values, "mount": "answers"}, target=LOCAL).health is Health.OK
    assert judged({**values, "mount": "stale"}, target=LOCAL).evidence.text == "folder is silent"
    assert judged({**values, "mount": "absent"}, target=LOCAL).evidence.text == "no such folder"
    assert judged({**values, "mount": "empty", "newest": None}, target=LOCAL).health is Health.WARNING


def test_age_can_be_left_unjudged() -> None:
    calm = ShareTarget(name="x", address="smb://h/s", expected_every_s=0)
    assert judged({**CALM, "newest": ago(days=30)}, target=calm).health is Health.OK
    assert judged({**CALM, "newest": None, "files": 0}, target=calm).evidence.text == "answers, no file"


def test_the_detail_says_why_the_share_is_silent_and_how_the_line_is() -> None:
    found = judged({**CALM, "share": "silent", "why": say("accepts, no answer"), "loss": 10.0})
    assert [each.text for each in found.detail[:2]] == [
        "accepts, no answer",
        "loss {loss:percent} of {n:number} connections",
    ]


def test_a_device_that_was_used_on_saturday_is_not_late_on_monday_morning() -> None:
    monday = NOW.replace(day=23, hour=7)
    saturday = (monday - timedelta(days=2) + timedelta(hours=7)).isoformat()
    reading = Reading(
        target="solix56",
        kind="share",
        observed_at=monday,
        how=say("how"),
        values={**CALM, "newest": saturday},
    )
    assert judge(reading, TARGET, Context(now=monday)).health is Health.WARNING
    working = {**reading.values, "hours": Hours(), "zone": "Africa/Kinshasa"}
    assert judge(replace(reading, values=working), TARGET, Context(now=monday)).health is Health.OK
    noon = monday + timedelta(hours=5)
    assert judge(replace(reading, values=working), TARGET, Context(now=noon)).health is Health.WARNING
