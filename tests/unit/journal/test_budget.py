"""The polling budget is one for all processes, holds the limit, and goes on without its file."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from medflow_tui.journal.budget import FILE, SharedBudget

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
HOST = "serveur:5002"
TAKE_MANY = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from medflow_tui.journal.budget import SharedBudget
budget, now = SharedBudget(Path(sys.argv[1])), datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
sys.stdin.readline()
print(sum(budget.take("serveur:5002", 100, 900, now) is None for _ in range(80)), len(budget.notices()))
"""


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def test_calls_are_allowed_up_to_the_limit_and_again_when_the_oldest_leaves_the_window(
    tmp_path: Path,
) -> None:
    budget = SharedBudget(tmp_path)
    assert [budget.take(HOST, 3, 900, after(second)) for second in (0, 10, 20)] == [None, None, None]
    assert budget.take(HOST, 3, 900, after(30)) == after(900)
    assert budget.take(HOST, 3, 900, after(901)) is None
    assert budget.used(HOST, 900, after(901)) == 3


def test_two_processes_together_never_make_more_calls_than_the_limit(tmp_path: Path) -> None:
    command = [sys.executable, "-c", TAKE_MANY, str(tmp_path)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    children = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)
        for _ in range(2)
    ]
    for child in children:
        assert child.stdin is not None
        child.stdin.write("go\n")
        child.stdin.flush()
    taken = [child.communicate(timeout=60)[0].split() for child in children]
    assert [alone for _, alone in taken] == ["0", "0"]
    assert sum(int(each) for each, _ in taken) == 100
    assert SharedBudget(tmp_path).used(HOST, 900, NOW) == 100


def test_a_host_that_said_to_wait_is_left_alone_by_every_process(tmp_path: Path) -> None:
    SharedBudget(tmp_path).forbid(HOST, after(860))
    other = SharedBudget(tmp_path)
    assert other.take(HOST, 100, 900, after(10)) == after(860)
    assert other.take("central:5002", 100, 900, after(10)) is None
    assert other.take(HOST, 100, 900, after(860)) is None


def test_the_later_of_two_waits_holds(tmp_path: Path) -> None:
    budget = SharedBudget(tmp_path)
    budget.forbid(HOST, after(860))
    budget.forbid(HOST, after(60))
    assert SharedBudget(tmp_path).take(HOST, 100, 900, NOW) == after(860)


def test_a_wait_of_more_than_a_day_is_not_believed(tmp_path: Path) -> None:
    budget = SharedBudget(tmp_path)
    budget.forbid(HOST, after(90 * 86_400))
    assert budget.take(HOST, 100, 900, NOW) is None


def test_a_host_without_a_limit_is_stopped_only_by_its_own_wait(tmp_path: Path) -> None:
    budget = SharedBudget(tmp_path)
    assert [budget.take(HOST, 0, 900, NOW) for _ in range(5)] == [None] * 5
    budget.forbid(HOST, after(60))
    assert budget.take(HOST, 0, 900, NOW) == after(60)


def test_calls_from_before_the_clock_was_set_back_do_not_block(tmp_path: Path) -> None:
    budget = SharedBudget(tmp_path)
    budget.take(HOST, 1, 900, after(7200))
    assert budget.take(HOST, 1, 900, NOW) is None


def test_the_file_does_not_grow(tmp_path: Path) -> None:
    budget = SharedBudget(tmp_path)
    for minute in range(0, 600, 10):
        budget.take(HOST, 100, 900, after(60 * minute))
    with sqlite3.connect(tmp_path / FILE) as file:
        assert file.execute("SELECT count(*) FROM call").fetchone()[0] <= 7


def test_a_folder_that_is_not_there_yet_is_made(tmp_path: Path) -> None:
    budget = SharedBudget(tmp_path / "state" / "medflow")
    assert budget.take(HOST, 1, 900, NOW) is None
    assert budget.notices() == ()
    assert (tmp_path / "state" / "medflow" / FILE).exists()


@pytest.mark.parametrize("limit", [1, 4])
def test_without_its_file_it_counts_alone_and_says_so(tmp_path: Path, limit: int) -> None:
    (tmp_path / FILE).mkdir()
    budget = SharedBudget(tmp_path)
    assert [budget.take(HOST, limit, 900, after(second)) for second in range(limit)] == [None] * limit
    assert budget.take(HOST, limit, 900, after(20)) == after(900)
    assert budget.used(HOST, 900, after(20)) == limit
    assert budget.notices()[0].values["path"] == str(tmp_path / FILE)
    budget.forbid(HOST, after(3600))
    assert budget.take(HOST, limit, 900, after(1000)) == after(3600)


def test_what_was_counted_alone_is_written_down_when_the_file_is_back(tmp_path: Path) -> None:
    blocked = tmp_path / FILE
    blocked.mkdir()
    budget = SharedBudget(tmp_path)
    budget.take(HOST, 100, 900, NOW)
    budget.forbid("central:5002", after(60))
    blocked.rmdir()
    budget.take(HOST, 100, 900, after(1))
    assert budget.notices() == ()
    other = SharedBudget(tmp_path)
    assert other.used(HOST, 900, after(2)) == 2
    assert other.take("central:5002", 100, 900, after(2)) == after(60)


def test_a_full_disk_is_survived(tmp_path: Path) -> None:
    """SQLite's own limit of pages gives the error of a full disk, at the same place in the program."""
    budget = SharedBudget(tmp_path)
    budget.take(HOST, 100, 900, NOW)
    connect = sqlite3.connect

    def full(database: str, **more: Any) -> sqlite3.Connection:
        file: sqlite3.Connection = connect(database, **more)
        file.execute("PRAGMA max_page_count = 1")
        return file

    hosts = [f"host-{number}-{'x' * 200}:5001" for number in range(60)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sqlite3, "connect", full)
        assert [budget.take(each, 1, 900, NOW) for each in hosts] == [None] * 60
        assert [budget.take(each, 1, 900, NOW) for each in hosts] == [after(900)] * 60
        assert "full" in str(budget.notices()[0].values["why"])
    assert budget.take("last:1", 1, 900, NOW) is None
    assert budget.notices() == ()
    assert SharedBudget(tmp_path).take(hosts[-1], 1, 900, NOW) == after(900)


def test_a_damaged_file_is_set_aside_said_and_shared_again(tmp_path: Path) -> None:
    spoiled = b"this is not a database, " * 100
    (tmp_path / FILE).write_bytes(spoiled)
    budget = SharedBudget(tmp_path)
    assert budget.take(HOST, 1, 900, NOW) is None
    assert budget.take(HOST, 1, 900, NOW) == after(900)
    assert [each.values["file"] for each in budget.notices()] == ["budget.damaged.sqlite"]
    assert (tmp_path / "budget.damaged.sqlite").read_bytes() == spoiled
    other = SharedBudget(tmp_path)
    assert other.take(HOST, 1, 900, NOW) == after(900)
    assert other.notices() == ()


def test_damage_in_the_middle_of_life_loses_no_call_of_this_process(tmp_path: Path) -> None:
    budget = SharedBudget(tmp_path)
    for second in range(50):
        budget.take(HOST, 100, 900, after(second))
    budget.forbid("central:5002", after(600), NOW)
    path = tmp_path / FILE
    whole = bytearray(path.read_bytes())
    whole[100:] = os.urandom(len(whole) - 100)  # the header stays, the pages are gone
    path.write_bytes(bytes(whole))
    assert budget.used(HOST, 900, after(60)) == 50
    assert SharedBudget(tmp_path).used(HOST, 900, after(60)) == 50
    assert SharedBudget(tmp_path).take("central:5002", 9, 900, after(60)) == after(600)


def test_processes_that_find_the_damage_together_set_it_aside_once_and_count_on_together(
    tmp_path: Path,
) -> None:
    (tmp_path / FILE).write_bytes(b"this is not a database, " * 100)
    command = [sys.executable, "-c", TAKE_MANY, str(tmp_path)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    children = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)
        for _ in range(3)
    ]
    for child in children:
        assert child.stdin is not None
        child.stdin.write("go\n")
        child.stdin.flush()
    taken = [int(child.communicate(timeout=60)[0].split()[0]) for child in children]
    # while one sets it aside the others count alone for a moment, and write it down afterwards
    assert 100 <= sum(taken) < 200
    assert SharedBudget(tmp_path).used(HOST, 900, NOW) == sum(taken)


def test_a_file_that_another_process_holds_locked_delays_only_briefly(tmp_path: Path) -> None:
    budget = SharedBudget(tmp_path)
    budget.take(HOST, 5, 900, NOW)
    holder = sqlite3.connect(tmp_path / FILE, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    try:
        assert budget.take(HOST, 5, 900, NOW) is None
        assert "locked" in str(budget.notices()[0].values["why"])
    finally:
        holder.close()
    assert budget.used(HOST, 900, NOW) == 2
    assert budget.notices() == ()


@pytest.mark.parametrize("blocked", [False, True])
def test_a_clock_that_is_set_back_ends_a_wait_that_was_told_before(tmp_path: Path, blocked: bool) -> None:
    if blocked:
        (tmp_path / FILE).mkdir()
    budget = SharedBudget(tmp_path)
    budget.forbid(HOST, after(860), NOW)
    assert budget.take(HOST, 100, 900, after(10)) == after(860)
    assert budget.take(HOST, 100, 900, after(-5 * 3600)) is None
    budget.forbid(HOST, after(-5 * 3600 + 60), after(-5 * 3600))
    assert budget.take(HOST, 100, 900, after(-5 * 3600 + 10)) == after(-5 * 3600 + 60)


def test_a_file_from_before_tables_were_numbered_goes_on(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / FILE) as file:
        file.executescript(
            "CREATE TABLE call (host TEXT NOT NULL, at REAL NOT NULL);"
            "CREATE TABLE wait (host TEXT PRIMARY KEY, until REAL NOT NULL) WITHOUT ROWID;"
        )
        file.execute("INSERT INTO wait VALUES (?, ?)", (HOST, after(60).timestamp()))
        file.execute("INSERT INTO call VALUES (?, ?)", ("central:5002", NOW.timestamp()))
    file.close()
    budget = SharedBudget(tmp_path)
    assert budget.take(HOST, 100, 900, NOW) == after(60)
    assert budget.used("central:5002", 900, after(1)) == 1
    budget.forbid(HOST, after(90), NOW)
    assert budget.take(HOST, 100, 900, after(70)) == after(90)
    assert budget.notices() == ()
