"""A question that late keys cannot answer: it listens once no key has come for a while, and throws away what came before."""

from __future__ import annotations

from typing import ClassVar, Generic, TypeVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.timer import Timer
from textual.widgets import Input

from medflow_tui.model.playbook import ARM_AFTER_MS
from medflow_tui.ui.modals.question import put
from medflow_tui.ui.screens.sized import SizedScreen
from medflow_tui.ui.theme import style
from medflow_tui.ui.widgets.lines import Lines

Result = TypeVar("Result")
ARM_AFTER_S = ARM_AFTER_MS / 1000


class Armed(SizedScreen[Result], ModalScreen[Result], Generic[Result]):
    """`waiting` is what it shows before it listens, `listening` afterwards; escape is heard at any time."""

    BINDINGS: ClassVar[list[BindingType]] = [("escape", "leave", "")]

    def __init__(
        self, waiting: tuple[str, ...], listening: tuple[str, ...], arm_after_s: float, *, room: int = 0
    ) -> None:
        """With a `room` the field stands behind a text of one line that leaves it so many cells."""
        super().__init__()
        self._waiting, self._listening, self._arm_after_s, self._room = (
            waiting,
            listening,
            arm_after_s,
            room,
        )
        self._arming: Timer | None = None
        self.is_armed = False

    def new_field(self) -> Input:
        """What is typed into."""
        return Input(id="typed", disabled=True)

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Lines(style, id="question")
            field = self.new_field()
            field.cursor_blink = False
            yield field

    def on_mount(self) -> None:
        self.show(self._waiting)
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

    def show(self, texts: tuple[str, ...]) -> None:
        """The text above the field, or before it."""
        put(self, texts, room=self._room)

    def _arm(self) -> None:
        if self.is_armed:
            return
        self.is_armed = True
        field = self.query_one("#typed", Input)
        field.disabled = False
        field.value = ""
        field.focus()
        self.show(self._listening)
