"""Which driver Textual is to use on this machine."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from textual.driver import Driver


def chosen_driver() -> type[Driver] | None:
    """Ours on POSIX; None where Textual should choose (Windows, or TEXTUAL_DRIVER names one)."""
    if os.name != "posix" or os.environ.get("TEXTUAL_DRIVER"):
        return None
    from medflow_tui.ui.terminal.driver import LineDriver

    return LineDriver
