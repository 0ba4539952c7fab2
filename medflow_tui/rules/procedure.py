"""What to do next in a run: from its playbook and its journal, and from nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import assert_never

from medflow_tui.model.playbook import OnFail, OnUnknown, Playbook, Step
from medflow_tui.model.procedure import Act, End, Entry, Mark, Move, Outcome, Then
from medflow_tui.model.words import say
from medflow_tui.rules.holds import holds_of, kept, missing
from medflow_tui.rules.trace import (
    OF_A_STEP,
    OF_AN_UNDO,
    Trace,
    answers_of,
    is_answered,
    is_behind,
    is_in_order,
    may_have_changed,
    past_of,
    stop_of,
    trace_of,
)
from medflow_tui.rules.undoing import leaves_instead, reason_to_undo, undoing

OUT_OF_ORDER = say("the journal speaks of a step that this playbook does not have, or out of order")
AS_ASKED = say("stopped as asked")
AT_A_BORDER = (Act.START, Act.WAIT, Act.PAUSE, Act.CLEAN, Act.ACQUIRE)
ALONE = ("R0", "R1", "R2")


def next_move(playbook: Playbook, entries: Sequence[Entry], now: datetime | None = None) -> Move:
    """The next thing to do; the same question is asked at the first start and after any interruption.

    A step that changes something and was started without a result is never started again unless the world itself
    said that it was not done, or its author said that it may be repeated. `now` tells how old an undo is.
    """
    ended = next((each for each in reversed(entries) if each.mark is Mark.RUN_ENDED), None)
    if ended is not None:
        return Move(
            act=Act.FINISH, outcome=ended.outcome or Outcome.UNKNOWN, end=end_of(ended), why=ended.said
        )
    if not is_in_order(playbook, entries):
        return Move(act=Act.PAUSE, why=OUT_OF_ORDER)
    return _before_the_end(playbook, entries, _towards_the_end(playbook, entries, now))


def end_of(ended: Entry) -> End:
    """How a run ended, from its last line."""
    try:
        return End(ended.facts.get("end", End.COMPLETED.value))
    except ValueError:
        return End.COMPLETED


def may_resume_alone(playbook: Playbook) -> bool:
    """Whether a run that was interrupted may be gone on with while nobody looks: never what changes data.

    >>> from medflow_tui.model.playbook import Text
    >>> T = Text()
    >>> may_resume_alone(Playbook(id="p", version="1", title=T, summary=T, risk="R3", owner="", steps=(), guards=(),
    ...     roles=(), phrase="", locks=(), lease_s=1))
    False
    """
    return playbook.risk in ALONE


def _towards_the_end(playbook: Playbook, entries: Sequence[Entry], now: datetime | None) -> Move:
    wish, back = stop_of(entries), reason_to_undo(playbook, entries)
    if back is not None:
        move = undoing(playbook, entries, *back, now)
        if leaves_instead(move, wish, entries):
            return Move(act=Act.FINISH, outcome=Outcome.UNKNOWN, end=End.STOPPED, why=AS_ASKED)
        return move
    move = _forward(playbook, entries)
    failed = move.act is Act.FINISH and move.outcome is not Outcome.PASS and move.end is End.COMPLETED
    if wish is not None and (move.act in AT_A_BORDER or (failed and wish is Then.ROLL_BACK)):
        return _stop(playbook, entries, move, wish, now)
    return move


def _forward(playbook: Playbook, entries: Sequence[Entry]) -> Move:
    worst = Outcome.PASS
    for step in playbook.steps:
        trace = trace_of(step, entries)
        if not is_behind(step, trace):
            return _move_of(playbook, step, trace, entries)
        if trace.last is not None and trace.last.mark is Mark.FAILED:
            worst = Outcome.FAIL
        elif trace.last is not None and trace.last.mark is Mark.SKIPPED and not step.optional:
            worst = Outcome.UNKNOWN if worst is Outcome.PASS else worst
    return Move(act=Act.FINISH, outcome=worst)


def _stop(playbook: Playbook, entries: Sequence[Entry], move: Move, wish: Then, now: datetime | None) -> Move:
    """What a wish to stop makes of the next move, between two steps."""
    if wish is Then.PAUSE:
        return Move(act=Act.PAUSE, step=move.step, why=AS_ASKED)
    return _give_up(playbook, entries, move, wish, now)


def _give_up(
    playbook: Playbook, entries: Sequence[Entry], move: Move, wish: Then, now: datetime | None
) -> Move:
    changing = {each.id for each in playbook.steps if each.effect.changes}
    if not any(each.mark is Mark.INTENDED and each.step in changing for each in entries):
        return Move(act=Act.FINISH, outcome=Outcome.FAIL, end=End.CANCELLED, why=AS_ASKED)
    if wish is Then.ROLL_BACK:
        return undoing(playbook, entries, "", AS_ASKED, now)
    step = playbook.step(move.step)
    last = trace_of(step, entries).last if step is not None else None
    in_doubt = last is not None and last.mark is not Mark.FAILED
    outcome = Outcome.UNKNOWN if in_doubt else Outcome.FAIL
    return Move(act=Act.FINISH, outcome=outcome, end=End.STOPPED, why=AS_ASKED)


def _move_of(playbook: Playbook, step: Step, trace: Trace, entries: Sequence[Entry]) -> Move:
    move = _of_the_step(step, trace)
    if move.act is Act.START and not is_answered(step, entries):
        return Move(act=Act.WAIT, step=step.id)
    if move.act is Act.START and any(
        each.stops and each.id == answers_of(step, entries)[1] for each in step.choices
    ):
        return _give_up(playbook, entries, move, Then.LEAVE, None)
    if move.act in (Act.START, Act.VERIFY, Act.CLEAN):
        return missing(playbook, step, entries) or move
    return move


def _of_the_step(step: Step, trace: Trace) -> Move:
    start, reconcile = Move(act=Act.START, step=step.id), Move(act=Act.RECONCILE, step=step.id)
    if trace.last is None:
        return start
    match trace.last.mark:
        case Mark.INTENDED:
            return reconcile if step.effect.changes else start
        case Mark.CARRIED_OUT:
            return Move(act=Act.VERIFY, step=step.id)
        case Mark.RECONCILED:
            return _after_reconciling(step, trace, trace.last)
        case Mark.FAILED:
            return _after_failing(step, trace, trace.last)
        case Mark.DOUBTED:
            return _again(step, trace) if trace.resumed else _not_knowing(step, trace, trace.last)
        case Mark.CLEANED if trace.last.outcome is Outcome.PASS:
            return start
        case Mark.CLEANED if not trace.resumed:
            return Move(act=Act.PAUSE, step=step.id, why=trace.last.said)
        case _:
            return Move(act=Act.CLEAN, step=step.id)


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


def _after_failing(step: Step, trace: Trace, last: Entry) -> Move:
    match step.on_fail:
        case OnFail.ABORT | OnFail.CONTINUE | OnFail.UNDO:
            return Move(act=Act.FINISH, step=step.id, outcome=Outcome.FAIL, why=last.said)
        case OnFail.ASK:
            return _again(step, trace) if trace.resumed else _ask(step, last)
    assert_never(step.on_fail)


def _not_knowing(step: Step, trace: Trace, last: Entry) -> Move:
    """Unknown is not a pass and not a failure: stop, ask a person, or do again what may be done again."""
    again = trace.starts < step.max_starts and trace.doubts < step.max_starts and not step.effect.is_once
    match step.on_unknown:
        case OnUnknown.STOP:
            return Move(act=Act.FINISH, step=step.id, outcome=Outcome.UNKNOWN, why=last.said)
        case OnUnknown.RERUN if again:
            return Move(act=Act.START, step=step.id)
        case OnUnknown.CLEAN if again:
            return Move(act=Act.CLEAN, step=step.id)
        case _:
            return _ask(step, last)


def _again(step: Step, trace: Trace) -> Move:
    """After a person resumed: look again; a change that was ever started is read back, never repeated."""
    return Move(act=Act.VERIFY if step.effect.changes and trace.starts else Act.START, step=step.id)


def _ask(step: Step, last: Entry) -> Move:
    return Move(act=Act.PAUSE, step=step.id, why=last.said)


def _before_the_end(playbook: Playbook, entries: Sequence[Entry], move: Move) -> Move:
    """What is held is given back first; where data may stand half changed, a person says so first."""
    names = kept(playbook, entries) if move.act is Act.FINISH else ()
    if not names:
        return move
    found = holds_of(playbook, entries)[names[0]]
    is_sound = move.outcome is Outcome.PASS or move.end in (End.CANCELLED, End.ROLLED_BACK)
    half = any(each.effect.is_once and may_have_changed(each, entries) for each in playbook.steps)
    agreed = is_sound or not half or _agreed_to_release(entries)
    if agreed and (not found.failed or found.resumed):
        return Move(act=Act.RELEASE, hold=names[0])
    role = playbook.limits.escalate_to or playbook.owner
    said = say("still held: {holds}; going on gives it back", holds=", ".join(names)).also(move.why)
    return replace(move, act=Act.PAUSE, why=said, call=role, asks_release=True)


def _agreed_to_release(entries: Sequence[Entry]) -> bool:
    """A person went on after they were asked, and no step was worked on since."""
    asked = False
    agreed = False
    for entry in entries:
        if entry.mark in OF_A_STEP or entry.mark in OF_AN_UNDO:
            asked = agreed = False
        elif entry.mark is Mark.PAUSED:
            asked = entry.facts.get("asks_release") is True
        elif entry.mark is Mark.RESUMED:
            agreed = agreed or asked
    return agreed


__all__ = ["OF_A_STEP", "end_of", "may_resume_alone", "next_move", "past_of"]
