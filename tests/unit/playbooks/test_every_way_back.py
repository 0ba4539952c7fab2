"""Every shipped playbook taken back from each of its changes: all that has an undo is undone, else a role is called."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from medflow_tui.journal.audit import Audit
from medflow_tui.model.playbook import ACQUIRE, RELEASE, Effect
from medflow_tui.model.procedure import Act, End, Mark, Outcome
from medflow_tui.model.words import say
from medflow_tui.rules.undoing import undo_action
from tests.servers.runs import Crashed
from tests.unit.playbooks.attended import answering, attended, measuring
from tests.unit.playbooks.measured import BOOKS, WELL

CHANGES = [(name, each.id) for name, book in BOOKS.items() for each in book.steps if each.effect.changes]


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is durable when is shown elsewhere."""
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)
    answering(monkeypatch)
    measuring(monkeypatch, lambda: dict(WELL))


@pytest.mark.parametrize("done", [False, True], ids=["not done", "done"])
@pytest.mark.parametrize(("name", "step"), CHANGES)
def test_interrupted_in_a_change_and_taken_back(
    name: str, step: str, done: bool, tmp_path: Path, quick: None
) -> None:
    """What was made and has no undo stays, and who is to be called is named; what was only added may stay."""
    bench = attended(name, tmp_path / "state")
    order = bench.order()
    bench.world.dies = (step, done)
    with pytest.raises(Crashed):
        bench.run(order)
    bench.world.dies = None
    changing = [
        each
        for each in bench.playbook.steps
        if each.id in bench.world.made and (undo_action(each) or each.effect is not Effect.ADDITIVE)
    ]
    move = bench.run(replace(order, mandate=replace(order.mandate, stop="roll_back")))
    if all(undo_action(each) for each in changing):
        assert move.act is Act.FINISH, move
        assert move.end in (End.ROLLED_BACK, End.CANCELLED, End.COMPLETED)
        assert not bench.world.held
        own = [
            each.id
            for each in changing
            if each.action not in (ACQUIRE, RELEASE) and undo_action(each) != each.action
        ]
        assert not bench.world.done & set(own)
        assert bench.world.unmade == [each for each in reversed(bench.world.made) if each in own]
    else:
        assert (move.act, move.outcome is Outcome.PASS) == (Act.PAUSE, False)
        assert move.call in (bench.playbook.limits.escalate_to, bench.playbook.owner)
        assert bench.entries(order)[-1].mark is Mark.PAUSED


@pytest.mark.parametrize("name", BOOKS)
def test_what_cannot_be_recorded_is_not_begun_unless_it_only_looks(
    name: str, tmp_path: Path, quick: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Audit, "why_not", lambda self: say("the audit cannot be written"))
    bench = attended(name, tmp_path / "state")
    order = bench.order()
    move = bench.run(order)
    assert (move.outcome is Outcome.PASS) == (bench.playbook.risk == "R0")
    assert bench.world.made == []
    begun = any(each.mark is Mark.INTENDED for each in bench.entries(order))
    assert begun == (bench.playbook.risk == "R0")


@pytest.mark.parametrize("name", sorted({name for name, _ in CHANGES}))
def test_what_changes_data_is_gone_on_with_by_a_person_only(name: str, tmp_path: Path, quick: None) -> None:
    bench = attended(name, tmp_path / "state")
    order = bench.order()
    first = next(step for book, step in CHANGES if book == name)
    bench.world.dies = (first, True)
    with pytest.raises(Crashed):
        bench.run(order)
    bench.world.dies = None
    alone = bench.run(replace(order, mandate=replace(order.mandate, alone=True)))
    if bench.playbook.risk in ("R3", "R4"):
        assert (alone.act, alone.why.text) == (Act.PAUSE, "class {risk}: only a person goes on with it")
        assert bench.world.made == [first]
        alone = bench.run(order)
    assert (alone.act, alone.outcome) == (Act.FINISH, Outcome.PASS)
