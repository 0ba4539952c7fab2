"""A screen to which two sizes were told."""

from __future__ import annotations

from typing import ClassVar

from textual.app import App, ComposeResult
from textual.events import Resize
from textual.geometry import Size
from textual.screen import Screen
from textual.widgets import Static

from medflow_tui.ui.screens.sized import SizedScreen

OLD, NEW = Size(80, 25), Size(80, 24)


class Bottom(SizedScreen[None]):
    layouts: ClassVar[list[Size]] = []

    def compose(self) -> ComposeResult:
        yield Static("text")

    def on_resize(self, event: Resize) -> None:
        self.layouts.append(event.size)
        self.call_later(lambda: None)  # stands between two sizes in the queue


class Small(App[None]):
    def get_default_screen(self) -> Screen[None]:
        return Bottom()


async def test_two_sizes_in_the_queue_come_to_rest() -> None:
    Bottom.layouts.clear()
    app = Small()
    async with app.run_test(size=tuple(OLD)) as pilot:
        await pilot.pause()
        Bottom.layouts.clear()
        app._size = NEW
        app.screen._refresh_layout(NEW)
        app.screen.call_later(lambda: None)
        app.screen._refresh_layout(OLD)
        app.screen.call_later(lambda: None)
        app.screen.post_message(Resize(NEW, NEW))
        for _ in range(20):
            await pilot.pause(0.01)
        assert len(Bottom.layouts) <= 4
        assert Bottom.layouts[-1] == NEW
        assert app.screen.size == NEW
