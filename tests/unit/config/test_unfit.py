"""A value that no target can hold is named with its file and its whole key when the file is read, not when it is judged."""

from __future__ import annotations

from pathlib import Path

import pytest

from medflow_tui.config.load import load
from medflow_tui.model.errors import SettingsError, UnfitError
from medflow_tui.model.targets.backups import BackupSet

HEAD = '[site]\ncode = "M"\nname = "Matrix"\nenvironment = "drill"\n'
CLINICS = "[target.clinics]\naddress = 'mongodb://h'\n"
SET = "[target.backups]\n[[target.backups.set]]\nname = 'daily'\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (SET + "layout = 'tar'", "backups.set.1.layout is one of medflow, mongodump, mongodump-archive, pg_dump, not tar"),
        (SET + "every = 'hour'", "backups.set.1.every is one of day, week, month, year, not hour"),
        (SET + "weekday = 'lun'", "backups.set.1.weekday is one of mon, tue, wed, thu, fri, sat, sun, not lun"),
        (SET + "at = '2h00'", "backups.set.1.at: 2h00 is not written as in 07:30"),
        (SET + "at = '24:00'", "backups.set.1.at: 24:00 is not written as in 07:30"),
        (SET + "day = 32", "backups.set.1.day goes from 1 to 31"),
        (SET + "month = 0", "backups.set.1.month goes from 1 to 12"),
        (SET + "since = '01/02/2026'", "backups.set.1.since: 01/02/2026 is not written as in 2026-01-31"),
        (SET + "since = '2026-02-30'", "backups.set.1.since: 2026-02-30 is not written as in 2026-01-31"),
        (SET + "[[target.backups.set]]\nname = 'daily'", "backups.set names daily twice"),
        ("[target.backups]\ntimezone = 'Africa/Matadi'", "backups.timezone: no time zone Africa/Matadi"),
        (CLINICS + "[[target.clinics.clinic]]\nid = 'A'\nopens = '7h30'", "clinics.clinic.1.opens: 7h30 is not"),
        (CLINICS + "[[target.clinics.clinic]]\nid = 'A'\ncloses = '25:00'", "clinics.clinic.1.closes: 25:00 is"),
        (CLINICS + "[[target.clinics.clinic]]\nid = 'A'\ndays = ['mo']", "clinics.clinic.1.days is one of mon,"),
        ("[target.devices]\naddress = 'mongodb://h'\nopens = 'early'", "target.devices.opens: early is not written as in 07:30"),
        ("[target.x]\nkind = 'share'\ncloses = '17'", "target.x.closes: 17 is not written as in 07:30"),
        ("[target.backend]\nrole = 'front-end'", "backend.role is one of backend, central, ocr, face, front, not front-end"),
        ("[target.x]\nkind = 'process'\nmanager = 'init'", "x.manager is one of systemd, pm2, runit, compose, launchd, windows, pidfile"),
        ("[target.mongodb]\nexpect_replica_set = 'maybe'", "mongodb.expect_replica_set is one of auto, yes, no, not maybe"),
    ],
)  # fmt: skip
def test_the_file_and_the_whole_key_are_named(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "site.toml"
    path.write_text(HEAD + text + "\n", encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        load(path)
    assert str(caught.value).startswith(str(path))
    assert said in str(caught.value)


def test_the_hours_of_the_site_are_checked_alike(tmp_path: Path) -> None:
    path = tmp_path / "site.toml"
    path.write_text(HEAD + "opens = '7h'\n[target.redis]\n", encoding="utf-8")
    with pytest.raises(SettingsError, match=r"site\.opens: 7h is not written as in 07:30"):
        load(path)


def test_a_site_that_closes_at_midnight_is_understood(tmp_path: Path) -> None:
    path = tmp_path / "site.toml"
    path.write_text(HEAD + "opens = '00:00'\ncloses = '24:00'\n[target.redis]\n", encoding="utf-8")
    hours = load(path).site.hours
    assert hours is not None
    assert (hours.opens, hours.closes, len(hours.days)) == ("00:00", "24:00", 6)


def test_a_record_that_is_made_in_code_refuses_the_same() -> None:
    with pytest.raises(UnfitError) as caught:
        BackupSet(name="daily", at="noon")
    assert caught.value.key == "at"
