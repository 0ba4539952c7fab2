"""The text of a question and the field behind or below it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from textual.screen import Screen

from medflow_tui.ui.present.line import Span, width, wrap
from medflow_tui.ui.widgets.lines import Lines

INLINE = "inline"  # the class of a screen that asks on one line


def put(screen: Screen[Any], texts: Sequence[str], *, room: int = 0) -> None:
    """Show these texts, wrapped, above the field; before it on the same line, where that leaves `room` cells for it.

    With a `room` of 0 the field always stands below.
    """
    cells = max(20, screen.app.size.width - 2)
    board = screen.query_one("#question", Lines)
    is_inline = bool(room) and len(texts) == 1 and width(texts[0]) + 2 + room <= cells + 2
    screen.set_class(is_inline, INLINE)
    lines = [texts[0]] if is_inline else [part for each in texts for part in wrap(each, cells)]
    board.styles.height = len(lines)
    board.styles.width = width(texts[0]) + 2 if is_inline else "1fr"
    board.show([(Span(f" {each}", "strong"),) for each in lines])
