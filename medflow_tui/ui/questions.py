"""Questions whose answers count: they listen late, so that keys meant for the screen before answer nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from medflow_tui.model.words import Phrase, say
from medflow_tui.ui.modals import armed
from medflow_tui.ui.modals.order import OrderPrompt

if TYPE_CHECKING:
    from medflow_tui.ui.app import MedflowApp


def ask_late(
    app: MedflowApp, question: Phrase, answered: Callable[[str], None], lines: tuple[str, ...] = ()
) -> None:
    """Ask; escape leaves without an answer."""

    def closed(text: str | None) -> None:
        if text is not None:
            answered(text)

    tell = app.session.language.say
    wait = tell(say("the keys are not listened to yet; esc leaves, nothing done"))
    is_brief = app.economy.is_low
    prompt = OrderPrompt(tell(question), wait, lines=lines, arm_after_s=armed.ARM_AFTER_S, is_brief=is_brief)
    app.push_screen(prompt, closed)
