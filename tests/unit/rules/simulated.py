"""A clinic and a runner without clock, files or services: playbooks run against a world that may fail, forget and lie low."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from medflow_tui.model.playbook import ACQUIRE, RELEASE, Playbook, Step, StepKind
from medflow_tui.model.procedure import Act, Entry, Mark, Move, Outcome
from medflow_tui.rules.holds import Grip, holds_of
from medflow_tui.rules.procedure import next_move
from medflow_tui.rules.undoing import undo_action

AT = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
CONCLUSION = {Outcome.PASS: Mark.VERIFIED, Outcome.FAIL: Mark.FAILED, Outcome.UNKNOWN: Mark.DOUBTED}
BACK = {Outcome.PASS: Mark.UNDONE, Outcome.FAIL: Mark.UNDO_FAILED, Outcome.UNKNOWN: Mark.UNDO_DOUBTED}


class KilledError(Exception):
    """The process of the run is gone."""


@dataclass
class World:
    """What is true of the clinic. `roll(n)` draws below n; 0 is always the friendly draw."""

    roll: Callable[[int], int]
    done: set[str] = field(default_factory=set)
    held: set[str] = field(default_factory=set)
    made: Counter[str] = field(default_factory=Counter)
    twice: list[str] = field(default_factory=list)

    def change(self, step: Step) -> Outcome:
        """Carry a step out: it works, it says no and does nothing, or it says nothing and may have worked."""
        match self.roll(4):
            case 1:
                return Outcome.FAIL
            case 2:
                return Outcome.UNKNOWN
            case 3:
                self._make(step)
                return Outcome.UNKNOWN
            case _:
                self._make(step)
                return Outcome.PASS

    def _make(self, step: Step) -> None:
        if step.id in self.done and step.effect.is_once:
            self.twice.append(step.id)
        self.made[step.id] += 1
        self.done.add(step.id)
        self._grip(step, taken=step.action == ACQUIRE)

    def unmake(self, step: Step) -> Outcome:
        if self.roll(4) == 1:
            return Outcome.FAIL
        self.done.discard(step.id)
        self._grip(step, taken=step.action == RELEASE)
        return Outcome.PASS

    def _grip(self, step: Step, *, taken: bool) -> None:
        for name in step.holds:
            (self.held.add if taken else self.held.discard)(name)

    def ask(self, true: bool) -> Outcome:
        """A question to the world: the truth, or no answer. Never a lie."""
        if self.roll(5) == 1:
            return Outcome.UNKNOWN
        return Outcome.PASS if true else Outcome.FAIL


class Simulation:
    """The runner's loop over a list of lines. It dies when `lines_left` are written."""

    def __init__(self, playbook: Playbook, world: World, entries: list[Entry] | None = None) -> None:
        self.playbook, self.world = playbook, world
        self.entries = entries if entries is not None else []
        self.lines_left = 10**9
        self.minutes = len(self.entries)

    def write(
        self, mark: Mark, step: str = "", outcome: Outcome | None = None, **facts: str | int | bool
    ) -> None:
        if self.lines_left <= 0:
            raise KilledError
        self.lines_left -= 1
        self.minutes += 1
        at = AT + timedelta(minutes=self.minutes)
        self.entries.append(
            Entry(seq=len(self.entries), at=at, mark=mark, step=step, outcome=outcome, facts=facts)
        )

    def live(self, answer: Callable[[Simulation, Step], None], most: int = 400) -> Move:
        """One process, until it pauses or ends. `answer` is what people do when a step waits for them."""
        self.write(Mark.RESUMED if self.entries else Mark.RUN_STARTED)
        self._probe()
        for _ in range(most):
            move = next_move(self.playbook, self.entries, AT + timedelta(minutes=self.minutes))
            if move.act is Act.FINISH:
                self.write(Mark.RUN_ENDED, outcome=move.outcome, end=move.end.value)
                return move
            if move.act is Act.PAUSE:
                self.write(Mark.PAUSED, call=move.call, asks_release=move.asks_release)
                return move
            if move.act is Act.WAIT:
                answer(self, self.step(move))
            else:
                self._make(move)
        raise AssertionError(f"the run does not end: {[(e.mark.name, e.step) for e in self.entries[-12:]]}")

    def step(self, move: Move) -> Step:
        found = self.playbook.step(move.step)
        assert found is not None
        return found

    def _probe(self) -> None:
        for name, trace in holds_of(self.playbook, self.entries).items():
            if trace.grip is Grip.HELD and name not in self.world.held:
                self.write(Mark.HOLD_LOST, hold=name)
            elif trace.grip is Grip.LOST and name in self.world.held:
                self.write(Mark.HOLD_ACQUIRED, hold=name)

    def _make(self, move: Move) -> None:
        world = self.world
        if move.act is Act.RELEASE:
            outcome = world.ask(True)
            if outcome is Outcome.PASS:
                world.held.discard(move.hold)
            self.write(Mark.HOLD_RELEASED, outcome=outcome, hold=move.hold)
            return
        step = self.step(move)
        match move.act:
            case Act.START:
                self._start(step)
            case Act.VERIFY:
                outcome = world.ask(step.id in world.done)
                self.write(CONCLUSION[outcome], step.id, outcome)
            case Act.RECONCILE:
                self.write(Mark.RECONCILED, step.id, world.ask(step.id in world.done))
            case Act.CLEAN:
                self.write(Mark.CLEANING, step.id)
                world.done.discard(step.id)
                self.write(Mark.CLEANED, step.id, world.ask(True))
            case Act.ACQUIRE:
                self.write(Mark.HOLD_TAKING, step.id, hold=move.hold)
                outcome = world.ask(True)
                if outcome is Outcome.PASS:
                    world.held.add(move.hold)
                self.write(
                    Mark.HOLD_ACQUIRED if outcome is Outcome.PASS else Mark.HOLD_LOST, step.id, hold=move.hold
                )
            case Act.UNDO:
                self.write(Mark.UNDO_INTENDED, step.id)
                self.write(Mark.UNDO_CARRIED_OUT, step.id, world.unmake(step))
            case Act.UNDO_VERIFY:
                outcome = world.ask(step.id not in world.done)
                self.write(BACK[outcome], step.id, outcome)
            case Act.UNDO_RECONCILE:
                assert undo_action(step)
                self.write(Mark.UNDO_RECONCILED, step.id, world.ask(step.id not in world.done))

    def _start(self, step: Step) -> None:
        world = self.world
        if step.requires and world.roll(6) == 1:
            world.held.discard(step.requires[0])
        if any(name not in world.held for name in step.requires):
            lost = next(name for name in step.requires if name not in world.held)
            self.write(Mark.HOLD_LOST, step.id, hold=lost)
            return
        self.write(Mark.INTENDED, step.id)
        if step.effect.changes:
            self.write(Mark.CARRIED_OUT, step.id, world.change(step))
        else:
            outcome = world.ask(world.roll(5) != 1) if step.kind is StepKind.ACTION else Outcome.PASS
            self.write(CONCLUSION[outcome], step.id, outcome)


def all_answered(run: Simulation, step: Step) -> None:
    """People who answer everything rightly, and choose what goes on."""
    for number in range(step.needs_people):
        for item in step.items:
            run.write(Mark.ANSWERED, step.id, Outcome.PASS, item=item.id, who=f"person {number}")
        if step.choices:
            goes_on = next(each for each in step.choices if not each.stops)
            run.write(Mark.ANSWERED, step.id, Outcome.PASS, choice=goes_on.id, who=f"person {number}")


def friendly(_: int) -> int:
    """A world in which all goes well."""
    return 0
