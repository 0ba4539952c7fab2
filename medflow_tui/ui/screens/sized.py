"""A screen that believes the terminal's size only.

Textual 8.2.8 has a screen tell itself its new size after each layout. When two sizes wait in its queue, and something
between them keeps them from being merged, each is told again after the other, for ever, at full CPU.
"""

from __future__ import annotations

from textual.events import Resize
from textual.message import Message
from textual.screen import Screen, ScreenResultType


class SizedScreen(Screen[ScreenResultType]):
    """Refuses a size that is no longer that of the application."""

    def post_message(self, message: Message) -> bool:
        if isinstance(message, Resize) and message.size != self.app.size:
            return False
        return super().post_message(message)
