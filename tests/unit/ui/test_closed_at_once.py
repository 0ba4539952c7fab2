"""A screen that is closed before it was drawn: what it had put off draws nothing and breaks nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from medflow_tui.ui.app import MedflowApp
from medflow_tui.ui.screens.detail import DetailScreen
from medflow_tui.ui.screens.playbooks import PlaybooksScreen
from medflow_tui.ui.screens.reading import ReadingScreen
from tests.contracts.test_frames import session


@pytest.mark.parametrize("kind", ["reading", "detail", "playbooks"])
async def test_what_was_put_off_until_after_the_end_draws_nothing(tmp_path: Path, kind: str) -> None:
    here = session(tmp_path)
    app = MedflowApp(here)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        screen = {
            "reading": lambda: ReadingScreen(here, "title", lambda cells: []),
            "detail": lambda: DetailScreen(here, "services-000"),
            "playbooks": lambda: PlaybooksScreen(here),
        }[kind]()
        await app.push_screen(screen)
        assert screen.is_whole
        await app.pop_screen()
        assert not screen.is_whole
        screen.redraw()
        screen.draw_bar()
        await pilot.pause()
    assert app.fault is None
