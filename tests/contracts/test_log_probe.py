"""The log probe against real files: it reads only, keeps no text, and never waits longer than its deadline."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from medflow_tui.clients.tools import Tools
from medflow_tui.model.health import Cause, Health, Reading
from medflow_tui.model.targets.log import LogTarget
from medflow_tui.probes.log import LogProbe, build
from medflow_tui.rules.judging import Context, judge
from tests.servers.readings import tools

REPOSITORY = Path(__file__).resolve().parents[2]
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


@pytest.fixture
def own_tools(tmp_path: Path) -> Tools:
    return replace(tools(tmp_path), now=lambda: NOW)


def written(path: Path, *lines: tuple[str, str, float]) -> None:
    """Lines of level, text and age in minutes."""
    with path.open("a", encoding="utf-8") as file:
        for level, text, age in lines:
            at = (NOW - timedelta(minutes=age)).isoformat().replace("+00:00", "Z")
            file.write(json.dumps({"context": "x", "level": level, "message": text, "timestamp": at}) + "\n")


def reading_of(own_tools: Tools, *paths: Path, **more: Any) -> tuple[Reading, ...]:
    target = LogTarget(name="backend-log", paths=tuple(str(each) for each in paths), **more)
    return build(target, own_tools).read(2.0)


def test_errors_are_counted_by_the_times_in_the_lines(tmp_path: Path, own_tools: Tools) -> None:
    log = tmp_path / "error.log"
    written(log, ("error", "old", 90), ("error", "new", 3), ("warn", "w", 2), ("info", "i", 1))
    log.open("a").write("    at x (/app/x.js:1:2)\n")
    before = (log.read_bytes(), log.stat().st_mtime_ns)
    (reading,) = reading_of(own_tools, log)
    values = reading.values
    assert (values["lines"], values["errors"], values["warnings"]) == (5, 1, 1)
    assert values["last_at"] == NOW - timedelta(minutes=1)
    assert values["errors_per_min"] == pytest.approx(0.1)
    assert (log.read_bytes(), log.stat().st_mtime_ns) == before


def test_known_lines_are_counted_and_no_text_is_kept(tmp_path: Path, own_tools: Tools) -> None:
    log = tmp_path / "error.log"
    written(
        log,
        *[("error", "[SYNC] Failed to queue change: KABONGO MARIE", 1)] * 3,
        ("error", "Redis: Max reconnection attempts reached", 1),
    )
    (reading,) = reading_of(own_tools, log)
    assert dict(reading.values["alarms"]) == {"changes-lost": 3, "redis-given-up": 1}
    assert "KABONGO" not in repr(reading)
    verdict = judge(reading, LogTarget(name="backend-log"), Context(now=NOW))
    assert (verdict.health, verdict.evidence.text) == (Health.WARNING, "changes are lost")


@pytest.mark.parametrize(
    ("content", "cause"),
    [(None, Cause.ABSENT), (bytes(range(256)) * 20, Cause.GARBLED)],
    ids=["missing", "binary"],
)
def test_what_cannot_be_read_is_unknown_with_its_reason(
    tmp_path: Path, own_tools: Tools, content: bytes | None, cause: Cause
) -> None:
    log = tmp_path / "x.log"
    if content is not None:
        log.write_bytes(content)
    (reading,) = reading_of(own_tools, log)
    assert reading.failure is not None
    assert reading.failure.cause is cause
    verdict = judge(reading, LogTarget(name="backend-log"), Context(now=NOW))
    assert (verdict.health, verdict.evidence) == (Health.UNKNOWN, reading.failure.text)


def test_several_files_are_one_target_with_parts(tmp_path: Path, own_tools: Tools) -> None:
    written(tmp_path / "a.log", ("error", "x", 1))
    whole, first, second = reading_of(own_tools, tmp_path / "a.log", tmp_path / "b.log")
    assert (whole.target, first.target, second.target) == (
        "backend-log",
        "backend-log/a.log",
        "backend-log/b.log",
    )
    assert (whole.values["errors"], whole.values["files_unread"]) == (1, 1)
    assert second.failure is not None
    assert judge(whole, LogTarget(name="backend-log"), Context(now=NOW)).health is Health.UNKNOWN


def test_only_the_end_of_a_large_file_is_read_and_the_rate_is_of_that_part(
    tmp_path: Path, own_tools: Tools
) -> None:
    log = tmp_path / "flood.log"
    written(log, *(("error", f"line {n} " + "x" * 150, 5 - n / 2000) for n in range(10_000)))
    started = time.perf_counter()
    (reading,) = reading_of(own_tools, log)
    assert time.perf_counter() - started < 1.5
    values = reading.values
    assert values["lines"] < 2000
    assert values["covered_s"] < 120
    assert values["errors_per_min"] == pytest.approx(2000, rel=0.1)


def test_a_disk_that_does_not_answer_holds_nobody_up(tmp_path: Path, own_tools: Tools) -> None:
    release, looks = threading.Event(), []

    def hanging(*arguments: object) -> dict[str, Any]:
        looks.append(arguments)
        release.wait(30)
        return {}

    probe = LogProbe(
        LogTarget(name="l", paths=("x.log",)), replace(own_tools, now=lambda: datetime.now(UTC)), hanging
    )
    try:
        for _ in range(2):
            started = time.monotonic()
            (reading,) = probe.read(0.3)
            assert time.monotonic() - started < 1.0
            assert reading.failure is not None
            assert reading.failure.cause is Cause.OVERRUN
        assert len(looks) == 1
    finally:
        release.set()


def test_a_look_that_hangs_does_not_keep_the_program_from_ending(tmp_path: Path) -> None:
    program = """
import sys, threading
from pathlib import Path
from medflow_tui.model.targets.log import LogTarget
from medflow_tui.probes.log import LogProbe
from tests.servers.readings import tools
probe = LogProbe(LogTarget(name="l", paths=("x.log",)), tools(Path(sys.argv[1])), lambda *_: threading.Event().wait())
print(probe.read(0.2)[0].failure.cause.value)
"""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join((str(REPOSITORY), *sys.path))}
    ended = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=20,
        check=True,
    )
    assert (ended.stdout, ended.stderr) == ("overrun\n", "")


def test_a_fault_of_ours_is_a_failure_and_no_traceback_on_the_screen(
    own_tools: Tools, capfd: pytest.CaptureFixture[str]
) -> None:
    def faulty(*_: object) -> dict[str, Any]:
        raise KeyError("secret")

    (reading,) = LogProbe(LogTarget(name="l", paths=("x.log",)), own_tools, faulty).read(1.0)
    assert reading.failure is not None
    assert reading.failure.cause is Cause.OURS
    assert "secret" not in repr(reading)
    assert capfd.readouterr() == ("", "")


@pytest.mark.skipif(not Path("/dev/shm").is_dir(), reason="no disk here keeps such dates")
def test_a_file_with_a_date_that_no_calendar_has_is_read(own_tools: Tools) -> None:
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        path = Path(folder) / "a.log"
        path.write_text("x\n")
        os.utime(path, (1e15, 1e15))
        (reading,) = reading_of(own_tools, path)
    assert reading.failure is None
    assert reading.values["lines"] == 1


def test_without_a_path_it_says_so(own_tools: Tools) -> None:
    (reading,) = reading_of(own_tools)
    assert reading.failure is not None
    assert reading.failure.cause is Cause.ABSENT
