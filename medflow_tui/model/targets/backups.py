"""A folder of backups as a target: which sets there should be, how often, and what a good one is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from medflow_tui.model.fitting import (
    DAYS,
    refuse_no_clock,
    refuse_no_date,
    refuse_other,
    refuse_outside,
)
from medflow_tui.model.target import BACKUPS, Target

LAYOUTS = ("medflow", "mongodump", "mongodump-archive", "pg_dump")
EVERY = ("day", "week", "month", "year")


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupSet:
    """One series of backups: `folder` below the target's folder, `layout` one of LAYOUTS.

    `pattern` is a shell pattern for the names (empty: what the layout's own program writes). Due every `every` (EVERY)
    at `at` (`HH:MM` in the target's time zone), weekly on `weekday` (mon … sun), monthly on `day`, yearly on `day` and
    `month`; a day that the month does not have is its last one. `since` (`YYYY-MM-DD`) is the day from which backups
    are expected, so that a new site does not miss a yearly one. `encrypted` says that every file must be.
    `drop_percent` is how far below the median of the last seven a size may fall; the newest `verified_copies` are read
    whole and compared with their checksums.
    """

    name: str
    folder: str = ""
    layout: str = "medflow"
    pattern: str = ""
    every: str = "day"
    at: str = "02:00"
    weekday: str = "sun"
    day: int = 1
    month: int = 1
    grace_s: float = 7200.0
    since: str = ""
    encrypted: bool = True
    minimum_bytes: int = 1024
    minimum_copies: int = 1
    drop_percent: float = 50.0
    verified_copies: int = 3

    def __post_init__(self) -> None:
        refuse_other("layout", self.layout, LAYOUTS)
        refuse_other("every", self.every, EVERY)
        refuse_other("weekday", self.weekday, DAYS)
        refuse_no_clock("at", self.at)
        refuse_outside("day", self.day, 1, 31)
        refuse_outside("month", self.month, 1, 12)
        if self.since:
            refuse_no_date("since", self.since)


MEDFLOW_SETS = (
    BackupSet(name="daily", folder="daily", minimum_copies=3),
    BackupSet(name="monthly", folder="monthly", every="month", at="03:00"),
    BackupSet(name="yearly", folder="yearly", every="year", at="04:00"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupsTarget(Target):
    """`folder` is absolute, or relative to the site's folder; `timezone` is that of the scheduler (empty: the site's).

    `copy_folder` holds the same files on another disk; its newest backup may be `copy_age_s` old. Of the files at most
    `read_budget` bytes are read in one reading, the rest in the next ones. A file without a checksum that changed within
    `settle_s` is still being written. `entries` is how many names of one folder are looked at, the newest.
    """

    kind: ClassVar[str] = "backups"
    pane: ClassVar[str] = BACKUPS

    folder: str = "/var/backups/medflow"
    timezone: str = ""
    contact: str = "database"
    interval_s: float = 60.0
    deadline_s: float = 8.0
    copy_folder: str = ""
    copy_age_s: float = 172800.0
    read_budget: int = 268435456
    settle_s: float = 60.0
    entries: int = 5000
    set: tuple[BackupSet, ...] = field(default=MEDFLOW_SETS)
