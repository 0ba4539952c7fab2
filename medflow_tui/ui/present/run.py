"""A run on one page: where it stands, each step, what the step in hand is for, and what people want to know."""

from __future__ import annotations

from dataclasses import dataclass

from medflow_tui.model.canonical import Facts
from medflow_tui.model.procedure import Phase, Playbook, RunState, StepStand, StepState, Text
from medflow_tui.model.site import Contact, Site
from medflow_tui.model.words import Phrase, say
from medflow_tui.runner.report import PHASES, values_of
from medflow_tui.ui.present.columns import beside, labelled
from medflow_tui.ui.present.header import headline
from medflow_tui.ui.present.line import Line, Span, wrap
from medflow_tui.ui.present.rows import Look

LEFT, LABEL = 0.6, 20
STOPPED = (Phase.PAUSED, Phase.INTERRUPTED, Phase.UNCERTAIN, Phase.DAMAGED, Phase.FAILED)
PHASE_STYLES = {
    Phase.SUCCEEDED: "ok",
    Phase.FAILED: "critical",
    Phase.UNCERTAIN: "unknown",
    Phase.DAMAGED: "critical",
    Phase.PAUSED: "warning",
    Phase.INTERRUPTED: "warning",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """What the follower knows of a run; `playbook` is None when even that cannot be read any more."""

    state: RunState
    playbook: Playbook | None = None
    facts: Facts | None = None


def run_title(followed: Followed | None, run: str, site: Site, look: Look, cells: int) -> Line:
    """Playbook, site, environment; which step of how many at the right end."""
    playbook = followed.playbook if followed is not None else None
    title = look.language.say(playbook.title.phrase(look.language.code)) if playbook is not None else run
    return headline(title, site, _place(followed, look), look, cells)


def run_lines(followed: Followed, contact: Contact | None, look: Look, cells: int) -> list[Line]:
    """All of it, wrapped."""
    state, tell = followed.state, look.language.say
    stand = PHASES[state.phase]
    if state.phase is not Phase.RUNNING:
        stand = stand.also(state.said)
    lines: list[Line] = [
        (Span(f" {each}", PHASE_STYLES.get(state.phase, "strong")),)
        for each in wrap(tell(stand, look.now), cells - 2)
    ]
    lines.append(())
    if followed.playbook is not None and len(state.steps) == len(followed.playbook.steps):
        lines += _steps(followed, followed.playbook, look, cells)
        lines.append(())
        lines += _in_hand(followed, followed.playbook, look, cells)
    for phrase in _wanted(state, contact):
        lines += [(Span(f" {each}"),) for each in wrap(tell(phrase, look.now), cells - 2)]
    plan = f"{state.plan_hash[:4]}·{state.plan_hash[4:8]}" if state.plan_hash else "?"
    named = tell(say("run {run}, plan {plan}", run=state.run, plan=plan))
    return [*lines, (), *((Span(f" {each}", "quiet"),) for each in wrap(named, cells - 2))]


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
            _text(step.title, followed, look),
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
        case StepStand.STARTED | StepStand.CARRIED_OUT:
            return Span(glyphs.marker, "strong")
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
        lines += labelled(tell(label), _text(text, followed, look), LABEL, cells)
    return [*lines, ()]


def _wanted(state: RunState, contact: Contact | None) -> list[Phrase]:
    """At every stop: what has changed, whether data is safe, that one may close, whom to call and what to say."""
    told = [_changed(state), say("No existing patient record is changed by this playbook.")]
    if state.phase is Phase.RUNNING:
        told.append(say("You may close this screen: the run goes on, and F9 finds it again."))
    if state.phase in STOPPED:
        if contact is None:
            told.append(say("When in doubt, say: run {run}", run=state.run))
        else:
            person = " ".join(each for each in (contact.name, contact.phone) if each)
            told.append(
                say("When in doubt call {person} and say: run {run}", person=person or "?", run=state.run)
            )
    return told


def _changed(state: RunState) -> Phrase:
    if not state.changed:
        return say("Nothing was changed.") if state.phase.is_over else say("So far nothing was changed.")
    if state.phase is Phase.SUCCEEDED:
        return say("What was changed stands beside the steps.")
    return say("Something may have been changed: see the steps.")


def _text(text: Text, followed: Followed, look: Look) -> str:
    language = look.language
    return language.say(text.phrase(language.code, values_of(followed.facts or {})), look.now)
