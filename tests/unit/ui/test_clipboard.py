"""The clipboard of the person's terminal."""

from __future__ import annotations

import base64
import re

import pytest

from medflow_tui.ui.terminal.clipboard import MOST, to_clipboard

_OSC = re.compile(r"\x1b\]52;c;([A-Za-z0-9+/=]*)\x07")


def inside(sequence: str) -> str:
    found = _OSC.fullmatch(sequence)
    assert found is not None
    return base64.b64decode(found[1]).decode()


@pytest.mark.parametrize("term", ["xterm", "xterm-256color", "tmux-256color", "screen"])
def test_the_text_is_in_it_and_nothing_that_a_terminal_would_obey(term: str) -> None:
    assert inside(to_clipboard("réseau: \x1b[2J refused", {"TERM": term})) == "réseau: \x1b[2J refused"


@pytest.mark.parametrize("term", ["linux", "vt100", "dumb", ""])
def test_a_terminal_without_a_clipboard_gets_nothing(term: str) -> None:
    assert to_clipboard("x", {"TERM": term}) == ""
    assert to_clipboard("x", {}) == ""


def test_a_long_text_is_cut() -> None:
    assert inside(to_clipboard("x" * 100_000, {"TERM": "xterm"})) == "x" * MOST


def test_gnu_screen_passes_it_on_in_pieces() -> None:
    sent = to_clipboard("x" * 3000, {"TERM": "screen", "STY": "1.pts"})
    pieces = re.findall(r"\x1bP(.*?)\x1b\\", sent, re.DOTALL)
    assert len(pieces) > 1
    assert max(map(len, pieces)) <= 700
    assert "".join(f"\x1bP{each}\x1b\\" for each in pieces) == sent
    assert inside("".join(pieces)) == "x" * 3000


def test_tmux_inside_screen_is_asked_as_tmux() -> None:
    assert inside(to_clipboard("x", {"TERM": "tmux", "STY": "1.pts", "TMUX": "/tmp/t"})) == "x"
