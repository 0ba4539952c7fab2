"""The typed confirmation is armed late, listens to nothing before, and takes no paste: on one line as over several."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual import events
from textual.pilot import Pilot

from medflow_tui.ui.app import MedflowApp
from medflow_tui.ui.modals.confirm import Confirm
from medflow_tui.ui.terminal.portrait import screen_texts
from tests.contracts.test_frames import session

PHRASE = "MATRIX SYNC"
LATE = 3600.0
WAIT, READY, WRONG = "not listened to yet", f"type  {PHRASE}  and enter", f"not  {PHRASE}"
KEYS = [each if each != " " else "space" for each in PHRASE]


@asynccontextmanager
async def asked(
    folder: Path, *, is_brief: bool, columns: int = 80
) -> AsyncIterator[tuple[Pilot[int | None], Confirm, list[bool | None]]]:
    app, answers = MedflowApp(session(folder), stock_terminal=True), []
    async with app.run_test(size=(columns, 24)) as pilot:
        await pilot.pause()
        above = () if is_brief else ("Matrix: this will be done now",)
        screen = Confirm(above, WAIT, READY, WRONG, PHRASE, LATE, is_brief=is_brief)
        app.push_screen(screen, answers.append)
        await pilot.pause()
        yield pilot, screen, answers


@pytest.mark.parametrize("is_brief", [False, True])
async def test_what_comes_before_it_is_armed_counts_for_nothing(tmp_path: Path, is_brief: bool) -> None:
    async with asked(tmp_path, is_brief=is_brief) as (pilot, screen, answers):
        await pilot.press(*KEYS, "enter", "z", "q", "b", "f6", "tab")
        pilot.app.post_message(events.Paste(f"{PHRASE}\n"))
        await pilot.pause()
        assert pilot.app.screen is screen
        assert not screen.is_armed
        assert WAIT in "\n".join(screen_texts(pilot.app))
        screen._arm()
        await pilot.pause()
        assert screen.query_one("#typed").value == ""  # type: ignore[attr-defined]
        pilot.app.post_message(events.Paste(PHRASE))
        await pilot.press("enter", "y", "enter", *KEYS, "X", "enter")
        assert answers == []
        assert WRONG in "\n".join(screen_texts(pilot.app))
        await pilot.press(*KEYS, "enter")
        assert answers == [True]


@pytest.mark.parametrize("is_brief", [False, True])
async def test_a_key_puts_arming_off_and_escape_leaves_with_nothing_done(
    tmp_path: Path, is_brief: bool
) -> None:
    async with asked(tmp_path, is_brief=is_brief) as (pilot, screen, answers):
        first = screen._arming
        await pilot.press("enter")
        assert screen._arming is not first
        await pilot.press("escape")
        assert answers == [False]


async def test_on_one_line_all_else_of_the_screen_stays(tmp_path: Path) -> None:
    app = MedflowApp(session(tmp_path), stock_terminal=True)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        before = screen_texts(app)
        screen = Confirm((), WAIT, READY, WRONG, PHRASE, LATE, is_brief=True)
        app.push_screen(screen)
        await pilot.pause()
        for words, arm in ((WAIT, False), (READY, True)):
            if arm:
                screen._arm()
                await pilot.press(*KEYS)
            after = screen_texts(app)
            assert after[:-1] == before[:-1]
            assert words in after[-1]
        assert after[-1].endswith(PHRASE)


async def test_where_one_line_is_too_short_the_field_stands_below(tmp_path: Path) -> None:
    async with asked(tmp_path, is_brief=True, columns=40) as (pilot, screen, answers):
        screen._arm()
        await pilot.press(*KEYS)
        lines = screen_texts(pilot.app)
        assert lines[-1].strip() == PHRASE
        await pilot.press("enter")
        assert answers == [True]
