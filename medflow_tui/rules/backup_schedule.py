"""When a backup is due: the last due moment before now and the next one after it, on the clock of a place."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

from medflow_tui.model.targets.backups import BackupSet

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
EARLY = timedelta(
    minutes=5
)  # a scheduler's clock that is ahead by so much has still made the backup that was due


def zone_of(name: str) -> tzinfo | None:
    """The time zone of an IANA name, or None when this machine knows none of that name."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return None


def last_due(plan: BackupSet, now: datetime, zone: tzinfo) -> datetime:
    """The newest due moment that is not after `now`, in UTC.

    >>> last_due(BackupSet(name="daily"), datetime(2026, 11, 23, 0, 30, tzinfo=UTC), ZoneInfo("Africa/Kinshasa"))
    datetime.datetime(2026, 11, 22, 1, 0, tzinfo=datetime.timezone.utc)
    """
    return next(moment for moment in _due_moments(plan, now, zone, step=-1) if moment <= now)


def next_due(plan: BackupSet, now: datetime, zone: tzinfo) -> datetime:
    """The first due moment after `now`, in UTC."""
    return next(moment for moment in _due_moments(plan, now, zone, step=1) if moment > now)


def first_missed(plan: BackupSet, newest: datetime, now: datetime, zone: tzinfo) -> datetime | None:
    """The due moment after the newest backup, when it has passed and its grace is over; None when nothing is missed."""
    due = next_due(plan, newest + EARLY, zone)
    return due if due + timedelta(seconds=plan.grace_s) < now else None


def due_on(plan: BackupSet, day: date, zone: tzinfo) -> datetime:
    """The due time of day on that day, in UTC. In the hour that a clock change skips it is due when the hour ends."""
    hour, minute = clock_time(plan.at)
    return datetime.combine(day, time(hour, minute), zone).astimezone(UTC)


def clock_time(text: str) -> tuple[int, int]:
    """Hour and minute of `HH:MM`; what is not a time of day is midnight (the site file's check refuses it).

    >>> clock_time("02:30"), clock_time("never")
    ((2, 30), (0, 0))
    """
    hour, _, minute = text.partition(":")
    if hour.isdecimal() and minute.isdecimal() and int(hour) < 24 and int(minute) < 60:
        return int(hour), int(minute)
    return 0, 0


def _due_moments(plan: BackupSet, now: datetime, zone: tzinfo, *, step: int) -> Iterator[datetime]:
    """Due moments day by day from around `now`, back in time (-1) or forward (1)."""
    day = now.astimezone(zone).date() - timedelta(days=2 * step)
    while True:
        if _is_due_day(plan, day):
            yield due_on(plan, day, zone)
        day += timedelta(days=step)


def _is_due_day(plan: BackupSet, day: date) -> bool:
    match plan.every:
        case "week":
            return WEEKDAYS[day.weekday()] == plan.weekday or plan.weekday not in WEEKDAYS
        case "month":
            return day.day == _day_in(plan, day.year, day.month)
        case "year":
            return day.month == plan.month and day.day == _day_in(plan, day.year, day.month)
        case _:
            return True


def _day_in(plan: BackupSet, year: int, month: int) -> int:
    return max(1, min(plan.day, monthrange(year, month)[1]))
