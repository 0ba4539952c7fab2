"""Sends what changed to the terminal, and counts it."""

from __future__ import annotations

from typing import Any

from rich.color import ColorSystem
from textual._compositor import ChopsUpdate, LayoutUpdate

from medflow_tui.ui.terminal.frames import Shadow, changes

SYNC_FROM = 400  # characters from which a frame is worth the 16 that keep it from tearing
SYNC_BEGIN, SYNC_END = "\x1b[?2026h", "\x1b[?2026l"


class Painter:
    """One terminal. `paint` answers False for what it does not know, so that Textual does it its own way."""

    def __init__(self) -> None:
        self.shadow = Shadow()
        self.bytes_out = 0

    def forget(self) -> None:
        """The next frame is a full one."""
        self.shadow.forget()

    def paint(self, app: Any, update: Any) -> bool:
        """True when the update was dealt with (be it by sending nothing)."""
        if update is None or app._batch_count or not isinstance(update, LayoutUpdate | ChopsUpdate):
            return False
        driver = app._driver
        if not app._running or app._closed or app.is_headless or driver is None or driver.is_inline:
            return False
        must_wait = getattr(driver, "must_wait", None)
        if must_wait is not None and must_wait():
            return True  # the application draws it all again at `LineDrained`; what differs by then is sent
        first = self.shadow.fit(*app.size)
        text = first + changes(update, self.shadow, app.console._color_system or ColorSystem.STANDARD)
        if text:
            if len(text) >= SYNC_FROM and app._sync_available:
                text = f"{SYNC_BEGIN}{text}{SYNC_END}"
            self.bytes_out += len(text.encode("utf-8", "replace"))
            driver.write(text)
            driver.flush()
        app.post_display_hook()
        return True
