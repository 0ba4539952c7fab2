"""Real files followed while their writer rotates, empties, removes and floods them."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from medflow_tui.journal.tail import BINARY, FORBIDDEN, MISSING, NO_FILE, ROTATED, TRUNCATED, Chunk, Tail
from medflow_tui.model.log import Level, LogLine
from medflow_tui.model.words import SILENCE
from medflow_tui.monitor.logs import LogFollower, LogSource

GIGABYTE = 1 << 30


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "combined.log"


def append(path: Path, *lines: str) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.writelines(f"{line}\n" for line in lines)


def test_a_gigabyte_opens_at_once_with_its_last_lines(log: Path) -> None:
    with log.open("wb") as file:
        file.truncate(GIGABYTE)
    append(log, *(f"line {n} of the log" for n in range(1000)))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.perf_counter()
    chunk = Tail(log, last_lines=200).read()
    took = time.perf_counter() - started
    grown_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert (chunk.lines[0], chunk.lines[-1], len(chunk.lines)) == (
        "line 800 of the log",
        "line 999 of the log",
        200,
    )
    assert took < 0.05
    assert grown_kib < 2048


def test_a_gigabyte_without_any_line_end_costs_no_more(log: Path) -> None:
    with log.open("wb") as file:
        file.truncate(GIGABYTE)
    with log.open("r+b") as file:
        for place in range(GIGABYTE - 3_000_000, GIGABYTE, 100_000):
            file.seek(place)
            file.write(b"x" * 100_000)
    tail = Tail(log)
    started = time.perf_counter()
    lines = tail.read().lines + tail.read().lines
    assert time.perf_counter() - started < 0.2
    assert len(lines) == 1
    assert len(lines[0]) <= 16 * 1024 + 1


def test_only_the_last_lines_are_given_then_what_is_added(log: Path) -> None:
    append(log, *(str(n) for n in range(500)))
    tail = Tail(log, last_lines=3)
    assert tail.read() == Chunk(lines=("497", "498", "499"), first=True)
    assert tail.read().lines == ()
    append(log, "500")
    assert tail.read() == Chunk(lines=("500",))


def test_rotation_by_rename_loses_no_line(log: Path) -> None:
    append(log, "one")
    tail = Tail(log)
    tail.read()
    append(log, "two")
    log.rename(log.with_name("combined1.log"))
    append(log.with_name("combined1.log"), "three")
    append(log, "four")
    chunk = tail.read()
    assert (chunk.lines, chunk.notice) == (("two", "three", "four"), ROTATED)
    assert tail.read() == Chunk()


def test_a_look_between_rename_and_creation_loses_no_line(log: Path) -> None:
    append(log, "one")
    tail = Tail(log)
    tail.read()
    append(log, "two")
    log.rename(log.with_name("combined1.log"))
    assert tail.read() == Chunk(lines=("two",), failure=MISSING)
    append(log, "three")
    assert tail.read().lines == ("three",)


@pytest.mark.parametrize(
    "fresh", [("a",), ("fresh one", "fresh two", "fresh three")], ids=["shorter", "longer at once"]
)
def test_a_file_that_was_emptied_starts_anew(log: Path, fresh: tuple[str, ...]) -> None:
    append(log, "old one", "old two")
    tail = Tail(log)
    tail.read()
    os.truncate(log, 0)
    append(log, *fresh)
    chunk = tail.read()
    assert (chunk.lines, chunk.notice) == (fresh, TRUNCATED)


def test_a_file_that_does_not_exist_yet_is_read_from_its_beginning(log: Path) -> None:
    tail = Tail(log, last_lines=1)
    assert tail.read() == Chunk(failure=MISSING)
    append(log, "first", "second")
    chunk = tail.read()
    assert chunk.lines == ("first", "second")
    assert chunk.notice is not SILENCE
    assert not chunk.first


def test_a_folder_that_does_not_exist_is_a_missing_file(tmp_path: Path) -> None:
    assert Tail(tmp_path / "none" / "x.log").read().failure == MISSING


def test_a_last_line_without_an_end_comes_when_nothing_follows_it(log: Path) -> None:
    log.write_text("whole\nhalf")
    tail = Tail(log)
    assert tail.read().lines == ("whole",)
    assert tail.read().lines == ("half",)
    with log.open("a") as file:
        file.write("\nnext\n")
    assert tail.read().lines == ("next",)


def test_a_line_written_in_two_pieces_stays_one(log: Path) -> None:
    append(log, "before")
    tail = Tail(log)
    tail.read()
    with log.open("a") as file:
        file.write("one ")
        file.flush()
        assert tail.read().lines == ()
        file.write("line\n")
    assert tail.read().lines == ("one line",)


def test_very_long_lines_are_cut_and_counted(log: Path) -> None:
    append(log, "a", "b" * 200_000, "c")
    chunk = Tail(log).read(1 << 20)
    assert [len(line) for line in chunk.lines] == [1, 16 * 1024 + 1, 1]
    assert chunk.cut == 1


@pytest.mark.parametrize(
    "content",
    [bytes(range(256)) * 40, b"\x7fELF\x02\x01\x01" + bytes(range(32)) * 300],
    ids=["random", "program"],
)
def test_binary_content_is_a_failure_in_words(log: Path, content: bytes) -> None:
    log.write_bytes(content)
    tail = Tail(log)
    assert tail.read() == Chunk(failure=BINARY)
    log.write_text("now it is text\n")
    assert tail.read().lines == ("now it is text",)


def test_a_hole_that_a_power_cut_left_is_not_binary(log: Path) -> None:
    log.write_bytes(b"before\n" + b"\0" * 5000 + b"after\nlast\n")
    assert Tail(log).read().lines == ("after", "last")


def test_old_windows_letters_are_read(log: Path) -> None:
    log.write_bytes("échec déjà\n".encode("cp1252"))
    assert Tail(log).read().lines == ("échec déjà",)


def test_what_is_no_file_is_said(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for place in (tmp_path, tmp_path / "pipe", Path("/dev/zero")):
        assert Tail(place).read().failure == NO_FILE


READS_AS_ANOTHER = """
import os, sys
from pathlib import Path
from medflow_tui.journal.tail import FORBIDDEN, Tail
os.setgroups([]); os.setgid(65534); os.setuid(65534)
sys.exit(0 if Tail(Path(sys.argv[1])).read().failure == FORBIDDEN else 1)
"""


@pytest.mark.skipif(os.getuid() != 0, reason="only root can try as another user")
def test_a_file_without_permission_is_said() -> None:
    import tempfile

    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        path = Path(folder) / "secret.log"
        path.write_text("x\n")
        path.chmod(0o600)
        package = Path(__file__).parents[2]
        done = subprocess.run(
            [sys.executable, "-c", READS_AS_ANOTHER, str(path)],
            env={"PYTHONPATH": str(package), "PATH": os.defpath},
            timeout=60,
            check=False,
        )
    assert done.returncode == 0, FORBIDDEN


def test_what_is_beyond_the_budget_is_counted_exactly(log: Path) -> None:
    append(log, "start")
    tail = Tail(log)
    tail.read()
    append(log, *(f"line {n:05}" for n in range(10_000)))
    chunk = tail.read(1000)
    assert chunk.lines[-1] == "line 09999"
    assert chunk.dropped + len(chunk.lines) == 10_000
    assert not chunk.about


def test_pending_counts_without_taking(log: Path) -> None:
    append(log, "start")
    tail = Tail(log)
    tail.read()
    append(log, "a", "b")
    assert (tail.pending(), tail.pending()) == (2, 0)
    log.rename(log.with_name("old.log"))
    append(log.with_name("old.log"), "c")
    append(log, "d", "e")
    assert tail.pending() == 3
    assert tail.read().lines == ("a", "b", "c", "d", "e")


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_no_file_handle_is_left_behind(log: Path) -> None:
    append(log, "x")
    before = open_files()
    tail = Tail(log)
    for number in range(20):
        tail.read()
        log.rename(log.with_name("old.log"))
        append(log, str(number))
        tail.pending()
    tail.read()
    tail.close()
    assert open_files() == before


# The follower


def record(level: str, text: str, at: str) -> str:
    return json.dumps(
        {"context": "Sync", "level": level, "message": text, "service": "medflow-api", "timestamp": at}
    )


@pytest.fixture
def following() -> Iterator[Callable[..., LogFollower]]:
    started: list[LogFollower] = []

    def follow(*paths: Path, **more: object) -> LogFollower:
        follower = LogFollower(
            [LogSource(label=each.stem, path=each) for each in paths],
            **({"every_s": 0.02} | more),  # type: ignore[arg-type]
        )
        started.append(follower)
        follower.start()
        return follower

    yield follow
    for follower in started:
        follower.stop()


def until(
    follower: LogFollower, enough: Callable[[list[LogLine]], bool], seconds: float = 10.0
) -> tuple[list[LogLine], int]:
    """The lines drained until there are enough of them, and how many were dropped."""
    lines: list[LogLine] = []
    dropped, ends = 0, time.monotonic() + seconds
    while not enough(lines):
        assert time.monotonic() < ends, [each.text for each in lines[-5:]]
        news = follower.drain()
        lines += news.lines
        dropped += news.dropped
        time.sleep(0.005)
    return lines, dropped


def test_several_sources_are_merged_by_time(tmp_path: Path, following: Callable[..., LogFollower]) -> None:
    one, two = tmp_path / "one.log", tmp_path / "two.log"
    append(
        one, record("info", "first", "2026-11-23T08:00:00Z"), record("info", "third", "2026-11-23T08:00:02Z")
    )
    append(two, record("info", "second", "2026-11-23T08:00:01Z"))
    follower = following(one, two)
    until(follower, lambda lines: len(lines) == 3)
    assert [(each.origin, each.text) for each in follower.lines()] == [
        ("one", "first"),
        ("two", "second"),
        ("one", "third"),
    ]


def test_nothing_of_a_patient_or_a_secret_reaches_the_pane(
    log: Path, following: Callable[..., LogFollower]
) -> None:
    append(
        log,
        record(
            "info",
            "New file: /Volumes/ZEISS RETINO/KABONGO_MARIE_P10233_19710504_F.jpg",
            "2026-11-23T08:00:00Z",
        ),
    )
    append(log, "redis://:s3cretPass9@127.0.0.1 \x1b[2Jlost")
    lines, _ = until(following(log), lambda lines: len(lines) == 2)
    whole = repr(lines)
    for trace in ("KABONGO", "MARIE", "P10233", "1971", "s3cret", "\\x1b"):
        assert trace not in whole
    assert "/Volumes/ZEISS RETINO/[file]" in whole


def test_a_flood_is_counted_and_its_errors_are_kept(log: Path, following: Callable[..., LogFollower]) -> None:
    append(log, "before")
    follower = following(log, lines_a_look=50)
    until(follower, lambda lines: len(lines) == 1)
    append(
        log,
        *(record("error" if n == 70 else "info", f"line {n}", "2026-11-23T08:00:00Z") for n in range(3000)),
    )
    lines, dropped = until(follower, lambda lines: any(each.text == "line 2999" for each in lines))
    assert any(each.level is Level.ERROR for each in lines)
    assert len(lines) + dropped == 3000


def test_a_burst_is_shown_whole(log: Path, following: Callable[..., LogFollower]) -> None:
    append(log, "before")
    follower = following(log)
    until(follower, lambda lines: len(lines) == 1)
    append(log, *(record("info", f"line {n}", "2026-11-23T08:00:00Z") for n in range(180)))
    assert until(follower, lambda lines: any(each.text == "line 179" for each in lines))[1] == 0


def test_a_flood_that_goes_on_is_thinned_out_and_every_line_of_it_is_counted(
    log: Path, following: Callable[..., LogFollower]
) -> None:
    append(log, "before")
    follower = following(log, lines_a_look=50, lines_a_second=20.0)
    until(follower, lambda lines: len(lines) == 1)
    shown = dropped = 0
    for look in range(5):
        last = f"line {look} 99"
        append(log, *(f"line {look} {n}" for n in range(100)))
        lines, left_out = until(follower, lambda lines, last=last: any(each.text == last for each in lines))
        shown, dropped = shown + len(lines), dropped + left_out
    assert shown + dropped == 500
    assert shown < 5 * 50


def test_it_tells_when_something_came_and_only_then(log: Path) -> None:
    told: list[float] = []
    follower = LogFollower([LogSource(label="x", path=log)], every_s=0.02)
    append(log, "before")
    follower.start(lambda: told.append(time.monotonic()))
    try:
        until(follower, lambda lines: len(lines) == 1)
        assert len(told) == 1
        follower.pause()
        append(log, "during the pause")
        while follower.drain().missed < 1:
            time.sleep(0.01)
        assert len(told) == 1
        follower.resume()
        until(follower, lambda lines: len(lines) == 1)
        assert len(told) == 2
    finally:
        follower.stop()


def test_a_pause_publishes_nothing_and_counts_what_was_missed(
    log: Path, following: Callable[..., LogFollower]
) -> None:
    append(log, record("info", "before", "2026-11-23T08:00:00Z"))
    follower = following(log, lines_a_look=5)
    until(follower, lambda lines: len(lines) == 1)
    follower.pause()
    time_of_pause = time.monotonic()
    append(log, *(record("info", f"line {n}", "2026-11-23T08:00:01Z") for n in range(40)))
    seen: list[LogLine] = []
    while (news := follower.drain()).missed < 40:
        seen += news.lines
        assert time.monotonic() - time_of_pause < 10
        time.sleep(0.01)
    assert (news.missed, seen) == (40, [])
    follower.resume()
    lines, dropped = until(follower, lambda lines: any(each.text == "line 39" for each in lines))
    assert (len(lines), dropped) == (5, 35)


def test_memory_is_bounded_and_what_is_pushed_out_is_counted(
    log: Path, following: Callable[..., LogFollower]
) -> None:
    append(log, "before")
    follower = following(log, keep=20, lines_a_look=1000)
    until(follower, lambda lines: len(lines) == 1)
    append(log, *(f"line {n}" for n in range(300)))
    ends = time.monotonic() + 10
    while follower.lines()[-1].text != "line 299" and time.monotonic() < ends:
        time.sleep(0.01)
    assert len(follower.lines()) == 20
    news = follower.drain()
    assert (len(news.lines), news.lines[-1].text, news.dropped) == (20, "line 299", 280)


def test_errors_are_counted_by_the_minute_of_the_line(
    log: Path, following: Callable[..., LogFollower]
) -> None:
    now = datetime(2026, 11, 23, 9, 0, 30, tzinfo=UTC)
    append(log, record("error", "a", "2026-11-23T08:59:10Z"), record("error", "b", "2026-11-23T09:00:05Z"))
    append(
        log, record("info", "c", "2026-11-23T09:00:06Z"), record("error", "too old", "2026-11-23T07:00:00Z")
    )
    follower = following(log, now=lambda: now)
    until(follower, lambda lines: len(lines) == 4)
    counted = follower.histogram()
    assert (len(counted), counted[-2:], sum(counted)) == (60, (1, 1), 2)


def test_a_missing_file_is_said_once_and_its_coming_too(
    log: Path, following: Callable[..., LogFollower]
) -> None:
    follower = following(log)
    notices: list[str] = []
    ends = time.monotonic() + 10
    while len(notices) < 2 and time.monotonic() < ends:
        notices += [part.text for each in follower.drain().notices for part in each.parts]
        if notices and not log.exists():
            time.sleep(0.2)
            append(log, "here")
        time.sleep(0.01)
    assert notices == ["the log file does not exist", "the log file has appeared"]
