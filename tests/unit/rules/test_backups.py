"""Late, failed and never are three different things."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

import pytest

from medflow_tui.model.health import Cause, Failure, Health, Judgement, Reading
from medflow_tui.model.targets.backups import BackupSet, BackupsTarget
from medflow_tui.model.words import SILENCE, say
from medflow_tui.rules.judging import Context, judge

NOW = datetime(2026, 11, 23, 13, 32, tzinfo=UTC)  # 14:32 in Kinshasa
TONIGHT = datetime(2026, 11, 23, 1, 0, 0, 193000, tzinfo=UTC)  # 02:00 in Kinshasa
GB = 10**9
TARGET = BackupsTarget(name="backups", copy_folder="/mnt/copy")

GOOD = {
    "timezone": "Africa/Kinshasa",
    "count": 30,
    "name": "medflow-daily-2026-11-23T01-00-00-193Z.tar.gz.enc",
    "taken_at": TONIGHT,
    "size": 3_100_000_000,
    "level": "L1",
    "state": "whole",
    "checksum": True,
    "percent": 100.0,
    "dated": True,
    "good_at": TONIGHT,
    "damaged": (),
    "sizes_before": (3 * GB,) * 7,
    "clear": (),
    "writing": (),
    "future": (),
    "others": 0,
    "free": 41 * GB,
}
EMPTY = {
    **GOOD,
    "count": 0,
    "name": "",
    "taken_at": None,
    "size": 0,
    "state": "",
    "good_at": None,
    "sizes_before": (),
}
COPY = {
    "count": 4,
    "taken_at": TONIGHT,
    "size": GB,
    "compared": "equal",
    "same_disk": False,
    "free": GB,
    "total": 2 * GB,
}
YESTERDAY = TONIGHT - timedelta(days=1)


def reading(part: str, values: dict[str, Any] | None = None, failure: Failure | None = None) -> Reading:
    return Reading(
        target=f"backups/{part}" if part else "backups",
        kind="backups",
        observed_at=NOW,
        how=SILENCE,
        values=MappingProxyType(values or {}),
        failure=failure,
    )


def judged(
    part: str = "daily", target: BackupsTarget = TARGET, now: datetime = NOW, **changes: Any
) -> Judgement:
    base = COPY if part == "copy" else GOOD
    return judge(reading(part, {**base, **changes}), target, Context(now=now))


def one(**settings: Any) -> BackupsTarget:
    return BackupsTarget(name="backups", set=(BackupSet(name="daily", **settings),))


def test_a_good_one_shows_when_how_large_and_the_level_that_says_how_little_it_proves() -> None:
    found = judged()
    assert found.health is Health.OK
    assert found.evidence == say(
        "{at:when}  {size:bytes}  {level}", at=TONIGHT, size=3_100_000_000, level="L1"
    )
    assert found.means == say("file and checksum match; nobody has restored it")


@pytest.mark.parametrize(
    ("changes", "health", "words"),
    [
        ({"taken_at": YESTERDAY}, Health.WARNING, "late by {late:duration}"),
        ({"taken_at": YESTERDAY - timedelta(days=1)}, Health.CRITICAL, "late by {late:duration}"),
        ({"state": "differs"}, Health.CRITICAL, "checksum differs"),
        ({"state": "differs", "size": GB}, Health.CRITICAL, "shorter than its checksum says"),
        ({"state": "differs", "sizes_before": ()}, Health.CRITICAL, "checksum differs"),
        ({"state": "short"}, Health.CRITICAL, "shorter than its checksum says"),
        ({"state": "short", "checksum": False}, Health.CRITICAL, "shorter than its contents say"),
        ({"state": "empty", "size": 0}, Health.CRITICAL, "empty"),
        ({"state": "corrupt"}, Health.CRITICAL, "damaged inside"),
        ({"state": "garbled"}, Health.CRITICAL, "not what its name says"),
        ({"size": 812}, Health.CRITICAL, "too small: {size:bytes}"),
        (
            {"checksum": False, "state": "unproved", "level": "L0"},
            Health.CRITICAL,
            "not finished: no checksum",
        ),
        ({"state": "forbidden"}, Health.UNKNOWN, "may not read the file"),
        ({"state": "unread"}, Health.UNKNOWN, "file gives no answer"),
        ({"clear": ("a.tar.gz",)}, Health.WARNING, "{n:number} in clear on disk"),
        ({"damaged": ("b",)}, Health.WARNING, "{n:number} older damaged"),
        ({"size": 1_400_000_000}, Health.WARNING, "{size:bytes}, usual {usual:bytes}"),
        ({"size": 1_600_000_000}, Health.OK, "{at:when}  {size:bytes}  {level}"),
        (
            {"size": 1_400_000_000, "sizes_before": (3 * GB,) * 2},
            Health.OK,
            "{at:when}  {size:bytes}  {level}",
        ),
        ({"count": 2}, Health.WARNING, "{n:number} of {least:number} kept"),
        ({"free": GB}, Health.WARNING, "no room for another"),
        ({"future": ("c",)}, Health.WARNING, "dated after today"),
        (
            {"state": "checking", "percent": 34.0, "level": "L0"},
            Health.OK,
            "{at:when}  checking {done:percent}",
        ),
        # a failed one is not called late, and a late one not by what is less
        ({"state": "differs", "taken_at": YESTERDAY}, Health.CRITICAL, "checksum differs"),
        ({"taken_at": YESTERDAY, "clear": ("a",)}, Health.WARNING, "late by {late:duration}"),
    ],
)
def test_what_is_said_of_a_set(changes: dict[str, Any], health: Health, words: str) -> None:
    found = judged(**changes)
    assert (found.health, found.evidence.text) == (health, words)
    if health is not Health.OK:
        assert found.threshold.text == "due every day at {at}"


def test_late_counts_from_the_moment_at_which_it_was_due() -> None:
    found = judged(taken_at=YESTERDAY, now=datetime(2026, 11, 23, 4, 0, tzinfo=UTC))
    assert found.evidence == say("late by {late:duration}", late=3 * 3600.0)


def test_within_the_grace_nothing_is_late() -> None:
    assert judged(taken_at=YESTERDAY, now=datetime(2026, 11, 23, 2, 59, tzinfo=UTC)).health is Health.OK


def test_none_at_all_is_never_and_not_late() -> None:
    found = judge(reading("daily", EMPTY), TARGET, Context(now=NOW))
    assert (found.health, found.evidence) == (Health.CRITICAL, say("never"))


def test_one_that_is_only_being_written_is_still_never() -> None:
    found = judge(reading("daily", {**EMPTY, "writing": ("x.partial",)}), TARGET, Context(now=NOW))
    assert (found.health, found.evidence) == (Health.CRITICAL, say("never"))
    assert say("being written: {name}", name="x.partial") in found.detail


def test_a_new_site_does_not_miss_the_yearly_one_before_its_first_year() -> None:
    plan = BackupSet(name="yearly", every="year", at="04:00", since="2026-06-01")
    target = BackupsTarget(name="backups", set=(plan,))
    first = datetime(2027, 1, 1, 3, 0, tzinfo=UTC)
    found = judge(reading("yearly", EMPTY), target, Context(now=NOW))
    assert (found.health, found.evidence) == (Health.OK, say("first due {at:when}", at=first))
    after = judge(reading("yearly", EMPTY), target, Context(now=first + timedelta(hours=3)))
    assert (after.health, after.evidence) == (Health.CRITICAL, say("never"))


def test_the_last_good_one_is_named_when_the_newest_is_bad() -> None:
    found = judged(state="differs", good_at=YESTERDAY)
    assert say("last one not known to be bad: {at:when}", at=YESTERDAY) in found.detail
    assert found.means.text.startswith("if the disk fails now, what was entered")
    assert (
        judged(state="differs", good_at=None).means.text
        == "if the disk fails now, there is nothing to go back to"
    )


def test_a_dump_of_another_program_needs_no_checksum_and_stays_at_level_0() -> None:
    found = judged(target=one(layout="pg_dump"), checksum=False, level="L0")
    assert found.health is Health.OK
    assert found.means == say("there is a file; nothing more is proved")


@pytest.mark.parametrize(
    ("cause", "part", "health"),
    [
        (Cause.FORBIDDEN, "", Health.UNKNOWN),
        (Cause.FORBIDDEN, "daily", Health.UNKNOWN),
        (Cause.ABSENT, "", Health.CRITICAL),
        (Cause.SILENT, "", Health.CRITICAL),
        (Cause.UNSUPPORTED, "daily", Health.UNKNOWN),
        (Cause.ABSENT, "copy", Health.WARNING),
        (Cause.FORBIDDEN, "copy", Health.UNKNOWN),
    ],
)
def test_a_folder_that_cannot_be_read(cause: Cause, part: str, health: Health) -> None:
    found = judge(reading(part, failure=Failure(cause=cause, text=say("x"))), TARGET, Context(now=NOW))
    assert (found.health, found.evidence) == (health, say("x"))


def whole(**sets: Any) -> Judgement:
    values = {
        "folder": "/var/backups/medflow",
        "free": 41 * GB,
        "total": 200 * GB,
        "complete": sets.pop("complete", True),
        "timezone": "Africa/Kinshasa",
        "sets": sets,
    }
    return judge(reading("", values), TARGET, Context(now=NOW))


def test_a_bad_set_is_counted_once_in_its_own_row_and_told_in_the_detail_of_the_target() -> None:
    found = whole(daily=GOOD, monthly={**EMPTY})
    assert found.health is Health.OK
    assert say("{name}", name="monthly").also(say("never")) in found.detail
    assert say("{free:bytes} of {total:bytes} free on its disk", free=41 * GB, total=200 * GB) in found.detail


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({**EMPTY, "complete": False}, "not all was looked at"),
        ({**GOOD, "taken_at": NOW - timedelta(days=9), "complete": False}, "not all was looked at"),
        ({**EMPTY, "future": ("medflow-daily-2031",)}, "dated after today"),
    ],
)
def test_what_was_not_seen_or_cannot_be_dated_is_neither_late_nor_never(
    values: dict[str, Any], words: str
) -> None:
    found = judge(reading("daily", values), TARGET, Context(now=NOW))
    assert (found.health, found.evidence.text) == (Health.UNKNOWN, words)


def test_a_folder_that_was_not_looked_through_keeps_the_target_from_being_green() -> None:
    assert whole(daily=GOOD, complete=False).health is Health.UNKNOWN


@pytest.mark.parametrize(
    ("changes", "health", "words"),
    [
        ({}, Health.OK, "{at:when}  {size:bytes}  L0"),
        ({"count": 0, "taken_at": None}, Health.WARNING, "no second copy"),
        ({"same_disk": True}, Health.WARNING, "on the same disk"),
        ({"compared": "differs"}, Health.WARNING, "size differs"),
        ({"compared": "alone"}, Health.OK, "{at:when}  {size:bytes}  L0"),
        ({"taken_at": NOW - timedelta(days=3)}, Health.WARNING, "{age:duration} old"),
    ],
)
def test_the_second_copy(changes: dict[str, Any], health: Health, words: str) -> None:
    found = judged("copy", **changes)
    assert (found.health, found.evidence.text) == (health, words)
