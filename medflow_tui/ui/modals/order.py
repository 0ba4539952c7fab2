"""A question whose answer is an order to a run, or stands in the audit: late keys cannot give it."""

from __future__ import annotations

from textual.widgets import Input

from medflow_tui.ui.modals.armed import ARM_AFTER_S, Armed
from medflow_tui.ui.modals.prompt import ANSWER


class OrderPrompt(Armed[str | None]):
    """Returns the text, or None when left with escape. `lines` and the `question` are seen at once, and `wait` with them.

    Where it `is_brief`, and there are no lines, `wait` and later the question share one line with the field.
    """

    def __init__(
        self,
        question: str,
        wait: str,
        *,
        lines: tuple[str, ...] = (),
        arm_after_s: float = ARM_AFTER_S,
        is_brief: bool = False,
    ) -> None:
        whole = (*lines, question)
        waiting = (wait,) if is_brief and not lines else (*whole, wait)
        super().__init__(waiting, whole, arm_after_s, room=ANSWER if is_brief else 0)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        if self.is_armed:
            self.dismiss(event.value)

    def action_leave(self) -> None:
        self.dismiss(None)
