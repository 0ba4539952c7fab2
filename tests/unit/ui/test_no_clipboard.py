"""No key takes a password out of its field, and none puts anything into the field of a confirmation."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from textual import events
from textual.pilot import Pilot
from textual.widgets import Input
from textual.widgets.input import Selection

from medflow_tui.ui.app import MedflowApp
from medflow_tui.ui.modals.armed import Armed
from medflow_tui.ui.modals.confirm import Confirm
from medflow_tui.ui.modals.order import OrderPrompt
from tests.contracts.test_frames import session

PASSWORD, PHRASE, LATE = "hunter2-secret", "MATRIX SYNC", 3600.0
BY_HAND = ("ctrl+c", "ctrl+x", "super+c", "super+x", "ctrl+shift+c", "ctrl+insert", "shift+delete")
PASTING = ("ctrl+v", "super+v", "ctrl+shift+v", "shift+insert")


class Given(MedflowApp):
    """Everything that would go to the clipboard of the terminal is kept."""

    def __init__(self, folder: Path) -> None:
        super().__init__(session(folder), stock_terminal=True)
        self.given: list[str] = []

    def copy_to_clipboard(self, text: str) -> None:
        self.given.append(text)
        super().copy_to_clipboard(text)

    def write_to_terminal(self, text: str) -> None:
        self.given.append(text)


@asynccontextmanager
async def asked(
    folder: Path, screen: Armed[str | None] | Confirm
) -> AsyncIterator[tuple[Pilot[Any], Given, Input]]:
    app = Given(folder)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        app.push_screen(screen)
        await pilot.pause()
        screen._arm()
        await pilot.pause()
        yield pilot, app, screen.query_one("#typed", Input)


def keys_of(app: MedflowApp) -> list[str]:
    """Every key that means something while the field has the focus, whoever in the chain it belongs to."""
    found = [each for namespace in app.screen._binding_chain for each in namespace[1].key_to_bindings]
    leaving = {"escape", "enter", "ctrl+q"}
    return sorted({*found, *BY_HAND} - leaving)


async def test_no_key_gives_the_password_to_a_clipboard(tmp_path: Path) -> None:
    screen = OrderPrompt("Your password", "wait", arm_after_s=LATE, secret=True)
    async with asked(tmp_path, screen) as (pilot, app, field):
        keys = keys_of(app)
        assert {"ctrl+c", "ctrl+x", "ctrl+a", "shift+home"} <= set(keys)
        for key in keys:
            field.focus()
            field.value, field.selection = PASSWORD, Selection(0, len(PASSWORD))
            await pilot.press(key)
            assert app.screen is screen, key
            assert (app.given, app.clipboard) == ([], ""), key


async def test_no_mouse_takes_it_from_the_screen(tmp_path: Path) -> None:
    screen = OrderPrompt("Your password", "wait", arm_after_s=LATE, secret=True)
    async with asked(tmp_path, screen) as (pilot, app, field):
        field.value = PASSWORD
        await pilot.mouse_down(field, offset=(0, 0))
        await pilot.hover(field, offset=(12, 0))
        await pilot.mouse_up(field, offset=(12, 0))
        await pilot.click(field, times=3)
        await pilot.press("ctrl+c")
        assert PASSWORD not in (screen.get_selected_text() or "")
        assert (app.given, app.clipboard) == ([], "")


async def test_another_field_can_be_copied_so_that_these_tests_mean_something(tmp_path: Path) -> None:
    screen = OrderPrompt("Your user name", "wait", arm_after_s=LATE)
    async with asked(tmp_path, screen) as (pilot, app, field):
        field.value, field.selection = "amani", Selection(0, 5)
        await pilot.press("ctrl+c")
        assert app.given == ["amani"]


@pytest.mark.parametrize("is_brief", [False, True])
async def test_nothing_is_pasted_into_a_confirmation(tmp_path: Path, is_brief: bool) -> None:
    screen = Confirm((), "wait", "type it", "not that", PHRASE, LATE, is_brief=is_brief)
    async with asked(tmp_path, screen) as (pilot, app, field):
        app._clipboard = PHRASE
        for key in PASTING:
            await pilot.press(key)
            assert field.value == "", key
        field.post_message(events.Paste(PHRASE))
        app.post_message(events.Paste(PHRASE))
        await pilot.pause()
        assert field.value == ""
        assert app.screen is screen


async def test_what_was_copied_here_can_be_pasted_elsewhere_so_that_this_test_means_something(
    tmp_path: Path,
) -> None:
    screen = OrderPrompt("Why?", "wait", arm_after_s=LATE)
    async with asked(tmp_path, screen) as (pilot, app, field):
        app._clipboard = PHRASE
        await pilot.press("ctrl+v")
        assert field.value == PHRASE
