"""What a terminal can do is known by its name, or by terminfo."""

from __future__ import annotations

import curses
import os
from pathlib import Path

import pytest

from medflow_tui.ui.terminal.repertoire import PLAIN, SCREEN, TMUX, VT100, XTERM, Repertoire, repertoire


@pytest.mark.parametrize(
    ("term", "expected"),
    [
        ("xterm-256color", XTERM),
        ("tmux-256color", TMUX),
        ("screen.xterm-256color", SCREEN),
        ("screen", SCREEN),
        ("linux", XTERM),
        ("vt100", VT100),
        ("", PLAIN),
        ("dumb", PLAIN),
        ("no-such-terminal", PLAIN),
    ],
)
def test_a_name_is_enough_for_the_usual_ones(term: str, expected: Repertoire) -> None:
    assert repertoire(term) == expected


def test_what_goes_by_the_name_of_xterm_is_not_trusted_to_repeat() -> None:
    assert not XTERM.repeats


def test_for_others_terminfo_is_asked() -> None:
    with Path(os.devnull).open("wb") as nowhere:
        try:
            curses.setupterm("vt220", nowhere.fileno())
        except curses.error:
            pytest.skip("no entry for vt220 on this machine")
    found = repertoire("vt220")
    assert found.erases_rest
    assert found.erases_cells
    assert found.shifts_lines
    assert not found.columns
