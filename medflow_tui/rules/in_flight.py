"""What was begun and never seen to end: a program of a step may still work, a process may be about to obey."""

from __future__ import annotations

from collections.abc import Sequence

from medflow_tui.model.playbook import Step
from medflow_tui.model.procedure import NO_FACTS, Entry, Facts, Mark, Outcome
from medflow_tui.rules.trace import past_of

BEGUN = frozenset({Mark.INTENDED, Mark.CLEANING, Mark.UNDO_INTENDED})
ENDED = frozenset(
    {Mark.CARRIED_OUT, Mark.VERIFIED, Mark.FAILED, Mark.CLEANED, Mark.UNDO_CARRIED_OUT, Mark.UNDONE}
)


def in_flight(step: Step, entries: Sequence[Entry]) -> Mark | None:
    """What was begun last and did not end, as far as the journal tells; one that was told to end may live on."""
    found: Mark | None = None
    for entry in entries:
        if entry.step != step.id:
            continue
        if entry.mark in BEGUN:
            found = entry.mark
        elif entry.mark in ENDED and entry.outcome is not Outcome.UNKNOWN:
            found = None
    return found


def past_with_holds(entries: Sequence[Entry]) -> dict[str, Facts]:
    """The facts of each step, and by the name of a hold those of what was ordered for it outside a step."""
    past = past_of(entries)
    for entry in entries:
        name = entry.facts.get("hold")
        if entry.mark is Mark.HOLD_TAKING and isinstance(name, str):
            past[name] = {**past.get(name, NO_FACTS), **entry.facts}
    return past
