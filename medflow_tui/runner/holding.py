"""Takes holds, gives them back, and looks whether they are kept, by the actions that a playbook names for each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from medflow_tui.model.canonical import Facts
from medflow_tui.model.performer import Finding, Performer, Task, chosen
from medflow_tui.model.playbook import Hold
from medflow_tui.model.procedure import NO_FACTS, Outcome
from medflow_tui.model.words import SILENCE

Find = Callable[[str], Performer | None]


class Holding:
    """Several holds as one action: pass when all are taken (or given back), fail when none is, else unknown."""

    def __init__(self, holds: Sequence[Hold], find: Find, *, taking: bool) -> None:
        self._holds, self._find, self._taking = tuple(holds), find, taking
        self.calls: tuple[str, ...] = tuple(
            call
            for each in self._holds
            for call in chosen(self._performer(self._action(each)), each.args).calls
        )

    def prepare(self, task: Task) -> Finding:
        return self._each(task, lambda performer, one: performer.prepare(one), stops=True)

    def carry_out(self, task: Task) -> Finding:
        """In their order when taken, in reverse when given back; the first that does not work ends it."""
        return self._each(task, lambda performer, one: performer.carry_out(one), stops=True)

    def verify(self, task: Task) -> Finding:
        """A hold that was taken is looked at with its own probe."""
        return self._each(task, lambda performer, one: performer.verify(one), probes=self._taking)

    def reconcile(self, task: Task) -> Finding:
        """Asked of the action itself, which waits for an order on its way; a probe would call that not held."""
        return self._each(task, lambda performer, one: performer.reconcile(one))

    def _each(
        self,
        task: Task,
        ask: Callable[[Performer, Task], Finding],
        *,
        stops: bool = False,
        probes: bool = False,
    ) -> Finding:
        outcomes, said, facts = [], SILENCE, dict[str, str | int | bool | tuple[str, ...]]()
        for hold in self._holds if self._taking else reversed(self._holds):
            found = ask(self._performer(hold.probe if probes else self._action(hold)), _task_of(task, hold))
            outcomes.append(found.outcome)
            said = found.said.also(said) if found.outcome is not Outcome.PASS or not said else said
            facts |= {f"{hold.id}.{name}": value for name, value in found.facts.items()}
            if stops and found.outcome is not Outcome.PASS:
                break
        return Finding(outcome=_together(outcomes), said=said, facts=facts)

    def _action(self, hold: Hold) -> str:
        return hold.acquire if self._taking else hold.release

    def _performer(self, action: str) -> Performer:
        found = self._find(action)
        if found is None:
            raise LookupError(action)
        return found


def is_kept(hold: Hold, find: Find, task: Task) -> Outcome:
    """What the probe of a hold says now; a fault of our own is not knowing."""
    probe = find(hold.probe)
    if probe is None:
        return Outcome.UNKNOWN
    try:
        return probe.verify(_task_of(task, hold)).outcome
    except Exception:
        return Outcome.UNKNOWN


def _task_of(task: Task, hold: Hold) -> Task:
    """The task of one hold: its own arguments, over them those of the step, and of the facts those that are its own."""
    given = {name: value for name, value in task.step.args.items() if name != "holds"}
    step = replace(task.step, args={**hold.args, **given})
    return replace(task, step=step, past={**task.past, step.id: _own(task.past.get(step.id, NO_FACTS), hold)})


def _own(facts: Mapping[str, object], hold: Hold) -> Facts:
    start = f"{hold.id}."
    return {name[len(start) :]: value for name, value in facts.items() if name.startswith(start)}  # type: ignore[misc]


def _together(outcomes: Sequence[Outcome]) -> Outcome:
    """Pass or fail when all say so, else unknown: some are taken and some are not."""
    return outcomes[0] if len(set(outcomes)) == 1 else Outcome.UNKNOWN
