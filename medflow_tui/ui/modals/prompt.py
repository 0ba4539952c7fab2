"""One question, one line to type: filters, commands, reasons."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input

from medflow_tui.ui.present.line import Span, wrap
from medflow_tui.ui.screens.sized import SizedScreen
from medflow_tui.ui.theme import style
from medflow_tui.ui.widgets.lines import Lines


class Prompt(SizedScreen[str | None], ModalScreen[str | None]):
    """Returns the text, or None when left with escape. `secret` hides what is typed; `lines` stand above the field."""

    BINDINGS: ClassVar[list[BindingType]] = [("escape", "leave", "")]

    def __init__(
        self, question: str, *, value: str = "", secret: bool = False, lines: tuple[str, ...] = ()
    ) -> None:
        super().__init__()
        self._question, self._value, self._secret, self._above = question, value, secret, lines

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Lines(style, id="question")
            field = Input(value=self._value, password=self._secret, id="answer", select_on_focus=False)
            field.cursor_blink = False
            yield field

    def on_mount(self) -> None:
        cells = max(20, self.app.size.width - 2)
        texts = [part for each in (*self._above, self._question) for part in wrap(each, cells)]
        board = self.query_one("#question", Lines)
        board.styles.height = len(texts)
        board.show([(Span(f" {each}", "strong"),) for each in texts])
        self.set_focus(self.query_one(Input))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        self.dismiss(event.value)

    def action_leave(self) -> None:
        self.dismiss(None)
