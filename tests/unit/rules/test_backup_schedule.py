"""When a backup is due, over changes of the clock and the ends of months."""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medflow_tui.model.targets.backups import EVERY, BackupSet
from medflow_tui.rules.backup_schedule import EARLY, first_missed, last_due, next_due, zone_of

KINSHASA, PARIS, APIA = ZoneInfo("Africa/Kinshasa"), ZoneInfo("Europe/Paris"), ZoneInfo("Pacific/Apia")
DAILY = BackupSet(name="daily")
MONTHLY = BackupSet(name="monthly", every="month", at="03:00")
YEARLY = BackupSet(name="yearly", every="year", at="04:00")

plans = st.builds(
    BackupSet,
    name=st.just("any"),
    every=st.sampled_from(EVERY),
    at=st.builds("{:02}:{:02}".format, st.integers(0, 23), st.integers(0, 59)),
    weekday=st.sampled_from(("mon", "wed", "sun")),
    day=st.integers(1, 31),
    month=st.integers(1, 12),
)
moments = st.datetimes(datetime(2000, 1, 1), datetime(2099, 12, 31)).map(
    lambda each: each.replace(tzinfo=UTC)
)
zones = st.sampled_from(
    [KINSHASA, PARIS, APIA, ZoneInfo("America/New_York"), ZoneInfo("Africa/Lubumbashi"), UTC]
)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


@pytest.mark.parametrize(
    ("plan", "now", "zone", "last", "following"),
    [
        (DAILY, "2026-11-23T14:32+01:00", KINSHASA, "2026-11-23T02:00+01:00", "2026-11-24T02:00+01:00"),
        (DAILY, "2026-11-23T01:59+01:00", KINSHASA, "2026-11-22T02:00+01:00", "2026-11-23T02:00+01:00"),
        (DAILY, "2026-11-23T02:00+01:00", KINSHASA, "2026-11-23T02:00+01:00", "2026-11-24T02:00+01:00"),
        (MONTHLY, "2026-11-01T02:59+01:00", KINSHASA, "2026-10-01T03:00+01:00", "2026-11-01T03:00+01:00"),
        (YEARLY, "2026-11-23T14:32+01:00", KINSHASA, "2026-01-01T04:00+01:00", "2027-01-01T04:00+01:00"),
        (
            BackupSet(name="end", every="month", day=31),
            "2028-02-29T12:00+01:00",
            KINSHASA,
            "2028-02-29T02:00+01:00",
            "2028-03-31T02:00+01:00",
        ),
        (
            BackupSet(name="leap", every="year", month=2, day=29),
            "2027-03-01T00:00+01:00",
            KINSHASA,
            "2027-02-28T02:00+01:00",
            "2028-02-29T02:00+01:00",
        ),
        (
            BackupSet(name="weekly", every="week", weekday="sun"),
            "2026-11-23T14:32+01:00",
            KINSHASA,
            "2026-11-22T02:00+01:00",
            "2026-11-29T02:00+01:00",
        ),
        # 02:30 does not exist in Paris on that night, and exists twice on the other
        (
            BackupSet(name="gap", at="02:30"),
            "2026-03-29T12:00+02:00",
            PARIS,
            "2026-03-29T03:30+02:00",
            "2026-03-30T02:30+02:00",
        ),
        (
            BackupSet(name="twice", at="02:30"),
            "2026-10-25T12:00+01:00",
            PARIS,
            "2026-10-25T02:30+02:00",
            "2026-10-26T02:30+01:00",
        ),
        # 30 December 2011 did not exist in Apia: the clock went from the 29th to the 31st
        (DAILY, "2011-12-31T12:00+14:00", APIA, "2011-12-31T02:00+14:00", "2012-01-01T02:00+14:00"),
    ],
)
def test_the_due_moments_around_a_moment(
    plan: BackupSet, now: str, zone: ZoneInfo, last: str, following: str
) -> None:
    assert last_due(plan, at(now), zone) == at(last)
    assert next_due(plan, at(now), zone) == at(following)


@given(plan=plans, now=moments, zone=zones)
def test_now_lies_between_the_last_due_moment_and_the_next(
    plan: BackupSet, now: datetime, zone: ZoneInfo
) -> None:
    last, following = last_due(plan, now, zone), next_due(plan, now, zone)
    assert last <= now < following
    assert next_due(plan, last, zone) == following
    assert last_due(plan, following, zone) == following
    assert following - last <= timedelta(days={"day": 2, "week": 8, "month": 33, "year": 368}[plan.every])


@given(plan=plans, now=moments)
def test_a_due_moment_shows_the_time_and_the_day_that_were_declared(plan: BackupSet, now: datetime) -> None:
    local = last_due(plan, now, KINSHASA).astimezone(KINSHASA)
    assert f"{local:%H:%M}" == plan.at
    if plan.every in ("month", "year"):
        assert local.day == min(plan.day, monthrange(local.year, local.month)[1])
    if plan.every == "year":
        assert local.month == plan.month
    if plan.every == "week":
        assert f"{local:%a}".lower() == plan.weekday


@given(plan=plans, now=moments, zone=zones)
def test_a_backup_made_at_the_last_due_moment_is_never_late(
    plan: BackupSet, now: datetime, zone: ZoneInfo
) -> None:
    assert first_missed(plan, last_due(plan, now, zone), now, zone) is None
    assert first_missed(plan, last_due(plan, now, zone) - EARLY, now, zone) is None


@given(plan=plans, now=moments, zone=zones)
def test_what_is_missed_was_due_and_its_grace_is_over(plan: BackupSet, now: datetime, zone: ZoneInfo) -> None:
    newest = now - timedelta(days=40)
    due = first_missed(plan, newest, now, zone)
    if due is not None:
        assert newest < due < now - timedelta(seconds=plan.grace_s)
        assert last_due(plan, due, zone) == due
    else:
        assert next_due(plan, newest + EARLY, zone) + timedelta(seconds=plan.grace_s) >= now


def test_within_its_grace_a_backup_is_not_late() -> None:
    newest = at("2026-11-22T02:00:04+01:00")
    assert first_missed(DAILY, newest, at("2026-11-23T03:59+01:00"), KINSHASA) is None
    assert first_missed(DAILY, newest, at("2026-11-23T05:00+01:00"), KINSHASA) == at("2026-11-23T02:00+01:00")


def test_an_unknown_time_zone_is_said_and_not_raised() -> None:
    assert zone_of("Africa/Kinshasa") is not None
    assert zone_of("Africa/Matadi") is None
    assert zone_of("../../etc/passwd") is None
