"""Opening hours: examples from the field, and what must hold for any hours, zone and moment."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from medflow_tui.model.site import Hours
from medflow_tui.rules.hours import DAYS, clock, fault, is_late, open_seconds, open_since, opens_next

KINSHASA, LUBUMBASHI = ZoneInfo("Africa/Kinshasa"), ZoneInfo("Africa/Lubumbashi")
MONDAY = datetime(2026, 11, 23, tzinfo=UTC)

ZONES = st.sampled_from(
    [
        "Africa/Kinshasa",
        "Africa/Lubumbashi",
        "Africa/Casablanca",
        "Europe/Paris",
        "America/New_York",
        "Asia/Kathmandu",
    ]
).map(ZoneInfo)
CLOCKS = st.builds(lambda h, m: f"{h:02}:{m:02}", st.integers(0, 23), st.integers(0, 59))
WEEKS = st.lists(st.sampled_from(DAYS), unique=True).map(tuple)
HOURS = st.builds(lambda o, c, d: Hours(opens=o, closes=c, days=d), CLOCKS, CLOCKS, WEEKS)
MOMENTS = st.datetimes(datetime(2024, 1, 1), datetime(2031, 12, 31)).map(
    lambda each: each.replace(tzinfo=UTC)
)


def at(hours: int, minutes: int = 0, day: int = 0) -> datetime:
    """A moment (UTC) of the week that begins on Monday the 23rd."""
    return MONDAY + timedelta(days=day, hours=hours, minutes=minutes)


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        (at(6, 29), False),  # 07:29 in Kinshasa
        (at(6, 30), True),
        (at(15, 59), True),
        (at(16, 0), False),
        (at(10, 0, day=6), False),  # Sunday
    ],
)
def test_a_clinic_in_kinshasa_is_open_by_its_own_clock(moment: datetime, is_open: bool) -> None:
    assert (open_since(Hours(), KINSHASA, moment) is not None) is is_open


def test_lubumbashi_opens_an_hour_before_kinshasa() -> None:
    assert opens_next(Hours(), KINSHASA, at(0)) - opens_next(Hours(), LUBUMBASHI, at(0)) == timedelta(hours=1)  # type: ignore[operator]


def test_on_saturday_evening_the_next_opening_is_on_monday() -> None:
    assert opens_next(Hours(), KINSHASA, at(18, day=5)) == at(6, 30, day=7)


def test_a_night_over_midnight_belongs_to_the_day_it_began() -> None:
    night = Hours(opens="20:00", closes="06:00", days=("mon",))
    assert open_since(night, KINSHASA, at(4, day=1)) == at(19)
    assert open_since(night, KINSHASA, at(5, 30, day=1)) is None
    assert open_since(night, KINSHASA, at(20, day=1)) is None


def test_a_place_that_never_closes_is_always_open_and_counts_every_second_once() -> None:
    always = Hours(opens="00:00", closes="24:00", days=DAYS)
    assert open_since(always, KINSHASA, at(3)) is not None
    assert open_seconds(always, KINSHASA, at(3), at(3, day=2)) == 48 * 3600


def test_a_night_without_opening_hours_does_not_count() -> None:
    assert open_seconds(Hours(), KINSHASA, at(15, 50), at(6, 45, day=1)) == (10 + 15) * 60


def test_no_day_at_all_never_opens() -> None:
    assert opens_next(Hours(days=()), KINSHASA, at(8)) is None
    assert open_since(Hours(days=()), KINSHASA, at(8)) is None


@pytest.mark.parametrize("text", ["7h30", "25:00", "07:60", "24:01", "", "07", "-1:00", "07:3"])
def test_a_time_that_is_none_is_found(text: str) -> None:
    assert fault(Hours(opens=text), "Africa/Kinshasa") == (text or "?")


def test_an_unknown_day_or_zone_is_found() -> None:
    assert fault(Hours(days=("mon", "lun")), "Africa/Kinshasa") == "lun"
    assert fault(Hours(), "Africa/Matadi") == "Africa/Matadi"
    assert fault(Hours(), "../etc/passwd") == "../etc/passwd"
    assert fault(Hours(), "Africa") == "Africa"
    assert clock("24:00") == clock("00:00")


@given(HOURS, ZONES, MOMENTS)
@example(
    Hours(opens="02:30", closes="02:30", days=DAYS),
    ZoneInfo("Europe/Paris"),
    datetime(2026, 3, 29, 1, tzinfo=UTC),
)
def test_open_since_is_not_after_now_and_the_next_opening_is(
    hours: Hours, zone: ZoneInfo, now: datetime
) -> None:
    since, following = open_since(hours, zone, now), opens_next(hours, zone, now)
    assert since is None or since <= now
    assert following is None or following > now
    assert (following is None) == (not hours.days) or _is_skipped(hours, zone, now)


def _is_skipped(hours: Hours, zone: ZoneInfo, now: datetime) -> bool:
    """True when the clock change swallows the only opening of the week."""
    offsets = {(now + timedelta(days=day)).astimezone(zone).utcoffset() for day in range(-2, 10)}
    return len(offsets) > 1 and len(hours.days) == 1


@given(HOURS, ZONES, MOMENTS)
def test_at_the_next_opening_it_is_open(hours: Hours, zone: ZoneInfo, now: datetime) -> None:
    following = opens_next(hours, zone, now)
    assert following is None or open_since(hours, zone, following) is not None


@given(HOURS, ZONES, MOMENTS, st.timedeltas(timedelta(0), timedelta(days=9)), st.floats(0, 1))
def test_open_seconds_add_up_and_never_exceed_the_time_that_passed(
    hours: Hours, zone: ZoneInfo, start: datetime, length: timedelta, share: float
) -> None:
    end = start + length
    middle = start + share * length
    whole = open_seconds(hours, zone, start, end)
    assert 0 <= whole <= length.total_seconds()
    parts = open_seconds(hours, zone, start, middle) + open_seconds(hours, zone, middle, end)
    assert parts == pytest.approx(whole, abs=1e-3)


@given(HOURS, ZONES, MOMENTS)
def test_since_it_opened_every_second_was_open(hours: Hours, zone: ZoneInfo, now: datetime) -> None:
    since = open_since(hours, zone, now)
    if since is not None:
        assert open_seconds(hours, zone, since, now) == pytest.approx((now - since).total_seconds())


SATURDAY, FRIDAY = at(14, 30, day=5), at(14, 30, day=4)
HOUR_S = 3600.0


@pytest.mark.parametrize(
    ("newest", "due_s", "now", "late"),
    [
        (SATURDAY, 4 * HOUR_S, at(7, day=7), False),  # Monday, half an hour after opening
        (SATURDAY, 4 * HOUR_S, at(9, day=7), False),
        (SATURDAY, 4 * HOUR_S, at(9, 30, day=7), True),
        (SATURDAY, 26 * HOUR_S, at(7, day=7), False),
        (FRIDAY, 26 * HOUR_S, at(15, day=5), False),  # the whole of Saturday, and a little of Friday
        (FRIDAY, 26 * HOUR_S, at(7, 30, day=7), True),
        (at(8), 4 * HOUR_S, at(11), False),
        (at(8), 4 * HOUR_S, at(13), True),
        (at(8, day=-40), 40 * 24 * HOUR_S, at(9), True),
        (at(8), 4 * HOUR_S, at(7), False),
    ],
)
def test_nights_and_sundays_do_not_make_a_device_late(
    newest: datetime, due_s: float, now: datetime, late: bool
) -> None:
    assert is_late(Hours(), "Africa/Kinshasa", newest, due_s, now) is late


@given(MOMENTS, st.floats(0, 90 * 86_400), st.timedeltas(timedelta(0), timedelta(days=99)))
def test_without_hours_or_with_unreadable_ones_the_clock_on_the_wall_counts(
    newest: datetime, due_s: float, length: timedelta
) -> None:
    late = length.total_seconds() > due_s
    assert is_late(None, "Africa/Kinshasa", newest, due_s, newest + length) is late
    assert is_late(Hours(opens="?"), "Africa/Kinshasa", newest, due_s, newest + length) is late


@given(
    HOURS,
    st.floats(1, 80 * HOUR_S),
    st.floats(0, 80 * HOUR_S),
    st.timedeltas(timedelta(0), timedelta(days=9)),
)
def test_a_longer_time_is_never_late_before_a_shorter_one(
    hours: Hours, due_s: float, more_s: float, length: timedelta
) -> None:
    now = SATURDAY + length
    if is_late(hours, "Africa/Kinshasa", SATURDAY, due_s + more_s, now):
        assert is_late(hours, "Africa/Kinshasa", SATURDAY, due_s, now)
