"""A refused log-in is remembered by every run, until the password changes or the time is over."""

from __future__ import annotations

import json
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from medflow_tui.journal.refusals import FILE, Refusals

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)
WHO, PASSWORD = "grace@10.0.0.4:5001", "Correct-Horse-9"


def test_another_run_knows_it_until_the_password_changes_or_the_time_is_over(tmp_path: Path) -> None:
    Refusals(tmp_path).add(WHO, PASSWORD, "user name or password refused", NOW)
    later = Refusals(tmp_path)
    assert later.find(WHO, PASSWORD, NOW + timedelta(hours=23), DAY) == "user name or password refused"
    assert later.find(WHO, "Better-Horse-9", NOW + timedelta(hours=1), DAY) == ""
    assert later.find("alan@10.0.0.4:5001", PASSWORD, NOW, DAY) == ""
    assert later.find(WHO, PASSWORD, NOW + DAY, DAY) == ""


def test_a_clock_that_was_ahead_does_not_forbid_for_ever(tmp_path: Path) -> None:
    found = Refusals(tmp_path)
    found.add(WHO, PASSWORD, "refused", NOW + timedelta(days=900))
    assert found.find(WHO, PASSWORD, NOW, DAY) == ""


def test_the_password_is_not_in_the_file_which_is_private(tmp_path: Path) -> None:
    Refusals(tmp_path).add(WHO, PASSWORD, "refused", NOW)
    path = tmp_path / FILE
    assert "Horse" not in path.read_text()
    assert len(json.loads(path.read_text())[WHO]["mark"]) == 4
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "3",
        '{"x": 1}',
        '{"x": {"at": "soon", "salt": "", "mark": "", "text": ""}}',
        "[" * 10**5,
    ],
)
def test_a_damaged_file_costs_the_memory_and_is_written_anew(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).write_text(text)
    found = Refusals(tmp_path)
    assert found.find(WHO, PASSWORD, NOW, DAY) == ""
    found.add(WHO, PASSWORD, "refused", NOW)
    assert found.find(WHO, PASSWORD, NOW, DAY) == "refused"


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    found = Refusals(tmp_path / "file" / "state")
    found.add(WHO, PASSWORD, "refused", NOW)
    assert found.find(WHO, PASSWORD, NOW, DAY) == ""
