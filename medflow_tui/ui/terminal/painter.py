"""Sends what changed to the terminal, and counts it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from rich.color import ColorSystem
from textual._compositor import ChopsUpdate, LayoutUpdate

from medflow_tui.ui.terminal.canvas import Canvas
from medflow_tui.ui.terminal.repertoire import repertoire

if TYPE_CHECKING:
    from medflow_tui.ui.terminal.curtain import Curtain

SYNC_FROM = 400  # characters from which a frame is worth the 16 that keep it from tearing
SYNC_BEGIN, SYNC_END = "\x1b[?2026h", "\x1b[?2026l"


@runtime_checkable
class Paced(Protocol):
    """A driver that knows its line; see `ui.terminal.driver`."""

    def room(self, *, first: bool = False) -> int | None: ...

    def sent_frame(self, *, is_whole: bool) -> None: ...


class Painter:
    """One terminal. `paint` answers False for what it does not know, so that Textual does it its own way.

    Behind a curtain nothing is sent before `lift`: what is there already is more than what Textual begins with.
    """

    def __init__(self, curtain: Curtain | None = None) -> None:
        self._waits = curtain is not None
        self.canvas = curtain.canvas if curtain else Canvas(repertoire(os.environ.get("TERM", "")))
        self.bytes_out = curtain.bytes_out if curtain else 0

    def lift(self, app: Any) -> None:
        """Send what differs from the curtain."""
        self._waits = False
        self.go_on(app)

    def forget(self) -> None:
        """The next frame is a full one."""
        self.canvas.forget()

    def paint(self, app: Any, update: Any, *, first: bool = False) -> bool:
        """True when the update was dealt with (be it by sending nothing); `first` when it answers a key."""
        if update is None or app._batch_count or not isinstance(update, LayoutUpdate | ChopsUpdate):
            return False
        driver = app._driver
        if not app._running or app._closed or app.is_headless or driver is None or driver.is_inline:
            return False
        self.canvas.fit(*app.size)
        self.canvas.accept(update, app.console._color_system or ColorSystem.STANDARD, first=first)
        self.go_on(app, first=first)
        app.post_display_hook()
        return True

    def go_on(self, app: Any, *, first: bool = False) -> None:
        """Send what is still due, as much of it as the line has room for; the rest when `LineDrained` comes."""
        driver = app._driver
        if driver is None or self._waits or not self.canvas.differs:
            return
        is_paced = isinstance(driver, Paced)
        room = driver.room(first=first) if is_paced else None
        if room == 0:
            return
        text = self.canvas.take(room)
        if len(text) >= SYNC_FROM and room is None and app._sync_available:
            text = f"{SYNC_BEGIN}{text}{SYNC_END}"
        self.bytes_out += len(text.encode("utf-8", "replace"))
        driver.write(text)
        driver.flush()
        if is_paced:
            driver.sent_frame(is_whole=not self.canvas.differs)
