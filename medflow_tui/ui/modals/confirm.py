"""A typed confirmation that late keys cannot give: armed when it is quiet, what came before is thrown away, no paste."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.timer import Timer
from textual.widgets import Input

from medflow_tui.ui.modals.question import put
from medflow_tui.ui.screens.sized import SizedScreen
from medflow_tui.ui.theme import style
from medflow_tui.ui.widgets.lines import Lines


class _Field(Input):
    """Takes single keys only."""

    def _on_paste(self, event: events.Paste) -> None:
        event.prevent_default()
        event.stop()


class Confirm(SizedScreen[bool], ModalScreen[bool]):
    """True only when exactly `phrase` was typed once no key had come for `arm_after_s`; escape is False.

    Where it `is_brief`, the text and the field share one line if they fit.
    """

    BINDINGS: ClassVar[list[BindingType]] = [("escape", "leave", "")]

    def __init__(
        self,
        lines: tuple[str, ...],
        wait: str,
        ready: str,
        wrong: str,
        phrase: str,
        arm_after_s: float,
        *,
        is_brief: bool = False,
    ) -> None:
        super().__init__()
        self._is_brief = is_brief
        self._above, self._wait, self._ready, self._wrong = lines, wait, ready, wrong
        self._phrase, self._arm_after_s = phrase, arm_after_s
        self._arming: Timer | None = None
        self.is_armed = False

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Lines(style, id="question")
            field = _Field(id="typed", disabled=True)
            field.cursor_blink = False
            yield field

    def on_mount(self) -> None:
        self._tell((*self._above, self._wait))
        self._arm_later()

    def _arm_later(self) -> None:
        if self._arming is not None:
            self._arming.stop()
        self._arming = self.set_timer(self._arm_after_s, self._arm)

    def on_key(self) -> None:
        """A key that comes too early puts arming off: an enter that is held down never arms."""
        if not self.is_armed:
            self._arm_later()

    def on_paste(self) -> None:
        """Likewise pasted text."""
        if not self.is_armed:
            self._arm_later()

    def _tell(self, texts: tuple[str, ...]) -> None:
        put(self, texts, room=len(self._phrase) + 2 if self._is_brief else 0)

    def _arm(self) -> None:
        self.is_armed = True
        field = self.query_one("#typed", _Field)
        field.disabled = False
        field.value = ""
        field.focus()
        self._tell((*self._above, self._ready))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        if not self.is_armed:
            return
        if event.value.strip() == self._phrase:
            self.dismiss(True)
        else:
            event.input.value = ""
            self._tell((*self._above, self._wrong))

    def action_leave(self) -> None:
        self.dismiss(False)
