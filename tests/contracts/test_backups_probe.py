"""The backups probe on real files: what is there, what is whole, and what a frozen disk does to it."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import bson
import psutil
import pytest

from medflow_tui.clients.talking_child import TalkingChild
from medflow_tui.clients.tools import Tools
from medflow_tui.lab.backup_folder import make_late, mend, truncate_newest, write_backups
from medflow_tui.model.health import Cause, Health, Judgement, Probe, Reading
from medflow_tui.model.site import Site
from medflow_tui.model.targets.backups import BackupSet, BackupsTarget
from medflow_tui.probes.backups import BackupsProbe, build
from medflow_tui.rules.judging import Context
from medflow_tui.rules.judging.backups import judge

NOW = datetime(2026, 11, 23, 13, 32, tzinfo=UTC)
NOWHERE = Path("/dev/null/state")
DAY = "2026-11-23T01-00-00-512Z"
REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_backups(tmp_path / "backups", NOW)
    return tmp_path / "backups"


def tools(now: datetime = NOW) -> Tools:
    site = Site(code="LAB", name="Lab", environment="lab", timezone="Africa/Kinshasa")
    return Tools(site=site, secret=lambda _: "", budget=None, state=NOWHERE, now=lambda: now)  # type: ignore[arg-type]


def target(folder: Path, **settings: Any) -> BackupsTarget:
    return BackupsTarget(name="backups", folder=str(folder), **settings)


def look(
    where: BackupsTarget, now: datetime = NOW, probe: Probe | None = None
) -> dict[str, tuple[Judgement, Reading]]:
    """The judgement and the reading of each part; the target itself is ""."""
    found = (probe or build(where, tools(now))).read(8.0)
    return {
        each.target.removeprefix("backups").removeprefix("/"): (judge(each, where, Context(now=now)), each)
        for each in found
    }


def words(found: dict[str, tuple[Judgement, Reading]], part: str = "daily") -> tuple[Health, str]:
    return found[part][0].health, found[part][0].evidence.text


def newest(folder: Path, kind: str = "daily") -> Path:
    return max((folder / kind).glob("*.tar.gz.enc"))


def age(path: Path, seconds: float = 7200) -> None:
    """Finished long ago, as far as its date tells."""
    moment = NOW.timestamp() - seconds
    for each in (path, *path.rglob("*")) if path.is_dir() else (path,):
        os.utime(each, (moment, moment))


def state(where: BackupsTarget, part: str) -> dict[str, Any]:
    return dict(look(where)[part][1].values)


# MedFlow's own archives


def test_a_whole_folder_is_read_and_compared_to_level_1(folder: Path) -> None:
    found = look(target(folder))
    assert list(found) == ["", "daily", "monthly", "yearly"]
    assert {each.health for each, _ in found.values()} == {Health.OK}
    assert [each.values["level"] for _, each in list(found.values())[1:]] == ["L1"] * 3
    assert found["daily"][1].values["taken_at"] == datetime(2026, 11, 23, 1, 0, 0, 512000, tzinfo=UTC)
    assert found[""][1].values["free"] > 0


def test_a_truncated_archive_is_failed_and_whole_again_after_mending(folder: Path) -> None:
    where = target(folder)
    probe = build(where, tools())
    assert words(look(where, probe=probe))[0] is Health.OK
    truncate_newest(folder)
    found = look(where, probe=probe)
    assert words(found) == (Health.CRITICAL, "shorter than its checksum says")
    mend(folder, NOW)
    assert {each.health for each, _ in look(where, probe=probe).values()} == {Health.OK}


def test_one_changed_byte_is_found(folder: Path) -> None:
    path = newest(folder)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    assert words(look(target(folder))) == (Health.CRITICAL, "checksum differs")


def test_an_older_one_that_is_damaged_is_a_warning(folder: Path) -> None:
    path = sorted((folder / "daily").glob("*.enc"))[-2]
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    assert words(look(target(folder))) == (Health.WARNING, "{n:number} older damaged")


@pytest.mark.parametrize("hour", [0, 1, 2, 3, 4, 13, 23])
def test_the_lab_folder_is_in_order_and_late_by_one_at_every_hour(tmp_path: Path, hour: int) -> None:
    now = NOW.replace(hour=hour)
    write_backups(tmp_path, now)
    assert {each.health for each, _ in look(target(tmp_path), now).values()} == {Health.OK}
    make_late(tmp_path, now)
    assert words(look(target(tmp_path), now)) == (Health.WARNING, "late by {late:duration}")
    mend(tmp_path, now)
    assert words(look(target(tmp_path), now))[0] is Health.OK


def test_three_nights_without_power_are_critical_and_still_late(folder: Path) -> None:
    assert words(look(target(folder), NOW + timedelta(days=3))) == (
        Health.CRITICAL,
        "late by {late:duration}",
    )


def test_no_backup_at_all_is_never(folder: Path) -> None:
    shutil.rmtree(folder / "daily")
    (folder / "monthly").rename(folder / "elsewhere")
    (folder / "monthly").mkdir()
    found = look(target(folder))
    assert words(found) == words(found, "monthly") == (Health.CRITICAL, "never")
    assert words(found, "yearly")[0] is Health.OK


def test_a_missing_folder_is_missing_and_not_never(tmp_path: Path) -> None:
    found = look(target(tmp_path / "nothing"))
    assert words(found, "") == (Health.CRITICAL, "folder is missing")
    assert words(found) == (Health.UNKNOWN, "folder not read")
    (tmp_path / "nothing").write_text("a file is no folder")
    assert words(look(target(tmp_path / "nothing")), "") == (Health.CRITICAL, "folder is missing")


def test_a_copied_file_does_not_become_the_newest(folder: Path) -> None:
    old = min((folder / "daily").glob("*.enc"))
    os.utime(old, (NOW.timestamp() - 5, NOW.timestamp() - 5))
    assert state(target(folder), "daily")["name"] == newest(folder).name


def test_what_is_being_written_is_left_out(folder: Path) -> None:
    later = folder / "daily" / "medflow-daily-2026-11-23T13-31-50-000Z.tar.gz.enc"
    later.write_bytes(b"x" * 100)
    os.utime(later, (NOW.timestamp() - 5, NOW.timestamp() - 5))
    (folder / "daily" / "medflow-daily-2026-11-23T12-00-00-000Z.tar.gz.enc.partial").write_bytes(b"x")
    found = look(target(folder))
    assert words(found)[0] is Health.OK
    assert len(found["daily"][1].values["writing"]) == 2


def test_a_file_that_grows_between_two_looks_is_left_out_although_its_date_is_old(folder: Path) -> None:
    where = target(folder)
    probe = build(where, tools())
    later = folder / "daily" / "medflow-daily-2026-11-23T12-00-00-000Z.tar.gz.enc"
    for size in (5000, 9000):
        later.write_bytes(os.urandom(size))
        age(later, 600)
        found = look(where, probe=probe)
    assert found["daily"][1].values["writing"] == (later.name,)
    assert words(look(where, probe=probe)) == (Health.CRITICAL, "not finished: no checksum")


def test_clear_text_where_all_must_be_encrypted_is_said(folder: Path) -> None:
    left = newest(folder).with_suffix("")
    left.write_bytes(gzip.compress(b"records"))
    age(left)
    assert words(look(target(folder))) == (Health.WARNING, "{n:number} in clear on disk")


def test_a_file_that_is_only_named_encrypted_is_in_clear(folder: Path) -> None:
    path = newest(folder)
    content = gzip.compress(os.urandom(400_000))
    path.write_bytes(content)
    path.with_name(path.name + ".checksum").write_text(hashlib.sha256(content).hexdigest())
    found = look(target(folder))
    assert words(found) == (Health.WARNING, "{n:number} in clear on disk")
    assert found["daily"][1].values["level"] == "L1"


def test_the_archive_of_a_job_that_failed_for_want_of_a_key_is_not_finished(folder: Path) -> None:
    path = folder / "daily" / "medflow-daily-2026-11-23T01-00-01-000Z.tar.gz"
    subprocess.run(["tar", "-czf", path, "-C", folder, "yearly"], check=True)
    age(path)
    found = look(target(folder))
    assert words(found) == (Health.CRITICAL, "not finished: no checksum")
    assert found["daily"][1].values["clear"] == (path.name,)
    path.write_bytes(path.read_bytes()[:-500])
    age(path)
    assert words(look(target(folder)))[1] == "shorter than its contents say"
    path.write_bytes(b"not a gzip at all")
    age(path)
    assert words(look(target(folder)))[1] == "not what its name says"


# reading in portions


def large(folder: Path, megabytes: int = 8) -> Path:
    path = newest(folder)
    content = os.urandom(megabytes * 1024 * 1024)
    path.write_bytes(content)
    path.with_name(path.name + ".checksum").write_text(hashlib.sha256(content).hexdigest())
    return path


def test_a_large_file_is_read_over_several_readings_and_says_how_far(folder: Path) -> None:
    large(folder)
    where = target(folder, read_budget=3 * 1024 * 1024)
    probe = build(where, tools())
    seen = [look(where, probe=probe)["daily"] for _ in range(4)]
    assert [each.values["state"] for _, each in seen] == ["checking", "checking", "whole", "whole"]
    assert [each.values["level"] for _, each in seen] == ["L0", "L0", "L1", "L1"]
    assert [round(each.values["percent"]) for _, each in seen] == [38, 75, 100, 100]
    assert seen[0][0].evidence.text == "{at:when}  checking {done:percent}"


def test_what_was_read_once_is_not_read_again_until_it_changes(folder: Path) -> None:
    where = target(folder)
    probe = build(where, tools())
    look(where, probe=probe)
    path = newest(folder)
    before = path.stat()
    path.write_bytes(bytes(before.st_size))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert look(where, probe=probe)["daily"][1].values["level"] == "L1"
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns + 1))
    assert words(look(where, probe=probe)) == (Health.CRITICAL, "checksum differs")


def remembering(folder: Path, now: datetime = NOW) -> Tools:
    return replace(tools(now), state=folder.parent / "state")


def levels(where: BackupsTarget, given: Tools) -> dict[str, tuple[str, str]]:
    found = build(where, given).read(8.0)[1:]
    return {each.target.partition("/")[2]: (each.values["level"], each.values["state"]) for each in found}


ALL_READ = dict.fromkeys(("daily", "monthly", "yearly"), ("L1", "whole"))


def test_the_next_run_knows_what_the_last_one_has_read(folder: Path) -> None:
    where, given = target(folder), remembering(folder)
    assert levels(where, given) == ALL_READ
    reading_nothing = replace(where, read_budget=0)
    assert levels(reading_nothing, given) == ALL_READ
    assert levels(reading_nothing, remembering(folder, NOW + timedelta(days=6))) == ALL_READ
    later = levels(reading_nothing, remembering(folder, NOW + timedelta(days=8)))
    assert set(later.values()) == {("L0", "waiting")}


def test_many_runs_with_a_small_budget_get_through_all_files_together(folder: Path) -> None:
    largest = max(each.stat().st_size for each in folder.rglob("*.enc"))
    where, given = target(folder, read_budget=largest), remembering(folder)
    for _ in range(20):
        if levels(where, given) == ALL_READ:
            break
    else:
        pytest.fail("never got through")


@pytest.mark.parametrize(
    "change",
    [
        lambda path: os.utime(path, ns=(0, path.stat().st_mtime_ns + 1)),
        lambda path: path.write_bytes(path.read_bytes() + b"x"),
        lambda path: shutil.copy2(path, path.with_name("x")).replace(path),
        lambda path: path.with_name(path.name + ".checksum").write_text("0" * 64),
    ],
    ids=["time", "size", "inode", "checksum"],
)
def test_another_version_of_a_file_is_not_believed_to_be_read(folder: Path, change: Any) -> None:
    where, given = target(folder), remembering(folder)
    assert levels(where, given) == ALL_READ
    change(newest(folder))
    assert levels(replace(where, read_budget=0), given)["daily"] == ("L0", "waiting")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "{}",
        "[1]",
        '{"x": {"state": "whole"}}',
        '{"x": {"state": "checking", "at": "2026-11-23"}}',
        "[" * 100_000,
    ],
)
def test_a_damaged_memory_is_read_anew_and_replaced(folder: Path, text: str) -> None:
    where, given = target(folder), remembering(folder)
    given.state.mkdir()
    (given.state / "backups-read.json").write_text(text)
    assert levels(where, given) == ALL_READ
    assert levels(replace(where, read_budget=0), given) == ALL_READ


def test_among_ten_thousand_files_the_newest_is_found(folder: Path) -> None:
    daily = folder / "daily"
    for number in range(10_000):
        path = daily / f"notes-{number:05}.txt"
        path.touch()
        os.utime(path, (0, 0))
    where = target(folder)
    found = look(where)
    assert words(found)[0] is Health.OK
    assert words(found, "")[0] is Health.OK
    newest(folder).unlink()
    assert words(look(where))[0] is Health.WARNING


def test_a_file_replaced_while_it_is_read_is_begun_again(folder: Path) -> None:
    large(folder)
    where = target(folder, read_budget=5 * 1024 * 1024)
    probe = build(where, tools())
    assert look(where, probe=probe)["daily"][1].values["state"] == "checking"
    large(folder, 9)
    assert [look(where, probe=probe)["daily"][1].values["state"] for _ in range(2)] == ["checking", "whole"]


# other programs' backups

DUMPS = BackupSet(name="dumps", folder="dumps", layout="mongodump", encrypted=False, minimum_bytes=100)


@pytest.fixture
def dump(tmp_path: Path) -> Path:
    """A mongodump folder: two collections of invented documents."""
    home = tmp_path / "dumps" / "2026-11-23" / "medflow"
    home.mkdir(parents=True)
    (home / "prelude.json").write_text("{}")
    for name in ("devices", "visits"):
        (home / f"{name}.bson").write_bytes(
            b"".join(bson.encode({"_id": n, "x": "y" * 90}) for n in range(500))
        )
        (home / f"{name}.metadata.json").write_text("{}")
    age(home.parent)
    return home


def dumps(dump: Path) -> BackupsTarget:
    return target(dump.parents[2], set=(DUMPS,))


def test_a_mongodump_folder_is_walked_and_stays_at_level_0(dump: Path) -> None:
    found = look(dumps(dump))
    assert words(found, "dumps")[0] is Health.OK
    assert (found["dumps"][1].values["state"], found["dumps"][1].values["level"]) == ("whole", "L0")


def test_a_collection_cut_inside_a_document_is_found(dump: Path) -> None:
    path = dump / "visits.bson"
    path.write_bytes(path.read_bytes()[:-7])
    age(dump.parent)
    assert words(look(dumps(dump)), "dumps") == (Health.CRITICAL, "shorter than its contents say")


def test_a_compressed_collection_cut_short_is_found(dump: Path) -> None:
    path = dump / "visits.bson"
    whole = gzip.compress(path.read_bytes())
    path.unlink()
    for content, expected in ((whole, "whole"), (whole[:-30], "short")):
        (dump / "visits.bson.gz").write_bytes(content)
        age(dump.parent)
        assert state(dumps(dump), "dumps")["state"] == expected


def test_a_killed_dump_lacks_a_description(dump: Path) -> None:
    (dump / "visits.metadata.json").unlink()
    age(dump.parent)
    assert state(dumps(dump), "dumps")["state"] == "short"


def test_a_folder_without_collections_is_empty(dump: Path) -> None:
    shutil.rmtree(dump)
    age(dump.parent)
    assert words(look(dumps(dump)), "dumps") == (Health.CRITICAL, "empty")


@pytest.mark.parametrize(
    ("layout", "name", "content", "expected"),
    [
        ("mongodump-archive", "m-2026-11-23.archive.gz", gzip.compress(b"", mtime=0), "empty"),
        ("mongodump-archive", "m-2026-11-23.archive", b"", "empty"),
        ("mongodump-archive", "m-2026-11-23.archive", b"error: no such database", "garbled"),
        ("pg_dump", "h-20261123.sql.gz", gzip.compress(b"", mtime=0), "empty"),
        (
            "pg_dump",
            "h-20261123.sql.gz",
            gzip.compress(b"-- PostgreSQL database dump\nSELECT 1;\n", mtime=0),
            "short",
        ),
        ("pg_dump", "h-20261123.dump", b"PGDMP\x01\x0e\x00\x04\x08\x01" + bytes(30), "short"),
    ],
)
def test_dumps_that_look_healthy_and_are_not(
    tmp_path: Path, layout: str, name: str, content: bytes, expected: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    age(path)
    plan = BackupSet(name="dumps", layout=layout, encrypted=False, minimum_bytes=1)
    found = look(target(tmp_path, set=(plan,)))
    assert found["dumps"][1].values["state"] == expected
    assert found["dumps"][0].health is Health.CRITICAL


def test_a_checksum_of_sha256sum_counts_as_well(dump: Path) -> None:
    path = dump.parents[1] / "h-20261123.sql"
    path.write_bytes(b"-- PostgreSQL database dump\nSELECT 1;\n-- PostgreSQL database dump complete\n")
    age(path)
    line = subprocess.run(["sha256sum", path], capture_output=True, check=True).stdout
    path.with_name(path.name + ".sha256").write_bytes(line)
    plan = BackupSet(name="dumps", layout="pg_dump", encrypted=False, minimum_bytes=1)
    assert state(target(path.parent, set=(plan,)), "dumps")["level"] == "L1"


@pytest.mark.real_server
def test_real_pg_dumps_are_whole_and_every_cut_of_them_is_found(tmp_path: Path) -> None:
    plan = BackupSet(name="dumps", layout="pg_dump", encrypted=False, minimum_bytes=1)
    with postgres() as (run, address):
        run(
            "psql",
            *address,
            "-qc",
            "create table a as select i, md5(i::text) from generate_series(1, 9000) i",
        )
        for name, options in (("a-20261123.dump", ("-Fc",)), ("a-20261123.sql", ())):
            path = tmp_path / name
            path.write_bytes(run("pg_dump", *address, *options))
            whole = path.read_bytes()
            for cut, expected in (
                (len(whole), "whole"),
                (len(whole) - 200, "short"),
                (len(whole) // 2, "short"),
            ):
                path.write_bytes(whole[:cut])
                age(path)
                assert (
                    state(target(tmp_path, set=(replace(plan, pattern=name),)), "dumps")["state"] == expected
                )


class postgres:  # noqa: N801 - used as a context manager
    """A PostgreSQL of its own on a socket in a new folder, run by the user postgres when the tests are root's."""

    def __enter__(self) -> tuple[Any, tuple[str, ...]]:
        homes = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
        if not homes:
            pytest.skip("no PostgreSQL on this machine")
        self._home = Path(tempfile.mkdtemp(prefix="mt-pg-"))
        self._home.chmod(0o777)
        self._as = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        self._bin, data = homes[-1].parent, str(self._home / "data")
        self.run("initdb", "-N", "-A", "trust", "-U", "lab", "-D", data)
        options = f"-c listen_addresses='' -k {self._home} -F"
        self.run("pg_ctl", "-w", "-D", data, "-o", options, "-l", str(self._home / "log"), "start")
        return self.run, ("-h", str(self._home), "-U", "lab", "postgres")

    def __exit__(self, *_: object) -> None:
        self.run("pg_ctl", "-w", "-m", "immediate", "-D", str(self._home / "data"), "stop")
        shutil.rmtree(self._home)

    def run(self, program: str, *arguments: str) -> bytes:
        output = subprocess.PIPE if program == "pg_dump" else subprocess.DEVNULL
        command = [*self._as, str(self._bin / program), *arguments]
        done = subprocess.run(command, stdout=output, stderr=subprocess.DEVNULL, check=True, cwd="/")
        return done.stdout or b""


# a second copy


def elsewhere() -> Path | None:
    """A folder on another disk than that of temporary files, when there is one."""
    memory = Path("/dev/shm")
    other = memory.is_dir() and memory.stat().st_dev != Path(tempfile.gettempdir()).stat().st_dev
    return Path(tempfile.mkdtemp(prefix="mt-copy-", dir=memory)) if other else None


def test_a_second_copy_on_another_disk_is_compared_by_size(folder: Path) -> None:
    copy = elsewhere()
    if copy is None:
        pytest.skip("no second disk on this machine")
    try:
        shutil.copytree(folder, copy, dirs_exist_ok=True)
        where = target(folder, copy_folder=str(copy))
        assert words(look(where), "copy") == (Health.OK, "{at:when}  {size:bytes}  L0")
        truncate_newest(copy)
        assert words(look(where), "copy") == (Health.WARNING, "size differs")
        shutil.rmtree(copy / "daily")
        assert words(look(where), "copy") == (Health.WARNING, "{age:duration} old")
    finally:
        shutil.rmtree(copy)


def test_a_second_copy_on_the_same_disk_is_none(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder, tmp_path / "copy")
    found = look(target(folder, copy_folder=str(tmp_path / "copy")))
    assert words(found, "copy") == (Health.WARNING, "on the same disk")
    assert words(look(target(folder, copy_folder=str(tmp_path / "safe"))), "copy") == (
        Health.WARNING,
        "folder is missing",
    )


# what it must never do


def contents(folder: Path) -> dict[str, tuple[int, int, str]]:
    return {
        str(each): (
            each.stat().st_mtime_ns,
            each.stat().st_mode,
            hashlib.sha256(each.read_bytes()).hexdigest(),
        )
        for each in folder.rglob("*")
        if each.is_file()
    }


def test_it_changes_nothing(folder: Path) -> None:
    before = contents(folder)
    look(target(folder))
    assert contents(folder) == before


def child_of(probe: Probe) -> subprocess.Popen[bytes]:
    assert isinstance(probe, BackupsProbe)
    child = probe._child._child
    assert child is not None
    return child


def test_no_child_is_left_when_all_is_read(folder: Path) -> None:
    probe = build(target(folder), tools())
    probe.read(8.0)
    assert isinstance(probe, BackupsProbe)
    assert probe._child._child is None


def test_a_frozen_disk_ends_the_reading_at_its_deadline_and_is_tried_again(folder: Path) -> None:
    large(folder)
    where = target(folder, read_budget=1024 * 1024)
    probe = build(where, tools())
    probe.read(8.0)
    os.kill(child_of(probe).pid, signal.SIGSTOP)
    started = time.monotonic()
    found = probe.read(1.0)
    assert time.monotonic() - started < 2.0
    assert found[0].failure is not None
    assert (found[0].failure.cause, found[0].failure.text.text) == (Cause.SILENT, "folder does not answer")
    assert probe.read(8.0)[0].failure is None


def test_while_a_child_cannot_be_ended_no_other_is_started(folder: Path) -> None:
    child = TalkingChild("medflow_tui.clients.backup_reader")
    question = {"ask": "list", "root": str(folder), "folders": ["daily"], "entries": 9}
    assert child.ask(question, 8.0) is not None
    stuck = child._child
    assert stuck is not None
    os.kill(stuck.pid, signal.SIGSTOP)
    try:
        stuck.kill = lambda: None  # type: ignore[method-assign] # as in a call to a dead disk, which no signal ends
        assert child.ask(question, 0.1) is None
        started = time.monotonic()
        assert child.ask(question, 8.0) is None
        assert time.monotonic() - started < 1.0
        assert child._child is stuck
    finally:
        os.kill(stuck.pid, signal.SIGKILL)
        stuck.wait()
    assert child.ask(question, 8.0) is not None
    child.dismiss()


SCRIPT = """
import json, os, sys
sys.path.insert(0, sys.argv[1])
from datetime import UTC, datetime
from pathlib import Path
from medflow_tui.clients.tools import Tools
from medflow_tui.model.site import Site
from medflow_tui.model.targets.backups import BackupSet, BackupsTarget
from medflow_tui.probes.backups import build
site = Site(code="LAB", name="Lab", environment="lab", timezone="Africa/Kinshasa")
now = lambda: datetime(2026, 11, 23, 13, 32, tzinfo=UTC)
tools = Tools(site=site, secret=str, budget=None, state=Path("/dev/null/state"), now=now)
target = BackupsTarget(name="backups", folder=sys.argv[2], read_budget=int(sys.argv[3]))
probe = build(target, tools)
found = probe.read(8.0)
child = probe._child._child
print(json.dumps({
    "user": os.geteuid(),
    "child": child.pid if child else None,
    "readings": {each.target: each.failure.cause.value if each.failure else each.values.get("state", "") for each in found},
}), flush=True)
os._exit(1 if found[0].failure and found[0].failure.cause.value == "ours" else 0)
"""


def test_the_child_ends_when_the_program_is_gone(folder: Path) -> None:
    large(folder)
    command = [sys.executable, "-c", SCRIPT, str(REPOSITORY), str(folder), str(1024 * 1024)]
    answer = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    assert answer["readings"]["backups/daily"] == "checking"
    ends = time.monotonic() + 10
    while psutil.pid_exists(answer["child"]) and time.monotonic() < ends:
        os.sched_yield()
    assert not psutil.pid_exists(answer["child"])


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A backup folder that any user may reach (those of pytest are closed)."""
    home = Path(tempfile.mkdtemp(prefix="mt-open-"))
    home.chmod(0o755)
    write_backups(home / "backups", NOW)
    yield home / "backups"
    shutil.rmtree(home)


def as_ordinary_user(folder: Path) -> dict[str, str]:
    """What the probe reads when it is run by a user who is not root (root reads everything)."""
    arguments = ["-c", SCRIPT, str(REPOSITORY), str(folder), "1000000000"]
    if os.geteuid() != 0:
        done = subprocess.run([sys.executable, *arguments], capture_output=True, check=True)
        return dict(json.loads(done.stdout)["readings"])
    nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    unprivileged = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]
    for command in (
        [*nobody, sys.executable],
        [*nobody, "/usr/bin/python3"],
        [*unprivileged, sys.executable],
    ):
        done = subprocess.run([*command, *arguments], capture_output=True, check=False, cwd="/")
        if done.returncode == 0:
            return dict(json.loads(done.stdout)["readings"])
    raise AssertionError(done.stderr.decode())


def test_an_ordinary_user_without_permission_is_told_so(open_folder: Path) -> None:
    assert as_ordinary_user(open_folder)["backups/daily"] == "whole"
    secret = newest(open_folder)
    secret.chmod(0)
    assert as_ordinary_user(open_folder)["backups/daily"] == "forbidden"
    (open_folder / "daily").chmod(0)
    found = as_ordinary_user(open_folder)
    assert (found["backups"], found["backups/daily"], found["backups/monthly"]) == ("", "forbidden", "whole")
    open_folder.chmod(0)
    assert as_ordinary_user(open_folder)["backups"] == "forbidden"
    open_folder.chmod(0o755)


def test_an_unknown_time_zone_is_a_failure_of_ours_and_nothing_is_raised(folder: Path) -> None:
    found = look(target(folder, timezone="Africa/Matadi"))
    assert words(found, "") == (Health.UNKNOWN, "no time zone {zone}")
