"""A run on one page: where it stands, each step, what the step in hand is for, and what people want to know."""

from __future__ import annotations

from medflow_tui.model.procedure import Phase, Playbook, RunState, StepStand, StepState
from medflow_tui.model.site import Contact, Site
from medflow_tui.model.words import Phrase, say
from medflow_tui.runner.report import PHASES
from medflow_tui.ui.present.asked import asked_lines
from medflow_tui.ui.present.columns import beside, labelled
from medflow_tui.ui.present.followed import CLOSING, STOPPED, Followed, text_of, wanted
from medflow_tui.ui.present.header import headline
from medflow_tui.ui.present.line import Line, Span, wrap
from medflow_tui.ui.present.rows import Look

LEFT, LABEL = 0.6, 20
PHASE_STYLES = {
    Phase.SUCCEEDED: "ok",
    Phase.FAILED: "critical",
    Phase.UNCERTAIN: "unknown",
    Phase.DAMAGED: "critical",
    Phase.PAUSED: "warning",
    Phase.INTERRUPTED: "warning",
    Phase.WAITING: "warning",
    Phase.ROLLING_BACK: "warning",
    Phase.ROLLBACK_BLOCKED: "critical",
    Phase.STOPPED: "warning",
    Phase.ROLLED_BACK: "warning",
}


def run_title(followed: Followed | None, run: str, site: Site, look: Look, cells: int) -> Line:
    """Playbook, site, environment; which step of how many at the right end."""
    playbook = followed.playbook if followed is not None else None
    title = look.language.say(playbook.title.phrase(look.language.code)) if playbook is not None else run
    return headline(title, site, _place(followed, look), look, cells)


def run_lines(
    followed: Followed, contact: Contact | None, look: Look, cells: int, closing: Phrase = CLOSING
) -> list[Line]:
    """All steps, the step in hand, and what people want to know; wrapped. `closing` tells how to find it again."""
    state = followed.state
    lines = [*stand_lines(state, look, cells), ()]
    if followed.playbook is not None and len(state.steps) == len(followed.playbook.steps):
        lines += _steps(followed, followed.playbook, look, cells)
        lines.append(())
        lines += asked_lines(followed, look, cells)
        lines += _in_hand(followed, followed.playbook, look, cells)
    return lines + wanted_lines(followed, contact, look, cells, closing)


def stand_lines(state: RunState, look: Look, cells: int) -> list[Line]:
    """Where the run stands as a whole, and why."""
    stand = say("waits for a second person") if state.awaits else PHASES[state.phase]
    if state.phase is not Phase.RUNNING:
        stand = stand.also(state.said)
    if state.stopping and state.phase.is_alive:
        stand = stand.also(say("stops after this step"))
    text = look.language.say(stand, look.now)
    return [(Span(f" {each}", PHASE_STYLES.get(state.phase, "strong")),) for each in wrap(text, cells - 2)]


def wanted_lines(
    followed: Followed, contact: Contact | None, look: Look, cells: int, closing: Phrase
) -> list[Line]:
    """The sentences at every stop, and the names to say when one calls."""
    state, tell = followed.state, look.language.say
    lines: list[Line] = []
    for phrase in wanted(followed, contact, look, closing):
        lines += [(Span(f" {each}"),) for each in wrap(tell(phrase, look.now), cells - 2)]
    plan = f"{state.plan_hash[:4]}·{state.plan_hash[4:8]}" if state.plan_hash else "?"
    named = say("run {run}, plan {plan}", run=state.run, plan=plan)
    return [*lines, (), *((Span(f" {each}", "quiet"),) for each in wrap(tell(named), cells - 2))]


def _place(followed: Followed | None, look: Look) -> str:
    if followed is None or followed.state.phase.is_over or not followed.state.steps:
        return ""
    names = [each.id for each in followed.state.steps]
    at = names.index(followed.state.step) + 1 if followed.state.step in names else len(names)
    return look.language.say(say("step {at:number} of {n:number}", at=at, n=len(names))) + " "


def _steps(followed: Followed, playbook: Playbook, look: Look, cells: int) -> list[Line]:
    lines: list[Line] = []
    column = int(cells * LEFT)
    for number, (step, stand) in enumerate(zip(playbook.steps, followed.state.steps, strict=True), 1):
        sign = _sign(stand, look)
        is_here = stand.id == followed.state.step and not followed.state.phase.is_over
        texts = beside(
            Span(f"  {sign.text} {number}  ", sign.style),
            text_of(step.title, followed, look),
            look.language.say(stand.said, look.now),
            column,
            cells,
            left_style="strong" if is_here else "",
            right_style="quiet" if stand.stand is StepStand.DONE else "",
        )
        lines += texts
    return lines


def _sign(stand: StepState, look: Look) -> Span:
    glyphs = look.glyphs
    match stand.stand:
        case StepStand.DONE:
            return Span(glyphs.tick, "ok")
        case StepStand.FAILED:
            return Span(glyphs.cross, "critical")
        case StepStand.UNKNOWN:
            return Span("?", "unknown")
        case StepStand.STARTED | StepStand.CARRIED_OUT | StepStand.WAITING | StepStand.UNDOING:
            return Span(glyphs.marker, "strong")
        case StepStand.UNDO_UNKNOWN:
            return Span("?", "unknown")
        case StepStand.SKIPPED | StepStand.UNDONE:
            return Span("-", "quiet")
        case _:
            return Span(glyphs.gap, "quiet")


def _in_hand(followed: Followed, playbook: Playbook, look: Look, cells: int) -> list[Line]:
    """The step in hand, or the one at which the run stopped: what, why, and what it means when it fails."""
    state, tell = followed.state, look.language.say
    step = playbook.step(state.step)
    if step is None or state.phase in (Phase.SUCCEEDED, Phase.REFUSED, Phase.PLANNED):
        return []
    failing = say("What this means") if state.phase in STOPPED else say("If this fails")
    lines: list[Line] = []
    for label, text in (
        (say("What happens"), step.say or step.title),
        (say("Why"), step.why),
        (failing, step.if_it_fails),
    ):
        lines += labelled(tell(label), text_of(text, followed, look), LABEL, cells)
    return [*lines, ()]
