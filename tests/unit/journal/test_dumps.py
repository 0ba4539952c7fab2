"""A screen in a file."""

from __future__ import annotations

import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from medflow_tui.journal.dumps import write_dump

AT = datetime(2026, 1, 5, 8, 30, tzinfo=UTC)


def test_lines_are_written_without_secrets_escapes_or_blanks_at_the_end(tmp_path: Path) -> None:
    path = write_dump(tmp_path, ["redis  refused   ", "mail marie.kabongo@example.cd\x1b[2J", "é ✖"], AT)
    assert path == tmp_path / "screens" / "screen-20260105T083000.txt"
    assert path.read_text(encoding="utf-8") == "redis  refused\nmail [e-mail]\né ✖\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_two_in_one_second_are_two_files(tmp_path: Path) -> None:
    first, second = write_dump(tmp_path, ["a"], AT), write_dump(tmp_path, ["b"], AT)
    assert (first.read_text(), second.read_text()) == ("a\n", "b\n")


def test_nothing_that_is_there_is_written_over_or_followed(tmp_path: Path) -> None:
    (tmp_path / "screens").mkdir()
    (tmp_path / "screens" / "screen-20260105T083000.txt").symlink_to(tmp_path / "elsewhere")
    assert write_dump(tmp_path, ["a"], AT).name == "screen-20260105T083000-2.txt"
    assert not (tmp_path / "elsewhere").exists()


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "screens").write_text("")
    with pytest.raises(OSError, match=r"."):
        write_dump(tmp_path, ["a"], AT)
