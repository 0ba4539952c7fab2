"""What a run asks of people: a choice, a value to be read and typed, or the word of a second person."""

from __future__ import annotations

from medflow_tui.model.access import Awaited
from medflow_tui.model.health import EPOCH
from medflow_tui.model.procedure import Item, Phase, Step
from medflow_tui.model.words import Phrase, say
from medflow_tui.rules.spoken import shown
from medflow_tui.ui.present.columns import beside
from medflow_tui.ui.present.followed import Followed, text_of
from medflow_tui.ui.present.line import Line, Span, wrap
from medflow_tui.ui.present.rows import Look


def asked_step(followed: Followed) -> Step | None:
    """The step that waits for an answer."""
    state, playbook = followed.state, followed.playbook
    if playbook is None or state.phase is not Phase.WAITING or state.awaits:
        return None
    return playbook.step(state.step)


def next_item(followed: Followed) -> Item | None:
    """The first line of the checklist that nobody has answered."""
    step = asked_step(followed)
    items = step.items if step is not None else ()
    return next((each for each in items if each.id not in followed.state.answered), None)


def asked_lines(followed: Followed, look: Look, cells: int) -> list[Line]:
    """The question in front of people; nothing while none is asked."""
    if followed.awaited is not None and followed.state.awaits:
        return [*_second_person(followed.awaited, look, cells), ()]
    step = asked_step(followed)
    if step is None:
        return []
    lines: list[Line] = []
    for number, choice in enumerate(step.choices, 1):
        text = text_of(choice.say, followed, look)
        lines += beside(Span(f"   {number}  ", "strong"), text, "", cells, cells)
    for item in step.items:
        is_answered = item.id in followed.state.answered
        sign = Span(
            f"   {look.glyphs.tick if is_answered else look.glyphs.gap}  ", "ok" if is_answered else ""
        )
        lines += beside(sign, text_of(item.say, followed, look), "", cells, cells)
    if step.roles:
        whose = say("To be answered by: {roles}", roles=", ".join(step.roles))
        lines += [(Span(f"   {each}", "quiet"),) for each in wrap(look.language.say(whose), cells - 4)]
    return [*lines, ()]


def _second_person(awaited: Awaited, look: Look, cells: int) -> list[Line]:
    lines: list[Line] = []
    for phrase in _conditions(awaited, look):
        lines += [(Span(f" {each}"),) for each in wrap(look.language.say(phrase, look.now), cells - 2)]
    return lines


def _conditions(awaited: Awaited, look: Look) -> list[Phrase]:
    told = [
        say(
            "A second person must read the plan and agree: {given:number} of {needed:number} so far",
            given=len(awaited.given),
            needed=awaited.needed,
        ).also(*([say("until {at:clock}", at=awaited.ends_at)] if awaited.ends_at != EPOCH else []))
    ]
    if awaited.roles:
        told.append(say("Who may: {roles}", roles=", ".join(awaited.roles)))
    told.append(say("On this machine, with a log-in of their own: {command}", command=awaited.command))
    if awaited.locked_until > look.now:
        told.append(say("Too many wrong answers: none is taken before {at:clock}", at=awaited.locked_until))
    elif awaited.challenge:
        told.append(
            say(
                "Over the phone: read out {code} (until {at:clock}), and type what they read back",
                code=shown(awaited.challenge),
                at=awaited.challenge_until,
            )
        )
    return told
