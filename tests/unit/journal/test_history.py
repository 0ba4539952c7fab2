"""History: written by one, read by all, bounded, and honest about a disk that is full."""

from __future__ import annotations

import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from medflow_tui.journal.desk import Desk
from medflow_tui.journal.history import History, HistoryReader
from medflow_tui.model.health import Acknowledgement, Health, Judgement, Maintenance, Reading, Verdict
from medflow_tui.model.targets.redis import RedisTarget
from medflow_tui.model.words import say
from medflow_tui.rules.alerts import settle, unread

START = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)


def series(*healths: Health) -> list[tuple[Verdict, Verdict]]:
    verdict, pairs = unread(RedisTarget(name="redis", confirm=1)), []
    for index, health in enumerate(healths):
        reading = Reading(
            target="redis",
            kind="redis",
            observed_at=START + timedelta(seconds=60 * index),
            how=say("test"),
            latency_ms=2.0,
        )
        judgement = Judgement(health=health, evidence=say("{n:number} keys", n=index), figure=float(index))
        after = settle(verdict, reading, judgement, needed=1)
        pairs.append((verdict, after))
        verdict = after
    return pairs


def write(folder: Path, pairs: list[tuple[Verdict, Verdict]]) -> History:
    history = History(folder, lambda: START)
    history.start()
    for before, after in pairs:
        history.record(before, after)
    history.stop()
    return history


def test_changes_and_figures_survive_a_restart(tmp_path: Path) -> None:
    write(tmp_path, series(Health.OK, Health.OK, Health.CRITICAL, Health.OK))
    reader = HistoryReader(tmp_path)
    assert [each.health for each in reader.changes("redis")] == [Health.OK, Health.CRITICAL, Health.OK]
    assert reader.changes("redis")[1].evidence.values["n"] == 2
    sample = reader.samples("redis", START)[0]
    assert (sample.worst, sample.figure, sample.latency_ms) == (Health.CRITICAL, 1.5, 2.0)
    assert reader.latest(START)["redis"] == (Health.OK, START + timedelta(seconds=180))


def test_a_second_process_reads_but_does_not_write(tmp_path: Path) -> None:
    first = History(tmp_path, lambda: START)
    first.start()
    program = (
        "import sys; from pathlib import Path; from datetime import UTC, datetime\n"
        "from medflow_tui.journal.history import History\n"
        "h = History(Path(sys.argv[1]), lambda: datetime.now(UTC)); h.start(); print(h.is_writer)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert (first.is_writer, done.stdout.strip()) == (True, "False")
    first.stop()
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "True"


def test_a_broken_or_missing_file_reads_as_empty(tmp_path: Path) -> None:
    reader = HistoryReader(tmp_path)
    assert reader.changes("redis") == ()
    (tmp_path / "history.sqlite").write_bytes(b"not a database at all, but long enough to look at" * 40)
    assert reader.changes("redis") == ()
    assert reader.latest(START) == {}


def test_old_rows_are_removed(tmp_path: Path) -> None:
    write(tmp_path, series(Health.OK))
    later = History(tmp_path, lambda: START + timedelta(days=31))
    later.start()
    pair = series(Health.OK, Health.CRITICAL)[1]
    later.record(*pair)
    later.stop()
    assert HistoryReader(tmp_path).changes("redis") == ()


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    history = History(tmp_path / "file" / "state", lambda: START)
    history.start()
    assert history.is_writer is False
    assert "cannot be written" in history.notices()[0].text


def test_a_full_disk_is_said_and_does_not_stop_anything(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip("a small tmpfs cannot be mounted here")
    try:
        history = History(disk, lambda: START)
        history.start()
        for each in series(*[Health.OK, Health.CRITICAL] * 2000):
            history.record(*each)
        until = time.monotonic() + 15
        while not history.notices():
            assert time.monotonic() < until
            time.sleep(0.05)
        assert history.notices()[0].values["why"] == "disk full"
        history.stop()
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


def test_the_desk_keeps_who_is_on_it_until_it_expires(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    assert desk.acknowledged(START) == {}
    for hours, who in ((1, "amani"), (2, "neema")):
        desk.acknowledge(
            Acknowledgement(
                target="redis",
                who=who,
                why="cable",
                at=START + timedelta(minutes=hours),
                until=START + timedelta(hours=hours),
            )
        )
    assert desk.acknowledged(START)["redis"].who == "neema"
    assert desk.acknowledged(START + timedelta(hours=3)) == {}
    desk.announce(
        Maintenance(target="*", who="amani", why="disk", starts=START, ends=START + timedelta(hours=1))
    )
    assert [each.why for each in desk.maintenance(START)] == ["disk"]
    assert desk.maintenance(START + timedelta(hours=2)) == ()


def test_a_desk_that_cannot_be_written_raises_for_the_screen_to_say(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    entry = Acknowledgement(target="redis", who="a", why="b", at=START, until=START)
    with pytest.raises(OSError, match=r"(?i)directory|open"):
        Desk(tmp_path / "file" / "x").acknowledge(entry)
