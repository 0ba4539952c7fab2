"""What to do next in a run, and where a run stands: from its playbook and its journal, and from nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import assert_never

from medflow_tui.model.health import EPOCH
from medflow_tui.model.procedure import (
    NO_FACTS,
    Act,
    Entry,
    Facts,
    Mark,
    Move,
    OnFail,
    OnUnknown,
    Outcome,
    Phase,
    Playbook,
    RunState,
    Step,
    StepStand,
    StepState,
)
from medflow_tui.model.words import SILENCE, Phrase, say

OF_A_STEP = frozenset(
    {Mark.INTENDED, Mark.CARRIED_OUT, Mark.RECONCILED, Mark.VERIFIED, Mark.FAILED, Mark.DOUBTED}
)
OUT_OF_ORDER = say("the journal speaks of a step that this playbook does not have, or out of order")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """What a journal says of one step: its newest mark, how often it was started, whether a person resumed since."""

    last: Entry | None
    starts: int
    resumed: bool


def next_move(playbook: Playbook, entries: Sequence[Entry]) -> Move:
    """The next thing to do; the same question is asked at the first start and after any interruption.

    A step that changes something and was started without a result is never started again unless the world itself
    said that it was not done.
    """
    ended = next((each for each in reversed(entries) if each.mark is Mark.RUN_ENDED), None)
    if ended is not None:
        return Move(act=Act.FINISH, outcome=ended.outcome or Outcome.UNKNOWN, why=ended.said)
    if not _is_in_order(playbook, entries):
        return Move(act=Act.PAUSE, why=OUT_OF_ORDER)
    worst = Outcome.PASS
    for step in playbook.steps:
        trace = trace_of(step.id, entries)
        move = _move_of(step, trace)
        if move is not None:
            return move
        if trace.last is not None and trace.last.mark is Mark.FAILED:
            worst = Outcome.FAIL
    return Move(act=Act.FINISH, outcome=worst)


def trace_of(step_id: str, entries: Iterable[Entry]) -> Trace:
    """What the journal says of one step."""
    last, starts, resumed = None, 0, False
    for entry in entries:
        if entry.mark is Mark.RESUMED:
            resumed = last is not None
        elif entry.step == step_id and entry.mark in OF_A_STEP:
            last, resumed = entry, False
            starts += entry.mark is Mark.INTENDED
    return Trace(last=last, starts=starts, resumed=resumed)


def past_of(entries: Iterable[Entry]) -> dict[str, Facts]:
    """The facts of each step, newest over oldest, which is what a performer may remember."""
    past: dict[str, Facts] = {}
    for entry in entries:
        if entry.step and entry.mark in OF_A_STEP:
            past[entry.step] = {**past.get(entry.step, NO_FACTS), **entry.facts}
    return past


def _is_in_order(playbook: Playbook, entries: Sequence[Entry]) -> bool:
    """Steps are worked on in the playbook's order: none is spoken of before all earlier ones are behind it."""
    reached = 0
    order = [step.id for step in playbook.steps]
    for entry in entries:
        if entry.mark not in OF_A_STEP:
            continue
        if entry.step not in order or order.index(entry.step) not in (reached, reached + 1):
            return False
        if order.index(entry.step) == reached + 1:
            before = playbook.steps[reached]
            trace = trace_of(before.id, entries[: entries.index(entry)])
            if _move_of(before, trace) is not None:
                return False
            reached += 1
    return True


def _move_of(step: Step, trace: Trace) -> Move | None:
    """The move for one step, or None when it lies behind."""
    if trace.last is None:
        return Move(act=Act.START, step=step.id)
    match trace.last.mark:
        case Mark.INTENDED:
            return Move(act=Act.RECONCILE if step.effect.changes else Act.START, step=step.id)
        case Mark.CARRIED_OUT:
            return Move(act=Act.VERIFY, step=step.id)
        case Mark.RECONCILED:
            return _after_reconciling(step, trace, trace.last)
        case Mark.FAILED:
            return _after_failing(step, trace, trace.last)
        case Mark.DOUBTED:
            return _after_doubt(step, trace, trace.last)
        case _:
            return None


def _after_reconciling(step: Step, trace: Trace, last: Entry) -> Move:
    match last.outcome:
        case Outcome.PASS:
            return Move(act=Act.VERIFY, step=step.id)
        case Outcome.FAIL if trace.starts < step.max_starts or trace.resumed:
            return Move(act=Act.START, step=step.id)
        case Outcome.FAIL:
            why = say("started {n:number} times and each time interrupted before it was done", n=trace.starts)
            return Move(act=Act.PAUSE, step=step.id, why=why)
        case _:
            if trace.resumed:
                return Move(act=Act.RECONCILE, step=step.id)
            return _not_knowing(step, trace, last)


def _after_failing(step: Step, trace: Trace, last: Entry) -> Move | None:
    match step.on_fail:
        case OnFail.CONTINUE:
            return None
        case OnFail.ABORT:
            return Move(act=Act.FINISH, step=step.id, outcome=Outcome.FAIL, why=last.said)
        case OnFail.ASK:
            return _again(step, trace, last)
    assert_never(step.on_fail)


def _after_doubt(step: Step, trace: Trace, last: Entry) -> Move:
    if trace.resumed:
        return _again(step, trace, last)
    return _not_knowing(step, trace, last)


def _not_knowing(step: Step, trace: Trace, last: Entry) -> Move:
    """Unknown is not a pass and not a failure: stop, ask a person, or for what may be repeated look once more."""
    match step.on_unknown:
        case OnUnknown.STOP:
            return Move(act=Act.FINISH, step=step.id, outcome=Outcome.UNKNOWN, why=last.said)
        case OnUnknown.RERUN if trace.starts < step.max_starts and not step.effect.changes:
            return Move(act=Act.START, step=step.id)
        case _:
            return Move(act=Act.PAUSE, step=step.id, why=last.said)


def _again(step: Step, trace: Trace, last: Entry) -> Move:
    """After a person resumed: look again; a change that was ever started is read back, never repeated."""
    if not trace.resumed:
        return Move(act=Act.PAUSE, step=step.id, why=last.said)
    if step.effect.changes and trace.starts:
        return Move(act=Act.VERIFY, step=step.id)
    return Move(act=Act.START, step=step.id)


_STANDS = {
    Mark.INTENDED: StepStand.STARTED,
    Mark.CARRIED_OUT: StepStand.CARRIED_OUT,
    Mark.VERIFIED: StepStand.DONE,
    Mark.FAILED: StepStand.FAILED,
    Mark.DOUBTED: StepStand.UNKNOWN,
}
_RECONCILED = {
    Outcome.PASS: StepStand.CARRIED_OUT,
    Outcome.FAIL: StepStand.NOT_DONE,
    Outcome.UNKNOWN: StepStand.UNKNOWN,
}


def state_of(playbook: Playbook, run: str, entries: Sequence[Entry], *, alive: bool) -> RunState:
    """Where a run stands. `alive` is whether the process that wrote its journal still is."""
    steps = tuple(_step_state(step, entries) for step in playbook.steps)
    first = next((each for each in entries if each.mark is Mark.RUN_STARTED), None)
    started = first.facts if first else NO_FACTS
    newest = next((each for each in reversed(entries) if each.mark in (Mark.RUN_STARTED, Mark.RESUMED)), None)
    last = entries[-1] if entries else None
    phase = _phase(entries, alive=alive)
    return RunState(
        run=run,
        phase=phase,
        playbook=playbook.id,
        step=next((each.id for each in steps if each.stand is not StepStand.DONE), ""),
        steps=steps,
        started_at=first.at if first else EPOCH,
        ended_at=last.at if last and phase.is_over else EPOCH,
        who=str(started.get("who", "")),
        reason=str(started.get("reason", "")),
        plan_hash=str(started.get("plan_hash", "")),
        pid=int(str(newest.facts.get("pid", 0))) if newest else 0,
        said=_newest_sentence(entries),
        changed=any(_may_have_changed(step, entries) for step in playbook.steps),
    )


def _phase(entries: Sequence[Entry], *, alive: bool) -> Phase:
    ended = next((each for each in reversed(entries) if each.mark is Mark.RUN_ENDED), None)
    if ended is not None:
        if not any(each.mark is Mark.INTENDED for each in entries):
            return Phase.REFUSED
        match ended.outcome:
            case Outcome.PASS:
                return Phase.SUCCEEDED
            case Outcome.FAIL:
                return Phase.FAILED
            case _:
                return Phase.UNCERTAIN
    if alive:
        return Phase.RUNNING
    if not entries:
        return Phase.PLANNED
    return Phase.PAUSED if entries[-1].mark is Mark.PAUSED else Phase.INTERRUPTED


def _step_state(step: Step, entries: Sequence[Entry]) -> StepState:
    last = trace_of(step.id, entries).last
    if last is None:
        return StepState(id=step.id, stand=StepStand.PENDING)
    stand = _STANDS.get(last.mark) or _RECONCILED[last.outcome or Outcome.UNKNOWN]
    said = next((each.said for each in reversed(entries) if each.step == step.id and each.said), SILENCE)
    return StepState(id=step.id, stand=stand, said=said)


def _may_have_changed(step: Step, entries: Sequence[Entry]) -> bool:
    """A started change counts as a change until the world said that it was not done, or no call was made."""
    trace = trace_of(step.id, entries)
    if not step.effect.changes or trace.starts == 0 or trace.last is None:
        return False
    if trace.last.mark is Mark.RECONCILED and trace.last.outcome is Outcome.FAIL and trace.starts == 1:
        return False
    return past_of(entries).get(step.id, NO_FACTS).get("calls_made") != 0


def _newest_sentence(entries: Sequence[Entry]) -> Phrase:
    return next((each.said for each in reversed(entries) if each.said), SILENCE)
