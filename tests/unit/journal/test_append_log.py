"""Lines that survive a crash."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medflow_tui.journal.append_log import AppendLog, DamagedError, UnwritableError, read_lines

RECORDS = [{"n": n, "text": "é" * n} for n in range(5)]


def written(path: Path) -> bytes:
    log = AppendLog(path)
    for each in RECORDS:
        log.append(each)
    log.close()
    return path.read_bytes()


def test_what_was_appended_is_read_back(tmp_path: Path) -> None:
    written(tmp_path / "j")
    assert list(read_lines(tmp_path / "j").records) == RECORDS


def test_the_file_is_for_its_owner_only(tmp_path: Path) -> None:
    written(tmp_path / "j")
    assert (tmp_path / "j").stat().st_mode & 0o777 == 0o600


@given(cut=st.integers(0, 200))
def test_wherever_a_write_is_torn_whole_lines_stay_and_the_rest_is_cut(
    tmp_path_factory: pytest.TempPathFactory, cut: int
) -> None:
    path = tmp_path_factory.mktemp("torn") / "j"
    content = written(path)
    kept = content[: min(cut, len(content))]
    path.write_bytes(kept)
    log = AppendLog(path)
    lines, torn = log.cut_torn_line()
    log.append({"after": True})
    log.close()
    assert torn == len(kept) - (kept.rfind(b"\n") + 1)
    assert list(lines.records) == RECORDS[: kept.count(b"\n")]
    assert read_lines(path).records[-1] == {"after": True}


@pytest.mark.parametrize("line", [b"{broken\n", b"[]\n", b"\xff\xfe\n", b"\x00\x00\n", b"\n"])
def test_any_other_damage_is_refused(tmp_path: Path, line: bytes) -> None:
    content = written(tmp_path / "j")
    (tmp_path / "j").write_bytes(line + content)
    with pytest.raises(DamagedError):
        read_lines(tmp_path / "j")


def test_a_float_is_never_written(tmp_path: Path) -> None:
    log = AppendLog(tmp_path / "j")
    with pytest.raises(TypeError):
        log.append({"x": 1.5})
    log.close()


def test_a_line_that_did_not_fit_on_the_disk_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "j"
    log = AppendLog(path)
    log.append({"n": 1})
    real = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: real(fd, data[:3]))
    with pytest.raises(UnwritableError):
        log.append({"n": 2})
    monkeypatch.undo()
    log.close()
    assert path.read_bytes() == b'{"n":1}\n'


def test_a_line_that_could_not_be_made_durable_is_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "no space left on device")

    path = tmp_path / "j"
    log = AppendLog(path)
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UnwritableError):
        log.append({"n": 2})
    monkeypatch.undo()
    log.close()
    assert read_lines(path).records == ()


def test_a_missing_file_has_no_lines(tmp_path: Path) -> None:
    assert read_lines(tmp_path / "none").records == ()
