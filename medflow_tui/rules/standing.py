"""Where a run stands, for people: its phase, each step, what may have been changed, who may give commands."""

from __future__ import annotations

from collections.abc import Sequence

from medflow_tui.model.health import EPOCH
from medflow_tui.model.playbook import NO_FACTS, Playbook, Step
from medflow_tui.model.procedure import (
    Act,
    End,
    Entry,
    Mark,
    Outcome,
    Phase,
    RunState,
    StepStand,
    StepState,
)
from medflow_tui.model.words import SILENCE, Phrase
from medflow_tui.rules.holds import Grip, holds_of
from medflow_tui.rules.procedure import end_of, next_move
from medflow_tui.rules.trace import (
    OF_AN_UNDO,
    answers_of,
    is_not_done,
    may_have_changed,
    stop_of,
    trace_of,
    undo_trace_of,
)

_STANDS = {
    Mark.INTENDED: StepStand.STARTED,
    Mark.CARRIED_OUT: StepStand.CARRIED_OUT,
    Mark.VERIFIED: StepStand.DONE,
    Mark.SKIPPED: StepStand.SKIPPED,
    Mark.FAILED: StepStand.FAILED,
    Mark.DOUBTED: StepStand.UNKNOWN,
    Mark.CLEANING: StepStand.NOT_DONE,
    Mark.CLEANED: StepStand.NOT_DONE,
}
_RECONCILED = {
    Outcome.PASS: StepStand.CARRIED_OUT,
    Outcome.FAIL: StepStand.NOT_DONE,
    Outcome.UNKNOWN: StepStand.UNKNOWN,
}
_ENDS = {
    End.CANCELLED: Phase.CANCELLED,
    End.STOPPED: Phase.STOPPED,
    End.ROLLED_BACK: Phase.ROLLED_BACK,
}
_OUTCOMES = {Outcome.PASS: Phase.SUCCEEDED, Outcome.FAIL: Phase.FAILED}


def state_of(playbook: Playbook, run: str, entries: Sequence[Entry], *, alive: bool) -> RunState:
    """Where a run stands. `alive` is whether the process that wrote its journal still is."""
    steps = tuple(_step_state(step, entries) for step in playbook.steps)
    first = next((each for each in entries if each.mark is Mark.RUN_STARTED), None)
    started = first.facts if first else NO_FACTS
    newest = next((each for each in reversed(entries) if each.mark in (Mark.RUN_STARTED, Mark.RESUMED)), None)
    last = entries[-1] if entries else None
    is_ending = last is not None and last.mark is Mark.PAUSED
    alive = alive and not is_ending
    phase = phase_of(playbook, entries, alive=alive)
    here = next((each.id for each in steps if each.stand not in (StepStand.DONE, StepStand.SKIPPED)), "")
    step = playbook.step(here)
    return RunState(
        run=run,
        phase=phase,
        playbook=playbook.id,
        step=here,
        steps=_waiting(steps, here, phase),
        started_at=first.at if first else EPOCH,
        ended_at=last.at if last and phase.is_over else EPOCH,
        begun_at=newest.at if newest else EPOCH,
        who=str(started.get("who", "")),
        reason=str(started.get("reason", "")),
        plan_hash=str(started.get("plan_hash", "")),
        pid=int(str(newest.facts.get("pid", 0))) if newest else 0,
        said=_newest_sentence(entries),
        changed=any(may_have_changed(each, entries) for each in playbook.steps),
        answered=answers_of(step, entries)[0] if step is not None else (),
        holds=tuple(name for name, each in holds_of(playbook, entries).items() if each.grip is not Grip.FREE),
        call=str(last.facts.get("call", "")) if last and last.mark is Mark.PAUSED else "",
        controller=controller_of(entries),
        stopping=alive and stop_of(entries) is not None,
        awaits="approval" if alive and awaits_approval(entries) else "",
    )


def controller_of(entries: Sequence[Entry]) -> str:
    """Who may give commands: who started or resumed the run, or took it over since."""
    marks = (Mark.RUN_STARTED, Mark.RESUMED, Mark.CONTROL_TAKEN)
    newest = next((each for each in reversed(entries) if each.mark in marks), None)
    return str(newest.facts.get("who", "")) if newest is not None else ""


def phase_of(playbook: Playbook, entries: Sequence[Entry], *, alive: bool) -> Phase:
    """Where a run stands as a whole."""
    ended = next((each for each in reversed(entries) if each.mark is Mark.RUN_ENDED), None)
    if ended is not None:
        end = end_of(ended)
        if end in _ENDS:
            return _ENDS[end]
        if not any(each.mark is Mark.INTENDED for each in entries):
            return Phase.REFUSED
        return _OUTCOMES.get(ended.outcome or Outcome.UNKNOWN, Phase.UNCERTAIN)
    if alive:
        if awaits_approval(entries):
            return Phase.WAITING
        if any(each.mark in OF_AN_UNDO for each in entries):
            return Phase.ROLLING_BACK
        return Phase.WAITING if next_move(playbook, entries).act is Act.WAIT else Phase.RUNNING
    if not entries:
        return Phase.PLANNED
    if entries[-1].mark is not Mark.PAUSED:
        return Phase.INTERRUPTED
    is_blocked = bool(entries[-1].facts.get("call")) and entries[-1].facts.get("asks_release") is not True
    return Phase.ROLLBACK_BLOCKED if is_blocked else Phase.PAUSED


def awaits_approval(entries: Sequence[Entry]) -> bool:
    """Whether it stands before its first lock, waiting for a second person."""
    marks = (Mark.APPROVAL_AWAITED, Mark.LOCKED, Mark.PAUSED, Mark.RUN_ENDED)
    newest = next((each for each in reversed(entries) if each.mark in marks), None)
    return newest is not None and newest.mark is Mark.APPROVAL_AWAITED


def _step_state(step: Step, entries: Sequence[Entry]) -> StepState:
    said = next((each.said for each in reversed(entries) if each.step == step.id and each.said), SILENCE)
    back = undo_trace_of(step, entries).last
    if back is not None:
        return StepState(id=step.id, stand=_undo_stand(back), said=said)
    last = trace_of(step, entries).last
    if last is None:
        return StepState(id=step.id, stand=StepStand.PENDING)
    stand = _STANDS.get(last.mark) or _reconciled(last)
    return StepState(id=step.id, stand=stand, said=said)


def _reconciled(last: Entry) -> StepStand:
    """Half done is neither done nor not done."""
    is_half = last.outcome is Outcome.FAIL and not is_not_done(last)
    return _RECONCILED[Outcome.UNKNOWN if is_half else last.outcome or Outcome.UNKNOWN]


def _undo_stand(last: Entry) -> StepStand:
    if last.mark is Mark.UNDONE:
        return StepStand.UNDONE
    doubtful = last.mark in (Mark.UNDO_FAILED, Mark.UNDO_DOUBTED) or last.outcome is Outcome.UNKNOWN
    return StepStand.UNDO_UNKNOWN if doubtful else StepStand.UNDOING


def _waiting(steps: tuple[StepState, ...], here: str, phase: Phase) -> tuple[StepState, ...]:
    if phase is not Phase.WAITING:
        return steps
    return tuple(
        StepState(id=each.id, stand=StepStand.WAITING, said=each.said) if each.id == here else each
        for each in steps
    )


def _newest_sentence(entries: Sequence[Entry]) -> Phrase:
    return next((each.said for each in reversed(entries) if each.said), SILENCE)
