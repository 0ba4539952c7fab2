"""Any shipped playbook run in this very process: the real loop, journal, audit and lock over a site that is a set of words."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

import pytest

from medflow_tui.model.canonical import Fact, Facts
from medflow_tui.model.performer import Finding, Survey, Task
from medflow_tui.model.playbook import StepKind
from medflow_tui.model.procedure import Move, Outcome, Playbook
from medflow_tui.playbooks.schema import PLACEHOLDERS
from medflow_tui.rules.filling import names
from medflow_tui.runner import gate, preview
from medflow_tui.runner.runner import Runner
from medflow_tui.runner.wishes import Peer, Wish
from tests.servers.runs import Bench, Crashed
from tests.unit.playbooks.measured import BOOKS, INPUTS, WELL

PASS, FAIL = Outcome.PASS, Outcome.FAIL


class World:
    """What is true of the site of one playbook, every call that was made, and where to be killed: `(step, after)`."""

    def __init__(self, playbook: Playbook) -> None:
        self.playbook = playbook
        self.made: list[str] = []
        self.unmade: list[str] = []
        self.asked: list[str] = []
        self.done: set[str] = set()
        self.held: set[str] = set()
        self.dies: tuple[str, bool] | None = None
        words = {name for each in playbook.steps for item in each.items for name in names(item.answer)}
        words |= {
            name
            for each in playbook.steps
            for value in each.args.values()
            if isinstance(value, str)
            for name in names(value)
        }
        self.told = {each for each in words if "." in each}

    def __enter__(self) -> World:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        """Nothing is open."""

    def survey(self) -> Survey:
        measured: dict[str, Fact] = dict.fromkeys(PLACEHOLDERS, 3)
        measured |= {name: WELL[name] for name in ("version_now", "expired", "failed")}
        return Survey(
            facts=measured,
            targets={"target": "an address"},
            identity="mongodb 1",
            operator="amani",
            role="admin",
        )

    def performer(self, action: str) -> Acting:
        return Acting(action, self)

    def facts_of(self, step: str) -> Facts:
        """What later steps and checklists want to know of it."""
        return {each.partition(".")[2]: "7" for each in self.told if each.startswith(f"{step}.")}


@dataclass(frozen=True, slots=True)
class Acting:
    """One action. A hold is taken and let go; anything else is done once, by the step for which it is done."""

    action: str
    world: World

    @property
    def calls(self) -> tuple[str, ...]:
        return (f"CALL {self.action}",)

    def prepare(self, task: Task) -> Finding:
        return self._say("prepare", PASS)

    def carry_out(self, task: Task) -> Finding:
        world, step = self.world, task.step.id
        if world.dies == (step, False):
            raise Crashed
        world.asked.append(f"{self.action} carry_out")
        if self._takes_back(task):
            world.unmade.append(step)
            world.done.discard(step)
        else:
            world.made.append(step)
            world.done.add(step)
        for hold in world.playbook.holds:
            if self.action == hold.acquire:
                world.held.add(hold.id)
            if self.action == hold.release:
                world.held.discard(hold.id)
        if world.dies == (step, True):
            raise Crashed
        return Finding(outcome=PASS)

    def verify(self, task: Task) -> Finding:
        return self._say("verify", self._true(task), self.world.facts_of(task.step.id))

    def reconcile(self, task: Task) -> Finding:
        return self._say("reconcile", self._true(task))

    def _true(self, task: Task) -> Outcome:
        for hold in self.world.playbook.holds:
            if self.action in (hold.acquire, hold.probe):
                return PASS if hold.id in self.world.held else FAIL
            if self.action == hold.release:
                return FAIL if hold.id in self.world.held else PASS
        is_done = not task.step.effect.changes or task.step.id in self.world.done
        return PASS if is_done is not self._takes_back(task) else FAIL

    def _takes_back(self, task: Task) -> bool:
        """An action that undoes the step, and is not the one that it is made of."""
        step = self.world.playbook.step(task.step.id)
        return step is not None and self.action in {step.undo, step.cleanup} - {step.action, ""}

    def _say(self, what: str, outcome: Outcome, facts: Facts | None = None) -> Finding:
        self.world.asked.append(f"{self.action} {what}")
        return Finding(outcome=outcome, facts=facts or {})


@dataclass(frozen=True, kw_only=True)
class Attended(Bench):
    """A bench whose services are a world."""

    world: World = field(repr=False)

    def crew(self) -> Any:
        return self.world


def attended(name: str, state: Path) -> Attended:
    """A run of this playbook to be."""
    book = BOOKS[name]
    inputs = {each.id: INPUTS[each.id] for each in book.inputs}
    return Attended(name=name, targets=(), state=state, inputs=inputs, world=World(book))


def answering(monkeypatch: pytest.MonkeyPatch) -> None:
    """People are there: what a run asks is answered at once, rightly, and so that it goes on."""

    def wait(self: Runner, move: Move) -> bool:
        step = self._step(move)
        told = {"who": "tech1", "session": "", "step": step.id}
        if step.kind is StepKind.DECISION:
            goes_on = next(each.id for each in step.choices if not each.stops)
            wishes = [Wish(what="answer", choice=goes_on, **told)]
        else:
            answers = {each.id: self.hearing.right_answer(step, each.id) or "" for each in step.items}
            wishes = [Wish(what="answer", item=item, text=text, **told) for item, text in answers.items()]
        for each in wishes:
            assert not self.hearing.hear(each, Peer(pid=os.getpid(), uid=os.getuid()))
        return True

    monkeypatch.setattr(Runner, "_wait", wait)


def measuring(monkeypatch: pytest.MonkeyPatch, told: Callable[[], dict[str, Fact]]) -> None:
    """Guards find what they really find here, and over it what is told."""
    real = preview.guard_facts

    def facts(*args: Any, **more: Any) -> dict[str, Fact]:
        return {**real(*args, **more), **told()}

    monkeypatch.setattr(preview, "guard_facts", facts)
    monkeypatch.setattr(gate, "guard_facts", facts)
