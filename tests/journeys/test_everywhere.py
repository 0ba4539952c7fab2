"""The real program on every kind of terminal, in every size, without colour, with other keys, and what one takes along."""

from __future__ import annotations

import base64
import json
import re
import subprocess
from pathlib import Path

import pytest

from tests.servers.small_site import READY, program, surroundings, write_site
from tests.servers.terminal import ENTER, ESCAPE, Terminal, running

F2, F6 = "\x1bOQ", "\x1b[17~"
TERMS = (
    "xterm",
    "xterm-256color",
    "screen",
    "screen-256color",
    "tmux",
    "tmux-256color",
    "linux",
    "vt100",
    "rxvt",
)
_SGR = re.compile(rb"\x1b\[([0-9;]*)m")
_OSC_52 = re.compile(rb"\x1b\]52;c;([A-Za-z0-9+/=]*)\x07")
LINE = json.dumps(
    {
        "level": "error",
        "message": "mail to marie.kabongo@example.cd failed",
        "timestamp": "2026-01-05T08:00:01.000Z",
    }
)


def colours(terminal: Terminal) -> set[int]:
    """Every number of colour that was sent."""
    found: set[int] = set()
    for codes in _SGR.findall(bytes(terminal.written)):
        numbers = [int(each or 0) for each in codes.split(b";")]
        if 38 in numbers or 48 in numbers:
            found.add(38)
        found |= {each for each in numbers if 30 <= each <= 37 or 40 <= each <= 47 or 90 <= each <= 107}
    return found


@pytest.mark.parametrize("term", TERMS)
def test_each_kind_of_terminal_shows_it_and_is_left_clean(tmp_path: Path, term: str) -> None:
    with running(program(tmp_path), surroundings(term)) as terminal:
        terminal.shows(*READY, "? help")
        assert colours(terminal) <= {*range(30, 38), *range(40, 48), *range(90, 98), 100}
        terminal.type("?")
        terminal.shows("Help", "this help")
        terminal.type(ESCAPE)
        terminal.shows(*READY)
        terminal.type("q")
        assert terminal.ended() == 0
        assert bytes(terminal.written).rstrip().endswith(b"\x1b[?1049l\x1b[?25h")
        if term in ("linux", "vt100"):
            signs = set(re.findall(r"[^\x00-\xff]", bytes(terminal.written).decode()))
            assert signs == set()  # letters with accents are text


@pytest.mark.parametrize("more", [{"TERM": "dumb"}, {"TERM": ""}], ids=["dumb", "empty"])
def test_a_terminal_that_draws_nothing_gets_sentences(tmp_path: Path, more: dict[str, str]) -> None:
    with running(program(tmp_path), {**surroundings(), **more}) as terminal:
        terminal.ended()
        text = bytes(terminal.written)
        assert b"\x1b" not in text
        assert b"draws no screen" in text
        assert b"redis: " in text


def test_plain_status_is_plain(tmp_path: Path) -> None:
    done = subprocess.run(
        program(tmp_path, "status", "--plain"),
        env=surroundings("dumb"),
        capture_output=True,
        timeout=60,
        check=True,
    )
    assert b"\x1b" not in done.stdout
    assert b"refused" in done.stdout


@pytest.mark.parametrize("term", ["xterm-256color", "linux"])
def test_without_colour_everything_is_said_by_words_and_signs(tmp_path: Path, term: str) -> None:
    with running(program(tmp_path), surroundings(term, NO_COLOR="1", COLORTERM="truecolor")) as terminal:
        terminal.shows(*READY)
        first = terminal.text
        sign = "X" if term == "linux" else "✖"
        assert re.search(rf"{sign} (redis|backend) +refused", first)
        terminal.type("j?")
        terminal.shows("Help")
        assert colours(terminal) == set()


@pytest.mark.parametrize("site", ["ascii = true", "language = 'fr'\nascii = true"])
def test_plain_characters_where_the_site_wants_them(tmp_path: Path, site: str) -> None:
    path = write_site(tmp_path)
    path.write_text(path.read_text().replace("[site]", f"[site]\n{site}"))
    words = [each for each in program(tmp_path, site=path) if each not in ("--lang", "en")]
    with running(tuple(words), surroundings()) as terminal:
        terminal.until(
            lambda: "F6" in terminal.text and re.search(r"X (redis|backend)", terminal.text), "rows"
        )
        assert "✖" not in terminal.text
        assert "│" not in terminal.text
        assert "▸" not in terminal.text


@pytest.mark.parametrize("columns", [40, 59, 60, 80, 119, 120, 200, 240])
@pytest.mark.parametrize("lines", [12, 24, 60])
def test_every_size_shows_what_is_wrong_and_the_way_out(tmp_path: Path, columns: int, lines: int) -> None:
    with running(program(tmp_path), surroundings(), columns=columns, lines=lines) as terminal:
        terminal.shows("F2 Serv", "refused")
        assert "? help" in terminal.screen.display[-1]
        terminal.type("?")
        terminal.shows("Help")
        terminal.type(ESCAPE + ENTER)
        terminal.shows("Seen")
        terminal.type("qqq")
        assert terminal.ended() == 0
        assert b"Traceback" not in terminal.written


def test_an_exported_size_that_is_not_true_is_not_believed(tmp_path: Path) -> None:
    with running(program(tmp_path), surroundings(COLUMNS="200", LINES="70")) as terminal:
        terminal.shows(*READY)
        assert "? help" in terminal.screen.display[23]
        terminal.resize(100, 30)
        terminal.until(lambda: "? help" in terminal.screen.display[29], "the new size")


KEYS = """
[keys]
dump = ["$"]
filter = ["n"]
"next pane" = ["*"]
quit = ["Q"]
services = ["F11"]
copy = []
"""


def test_the_site_chooses_its_keys(tmp_path: Path) -> None:
    with running(program(tmp_path, site=write_site(tmp_path, KEYS)), surroundings()) as terminal:
        terminal.shows("F11 Services", "refused", "n filter")
        terminal.type("q/c\x1bOQ")  # none of these is a key any more
        terminal.type("n")
        terminal.shows("show only rows with these words")
        terminal.type("red" + ENTER)
        terminal.shows("/red")
        terminal.type("?")
        terminal.shows("Help", "n  ")
        assert "clipboard" not in terminal.text
        terminal.type(ESCAPE + "**$")
        terminal.until(lambda: list((tmp_path / "state").glob("screens/*")), "a file")
        terminal.type("Q")
        assert terminal.ended() == 0


@pytest.mark.parametrize(
    ("keys", "sentence"),
    [
        ('dumpp = ["x"]', "unknown key keys.dumpp; did you mean dump?"),
        ('pause = ["r"]', "keys: r is both refresh and pause"),
        ('back = "F13"', "no key F13; the nearest is f"),
    ],
)
def test_config_check_names_what_is_wrong_with_the_keys(tmp_path: Path, keys: str, sentence: str) -> None:
    site = write_site(tmp_path, f"[keys]\n{keys}\n")
    done = subprocess.run(
        program(tmp_path, "config", "check", site=site),
        env=surroundings(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 3
    assert sentence in done.stderr


def copied(terminal: Terminal) -> str:
    """The text that the terminal's clipboard was given last."""
    terminal.until(lambda: _OSC_52.search(bytes(terminal.written)), "something for the clipboard")
    text = base64.b64decode(_OSC_52.findall(bytes(terminal.written))[-1]).decode()
    terminal.written.clear()
    return text


def test_the_row_and_the_page_are_copied_without_secrets(tmp_path: Path) -> None:
    with running(program(tmp_path), surroundings()) as terminal:
        terminal.shows(*READY)
        (tmp_path / "app.log").write_text(LINE + "\n")
        terminal.shows("mail to")
        terminal.type("c")
        terminal.shows("given to your terminal's clipboard")
        assert re.fullmatch(r"(redis|backend): critical, refused, since \d\d:\d\d", copied(terminal))
        terminal.type(F6 + "c")
        line = copied(terminal)
        assert "error" in line
        assert "mail to [e-mail] failed" in line
        terminal.type(F2 + ENTER)
        terminal.shows("Seen")
        terminal.type("c")
        page = copied(terminal)
        assert "obtained by" in page
        assert len(page.splitlines()) > 8
        terminal.type("?c")
        assert "this help" in copied(terminal)


def test_a_terminal_without_a_clipboard_is_told_so(tmp_path: Path) -> None:
    with running(program(tmp_path), surroundings("linux")) as terminal:
        terminal.shows(*READY)
        terminal.type("c")
        terminal.shows("this terminal has no clipboard for programs; x writes a file")
        assert b"\x1b]52" not in terminal.written


def test_the_screen_is_written_to_a_file(tmp_path: Path) -> None:
    with running(program(tmp_path), surroundings()) as terminal:
        terminal.shows(*READY)
        (tmp_path / "app.log").write_text(LINE + "\n")
        terminal.shows("mail to")
        before = terminal.screen.display[2:]
        terminal.type("x")
        terminal.shows("written: ")
        (path,) = (tmp_path / "state" / "screens").iterdir()
        text = path.read_text(encoding="utf-8")
        assert text.startswith("medflow-tui  Line  ")
        assert "kabongo" not in text
        assert text.splitlines()[4:] == [each.rstrip() for each in before]
        terminal.type("?x")
        terminal.until(lambda: len(list((tmp_path / "state" / "screens").iterdir())) == 2, "another one")
        terminal.type("/x" + ESCAPE)  # in a question it is a letter


def test_a_screen_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    with running(program(tmp_path), surroundings()) as terminal:
        terminal.shows(*READY)
        (tmp_path / "state" / "screens").write_text("")
        terminal.type("x")
        terminal.shows("not written: the state folder cannot be written")


def test_a_terminal_in_latin_1_gets_latin_1(tmp_path: Path) -> None:
    words = [*program(tmp_path), "--lang", "fr"]
    with running(tuple(words), surroundings(PYTHONIOENCODING="iso8859-1")) as terminal:
        terminal.until(lambda: b"refus\xe9" in terminal.written, "an accent")
        assert b"\xc3" not in terminal.written
        terminal.type("q")
        assert terminal.ended() == 0
