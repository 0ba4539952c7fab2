"""The real program, left or cut off, and started again: the view is the one that was left."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.servers.small_site import READY, program, surroundings
from tests.servers.terminal import ENTER, ESCAPE, Terminal, running

F2, F6 = "\x1bOQ", "\x1b[17~"
LOST = 129
LINES = (
    '{"level":"info","message":"sync begins","timestamp":"2026-01-05T08:00:00.000Z"}\n'
    '{"level":"error","message":"sync failed","timestamp":"2026-01-05T08:00:01.000Z"}\n'
)


def kept(folder: Path) -> dict[str, Any]:
    (path,) = (folder / "state" / "views").iterdir()
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def answer(terminal: Terminal, key: str, question: str, text: str) -> None:
    terminal.type(key)
    terminal.shows(question)
    terminal.type(text + ENTER)


def test_after_the_line_was_lost_the_same_view_returns(tmp_path: Path) -> None:
    with running(program(tmp_path), surroundings()) as terminal:
        terminal.shows(*READY)
        (tmp_path / "app.log").write_text(LINES)
        terminal.shows("sync failed")
        terminal.type(F6 + "v")
        terminal.shows("level: warn and above")
        answer(terminal, "/", "log: only lines that match", "failed")
        terminal.shows("/failed")
        terminal.type(F2 + "!jm")
        terminal.until(lambda: "F6" not in terminal.text and "problems only" in terminal.text, "alone")
        terminal.hang_up()
        assert terminal.process.wait(20) == LOST
    assert kept(tmp_path)["target"] == "backend" or kept(tmp_path)["target"] == "redis"
    chosen = kept(tmp_path)["target"]
    with running(program(tmp_path), surroundings()) as terminal:
        terminal.shows("problems only", "F2 Services", "refused")
        assert "F6" not in terminal.text
        terminal.type(ENTER)
        terminal.shows(f" {chosen}  ", "Seen")
        terminal.type(ESCAPE)
        terminal.shows("problems only")
        terminal.type("q")
        terminal.shows("F6 Log", "level: warn and above  /failed")
        terminal.type("q")
        assert terminal.ended() == 0


def test_a_view_that_is_killed_was_written_down_before(tmp_path: Path) -> None:
    with running(program(tmp_path), surroundings()) as terminal:
        terminal.shows(*READY)
        terminal.type("!")
        terminal.shows("problems only")
        terminal.until(lambda: (tmp_path / "state" / "views").is_dir() and kept(tmp_path)["problems"], "kept")
        terminal.process.kill()
        terminal.process.wait()
    with running(program(tmp_path), surroundings()) as terminal:
        terminal.shows("problems only")
        terminal.type(ESCAPE)
        terminal.until(lambda: "problems only" not in terminal.text, "all rows again")
        terminal.type("q")
        assert terminal.ended() == 0
    assert kept(tmp_path)["problems"] is False


def test_a_name_that_was_searched_for_is_in_no_file(tmp_path: Path) -> None:
    with running(program(tmp_path), surroundings()) as terminal:
        terminal.shows(*READY)
        answer(terminal, "/", "show only rows with these words", "kabongo")
        terminal.shows("/kabongo")
        terminal.type(F6)
        answer(terminal, "/", "log: only lines that match", "redis|Kabongo")
        terminal.shows("/redis|Kabongo")
        answer(terminal, "-", "log: without lines that match", "kabongo")
        terminal.shows("-kabongo")
        terminal.type("q")
        assert terminal.ended() == 0
    files = [each for each in (tmp_path / "state").rglob("*") if each.is_file()]
    assert "views" in {each.parent.name for each in files}
    assert [each for each in files if b"abongo" in each.read_bytes()] == []
    with running(program(tmp_path), surroundings()) as terminal:
        terminal.shows(*READY)


def test_a_damaged_view_and_a_folder_that_cannot_be_written_hold_up_nobody(tmp_path: Path) -> None:
    with running(program(tmp_path), surroundings()) as terminal:
        terminal.shows(*READY)
        terminal.type("!")
        terminal.shows("problems only")
        terminal.type("q")
        assert terminal.ended() == 0
    (path,) = (tmp_path / "state" / "views").iterdir()
    path.write_bytes(
        b'{"words": ["x"], "pane": "no such", "maximised": "nor this", "level": "loud", "include": "(", '
    )
    path.write_bytes(
        b'{"words": ["x"], "pane": "no such", "maximised": "nor this", "level": "loud", "include": "(", "target": "gone"}'
    )
    path.rename(path.with_suffix(".old"))
    path.mkdir()
    with running(program(tmp_path), surroundings()) as terminal:
        terminal.shows(*READY, "level: info and above")
        terminal.type("!")
        terminal.shows("problems only")
        terminal.type("q")
        assert terminal.ended() == 0
    path.rmdir()
    path.with_suffix(".old").rename(path)
    with running(program(tmp_path), surroundings()) as terminal:
        terminal.shows(*READY, "level: info and above")
        terminal.type("q")
        assert terminal.ended() == 0
