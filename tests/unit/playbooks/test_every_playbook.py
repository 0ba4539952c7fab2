"""Every shipped playbook by itself, a new one too: each guard made to fail, each step crashed, a dry run that touches nothing."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from medflow_tui.actions.names import MEASURED_BY, rooms_of
from medflow_tui.model.canonical import Fact
from medflow_tui.model.procedure import Act, Guard, Mark, Outcome
from medflow_tui.playbooks.lint import OF_BACKUPS
from medflow_tui.rules.guards import KINDS, evaluate
from medflow_tui.rules.permits import passable, permits_of
from medflow_tui.runner.dry_run import rehearse
from tests.servers.runs import Crashed
from tests.unit.playbooks.attended import Attended, answering, attended, measuring
from tests.unit.playbooks.measured import BOOKS, NOW, WELL, WRONG, unmeasured, well, wrong

ALL = [
    (name, guard) for name, book in BOOKS.items() for guard in (*book.guards, *permits_of(book, "production"))
]
HERE = [(name, guard) for name, book in BOOKS.items() for guard in (*book.guards, *permits_of(book, "lab"))]
CHANGES = [(name, each.id) for name, book in BOOKS.items() for each in book.steps if each.effect.changes]
CRASHES = [
    (name, each.id, moment)
    for name, book in BOOKS.items()
    for each in book.steps
    for moment in ("before", "inside, not done", "inside, done", "after")
    if each.effect.changes or not moment.startswith("inside")
]


def ids(pairs: list[tuple[str, Guard]]) -> list[str]:
    return [f"{name}-{guard.id}" for name, guard in pairs]


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is durable when is shown elsewhere."""
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


def test_there_is_a_way_to_fail_for_every_kind_of_guard() -> None:
    assert set(WRONG) == set(KINDS)


@pytest.mark.parametrize(("name", "guard"), ALL, ids=ids(ALL))
def test_each_guard_holds_where_all_is_well_fails_and_does_not_know(name: str, guard: Guard) -> None:
    assert evaluate(guard, well(guard)).outcome is Outcome.PASS
    found = evaluate(guard, wrong(guard), guard.before)
    assert (found.outcome, found.stops) == (Outcome.FAIL, guard.blocks)
    assert all((found.said, found.why.en, found.why.others["fr"], found.fix.en, found.fix.others["fr"]))
    told = evaluate(guard, unmeasured(guard), guard.before)
    assert (told.outcome, told.stops) == (Outcome.UNKNOWN, guard.blocks and guard.on_unknown_blocks)


@pytest.mark.parametrize(("name", "guard"), HERE, ids=ids(HERE))
def test_a_guard_that_fails_at_the_start_keeps_everything_as_it_is(
    name: str, guard: Guard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A warning stops nothing; a guard of one step stops before that step; any other before anything.

    What one guard looks at another may look at as well: the first of them stops.
    """
    answering(monkeypatch)
    facts: dict[str, Fact] = dict(WELL)
    measuring(monkeypatch, lambda: facts)
    bench = attended(name, tmp_path / "state")
    order = bench.order()
    facts |= wrong(guard)
    move = bench.run(order)
    begun = [each.step for each in bench.entries(order) if each.mark is Mark.INTENDED]
    stopping = {
        each.before for book, each in HERE if book == name and evaluate(each, facts, each.before).stops
    }
    if not stopping:
        assert (move.act, move.outcome) == (Act.FINISH, Outcome.PASS)
        return
    assert move.outcome is not Outcome.PASS
    told = [each for each in bench.entries(order) if each.mark is Mark.GUARDED][-1]
    assert (told.outcome, told.facts[guard.id]) == (Outcome.FAIL, "fail")
    steps = [each.id for each in bench.playbook.steps]
    assert begun == steps[: min(steps.index(each) if each else 0 for each in stopping)]
    assert bench.world.made == [each for each in begun if (name, each) in CHANGES]


def over(bench: Attended) -> None:
    """One run that ended well, and each change once."""
    changing = [each.id for each in bench.playbook.steps if each.effect.changes]
    assert bench.world.made == changing
    assert not bench.world.held


@pytest.mark.parametrize(("name", "step", "moment"), CRASHES)
def test_crashed_before_inside_and_after_each_step_one_resume_ends_it(
    name: str, step: str, moment: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answering(monkeypatch)
    measuring(monkeypatch, lambda: {**WELL, "environment": "lab"})
    bench = attended(name, tmp_path / "state")
    order = bench.order()
    if moment.startswith("inside"):
        bench.world.dies = (step, moment.endswith(", done"))
        with pytest.raises(Crashed):
            bench.run(order)
        bench.world.dies = None
        move = bench.run(order)
    else:
        at = (Mark.INTENDED, step) if moment == "before" else (Mark.VERIFIED, step)
        move = bench.run_over_crash(order, at, moment)
    assert (move.act, move.outcome) == (Act.FINISH, Outcome.PASS), move
    over(bench)


@pytest.mark.parametrize("name", BOOKS)
def test_a_dry_run_asks_nothing_to_be_done_and_leaves_no_trace(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    measuring(monkeypatch, lambda: dict(WELL))
    bench = attended(name, tmp_path / "state")
    found = rehearse(bench.playbook, bench.site, bench.world, bench.state, now=NOW, inputs=bench.inputs)
    assert found.would_start, found.said
    assert bench.world.asked == []
    assert not list(tmp_path.iterdir())
    assert bool([each for step in found.plan.steps for each in step.calls]) == bool(
        [each for each in CHANGES if each[0] == name]
    )


@pytest.mark.parametrize("name", BOOKS)
def test_each_class_has_what_it_needs_and_may_be_used_in_production(name: str) -> None:
    """`guarded-runs.md`, A.4: what asks for a second person names one, and what interrupts people is not done again and again."""
    book = BOOKS[name]
    facts: dict[str, Fact] = {
        **WELL,
        "environment": "production",
        "playbook.risk": book.risk,
        "playbook.approvals": book.approval.count,
    }
    for guard in (each for each in book.guards if each.kind == "environment"):
        assert evaluate(guard, facts).outcome is Outcome.PASS
    if book.risk in ("R2", "R3", "R4"):
        assert book.limits.max_runs, book.limits.cool_down_s
        assert book.limits.escalate_to
        assert {"identity", "environment", "nobody_else", "journal", "disk"} <= {
            each.kind for each in book.guards if each.blocks
        }
        assert all(each.undo_text.en for each in book.steps if each.effect.changes)


HARMLESS = {"device-sync-failure"}
"""What interrupts nobody, and says so: it may begin at any hour."""


@pytest.mark.parametrize("name", [name for name, book in BOOKS.items() if book.risk in ("R2", "R3", "R4")])
def test_what_interrupts_people_has_a_window_and_somebody_with_a_reason_may_pass_over_it(name: str) -> None:
    """`guarded-runs.md`, A.4 and G9: of every class from R2 on."""
    book = BOOKS[name]
    if name in HARMLESS:
        assert (book.window.deny, bool(book.window.any_time.others["fr"])) == ((), True)
        return
    assert book.window.deny == ("clinic_hours",)
    assert book.override.allowed
    assert "window" in passable(book)
    guard = next(each for each in permits_of(book, "production") if each.kind == "window")
    closed: dict[str, Fact] = {**WELL, "environment": "production", "window.is_closed": True}
    assert evaluate(guard, closed).outcome is Outcome.FAIL
    down = {**closed, "backend.down": True, "mongodb.down": True}
    spared = bool(book.window.unless_down)
    assert spared is (book.risk == "R2")
    assert evaluate(guard, down).outcome is (Outcome.PASS if spared else Outcome.FAIL)
    for each in ("backend.down", "mongodb.down"):
        down.pop(each)
    assert evaluate(guard, down).outcome is (Outcome.UNKNOWN if spared else Outcome.FAIL)
    assert "backup" not in passable(book)


AGES = {"deployment": 3600, "code-rollback": 86400}
"""Seconds; of all others a day and two hours."""


@pytest.mark.parametrize("name", [name for name, book in BOOKS.items() if book.risk in ("R3", "R4")])
def test_what_changes_data_is_refused_in_production_without_a_fresh_verified_backup(name: str) -> None:
    """`guarded-runs.md`, A.4; elsewhere not knowing is said, and stops nothing. Something measures what the guard looks at."""
    book = BOOKS[name]
    guard = next(each for each in book.guards if each.blocks and each.kind in OF_BACKUPS)
    assert guard.need["max_age_s"] == AGES.get(name, 93600)
    assert rooms_of(book) & set(MEASURED_BY[guard.kind])
    at_work: dict[str, Fact] = {**WELL, "environment": "production", "backup.command": ""}
    assert evaluate(guard, at_work).outcome is Outcome.PASS
    at_work["backup.verified_age_s"] = AGES.get(name, 93600) + 1
    assert evaluate(guard, at_work).stops
    del at_work["backup.verified_age_s"]
    for state in ("", "waiting", "gone", "mismatch"):
        at_work["backup.state"] = state
        assert evaluate(guard, at_work).stops
    at_work["backup.state"] = "waiting"
    for environment in ("drill", "lab"):
        told = evaluate(guard, {**at_work, "environment": environment})
        assert (told.outcome, told.stops, bool(told.said)) == (Outcome.UNKNOWN, False, True)


OF_PROGRAMS = {"releases.install", "releases.build", "releases.script", "backup_first.take", "program.run"}
"""What runs a program of the site or of a version, which may stand still without ending."""


@pytest.mark.parametrize("name", BOOKS)
def test_what_takes_long_says_when_it_takes_longer_and_a_program_when_it_stands_still(name: str) -> None:
    for step in BOOKS[name].steps:
        if step.action and step.timeout_s >= 600:
            assert 0 < step.warn_s < step.timeout_s, step.id
        if step.action in OF_PROGRAMS:
            assert 0 < step.stall_s < step.timeout_s, step.id
