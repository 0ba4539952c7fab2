"""A question whose answer leads to an act, or stands in the audit: late keys cannot give it."""

from __future__ import annotations

from textual.widgets import Input

from medflow_tui.ui.modals.armed import ARM_AFTER_S, Armed
from medflow_tui.ui.modals.prompt import ANSWER


class _Secret(Input):
    """What is typed leaves it by enter only: the clipboard of the terminal would have it in clear."""

    def action_copy(self) -> None:
        """Nothing."""

    def action_cut(self) -> None:
        """Nothing."""


class OrderPrompt(Armed[str | None]):
    """Returns the text, or None when left with escape. `lines` and the `question` are seen at once, and `wait` with them.

    `secret` hides what is typed; for `again` see `Armed`. Where it `is_brief`, and there are no lines, `wait` and later the question share one line with the field.
    """

    def __init__(
        self,
        question: str,
        wait: str,
        *,
        lines: tuple[str, ...] = (),
        arm_after_s: float = ARM_AFTER_S,
        is_brief: bool = False,
        secret: bool = False,
        again: str = "",
    ) -> None:
        whole = (*lines, question)
        waiting = (wait,) if is_brief and not lines else (*whole, wait)
        once_more = (again,) if is_brief and not lines else (*whole, again)
        super().__init__(
            waiting, whole, arm_after_s, room=ANSWER if is_brief else 0, again=once_more if again else ()
        )
        self._secret = secret

    def new_field(self) -> Input:
        return (_Secret if self._secret else Input)(id="typed", disabled=True, password=self._secret)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        if self.is_armed:
            self.dismiss(event.value)

    def action_leave(self) -> None:
        self.dismiss(None)
