"""Who carries out what a playbook names: the crew's performers, and the engine's own for holds and programs."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from medflow_tui.model.canonical import Facts
from medflow_tui.model.performer import Crew, Performer, chosen
from medflow_tui.model.playbook import ACQUIRE, NO_FACTS, PROGRAM, RELEASE, Playbook, Step
from medflow_tui.model.words import Phrase
from medflow_tui.rules.filling import UnfilledError, filled
from medflow_tui.rules.undoing import undo_action
from medflow_tui.runner.at_work import any_at_work
from medflow_tui.runner.holding import Holding
from medflow_tui.runner.printed import SEALED
from medflow_tui.runner.program import Program


class Cast:
    """The performers of one playbook; `folder` is where programs leave what they say."""

    def __init__(self, playbook: Playbook, crew: Crew, folder: Path) -> None:
        self._playbook, self._crew, self._folder = playbook, crew, folder

    def performer(self, step: Step, action: str = "") -> Performer | None:
        """For the step itself, or for another action that it names."""
        match action or step.action:
            case "hold.acquire" | "hold.release" as name:
                found = [self._playbook.hold(each) for each in step.args.get("holds", ()) or ()]  # type: ignore[union-attr]
                return Holding([each for each in found if each], self.find, taking=name == ACQUIRE)
            case "program.run":
                return Program(step.run, self._folder / SEALED, is_copied=True)
            case name:
                return self.find(name)

    def holding(self, name: str, *, taking: bool) -> tuple[Step, Holding]:
        """One hold by itself, outside any step; it may take as long as the longest step that is for it."""
        hold = self._playbook.hold(name)
        assert hold is not None
        first = self._playbook.steps[0]
        own = [each.timeout_s for each in self._playbook.steps if name in each.holds]
        step = replace(
            first,
            id=name,
            action=ACQUIRE if taking else RELEASE,
            args=hold.args,
            requires=(),
            timeout_s=max(own, default=first.timeout_s),
            stall_s=0,
            warn_s=0,
        )
        return step, Holding([hold], self.find, taking=taking)

    def at_work(self, step: Step) -> Phrase:
        """That a program of this step still works; silence when none does."""
        return any_at_work(self._folder / SEALED, step.id)

    def find(self, action: str) -> Performer | None:
        return self._crew.performer(action)

    def missing(self) -> str:
        """The first action that nobody carries out; empty when there is none."""
        own = (ACQUIRE, RELEASE, PROGRAM)
        named = (each for each in self._playbook.actions() if each not in own)
        return next((each for each in named if self.find(each) is None), "")

    def calls(self, facts: Facts = NO_FACTS) -> dict[str, tuple[str, ...]]:
        """Every call that may be made, by the step; those that undo it under `undo STEP`, likewise for the cleanup.

        Arguments have their values as far as `facts` of the plan tell them.
        """
        found: dict[str, tuple[str, ...]] = {}
        for each in self._playbook.steps:
            step = replace(each, args=_known(each.args, facts), undo_args=_known(each.undo_args, facts))
            found[step.id] = self._calls(step, step.action) if step.effect.changes or step.run else ()
            for word, action in (("undo", undo_action(step)), ("cleanup", step.cleanup)):
                if action:
                    back = replace(step, args={**step.args, **step.undo_args}) if word == "undo" else step
                    found[f"{word} {step.id}"] = self._calls(back, action)
        return found

    def _calls(self, step: Step, action: str) -> tuple[str, ...]:
        try:
            performer = self.performer(step, action) if action else None
        except LookupError:
            return ()
        return chosen(performer, step.args).calls if performer is not None else ()


def _known(args: Facts, facts: Facts) -> Facts:
    """Arguments with the values that are known before anything was done."""
    found = dict(args)
    for name, value in args.items():
        with suppress(UnfilledError):
            found |= filled({name: value}, facts, {})
    return found
