"""Opening hours of a place in its own time zone: open now, open since, open again, how long open between moments."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from medflow_tui.model.site import Hours

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
LOOK_BACK = 31  # days
DAY_S = 86_400.0
LOOK_AHEAD = 8  # days: the same weekday again, and one for a night that runs over


def clock(text: str) -> time:
    """The time of day of `HH:MM`; `24:00` is the midnight that ends the day. Raises ValueError.

    >>> clock("07:30")
    datetime.time(7, 30)
    """
    hours, _, minutes = text.partition(":")
    if not (hours.isdecimal() and minutes.isdecimal() and len(minutes) == 2):
        raise ValueError(text)
    if (int(hours), int(minutes)) == (24, 0):
        return time(0, 0)
    return time(int(hours), int(minutes))


def fault(hours: Hours, zone: str) -> str:
    """The first word in the settings that cannot be read, or nothing.

    >>> fault(Hours(opens="7h30"), "Africa/Kinshasa"), fault(Hours(), "Africa/Kinshasa")
    ('7h30', '')
    """
    for text in (hours.opens, hours.closes):
        try:
            clock(text)
        except ValueError:
            return text or "?"
    unknown = next((day for day in hours.days if day not in DAYS), "")
    if unknown:
        return unknown
    try:
        ZoneInfo(zone)
    except (ValueError, OSError, KeyError):  # ZoneInfoNotFoundError is a KeyError, a folder an OSError
        return zone or "?"
    return ""


def _spell(hours: Hours, zone: ZoneInfo, day: date) -> tuple[datetime, datetime]:
    """Opening and closing (UTC) on a day; a closing at or before the opening is on the next day."""
    opens, closes = clock(hours.opens), clock(hours.closes)
    until = day if closes > opens else day + timedelta(days=1)
    return (
        datetime.combine(day, opens, zone).astimezone(UTC),
        datetime.combine(until, closes, zone).astimezone(UTC),
    )


def spells(
    hours: Hours, zone: ZoneInfo, start: datetime, end: datetime
) -> Iterator[tuple[datetime, datetime]]:
    """Every stretch of opening hours (UTC) that touches start … end, in order; neighbours are not joined."""
    day = start.astimezone(zone).date() - timedelta(days=1)
    last = end.astimezone(zone).date()
    while day <= last:
        if DAYS[day.weekday()] in hours.days:
            opens, closes = _spell(hours, zone, day)
            if opens < closes and closes > start and opens <= end:
                yield opens, closes
        day += timedelta(days=1)


def open_since(hours: Hours, zone: ZoneInfo, now: datetime) -> datetime | None:
    """When the stretch of opening hours that runs now began, or None when it is closed.

    Stretches that touch are one; a place that never closes opened a week ago.

    >>> open_since(Hours(), ZoneInfo("Africa/Kinshasa"), datetime(2026, 11, 23, 9, 0, tzinfo=UTC))
    datetime.datetime(2026, 11, 23, 6, 30, tzinfo=datetime.timezone.utc)
    """
    since = reach = None
    for opens, closes in spells(hours, zone, now - timedelta(days=LOOK_AHEAD), now):
        if reach is None or opens > reach:
            since, reach = opens, closes
        else:
            reach = max(reach, closes)
    return since if since is not None and reach is not None and since <= now < reach else None


def opens_next(hours: Hours, zone: ZoneInfo, now: datetime) -> datetime | None:
    """The next opening after now (UTC), or None when it never opens."""
    later = spells(hours, zone, now, now + timedelta(days=LOOK_AHEAD))
    return next((opens for opens, _ in later if opens > now), None)


def open_seconds(hours: Hours, zone: ZoneInfo, start: datetime, end: datetime) -> float:
    """Seconds of opening hours between two moments; at most a month back is looked at."""
    start = max(start, end - timedelta(days=LOOK_BACK))
    total, reach = timedelta(), start
    for opens, closes in spells(hours, zone, start, end):
        begins, ends = max(opens, reach), min(closes, end)
        if ends > begins:
            total, reach = total + (ends - begins), ends
    return total.total_seconds()


def is_late(hours: Hours | None, zone: str, newest: datetime, due_s: float, now: datetime) -> bool:
    """True when nothing came for longer than `due_s`, of which only hours of work count (None: day and night).

    A time up to one day of work is counted in hours of work as it is; a longer one as so many days of work.

    >>> night = datetime(2026, 11, 21, 15, 0, tzinfo=UTC), 4 * 3600.0, datetime(2026, 11, 23, 7, 0, tzinfo=UTC)
    >>> is_late(Hours(), "Africa/Kinshasa", *night), is_late(None, "Africa/Kinshasa", *night)
    (False, True)
    """
    if hours is None or due_s >= LOOK_BACK * DAY_S or fault(hours, zone):
        return (now - newest).total_seconds() > due_s
    day_s = _open_for_s(hours)
    allowed_s = max(min(due_s, day_s), due_s * day_s / DAY_S)
    return open_seconds(hours, ZoneInfo(zone), newest, now) > allowed_s


def _open_for_s(hours: Hours) -> float:
    """Seconds from opening to closing."""
    opens, closes = (
        each.hour * 3600.0 + each.minute * 60.0 for each in map(clock, (hours.opens, hours.closes))
    )
    return closes - opens if closes > opens else DAY_S - opens + closes
