"""One question, one line to type, heard at once: filters, commands. What leads to an act is asked by `ui.questions`."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input

from medflow_tui.ui.modals.question import put
from medflow_tui.ui.screens.sized import SizedScreen
from medflow_tui.ui.theme import style
from medflow_tui.ui.widgets.lines import Lines

ANSWER = 20  # cells to type in, at least


class Prompt(SizedScreen[str | None], ModalScreen[str | None]):
    """Returns the text, or None when left with escape.

    Where it `is_brief`, question and field share one line if they fit.
    """

    BINDINGS: ClassVar[list[BindingType]] = [("escape", "leave", "")]

    def __init__(
        self,
        question: str,
        *,
        value: str = "",
        is_brief: bool = False,
    ) -> None:
        super().__init__()
        self._is_brief = is_brief
        self._question, self._value = question, value

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Lines(style, id="question")
            field = Input(value=self._value, id="answer", select_on_focus=False)
            field.cursor_blink = False
            yield field

    def on_mount(self) -> None:
        room = max(ANSWER, len(self._value) + 1) if self._is_brief else 0
        put(self, (self._question,), room=room)
        self.set_focus(self.query_one(Input))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        self.dismiss(event.value)

    def action_leave(self) -> None:
        self.dismiss(None)
