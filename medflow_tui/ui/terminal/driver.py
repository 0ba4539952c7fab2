"""The driver: Textual's own, without what it asks and switches on that this program has no use for."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from textual.driver import Driver

FOCUS_ON, FOCUS_OFF = "\x1b[?1004h", "\x1b[?1004l"  # each change of window would repaint what has the focus
ASK_RESIZE = "\x1b[?2048$p"  # sizes come by signal
KITTY_OFF = "\x1b[<u"  # it is never switched on
POINTER = "\x1b]22;"  # there is no mouse
UNWANTED = (FOCUS_ON, FOCUS_OFF, ASK_RESIZE, KITTY_OFF)


def wanted(data: str) -> bool:
    """Whether one write of Textual's is to reach the terminal.

    >>> wanted("\\x1b[?1049h"), wanted(FOCUS_ON)
    (True, False)
    """
    return data not in UNWANTED and not data.startswith(POINTER)


def quiet_driver() -> type[Driver] | None:
    """The driver for this machine; None where Textual should choose (Windows, or TEXTUAL_DRIVER names one)."""
    if os.name != "posix" or os.environ.get("TEXTUAL_DRIVER"):
        return None
    from textual.drivers.linux_driver import LinuxDriver

    class QuietDriver(LinuxDriver):
        """Writes what is wanted."""

        def write(self, data: str) -> None:
            if wanted(data):
                super().write(data)

    return QuietDriver
