"""A question that late keys cannot answer: it listens once no key has come for a while, and throws away what came before."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar, cast

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.timer import Timer
from textual.widgets import Input

from medflow_tui.model.playbook import ARM_AFTER_MS, PREPARED_AFTER_MS
from medflow_tui.ui.modals.question import put
from medflow_tui.ui.screens.sized import SizedScreen
from medflow_tui.ui.theme import style
from medflow_tui.ui.widgets.lines import Lines

if TYPE_CHECKING:
    from medflow_tui.ui.app import MedflowApp

Result = TypeVar("Result")
ARM_AFTER_S, PREPARED_AFTER_S = ARM_AFTER_MS / 1000, PREPARED_AFTER_MS / 1000


class Armed(SizedScreen[Result], ModalScreen[Result], Generic[Result]):
    """`waiting` is what it shows before it listens, `listening` afterwards; escape is heard at any time.

    With `again` it asks for a tab when keys came too early: who types on without looking would end the word
    that was lost in a field that listens meanwhile, a password in one that shows it.
    """

    BINDINGS: ClassVar[list[BindingType]] = [("escape", "leave", "")]

    def __init__(
        self,
        waiting: tuple[str, ...],
        listening: tuple[str, ...],
        arm_after_s: float,
        *,
        room: int = 0,
        again: tuple[str, ...] = (),
    ) -> None:
        """With a `room` the field stands behind a text of one line that leaves it so many cells."""
        super().__init__()
        self._waiting, self._listening, self._arm_after_s, self._room = (
            waiting,
            listening,
            arm_after_s,
            room,
        )
        self._again = again
        self._arming: Timer | None = None
        self._early = 0
        self._wants_tab = False
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
        self._arming = self.set_timer(self._arm_after_s, self._after_keys)

    def on_key(self, event: events.Key) -> None:
        """A key that comes too early puts arming off: an enter that is held down never arms."""
        if self._wants_tab and event.key == "tab":
            event.prevent_default()
            event.stop()
            self._arm()
        elif not self.is_armed:
            self._put_off()

    def on_paste(self) -> None:
        """Likewise pasted text."""
        if not self.is_armed:
            self._put_off()

    def _put_off(self) -> None:
        self._early += 1
        self._wants_tab = False
        self._arm_later()

    def _after_keys(self) -> None:
        """Behind the keys that have come and were not dealt with: the program may have been busy all the time."""
        self.app.call_later(self._arm_if_quiet, self._early)

    def _arm_if_quiet(self, early: int) -> None:
        if self.is_armed or not self.is_attached:
            return
        if early != self._early or cast("MedflowApp", self.app).turns.is_busy:
            self._arm_later()
        elif self._early and self._again:
            self._wants_tab = True
            self.show(self._again)
        else:
            self._arm()

    def show(self, texts: tuple[str, ...]) -> None:
        """The text above the field, or before it."""
        put(self, texts, room=self._room)

    def _arm(self) -> None:
        if self.is_armed:
            return
        self.is_armed, self._wants_tab = True, False
        field = self.query_one("#typed", Input)
        field.disabled = False
        field.value = ""
        field.focus()
        self.show(self._listening)
