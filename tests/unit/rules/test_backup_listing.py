"""Names in a backup folder, as they are found in the field."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from medflow_tui.model.targets.backups import BackupSet
from medflow_tui.rules.backup_listing import Entry, Listing, sort_out, taken_at

ZONE = ZoneInfo("Africa/Kinshasa")
NOW = datetime(2026, 11, 23, 13, 32, tzinfo=UTC)
OLD = NOW - timedelta(days=3)
MEDFLOW = BackupSet(name="daily")
NAME = "medflow-daily-2026-11-23T01-00-00-193Z"


def entry(name: str, size: int = 5000, changed: datetime = OLD, **more: object) -> Entry:
    return Entry(name=name, size=size, stamp=int(changed.timestamp() * 1e9), **more)  # type: ignore[arg-type]


def listed(*entries: Entry, plan: BackupSet = MEDFLOW, grown: frozenset[str] = frozenset()) -> Listing:
    return sort_out(entries, plan, now=NOW, zone=ZONE, settle_s=60, grown=grown)


def test_the_time_is_that_of_the_name_not_of_a_copied_file() -> None:
    found = listed(entry(f"{NAME}.tar.gz.enc", changed=NOW), entry(f"{NAME}.tar.gz.enc.checksum", 64, NOW))
    assert [each.taken_at for each in found.copies] == [datetime(2026, 11, 23, 1, 0, 0, 193000, tzinfo=UTC)]
    assert found.copies[0].sealed
    assert found.writing == found.clear == ()


def test_the_newest_by_name_comes_first() -> None:
    older = "medflow-daily-2026-11-22T01-00-00-001Z"
    found = listed(
        entry(f"{older}.tar.gz.enc", changed=NOW - timedelta(minutes=5)), entry(f"{NAME}.tar.gz.enc")
    )
    assert [each.name for each in found.copies] == [f"{NAME}.tar.gz.enc", f"{older}.tar.gz.enc"]


@pytest.mark.parametrize("ending", [".partial", ".in_progress", ".tmp", ".part"])
def test_what_is_named_unfinished_is_being_written(ending: str) -> None:
    found = listed(entry(f"{NAME}.tar.gz.enc{ending}"))
    assert found.copies == ()
    assert found.writing == (f"{NAME}.tar.gz.enc{ending}",)


def test_a_fresh_file_without_checksum_is_being_written_and_with_one_it_is_finished() -> None:
    fresh = entry(f"{NAME}.tar.gz.enc", changed=NOW - timedelta(seconds=20))
    assert listed(fresh).writing == (fresh.name,)
    assert listed(fresh, entry(f"{NAME}.tar.gz.enc.checksum", 64, NOW)).writing == ()


def test_a_file_that_grew_since_the_last_look_is_being_written_however_old_its_date() -> None:
    old = entry(f"{NAME}.tar.gz.enc")
    assert listed(old, grown=frozenset({old.name})).copies == ()


def test_a_date_in_the_future_does_not_keep_a_file_unfinished_for_ever() -> None:
    assert listed(entry(f"{NAME}.tar.gz.enc", changed=NOW + timedelta(days=2))).writing == ()


def test_the_archive_that_a_failed_restore_left_is_in_clear_and_no_second_backup() -> None:
    found = listed(entry(f"{NAME}.tar.gz.enc"), entry(f"{NAME}.tar.gz"), entry(NAME, is_folder=True))
    assert [each.name for each in found.copies] == [f"{NAME}.tar.gz.enc"]
    assert found.clear == (NAME, f"{NAME}.tar.gz")


def test_an_archive_of_a_job_that_failed_for_want_of_a_key_is_in_clear() -> None:
    found = listed(entry(f"{NAME}.tar.gz"))
    assert found.clear == (f"{NAME}.tar.gz",)
    assert found.copies[0].sidecar == ""


def test_a_site_that_does_not_encrypt_has_nothing_in_clear() -> None:
    assert listed(entry(f"{NAME}.tar.gz"), plan=BackupSet(name="daily", encrypted=False)).clear == ()


def test_other_names_are_not_backups() -> None:
    found = listed(entry("lost+found", is_folder=True), entry("latest"), entry("pre-migration.tar.gz"))
    assert found.copies == ()
    assert found.others == 3


@pytest.mark.parametrize(
    ("name", "changed", "expected", "dated"),
    [
        ("medflow_20261123_020000.archive.gz", OLD, "2026-11-23T02:00:00+01:00", True),
        ("dump-2026-11-23-0200.archive", OLD, "2026-11-23T02:00:00+01:00", True),
        ("medflow-2026-11-23T01:00:00Z.archive", OLD, "2026-11-23T01:00:00+00:00", True),
        ("2026-11-22", OLD, "2026-11-22T02:00:00+01:00", True),
        ("2026-11-20", OLD, OLD.isoformat(), True),
        ("backup-2026-13-45.sql", OLD, OLD.isoformat(), False),
        ("latest.archive.gz", OLD, OLD.isoformat(), False),
        ("1764000000.archive.gz", OLD, OLD.isoformat(), False),
    ],
)
def test_times_in_other_names_are_those_of_the_place(
    name: str, changed: datetime, expected: str, dated: bool
) -> None:
    moment, found = taken_at(name, changed, MEDFLOW, ZONE)
    assert (moment, found) == (datetime.fromisoformat(expected), dated)


@pytest.mark.parametrize(
    ("layout", "name", "form"),
    [
        ("mongodump-archive", "medflow-2026-11-23.archive.gz", "archive"),
        ("pg_dump", "hospital-20261123.dump", "postgres"),
        ("pg_dump", "hospital-20261123.sql.gz", "postgres"),
        ("pg_dump", "hospital-20261123.dump.age", "sealed"),
    ],
)
def test_the_layout_says_how_a_file_is_examined(layout: str, name: str, form: str) -> None:
    found = listed(entry(name), plan=BackupSet(name="any", layout=layout, encrypted=False))
    assert [each.form for each in found.copies] == [form]


def test_a_mongodump_is_a_folder() -> None:
    plan = BackupSet(name="dumps", layout="mongodump", encrypted=False, pattern="2026-*")
    found = listed(
        entry("2026-11-23", is_folder=True),
        entry("notes.txt"),
        entry("old", is_folder=True),
        plan=plan,
    )
    assert [each.name for each in found.copies] == ["2026-11-23"]
    assert found.others == 2
