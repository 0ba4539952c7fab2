"""The history when the power fails, the disk is broken, the clock is wrong, or another program has the file."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from medflow_tui.journal import history as module
from medflow_tui.journal.desk import Desk
from medflow_tui.journal.history import FILE, History, HistoryReader
from medflow_tui.model.health import Acknowledgement, Health, Judgement, Reading, Verdict
from medflow_tui.model.targets.redis import RedisTarget
from medflow_tui.model.words import Phrase, say
from medflow_tui.monitor.knowledge import Knowledge
from medflow_tui.rules.alerts import settle, unread
from medflow_tui.wiring import people_on, remembered

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
Pair = tuple[Verdict, Verdict]


def pair(
    health: Health = Health.OK, at: datetime = START, *, name: str = "redis", figure: Any = 1.0, **judged: Any
) -> Pair:
    before = unread(RedisTarget(name=name, confirm=1))
    reading = Reading(target=name, kind="redis", observed_at=at, how=say("t"), latency_ms=2.0)
    judged.setdefault("evidence", say("seen"))
    return before, settle(before, reading, Judgement(health=health, figure=figure, **judged), needed=1)


def write(folder: Path, *pairs: Pair, now: datetime = START) -> History:
    history = History(folder, lambda: now)
    history.start()
    for each in pairs:
        history.record(*each)
    history.stop()
    return history


def wait_for(claim: Callable[[], Any], seconds: float = 15.0) -> None:
    until = time.monotonic() + seconds
    while not claim():
        assert time.monotonic() < until, "did not come true in time"
        time.sleep(0.01)


DAMAGE: dict[str, Callable[[Path], None]] = {
    "no database": lambda path: path.write_bytes(b"not a database at all, but long enough" * 400) and None,
    "half overwritten": lambda path: (
        path.write_bytes(path.read_bytes()[:1024] + b"\xff" * (path.stat().st_size - 1024)) and None
    ),
    "other tables": lambda path: rewritten(path, "CREATE TABLE change (a); CREATE TABLE sample (b);"),
}


def rewritten(path: Path, script: str) -> None:
    path.unlink()
    with sqlite3.connect(path) as database:
        database.executescript(script)
    database.close()


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_file_is_set_aside_said_and_begun_anew(tmp_path: Path, damage: str) -> None:
    write(tmp_path, *(pair(name=f"t{n}") for n in range(200)))
    DAMAGE[damage](tmp_path / FILE)
    broken = (tmp_path / FILE).read_bytes()
    history = History(tmp_path, lambda: START)
    history.start()
    try:
        history.record(*pair(Health.CRITICAL))
        wait_for(lambda: HistoryReader(tmp_path).changes("redis"))
        assert history.notices()[0].values["file"] == "history.damaged.sqlite"
        assert (tmp_path / "history.damaged.sqlite").read_bytes() == broken
    finally:
        history.stop()


def test_tables_of_a_newer_program_are_left_as_they_are_and_it_is_said(tmp_path: Path) -> None:
    write(tmp_path, pair())
    with sqlite3.connect(tmp_path / FILE) as database:
        database.execute("PRAGMA user_version = 99")
    database.close()
    before = HistoryReader(tmp_path).changes("redis")
    history = History(tmp_path, lambda: START)
    history.start()
    history.record(*pair(Health.CRITICAL))
    wait_for(history.notices)
    history.stop()
    assert "newer version" in history.notices()[0].text
    assert HistoryReader(tmp_path).changes("redis") == before


def test_a_file_from_before_tables_were_numbered_goes_on(tmp_path: Path) -> None:
    write(tmp_path, pair(Health.CRITICAL))
    with sqlite3.connect(tmp_path / FILE) as database:
        database.execute("PRAGMA user_version = 0")
    database.close()
    write(tmp_path, pair(Health.OK, START + timedelta(minutes=1)))
    assert [each.health for each in HistoryReader(tmp_path).changes("redis")] == [Health.OK, Health.CRITICAL]
    with sqlite3.connect(tmp_path / FILE) as database:
        assert database.execute("PRAGMA user_version").fetchone() == (1,)
    database.close()


@pytest.mark.parametrize(
    "poison",
    [
        pair(name="bad", figure=10**400),
        pair(name="bad", figure="many"),
        pair(name="bad", figure=object()),
        pair(name="bad", evidence=Phrase(text="x", values={"n": object()})),  # type: ignore[dict-item]
        pair(name="bad\ud800"),
    ],
    ids=["huge", "text", "object", "phrase", "surrogate"],
)
def test_a_row_that_no_database_takes_holds_up_no_other(tmp_path: Path, poison: Pair) -> None:
    history = write(tmp_path, poison, pair(Health.CRITICAL))
    assert [each.health for each in HistoryReader(tmp_path).changes("redis")] == [Health.CRITICAL]
    assert history.notices() == ()


def test_rows_that_make_no_sense_are_left_out_by_the_reader(tmp_path: Path) -> None:
    write(tmp_path, pair(Health.CRITICAL))
    with sqlite3.connect(tmp_path / FILE) as database:
        for row in (
            ("redis", 1.0, "splendid", 0, "{}"),
            ("redis", 1e300, "ok", 0, "{}"),
            ("redis", "x", "ok", 0, "{}"),
        ):
            database.execute("INSERT INTO change VALUES (?, ?, ?, ?, ?)", row)
        database.execute("INSERT INTO latest VALUES ('queue', 'splendid', 0, ?)", (START.timestamp(),))
        database.execute(
            "INSERT INTO sample VALUES ('redis', ?, 77, NULL, NULL, 1)", (START.timestamp() + 300,)
        )
    database.close()
    reader = HistoryReader(tmp_path)
    assert [each.health for each in reader.changes("redis")] == [Health.CRITICAL]
    assert set(reader.latest(START - timedelta(hours=1))) == {"redis"}
    assert [each.worst for each in reader.samples("redis", START)] == [Health.CRITICAL, Health.UNKNOWN]


def test_changes_stand_in_the_order_in_which_they_were_seen_although_the_clock_was_set_back(
    tmp_path: Path,
) -> None:
    write(tmp_path, pair(Health.CRITICAL, START), pair(Health.OK, START - timedelta(hours=5)))
    assert [each.health for each in HistoryReader(tmp_path).changes("redis")] == [Health.OK, Health.CRITICAL]


def test_figures_from_a_wrong_future_are_not_shown_and_continue_nothing(tmp_path: Path) -> None:
    future = START + timedelta(days=900)
    write(tmp_path, pair(Health.CRITICAL, future), pair(Health.OK, START, name="queue"))
    reader = HistoryReader(tmp_path, lambda: START)
    assert reader.samples("redis", START) == ()
    site: Any = type("Site", (), {"targets": (RedisTarget(name="redis"), RedisTarget(name="queue"))})
    assert set(remembered(site, reader, START)) == {"queue"}


def test_a_relative_state_folder_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(Path("state"), pair(Health.CRITICAL))
    assert len(HistoryReader(Path("state")).changes("redis")) == 1
    desk = Desk(Path("state"))
    desk.acknowledge(
        Acknowledgement(target="redis", who="a", why="b", at=START, until=START + timedelta(hours=1))
    )
    assert set(desk.acknowledged(START)) == {"redis"}


def test_the_next_process_writes_when_the_writer_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "TAKE_OVER_EVERY_S", 0.05)
    first, second = History(tmp_path, lambda: START), History(tmp_path, lambda: START)
    first.start()
    second.start()
    assert (first.is_writer, second.is_writer) == (True, False)
    second.record(*pair(name="too-early"))
    first.stop()
    wait_for(lambda: second.is_writer)
    second.record(*pair(Health.CRITICAL))
    second.stop()
    assert len(HistoryReader(tmp_path).changes("redis")) == 1
    assert HistoryReader(tmp_path).changes("too-early") == ()


def test_a_file_that_another_program_has_locked_stops_nothing_and_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("medflow_tui.journal.history_rows.LOCKED_AT_MOST_S", 0.1)
    monkeypatch.setattr(module, "RETRY_EVERY_S", 0.2)
    write(tmp_path, pair())
    holder = sqlite3.connect(tmp_path / FILE, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    history = History(tmp_path, lambda: START)
    history.start()
    began = time.monotonic()
    for n in range(25_000):  # more than may wait
        history.record(*pair(name=f"t{n % 40}"))
    assert time.monotonic() - began < 20
    wait_for(history.notices)
    holder.execute("ROLLBACK")
    holder.close()
    history.record(*pair(Health.CRITICAL, START + timedelta(minutes=1)))
    wait_for(lambda: history.notices() == ())
    history.stop()
    assert HistoryReader(tmp_path).changes("redis")[0].health is Health.CRITICAL


def test_stopping_does_not_wait_for_a_file_that_is_locked(tmp_path: Path) -> None:
    write(tmp_path, pair())
    holder = sqlite3.connect(tmp_path / FILE, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    history = History(tmp_path, lambda: START)
    history.start()
    for _ in range(30_000):
        history.record(*pair())
    began = time.monotonic()
    history.stop()
    assert time.monotonic() - began < 3
    holder.close()


def test_months_of_rows_are_pruned_and_none_that_counts(tmp_path: Path) -> None:
    old = [pair(Health.CRITICAL, START - timedelta(days=day), name=f"t{day % 3}") for day in range(0, 400, 3)]
    write(tmp_path, *old)
    write(tmp_path, pair(name="new"), now=START)
    with sqlite3.connect(tmp_path / FILE) as database:
        for query in ("SELECT count(*) FROM change", "SELECT count(*) FROM sample"):
            assert database.execute(query).fetchone() == (12,)  # days 0 to 30 by threes, and the new one
    database.close()


POWER_CUT = """
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from medflow_tui.journal import history as module
from medflow_tui.journal.desk import Desk
from medflow_tui.journal.budget import SharedBudget
from medflow_tui.model.health import Acknowledgement, Health, Judgement, Reading
from medflow_tui.model.targets.redis import RedisTarget
from medflow_tui.model.words import say
from medflow_tui.monitor.knowledge import Knowledge
from medflow_tui.rules.alerts import settle, unread
module.COMMIT_EVERY_S = 0.01
state = Path(sys.argv[1])
history = module.History(state, lambda: datetime.now(UTC))
history.start()
assert history.is_writer
desk, budget, n = Desk(state), SharedBudget(state), 0
while True:
    n += 1
    at = datetime.now(UTC)
    before = unread(RedisTarget(name=f"t{n % 50}"))
    reading = Reading(target=before.target, kind="redis", observed_at=at, how=say("t"))
    health = Health.OK if n % 2 else Health.CRITICAL
    history.record(before, settle(before, reading, Judgement(health=health, evidence=say("e"), figure=n), needed=1))
    if n % 20 == 0:
        desk.acknowledge(Acknowledgement(target="t1", who="a", why=str(n), at=at, until=at + timedelta(hours=1)))
        budget.take("host", 0, 900, at)
        print(n, flush=True)
"""


def test_whenever_the_writer_is_killed_the_files_are_whole_and_the_desk_has_lost_nothing(
    tmp_path: Path,
) -> None:
    for cut in range(6):
        child = subprocess.Popen(
            [sys.executable, "-c", POWER_CUT, str(tmp_path)], stdout=subprocess.PIPE, text=True
        )
        assert child.stdout is not None
        said = "0"
        for _ in range(5 + 7 * cut):
            said = child.stdout.readline().strip() or said
        os.kill(child.pid, signal.SIGKILL)
        rest = child.stdout.read().split()
        child.wait()
        last = int(rest[-1] if rest and rest[-1].isdigit() else said)
        for name in (FILE, "desk.sqlite", "budget.sqlite"):
            with sqlite3.connect(tmp_path / name) as database:
                assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            database.close()
        assert int(Desk(tmp_path).acknowledged(START)["t1"].why) >= last
    write(tmp_path, pair(Health.CRITICAL))
    assert HistoryReader(tmp_path).changes("redis")


def entry(why: str, at: datetime = START, **other: Any) -> Acknowledgement:
    made = Acknowledgement(target="redis", who="amani", why=why, at=at, until=START + timedelta(hours=2))
    return replace(made, **other)


def test_the_desk_believes_who_wrote_last_although_the_clock_was_set_back(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.acknowledge(entry("first"))
    desk.acknowledge(entry("second", START - timedelta(hours=5)))
    assert desk.acknowledged(START)["redis"].why == "second"


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("cable \x1b[2J\x1b]0;x\x07out", "cable out"),
        ("[bold]cable[/bold] {name}", "[bold]cable[/bold] {name}"),
        ("tel +243 812 345 678", "tel [phone]"),
        ("scan KABONGO_MA\u200bRIE_P10233_19710504_F.jpg", "scan [file]"),
        ("redis://:s3cretPass9@127.0.0.1", "redis://[secret]@127.0.0.1"),
        ("two\nlines\tand a tab", "two lines and a tab"),
        ("x" * 10_000, "x" * 500),
    ],
)
def test_what_is_typed_as_a_reason_is_kept_without_what_must_not_be_kept(
    tmp_path: Path, typed: str, kept: str
) -> None:
    desk = Desk(tmp_path)
    desk.acknowledge(entry(typed, who="amani\x1b[1m"))
    found = desk.acknowledged(START)["redis"]
    assert (found.why, found.who) == (kept, "amani")


def test_rows_that_make_no_sense_are_left_out_by_the_desk(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.acknowledge(entry("cable"))
    with sqlite3.connect(tmp_path / "desk.sqlite") as database:
        database.execute("INSERT INTO acknowledgement VALUES ('a', NULL, NULL, NULL, 1e300)")
        database.execute("INSERT INTO acknowledgement VALUES ('b', x'00ff', 'x', 0, 9e9)")
        database.execute("INSERT INTO maintenance VALUES ('a', 'x', 'y', 'z', 9e9)")
    database.close()
    assert "redis" in desk.acknowledged(START)
    assert "a" not in desk.acknowledged(START)
    assert desk.maintenance(START) == ()


def test_somebody_else_on_the_desk_is_noticed_and_nothing_new_is_not_read(tmp_path: Path) -> None:
    look = people_on(Desk(tmp_path))
    assert look(START) is None
    Desk(tmp_path).acknowledge(entry("cable"))
    people = look(START)
    assert people is not None
    assert people[0]["redis"].why == "cable"
    assert look(START) is None


def test_since_when_and_the_last_minutes_are_shown_again_after_a_restart(tmp_path: Path) -> None:
    """A power cut of six minutes leaves its gap."""
    write(
        tmp_path,
        pair(Health.OK, START),
        pair(Health.CRITICAL, START + timedelta(minutes=6)),
        pair(Health.WARNING, START + timedelta(minutes=8)),
    )
    now = START + timedelta(minutes=16)
    site: Any = type("Site", (), {"targets": (RedisTarget(name="redis", confirm=1),)})
    knowledge = Knowledge(site.targets, remembered(site, HistoryReader(tmp_path, lambda: now), now))
    reading = Reading(target="redis", kind="redis", observed_at=now, how=say("t"))
    knowledge.absorb("redis", (reading,), now)
    assert knowledge.snapshot(now).verdicts[0].spark == (Health.OK, Health.CRITICAL, None, Health.UNKNOWN)
    later = now + timedelta(minutes=5)
    knowledge.absorb("redis", (replace(reading, observed_at=later),), later)
    assert knowledge.snapshot(later).verdicts[0].spark == (
        Health.CRITICAL,
        None,
        Health.UNKNOWN,
        Health.UNKNOWN,
    )
