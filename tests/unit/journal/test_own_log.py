"""What the program writes about itself holds no patient, no secret and no variable, and never fails."""

from __future__ import annotations

import logging
import os
import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from medflow_tui.journal.own_log import FILE, NAME, keep_own_log, told, write_crash_report

LINE = "scan of /Volumes/ZEISS RETINO/KABONGO_MARIE_P10233_19710504_F.jpg, redis://:s3cretPass9@127.0.0.1 \x1b[2J"
TRACES = ("KABONGO", "MARIE", "P10233", "19710504", "s3cret", "\x1b")


@pytest.fixture(autouse=True)
def logger_put_back() -> Iterator[None]:
    yield
    logger = logging.getLogger(NAME)
    for handler in list(logger.handlers):
        logger.removeHandler(handler)
        handler.close()
    logger.propagate = True


def failing(value: str) -> Exception:
    local_with_a_patient = "NGALULA " + value
    try:
        try:
            raise ValueError(LINE)
        except ValueError as error:
            raise RuntimeError("outer " + str(len(local_with_a_patient))) from error
    except RuntimeError as error:
        return error


def test_records_are_redacted_and_the_file_is_ours_alone(tmp_path: Path) -> None:
    logger = keep_own_log(tmp_path / "state")
    logging.getLogger(f"{NAME}.probes").warning("seen: %s", LINE)
    logger.error("it broke", exc_info=failing("x"))
    path = tmp_path / "state" / FILE
    text = path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "warning medflow_tui.probes [MainThread] seen: scan of /Volumes/ZEISS RETINO/[file]" in text
    assert "RuntimeError: outer" in text
    for trace in (*TRACES, "NGALULA"):
        assert trace not in text


def test_it_rotates_and_stays_small(tmp_path: Path) -> None:
    logger = keep_own_log(tmp_path, max_bytes=2000, older=2)
    for number in range(300):
        logger.info("line %s", number)
    files = sorted(each.name for each in tmp_path.iterdir())
    assert files == [FILE, f"{FILE}.1", f"{FILE}.2"]
    assert all(
        each.stat().st_size <= 2000 and stat.S_IMODE(each.stat().st_mode) == 0o600
        for each in tmp_path.iterdir()
    )


def test_nothing_reaches_the_screen(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    keep_own_log(tmp_path).error("broken")
    keep_own_log(Path("/proc/no/such/place")).error("broken too")
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "")


def test_a_full_disk_is_silent(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    logger = keep_own_log(tmp_path)
    handler = logger.handlers[0]
    assert isinstance(handler, logging.StreamHandler)
    handler.stream.close()
    handler.stream = Path("/dev/full").open("w", buffering=1)  # noqa: SIM115 - the handler closes it
    logger.error("x" * 100_000)
    assert capsys.readouterr().err == ""


def test_a_crash_report_tells_where_and_not_with_what(tmp_path: Path) -> None:
    path = write_crash_report(
        failing("x"), tmp_path, version="0.1.0", now=lambda: datetime(2026, 11, 23, tzinfo=UTC)
    )
    assert path is not None
    text = path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.parent == tmp_path
    assert "in failing" in text
    assert "ValueError: scan of /Volumes/ZEISS RETINO/[file]" in text
    assert "RuntimeError: outer" in text
    for trace in (*TRACES, "NGALULA"):
        assert trace not in text


def test_two_crashes_in_one_second_are_two_reports(tmp_path: Path) -> None:
    moment = datetime(2026, 11, 23, tzinfo=UTC)
    paths = {write_crash_report(failing("x"), tmp_path, now=lambda: moment) for _ in range(3)}
    assert len(paths) == 3


def test_a_folder_that_cannot_be_written_falls_back_to_the_temporary_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    path = write_crash_report(failing("x"), Path("/proc/no/such/place"))
    assert path is not None
    assert path.parent == tmp_path


def test_a_full_disk_gives_no_report_and_leaves_no_torn_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(os, "fsync", full)
    assert write_crash_report(failing("x"), tmp_path / "state") is None
    assert [each for each in tmp_path.rglob("*") if each.is_file()] == []


class UnsayableError(Exception):
    def __str__(self) -> str:
        raise KeyError("no")


def test_an_error_that_cannot_say_what_it_is_is_reported_all_the_same(tmp_path: Path) -> None:
    assert "Unsayable" in told(UnsayableError())
    assert write_crash_report(UnsayableError(), tmp_path) is not None
