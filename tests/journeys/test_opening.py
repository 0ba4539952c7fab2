"""The first drawing of the real program on a real terminal: before Textual is there, never wrong, and taken back."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from medflow_tui.ui.terminal.herald import ERASE, SIGN
from tests.servers.small_site import program, surroundings, write_site
from tests.servers.terminal import Terminal, running

STANDS = {"en": "no lines at this level", "fr": "aucune ligne à ce niveau"}
NEVER = "import time\ntime.sleep(600)\n"
BROKEN = "raise RuntimeError('torn')\n"
TAKEN, GIVEN_BACK = b"\x1b[?1049h", b"\x1b[?1049l"


@contextmanager
def opened(folder: Path, textual: str, *words: str, site: str = "") -> Iterator[Terminal]:
    """The dashboard on a small site, with a Textual of our own."""
    (folder / "textual").mkdir()
    (folder / "textual" / "__init__.py").write_text(textual)
    command = program(folder, *words, site=write_site(folder, site))
    with running(command, surroundings(PYTHONPATH=str(folder))) as terminal:
        yield terminal


def was_given_back(terminal: Terminal, modes: list[object]) -> bool:
    written = bytes(terminal.written)
    assert terminal.modes == modes
    return written.count(TAKEN) == written.count(GIVEN_BACK) == 1 and written.index(TAKEN) < written.index(
        GIVEN_BACK
    )


def test_the_dashboard_is_drawn_before_textual_is_imported(tmp_path: Path) -> None:
    with opened(tmp_path, NEVER) as terminal:
        terminal.shows("LINE", "F2 Services", "redis", "backend", "F6 Log", "details")
        assert "●" not in terminal.text


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_before_textual_is_there_gives_the_terminal_back(
    tmp_path: Path, number: int, code: int
) -> None:
    with opened(tmp_path, NEVER) as terminal:
        modes = terminal.modes
        terminal.shows("details")
        assert terminal.modes != modes
        os.kill(terminal.process.pid, number)
        assert terminal.ended() == code
        assert was_given_back(terminal, modes)
        assert "Traceback" not in terminal.text


def test_ctrl_c_before_textual_is_there_gives_the_terminal_back(tmp_path: Path) -> None:
    with opened(tmp_path, NEVER) as terminal:
        modes = terminal.modes
        terminal.shows("details")
        terminal.send(b"\x03")
        assert terminal.ended() == 130
        assert was_given_back(terminal, modes)
        assert "Traceback" not in terminal.text


def test_a_fault_before_textual_is_there_is_told_on_the_terminal_as_it_was(tmp_path: Path) -> None:
    with opened(tmp_path, BROKEN) as terminal:
        modes = terminal.modes
        assert terminal.ended() == 1
        assert was_given_back(terminal, modes)
        told = bytes(terminal.written).partition(GIVEN_BACK)[2]
        assert b"stopped by a fault of its own" in told


def test_a_line_that_is_lost_before_textual_is_there_ends_the_program(tmp_path: Path) -> None:
    with opened(tmp_path, NEVER) as terminal:
        terminal.shows("details")
        terminal.hang_up()
        assert terminal.process.wait(20) == 129


def test_a_fault_of_the_site_file_is_told_without_taking_the_terminal(tmp_path: Path) -> None:
    with opened(tmp_path, NEVER, site="\n[nonsense]\n") as terminal:
        assert terminal.ended() == 3
        assert TAKEN not in terminal.written
        assert "nonsense" in terminal.text
        assert SIGN not in terminal.text


def test_the_sign_of_life_comes_first_and_leaves_no_trace(tmp_path: Path) -> None:
    with opened(tmp_path, NEVER) as terminal:
        terminal.shows("details")
        assert bytes(terminal.written).startswith((SIGN + ERASE).encode() + TAKEN)


@pytest.mark.parametrize(
    "words", [("check", "--deep"), ("--stock-terminal",), ("--colour",), ("--help",)], ids=" ".join
)
def test_no_sign_of_life_is_left_behind(tmp_path: Path, words: tuple[str, ...]) -> None:
    with opened(tmp_path, BROKEN, *words) as terminal:
        terminal.ended()
        assert SIGN not in terminal.text
        assert terminal.text.strip()


def test_keys_that_come_early_are_kept_and_not_shown(tmp_path: Path) -> None:
    slow = "import time\ntime.sleep(0.5)\nraise SystemExit(7)\n"
    with opened(tmp_path, slow) as terminal:
        terminal.shows("details")
        terminal.type("zzz\x1a")
        assert terminal.ended() == 7
        assert b"zzz" not in terminal.written


@pytest.mark.parametrize("after_s", [0.0, 0.05, 0.1, 0.2])
def test_keys_that_come_before_the_dashboard_stands_are_meant_for_it(tmp_path: Path, after_s: float) -> None:
    with running(program(tmp_path), surroundings()) as terminal:
        terminal.shows("details")
        terminal.read(after_s)
        terminal.type("?")
        terminal.until(lambda: "open the details of the row" in terminal.text, "the help")
        terminal.type("\x1b")
        terminal.shows("refused")
        terminal.type("q")
        assert terminal.ended() == 0


def cells(terminal: Terminal) -> dict[tuple[int, int], object]:
    """Every cell that shows something."""
    return {
        (y, x): cell
        for y in range(terminal.lines)
        for x, cell in enumerate(terminal.screen.buffer[y][column] for column in range(terminal.columns))
        if cell.data != " " or cell.bg != "default"
    }


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize(
    "size", [(80, 24), (160, 48), (50, 20), (119, 31)], ids=lambda size: f"{size[0]}x{size[1]}"
)
def test_no_cell_of_the_first_drawing_is_ever_wrong(size: tuple[int, int], language: str) -> None:
    command = (sys.executable, "-m", "medflow_tui", "--lang", language, "lab", "--still")
    with running(command, surroundings(), columns=size[0], lines=size[1]) as terminal:
        terminal.until(lambda: b"\x1b[?2004h" in terminal.written, "the driver to take over")
        # what is written before the driver begins is the first drawing, and nothing else
        drawn = cells(terminal)
        first = len(terminal.written)
        assert len(drawn) > 200
        while STANDS[language] not in terminal.text:
            assert terminal.read(20)
            now = cells(terminal)
            assert {at: now.get(at) for at in drawn} == drawn
        assert len(terminal.written) - first < 150
        terminal.type("q")
        assert terminal.ended() == 0
        assert bytes(terminal.written).count(TAKEN) == 1
