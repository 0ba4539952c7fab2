"""One step of a run on one screen: what happens, why, what it means when it fails, and what people want to know."""

from __future__ import annotations

from medflow_tui.model.procedure import Phase, Playbook, Step, StepStand
from medflow_tui.model.site import Contact
from medflow_tui.model.words import SILENCE, Phrase, say
from medflow_tui.ui.present.asked import asked_lines
from medflow_tui.ui.present.columns import labelled
from medflow_tui.ui.present.followed import CLOSING, STOPPED, Followed, text_of
from medflow_tui.ui.present.line import Line, Span, width, wrap
from medflow_tui.ui.present.rows import Look
from medflow_tui.ui.present.run import LABEL, stand_lines, wanted_lines

BAR = 24


def step_lines(
    followed: Followed, contact: Contact | None, look: Look, cells: int, closing: Phrase = CLOSING
) -> list[Line]:
    """The step in hand alone."""
    state, playbook = followed.state, followed.playbook
    lines: list[Line] = []
    if state.phase is not Phase.RUNNING or state.stopping:
        lines += stand_lines(state, look, cells)
    step = playbook.step(state.step) if playbook is not None else None
    if playbook is not None and step is not None:
        lines += [(), *_step(step, followed, look, cells), ()]
        lines += asked_lines(followed, look, cells)
        lines += [_bar(followed, playbook, look, cells), ()]
    else:
        lines.append(())
    return lines + wanted_lines(followed, contact, look, cells, closing)


def _step(step: Step, followed: Followed, look: Look, cells: int) -> list[Line]:
    state, tell = followed.state, look.language.say
    failing = say("What this means") if state.phase in STOPPED else say("If this fails")
    lines: list[Line] = [
        (Span(f"   {each}", "strong"),) for each in wrap(text_of(step.title, followed, look), cells - 4)
    ]
    lines.append(())
    for label, text in (
        (say("What happens"), step.say or step.title),
        (say("Why"), step.why),
        (failing, step.if_it_fails),
    ):
        lines += labelled(tell(label), text_of(text, followed, look), LABEL, cells)
    lines += labelled(tell(say("At most")), look.language.duration(step.timeout_s), LABEL, cells)
    said = next((each.said for each in state.steps if each.id == step.id), SILENCE)
    if (said and said != state.said) or state.phase is Phase.RUNNING:
        lines += labelled(tell(say("Seen so far")), tell(said, look.now), LABEL, cells)
    for number, each in enumerate(followed.printed):
        lines += labelled("" if number else tell(say("Printed")), each, LABEL, cells)
    return lines


def _bar(followed: Followed, playbook: Playbook, look: Look, cells: int) -> Line:
    """How many steps are done, drawn and in figures."""
    total = max(1, len(playbook.steps))
    over = (StepStand.DONE, StepStand.SKIPPED)
    done = sum(each.stand in over for each in followed.state.steps)
    told = look.language.say(say("{done:number} of {n:number} steps done", done=done, n=total))
    glyphs, size = look.glyphs, max(0, min(BAR, cells - width(told) - 8))
    full = size * done // total
    return (
        Span(f"   {glyphs.tick} ", "ok") if done else Span("     "),
        Span(glyphs.bar * full, "strong"),
        Span((glyphs.gap or " ") * (size - full), "quiet"),
        Span(f"  {told}"),
    )
