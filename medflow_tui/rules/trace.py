"""What a journal says of one step, forward and back, and of the person's wish to stop."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from medflow_tui.model.playbook import NO_FACTS, OnFail, Playbook, Step, StepKind
from medflow_tui.model.procedure import Entry, Facts, Mark, Outcome, Then

OF_A_STEP = frozenset(
    {
        Mark.INTENDED,
        Mark.CARRIED_OUT,
        Mark.RECONCILED,
        Mark.VERIFIED,
        Mark.FAILED,
        Mark.DOUBTED,
        Mark.SKIPPED,
        Mark.CLEANING,
        Mark.CLEANED,
    }
)
OF_AN_UNDO = frozenset(
    {
        Mark.UNDO_INTENDED,
        Mark.UNDO_CARRIED_OUT,
        Mark.UNDO_RECONCILED,
        Mark.UNDONE,
        Mark.UNDO_FAILED,
        Mark.UNDO_DOUBTED,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """The newest mark of a step (or of its undo), how often it was started, how often nobody knew since a person
    resumed, and whether a person resumed since."""

    last: Entry | None = None
    starts: int = 0
    doubts: int = 0
    resumed: bool = False


def trace_of(step: Step, entries: Iterable[Entry]) -> Trace:
    """What the journal says of doing one step. Leaving out a change that was started does not count."""
    last, starts, doubts, resumed = None, 0, 0, False
    for entry in entries:
        if entry.mark is Mark.RESUMED:
            resumed, doubts = last is not None, 0
        elif entry.step == step.id and entry.mark in OF_A_STEP:
            if entry.mark is Mark.SKIPPED and not _may_skip(step, last, starts):
                continue
            last, resumed = entry, False
            starts += entry.mark is Mark.INTENDED
            doubts += entry.mark is Mark.DOUBTED
    return Trace(last=last, starts=starts, doubts=doubts, resumed=resumed)


def undo_trace_of(step: Step, entries: Iterable[Entry]) -> Trace:
    """What the journal says of undoing one step."""
    last, starts, resumed = None, 0, False
    for entry in entries:
        if entry.mark is Mark.RESUMED:
            resumed = last is not None
        elif entry.step == step.id and entry.mark in OF_AN_UNDO:
            last, resumed = entry, False
            starts += entry.mark is Mark.UNDO_INTENDED
    return Trace(last=last, starts=starts, resumed=resumed)


def past_of(entries: Iterable[Entry], marks: frozenset[Mark] = OF_A_STEP | OF_AN_UNDO) -> dict[str, Facts]:
    """The facts of each step, newest over oldest, which is what a performer may remember."""
    past: dict[str, Facts] = {}
    for entry in entries:
        if entry.step and entry.mark in marks:
            past[entry.step] = {**past.get(entry.step, NO_FACTS), **entry.facts}
    return past


def is_behind(step: Step, trace: Trace) -> bool:
    """Nothing more is to be done for it on the way forward."""
    if trace.last is None:
        return False
    if trace.last.mark is Mark.FAILED:
        return step.on_fail is OnFail.CONTINUE
    return trace.last.mark in (Mark.VERIFIED, Mark.SKIPPED)


def may_have_changed(step: Step, entries: Sequence[Entry]) -> bool:
    """A started change counts as a change until the world said that it was not done, or no call was made.

    What is said of a second start says nothing of the first. "Not done" with `calls_made` is half done.
    """
    trace = trace_of(step, entries)
    if not step.effect.changes or trace.starts == 0 or trace.last is None:
        return False
    if trace.starts > 1:
        return True
    if is_not_done(trace.last):
        return False
    return past_of(entries, OF_A_STEP).get(step.id, NO_FACTS).get("calls_made") != 0


def is_not_done(last: Entry) -> bool:
    """The world said that nothing of it was done: half a change is looked at, and done to its end or taken back."""
    is_fail = last.mark is Mark.RECONCILED and last.outcome is Outcome.FAIL
    return is_fail and not last.facts.get("calls_made")


def is_in_order(playbook: Playbook, entries: Sequence[Entry]) -> bool:
    """Steps are worked on in the playbook's order, none before all earlier ones are behind; undone in reverse."""
    order = [step.id for step in playbook.steps]
    reached, back = 0, len(order)
    for number, entry in enumerate(entries):
        if entry.mark in OF_AN_UNDO:
            if entry.step not in order or order.index(entry.step) > min(back, reached):
                return False
            back = order.index(entry.step)
        elif entry.mark in OF_A_STEP:
            if back < len(order) or entry.step not in order:
                return False
            at = order.index(entry.step)
            if at == reached + 1:
                before = playbook.steps[reached]
                if not is_behind(before, trace_of(before, entries[:number])):
                    return False
                reached += 1
            elif at != reached:
                return False
    return True


def answers_of(step: Step, entries: Iterable[Entry]) -> tuple[tuple[str, ...], str]:
    """Items that were answered rightly, and the way that was chosen."""
    items, choice = dict[str, None](), ""
    for entry in entries:
        if entry.mark is Mark.ANSWERED and entry.step == step.id and entry.outcome is Outcome.PASS:
            items[str(entry.facts.get("item", ""))] = None
            choice = str(entry.facts.get("choice", choice))
    known = [each.id for each in step.items]
    return tuple(each for each in items if each in known), choice


def is_answered(step: Step, entries: Sequence[Entry]) -> bool:
    """Whether people have said all that a checklist or a decision asks."""
    items, choice = answers_of(step, entries)
    people = {
        str(each.facts.get("who", ""))
        for each in entries
        if each.mark is Mark.ANSWERED and each.step == step.id and each.outcome is Outcome.PASS
    }
    match step.kind:
        case StepKind.ACTION:
            return True
        case StepKind.CHECKLIST:
            return len(items) == len(step.items) and len(people) >= step.needs_people
        case StepKind.DECISION:
            return any(each.id == choice for each in step.choices) and len(people) >= step.needs_people


def stop_of(entries: Sequence[Entry]) -> Then | None:
    """The wish to stop that is in force: to wait ends when a person resumes, the others only when withdrawn.

    What was begun to be undone is not taken up again.
    """
    wish: Then | None = None
    going_back = False
    for entry in entries:
        if entry.mark is Mark.STOP_ASKED:
            asked = _then(entry)
            wish = asked if asked is not Then.PAUSE or wish is None else wish
        elif (entry.mark is Mark.RESUMED and wish is Then.PAUSE) or (
            entry.mark is Mark.STOP_WITHDRAWN and not going_back
        ):
            wish = None
        going_back = going_back or entry.mark in OF_AN_UNDO
    return wish


def _then(entry: Entry) -> Then:
    try:
        return Then(entry.facts.get("then"))
    except ValueError:
        return Then.PAUSE


def _may_skip(step: Step, last: Entry | None, starts: int) -> bool:
    if not step.effect.changes or starts == 0:
        return True
    return last is not None and starts == 1 and is_not_done(last)
