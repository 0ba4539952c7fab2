"""A typed confirmation that late keys cannot give, and that takes no paste."""

from __future__ import annotations

from textual import events
from textual.widgets import Input

from medflow_tui.ui.modals.armed import Armed


class _Field(Input):
    """Takes single keys only."""

    def _on_paste(self, event: events.Paste) -> None:
        event.prevent_default()
        event.stop()

    def action_paste(self) -> None:
        """Nor from the clipboard of this program (ctrl+v)."""


class Confirm(Armed[bool]):
    """True only when exactly `phrase` was typed once no key had come for `arm_after_s`; escape is False.

    Where it `is_brief`, the text and the field share one line if they fit.
    """

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
        room = len(phrase) + 2 if is_brief else 0
        super().__init__((*lines, wait), (*lines, ready), arm_after_s, room=room)
        self._phrase, self._refused = phrase, (*lines, wrong)

    def new_field(self) -> Input:
        return _Field(id="typed", disabled=True)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        if not self.is_armed:
            return
        if event.value.strip() == self._phrase:
            self.dismiss(True)
        else:
            event.input.value = ""
            self.show(self._refused)

    def action_leave(self) -> None:
        self.dismiss(False)
