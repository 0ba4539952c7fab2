"""Questions whose answers count: they listen late, so that keys meant for the screen before answer nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from medflow_tui.model.words import Phrase, say
from medflow_tui.rules.inputs import LISTED
from medflow_tui.ui.modals import armed
from medflow_tui.ui.modals.order import OrderPrompt

if TYPE_CHECKING:
    from medflow_tui.ui.app import MedflowApp


def is_asked(app: MedflowApp) -> bool:
    """Whether such a question is open: a key that is held down, and opens it only after a look, opens one."""
    return any(isinstance(each, armed.Armed) for each in app.screen_stack)


def numbered(options: Sequence[str], tell: Callable[[Phrase], str]) -> list[str]:
    """What there is to choose from, each behind its number, as far as it is listed.

    >>> numbered(("amani", "claire"), str)
    ['1  amani', '2  claire']
    """
    lines = [f"{number}  {each}" for number, each in enumerate(options[:LISTED], 1)]
    if len(options) > LISTED:
        lines.append(tell(say("and {n:number} more, by their name", n=len(options) - LISTED)))
    return lines


def ask_late(
    app: MedflowApp,
    question: Phrase,
    answered: Callable[[str], None],
    lines: tuple[str, ...] = (),
    *,
    left: Callable[[], None] = lambda: None,
    secret: bool = False,
    prepares: bool = False,
    in_a_row: bool = False,
) -> None:
    """Ask; escape leaves without an answer, and is told to `left`.

    `prepares`: the answer alone does nothing, a confirmation follows. `in_a_row`: one of several that are typed without
    looking, of which one is a password (see `Armed`).
    """

    if is_asked(app):
        return

    def closed(text: str | None) -> None:
        if text is None:
            left()
        else:
            answered(text)

    tell = app.session.language.say
    wait = tell(say("the keys are not listened to yet; esc leaves, nothing done"))
    again = tell(say("what was typed did not count: press tab, then type it")) if in_a_row else ""
    prompt = OrderPrompt(
        tell(question),
        wait,
        lines=lines,
        arm_after_s=armed.PREPARED_AFTER_S if prepares else armed.ARM_AFTER_S,
        is_brief=app.economy.is_low,
        secret=secret,
        again=again,
    )
    app.push_screen(prompt, closed)
