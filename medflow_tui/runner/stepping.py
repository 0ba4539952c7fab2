"""Carries out what the next move says of one step: intent before, result after, and the world asked what is true."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from medflow_tui.journal.append_log import DamagedError, UnwritableError
from medflow_tui.journal.run_log import Journal
from medflow_tui.model.canonical import Facts
from medflow_tui.model.performer import Finding, Performer, Task
from medflow_tui.model.playbook import Playbook, Step
from medflow_tui.model.procedure import NO_FACTS, Mark, Outcome
from medflow_tui.model.words import SILENCE, Phrase, say
from medflow_tui.rules.filling import UnfilledError, fill, filled
from medflow_tui.rules.holds import Grip, holds_of
from medflow_tui.rules.in_flight import in_flight, past_with_holds
from medflow_tui.rules.outcome import compare
from medflow_tui.rules.trace import OF_AN_UNDO, answers_of, past_of
from medflow_tui.rules.undoing import undo_action
from medflow_tui.runner.cast import Cast
from medflow_tui.runner.holding import is_kept
from medflow_tui.runner.lookout import Lookout
from medflow_tui.runner.pace import Pace
from medflow_tui.runner.recorder import Recorder

CONCLUSION = {Outcome.PASS: Mark.VERIFIED, Outcome.FAIL: Mark.FAILED, Outcome.UNKNOWN: Mark.DOUBTED}
BACK = {Outcome.PASS: Mark.UNDONE, Outcome.FAIL: Mark.UNDO_FAILED, Outcome.UNKNOWN: Mark.UNDO_DOUBTED}
EXPECTATION = "expectation"
Question = Callable[[Performer, Task], Finding]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stepping:
    """`facts` are those of the plan, which arguments may name; `wants_end` whether somebody asked to stop now."""

    journal: Journal
    recorder: Recorder
    playbook: Playbook
    cast: Cast
    facts: Facts
    wants_end: Callable[[], bool]
    renew: Callable[[], None]
    pace: Pace = field(default_factory=Pace)

    def start(self, step: Step) -> None:
        """Prepare, write the intent, do it, write what came of it; what only looks is verified at once."""
        if not step.action:
            self._write(Mark.INTENDED, step.id, Finding(outcome=Outcome.PASS, facts=self._chosen(step)))
            self._write(Mark.VERIFIED, step.id, Finding(outcome=Outcome.PASS, facts=self._chosen(step)))
            return
        prepared = self._ask(step, step.action, lambda performer, task: performer.prepare(task))
        if prepared.outcome is not Outcome.PASS:
            self._write(CONCLUSION[prepared.outcome], step.id, prepared)
            return
        facts = {**prepared.facts, **self._chosen(step)}
        self.recorder.write(Mark.INTENDED, step=step.id, facts=facts)
        if step.effect.changes:
            found = self._ask(
                step, step.action, lambda performer, task: performer.carry_out(task), watched=True
            )
            self._write(Mark.CARRIED_OUT, step.id, self._expected(step, found))
        else:
            self.verify(step)

    def verify(self, step: Step) -> None:
        """Read back whether it had its effect; what it promised must have been kept too."""
        broken = past_of(self.journal.entries).get(step.id, NO_FACTS).get(EXPECTATION, Outcome.PASS.value)
        if step.effect.changes and broken != Outcome.PASS.value:
            said = next(
                (
                    each.said
                    for each in reversed(self.journal.entries)
                    if each.step == step.id and each.mark is Mark.CARRIED_OUT
                ),
                SILENCE,
            )
            found = Finding(outcome=Outcome(broken), said=said)
        else:
            found = self._ask(step, step.action, lambda performer, task: performer.verify(task), watched=True)
            found = found if step.effect.changes else self._expected(step, found)
        for action in step.verify:
            if found.outcome is not Outcome.PASS:
                break
            more = self._ask(step, action, lambda performer, task: performer.verify(task))
            found = Finding(
                outcome=more.outcome, said=more.said or found.said, facts={**found.facts, **more.facts}
            )
        self._write(CONCLUSION[found.outcome], step.id, found)

    def reconcile(self, step: Step) -> None:
        """Started, and nobody knows more."""
        action = step.reconcile or step.action
        found = self._ask(step, action, lambda performer, task: performer.reconcile(task), watched=True)
        self._write(Mark.RECONCILED, step.id, found)

    def clean(self, step: Step) -> None:
        """Take away what it left. Cleaning up may be done any number of times."""
        if works := self._works_on(step):
            self._write(Mark.CLEANED, step.id, works)
            return
        self.recorder.write(Mark.CLEANING, step=step.id)
        found = self._ask(step, step.cleanup, lambda performer, task: performer.carry_out(task), watched=True)
        if found.outcome is not Outcome.FAIL:
            found = self._ask(step, step.cleanup, lambda performer, task: performer.verify(task))
        self._write(Mark.CLEANED, step.id, found)

    def undo(self, step: Step) -> None:
        """Prepare, write the intent, undo it, write what came of it."""
        back, action = self._back(step), undo_action(step)
        prepared = self._ask(back, action, lambda performer, task: performer.prepare(task))
        if prepared.outcome is not Outcome.PASS:
            self._write(BACK[Outcome.UNKNOWN], step.id, prepared)
            return
        self.recorder.write(Mark.UNDO_INTENDED, step=step.id, facts=prepared.facts)
        found = self._ask_back(back, action, lambda performer, task: performer.carry_out(task))
        self._write(Mark.UNDO_CARRIED_OUT, step.id, found)

    def undo_verify(self, step: Step) -> None:
        """Read back whether it is undone."""
        back, action = self._back(step), undo_action(step)
        found = self._ask_back(back, action, lambda performer, task: performer.verify(task))
        self._write(BACK[found.outcome], step.id, found)

    def undo_reconcile(self, step: Step) -> None:
        """Whether it is undone already, before it is begun and after an interruption."""
        back, action = self._back(step), undo_action(step)
        found = self._works_on(step) or self._ask_back(
            back, action, lambda performer, task: performer.reconcile(task)
        )
        self._write(Mark.UNDO_RECONCILED, step.id, found)

    def hold(self, name: str, step: str, *, taking: bool) -> None:
        """Take one hold back, or give it back, outside the step that is for it.

        Where an order may have been given already, what is true is looked at before it is given again. What is seen
        before it is written down with the intent: a process that is asked to end here is known as such from then on.
        """
        own, holding = self.cast.holding(name, taking=taking)
        entries = self.journal.entries
        is_begun = holds_of(self.playbook, entries)[name].grip is Grip.PERHAPS
        found = self._guarded(lambda: holding.prepare(self._task(own, None)))
        self.recorder.write(Mark.HOLD_TAKING, step=step, facts={**found.facts, "hold": name})
        if found.outcome is Outcome.PASS:
            with self._lookout(replace(own, id=step), self._asked_since(len(entries))) as lookout:
                found = self._held(holding, self._task(own, lookout), is_begun=is_begun)
        is_held = taking and found.outcome is Outcome.PASS
        mark = Mark.HOLD_ACQUIRED if is_held else Mark.HOLD_LOST if taking else Mark.HOLD_RELEASED
        self.recorder.write(mark, step=step, outcome=found.outcome, said=found.said, facts={"hold": name})

    def _held(self, holding: Performer, task: Task, *, is_begun: bool) -> Finding:
        found = self._guarded(lambda: holding.verify(task)) if is_begun else None
        if found is None or found.outcome is not Outcome.PASS:
            found = self._guarded(lambda: holding.carry_out(task))
            if found.outcome is not Outcome.FAIL:
                found = self._guarded(lambda: holding.verify(task))
        return found

    def at_work(self) -> Phrase:
        """That a program of this run still works though nobody waits for it; silence when none does."""
        entries = self.journal.entries
        begun = (each for each in self.playbook.steps if in_flight(each, entries) is not None)
        return next((said for each in begun if (said := self.cast.at_work(each))), SILENCE)

    def _works_on(self, step: Step) -> Finding | None:
        """Nothing is taken back or away beside the program of a step that was never seen to end."""
        if in_flight(step, self.journal.entries) is not Mark.INTENDED:
            return None
        works = self.cast.at_work(step)
        return Finding(outcome=Outcome.UNKNOWN, said=works) if works else None

    def probe(self, name: str) -> Outcome:
        """Whether a hold is kept, as its own probe says."""
        hold = self.playbook.hold(name)
        if hold is None:
            return Outcome.UNKNOWN
        own, _ = self.cast.holding(name, taking=True)
        return is_kept(hold, self.cast.find, self._task(own, None))

    def right_answer(self, step: Step, item: str) -> str | None:
        """What must be typed for an item; None when that is not known."""
        for each in step.items:
            if each.id == item:
                try:
                    return fill(each.answer, self.facts, past_of(self.journal.entries))
                except UnfilledError:
                    return None
        return None

    def _ask_back(self, back: Step, action: str, question: Question) -> Finding:
        """On the way back. The stop that led to it does not end it; one that is asked for on the way does."""
        entries = self.journal.entries
        begun = next((n for n, each in enumerate(entries) if each.mark in OF_AN_UNDO), len(entries))
        return self._ask(back, action, question, watched=True, wants_end=self._asked_since(begun))

    def _asked_since(self, number: int) -> Callable[[], bool]:
        """Whether somebody asks to stop now, and did so after the first `number` lines of the journal."""
        return lambda: (
            self.wants_end()
            and any(
                each.mark is Mark.STOP_ASKED and each.facts.get("now") is True
                for each in self.journal.entries[number:]
            )
        )

    def _ask(
        self,
        step: Step,
        action: str,
        question: Question,
        *,
        watched: bool = False,
        wants_end: Callable[[], bool] | None = None,
    ) -> Finding:
        past = past_of(self.journal.entries)
        try:
            ready = replace(
                step,
                args=filled(step.args, self.facts, past),
                run=tuple(fill(each, self.facts, past) for each in step.run),
            )
        except UnfilledError as error:
            return Finding(outcome=Outcome.FAIL, said=say("not known: {name}", name=str(error)))
        performer = self.cast.performer(ready, action)
        if performer is None:
            return Finding(
                outcome=Outcome.UNKNOWN,
                said=say("there is no action {action} in this version", action=action),
            )
        if not watched:
            return self._guarded(lambda: question(performer, self._task(ready, None)))
        with self._lookout(step, wants_end or self.wants_end) as lookout:
            return self._guarded(lambda: question(performer, self._task(ready, lookout)))

    def _lookout(self, step: Step, wants_end: Callable[[], bool]) -> Lookout:
        return Lookout(
            step,
            self.recorder,
            risk=self.playbook.risk,
            probe=self.probe,
            wants_end=wants_end,
            renew=self.renew,
        )

    def _task(self, step: Step, lookout: Lookout | None) -> Task:
        def tell(said: Phrase, facts: Facts = NO_FACTS) -> None:
            if lookout is not None:
                lookout.moved()
            if self.pace.lets(step.id, facts):
                self.recorder.write(Mark.PROGRESSED, step=step.id, said=said, facts=facts)

        past = past_with_holds(self.journal.entries)
        halted = lookout.halted if lookout is not None else lambda: ""
        return Task(step=step, past=past, tell=tell, halted=halted)

    def _guarded(self, question: Callable[[], Finding]) -> Finding:
        """A performer's answer; a fault of our own is not knowing, and only its type is told (no content leaks)."""
        try:
            return question()
        except (UnwritableError, DamagedError):
            raise
        except Exception as error:  # whatever it is, the world may have been changed
            return Finding(
                outcome=Outcome.UNKNOWN,
                said=say("a fault of this program: {type}", type=type(error).__name__),
            )

    def _expected(self, step: Step, found: Finding) -> Finding:
        """What was found, unless the numbers say otherwise; of a program its own judgement counts as well."""
        if step.expect is None:
            return found
        judged = compare(step.expect, found.facts, self.facts, past_of(self.journal.entries))
        worst = found.outcome if found.outcome is not Outcome.PASS or not judged.said else judged.outcome
        said = found.said if found.outcome is not Outcome.PASS else judged.said or found.said
        return Finding(outcome=worst, said=said, facts={**found.facts, EXPECTATION: worst.value})

    def _back(self, step: Step) -> Step:
        return replace(step, action=undo_action(step), args={**step.args, **step.undo_args})

    def _chosen(self, step: Step) -> Facts:
        choice = answers_of(step, self.journal.entries)[1]
        return {"choice": choice} if choice else NO_FACTS

    def _write(self, mark: Mark, step: str, found: Finding) -> None:
        self.recorder.write(mark, step=step, outcome=found.outcome, said=found.said, facts=found.facts)
