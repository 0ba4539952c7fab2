"""Taking a run back: which steps are undone, in which order, and when a person must be called instead."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from medflow_tui.model.playbook import Effect, OnFail, Playbook, Step
from medflow_tui.model.procedure import Act, End, Entry, Mark, Move, Outcome, Then
from medflow_tui.model.words import SILENCE, Phrase, say
from medflow_tui.rules.holds import missing
from medflow_tui.rules.trace import OF_AN_UNDO, Trace, may_have_changed, trace_of, undo_trace_of

BEGUN = say("the way back was begun")


def reason_to_undo(playbook: Playbook, entries: Sequence[Entry]) -> tuple[str, Phrase] | None:
    """The step down to which everything is undone (empty: all), and why; None while the run goes forward."""
    for step in playbook.steps:
        last = trace_of(step, entries).last
        if last is not None and last.mark is Mark.FAILED and step.on_fail is OnFail.UNDO:
            return step.undo_to, last.said
    if any(each.mark in OF_AN_UNDO for each in entries):
        return "", BEGUN
    return None


def undoing(
    playbook: Playbook, entries: Sequence[Entry], to: str, why: Phrase, now: datetime | None = None
) -> Move:
    """The next move on the way back; the end of it when nothing is left to undo."""
    undone = False
    for step in to_undo(playbook, entries, to):
        trace = undo_trace_of(step, entries)
        if trace.last is not None and trace.last.mark is Mark.UNDONE:
            undone = True
            continue
        return _move_of(playbook, step, trace, entries, now)
    end = End.ROLLED_BACK if undone else End.COMPLETED
    return Move(act=Act.FINISH, outcome=Outcome.FAIL, end=end, why=why)


def to_undo(playbook: Playbook, entries: Sequence[Entry], to: str) -> tuple[Step, ...]:
    """The steps that may have changed something, the last first, down to one; what was only added may stay."""
    ids = [each.id for each in playbook.steps]
    first = ids.index(to) if to in ids else 0
    return tuple(
        each
        for each in reversed(playbook.steps[first:])
        if may_have_changed(each, entries) and (undo_action(each) or each.effect is not Effect.ADDITIVE)
    )


def undo_action(step: Step) -> str:
    """What takes a step back: its undo, or the cleanup of what it put beside.

    >>> from medflow_tui.model.playbook import Text
    >>> undo_action(Step(id="s", title=Text(), action="a.b", effect=Effect.STAGING, cleanup="a.drop"))
    'a.drop'
    """
    return step.undo or step.cleanup


def leaves_instead(move: Move, wish: Then | None, entries: Sequence[Entry]) -> bool:
    """A person who asked to leave things as they stand is heard where the way back is blocked.

    Asked while it was under way, it is not gone on with either; what is in flight is looked at first.
    """
    if wish is not Then.LEAVE:
        return False
    if move.act is Act.PAUSE:
        return True
    if move.act not in (Act.UNDO, Act.UNDO_RECONCILE, Act.ACQUIRE):
        return False
    newest, asked = None, False
    for entry in entries:
        if entry.mark in OF_AN_UNDO:
            newest = entry
        elif entry.mark is Mark.STOP_ASKED and entry.facts.get("then") == Then.LEAVE.value:
            asked = newest is not None
    return asked and newest is not None and newest.mark is not Mark.UNDO_INTENDED


def _move_of(
    playbook: Playbook, step: Step, trace: Trace, entries: Sequence[Entry], now: datetime | None
) -> Move:
    ask = Move(act=Act.UNDO_RECONCILE, step=step.id)
    if trace.last is None:
        blocked = _why_blocked(step, entries, now)
        if blocked:
            return _blocked(playbook, step, blocked)
        return _held(playbook, step, entries) or ask
    match trace.last.mark:
        case Mark.UNDO_INTENDED:
            return ask
        case Mark.UNDO_CARRIED_OUT:
            return Move(act=Act.UNDO_VERIFY, step=step.id)
        case Mark.UNDO_RECONCILED if trace.last.outcome is Outcome.PASS:
            return Move(act=Act.UNDO_VERIFY, step=step.id)
        case Mark.UNDO_RECONCILED if trace.last.outcome is Outcome.FAIL and (
            trace.starts < step.max_starts or trace.resumed
        ):
            return _held(playbook, step, entries) or Move(act=Act.UNDO, step=step.id)
        case _:
            return ask if trace.resumed else _blocked(playbook, step, trace.last.said)


def _held(playbook: Playbook, step: Step, entries: Sequence[Entry]) -> Move | None:
    """The way back needs the same holds as the way forward."""
    move = missing(playbook, step, entries)
    if move is not None and move.act is Act.PAUSE:
        return _blocked(playbook, step, move.why)
    return move


def _why_blocked(step: Step, entries: Sequence[Entry], now: datetime | None) -> Phrase:
    if not undo_action(step):
        return say("the step {step} cannot be undone", step=step.id)
    done = trace_of(step, entries).last
    if not step.undo_valid_s or now is None or done is None:
        return SILENCE
    if now - done.at <= timedelta(seconds=step.undo_valid_s):
        return SILENCE
    limit = step.undo_valid_s
    return say("the step {step} could be undone for {limit:duration} only", step=step.id, limit=limit)


def _blocked(playbook: Playbook, step: Step, why: Phrase) -> Move:
    role = playbook.limits.escalate_to or playbook.owner
    said = say("the way back stands still: call {role}", role=role)
    return Move(act=Act.PAUSE, step=step.id, why=said.also(why), call=role)
