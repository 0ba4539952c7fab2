"""The first site file: a few questions, a file that works, nothing overwritten."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from medflow_tui.config.load import load
from medflow_tui.config.starter import QUESTIONS, write_first_site
from medflow_tui.model.errors import SettingsError
from medflow_tui.model.words import Phrase


def test_the_defaults_make_a_site_file_that_is_in_order(tmp_path: Path) -> None:
    path = write_first_site(tmp_path / "deep" / "site.toml", lambda question, default: "")
    site = load(path).site
    assert (site.code, site.environment) == ("MATRIX", "production")
    assert {"backend", "mongodb", "redis", "host", "backups", "log"} == {each.name for each in site.targets}


def test_the_tables_that_are_comments_are_in_order_when_they_are_no_comments(tmp_path: Path) -> None:
    path = write_first_site(tmp_path / "site.toml", lambda question, default: "")
    before, mark, after = path.read_text().partition("# [releases]")
    assert mark
    table = "\n".join(each.removeprefix("# ") for each in (mark + after).splitlines())
    path.write_text(before + table + "\n")
    releases = load(path).site.releases
    assert releases.backup[0] == "/usr/local/bin/medflow-backup"
    assert releases.backup_set == "backups/daily"


def test_what_is_answered_is_written_whatever_characters_it_has(tmp_path: Path) -> None:
    def ask(question: Phrase, default: str) -> str:
        return 'Clinique "Béni" \\ nord' if question is QUESTIONS[1][1] else ""

    assert load(write_first_site(tmp_path / "site.toml", ask)).site.name == 'Clinique "Béni" \\ nord'


def test_an_existing_file_is_never_touched(tmp_path: Path) -> None:
    path = tmp_path / "site.toml"
    path.write_text("mine")
    with pytest.raises(SettingsError, match="exists already"):
        write_first_site(path, lambda question, default: "")
    assert path.read_text() == "mine"


def test_a_wrong_answer_leaves_no_file_behind(tmp_path: Path) -> None:
    def ask(question: Phrase, default: str) -> str:
        return "Africa/Nowhere" if default == "Africa/Kinshasa" else ""

    with pytest.raises(SettingsError, match="Africa/Nowhere"):
        write_first_site(tmp_path / "site.toml", ask)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "said", "code"),
    [
        (["config", "check"], "in order", 0),
        (["config", "show"], 'site.code = "MATRIX"', 0),
        (["config", "blame"], "[profile medflow]", 0),
        (["config", "paths"], "state folder", 0),
        (["config"], "usage", 3),
        (["config", "init"], "exists already", 3),
    ],
)
def test_the_command_line_of_the_site_file(tmp_path: Path, words: list[str], said: str, code: int) -> None:
    path = write_first_site(tmp_path / "site.toml", lambda question, default: "")
    done = subprocess.run(
        [sys.executable, "-m", "medflow_tui", *words, "--site", str(path)]
        if len(words) > 1
        else [sys.executable, "-m", "medflow_tui", *words],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
        timeout=60,
        env={**os.environ, "MEDFLOW_TUI_STATE": str(tmp_path / "state")},
    )
    assert said in done.stdout + done.stderr
    assert done.returncode == code
