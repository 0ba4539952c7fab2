"""Which holds are kept, lost or perhaps kept, as a journal tells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from medflow_tui.model.playbook import ACQUIRE, Playbook, Step
from medflow_tui.model.procedure import Act, Entry, Mark, Move, Outcome
from medflow_tui.model.words import say


class Grip(Enum):
    """Whether a hold is kept. Perhaps: it was being taken or given back when the journal ended."""

    FREE = "free"
    PERHAPS = "perhaps"
    HELD = "held"
    LOST = "lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldTrace:
    """Where a hold stands, and whether a person resumed since."""

    grip: Grip = Grip.FREE
    resumed: bool = False
    failed: bool = False


def holds_of(playbook: Playbook, entries: Sequence[Entry]) -> dict[str, HoldTrace]:
    """Every hold of a playbook."""
    found = {each.id: HoldTrace() for each in playbook.holds}
    by_step = {each.id: each for each in playbook.steps if each.holds}
    for entry in entries:
        if entry.mark is Mark.RESUMED:
            found = {
                name: HoldTrace(grip=each.grip, resumed=True, failed=each.failed)
                for name, each in found.items()
            }
            continue
        names, grip = _meant(entry, by_step.get(entry.step))
        for name in names:
            if name in found:
                failed = entry.mark is Mark.HOLD_RELEASED and entry.outcome is not Outcome.PASS
                found[name] = HoldTrace(grip=grip, failed=failed)
    return found


def kept(playbook: Playbook, entries: Sequence[Entry]) -> tuple[str, ...]:
    """What must be given back before a run may end, the newest first."""
    found = holds_of(playbook, entries)
    taken = [name for step in playbook.steps if step.action == ACQUIRE for name in step.holds]
    order = [*dict.fromkeys(reversed(taken)), *(name for name in found if name not in taken)]
    return tuple(name for name in order if name in found and found[name].grip is not Grip.FREE)


def missing(playbook: Playbook, step: Step, entries: Sequence[Entry]) -> Move | None:
    """What stands in the way of a step that requires holds: take one back after a person resumed, else ask."""
    if not step.requires:
        return None
    found = holds_of(playbook, entries)
    for name in step.requires:
        trace = found.get(name, HoldTrace())
        if trace.grip is Grip.HELD:
            continue
        if trace.grip is not Grip.FREE and trace.resumed:
            return Move(act=Act.ACQUIRE, step=step.id, hold=name)
        why = say("the hold {hold} was lost: look why before you go on", hold=name)
        return Move(act=Act.PAUSE, step=step.id, hold=name, why=why)
    return None


def _meant(entry: Entry, step: Step | None) -> tuple[tuple[str, ...], Grip]:
    own = (str(entry.facts.get("hold", "")),)
    match entry.mark:
        case Mark.HOLD_TAKING:
            return own, Grip.PERHAPS
        case Mark.HOLD_ACQUIRED:
            return own, Grip.HELD
        case Mark.HOLD_LOST:
            return own, Grip.LOST
        case Mark.HOLD_RELEASED:
            return own, Grip.FREE if entry.outcome is Outcome.PASS else Grip.PERHAPS
        case Mark.INTENDED | Mark.UNDO_INTENDED if step is not None:
            return step.holds, Grip.PERHAPS
        case Mark.VERIFIED | Mark.UNDONE if step is not None:
            is_taken = (step.action == ACQUIRE) is (entry.mark is Mark.VERIFIED)
            return step.holds, Grip.HELD if is_taken else Grip.FREE
        case _:
            return (), Grip.FREE
