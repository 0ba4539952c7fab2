"""Releasing a lock: what is said before it, and whom it may not be taken from."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from medflow_tui.cli import unlocking
from medflow_tui.cli.person import Person
from medflow_tui.cli.unlocking import Locks
from medflow_tui.journal.run_log import Journal, create
from medflow_tui.locale.language import Language
from medflow_tui.model.canonical import Facts
from medflow_tui.model.errors import RefusedError
from medflow_tui.model.plan import Plan
from medflow_tui.model.procedure import Act, Mark, Outcome
from medflow_tui.runner import at_work
from medflow_tui.runner.alive import myself
from medflow_tui.runner.dispatch import Dispatch
from medflow_tui.runner.preview import make_plan
from medflow_tui.runner.report import Report
from tests.crashes.staged import QUIET
from tests.unit.runner.stage import NIGHT, SITE, UNKNOWN, Stage

NAME, GONE = "db:medflow", "20261123-210000-restore-clinic-abcd"


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path, QUIET)


@pytest.fixture
def locks(stage: Stage) -> Locks:
    return Locks(
        dispatch=Dispatch(
            site=SITE,
            state=stage.state,
            playbooks=(stage.playbook,),
            crew_for=None,  # type: ignore[arg-type]
            command=(),
            now=lambda: NIGHT,
        )
    )


def stale(locks: Locks, run: str) -> Path:
    """A lock that is left behind by a process of before the last reboot."""
    locks.folder.mkdir(exist_ok=True)
    path = locks.folder / f"{NAME}.lock"
    known = {"who": "amani", "run": run, "since": "2026-11-23T21:00:00Z", "pid": 999_999_999}
    path.write_text(json.dumps({**known, "started": "ticks-1", "boot": "another"}))
    return path


def released(locks: Locks, path: Path) -> bool:
    seen = locks.seen(NAME)
    assert seen is not None
    locks.release(seen)
    return not path.exists()


def awaiting(stage: Stage) -> str:
    """A run of this very process that waits for a second person, before it takes a lock."""
    inputs = {each.id: "backup-1" for each in stage.playbook.inputs}
    plan = make_plan(stage.playbook, SITE, stage, stage.state, now=NIGHT, inputs=inputs)
    journal, me = Journal(create(stage.state / "runs", plan, stage.source)), myself()
    facts: Facts = {"pid": me.pid, "started": me.started, "boot": me.boot, "who": "neema"}
    journal.append(Mark.RUN_STARTED, facts=facts)
    journal.append(Mark.CONFIRMED)
    journal.append(Mark.APPROVAL_AWAITED)
    run = journal.folder.run
    journal.close()
    return run


def test_a_run_that_only_waits_for_a_second_person_keeps_no_lock_of_another_shut(
    stage: Stage, locks: Locks
) -> None:
    run = awaiting(stage)
    assert released(locks, stale(locks, GONE))
    with pytest.raises(RefusedError, match="works now and needs the lock"):
        released(locks, stale(locks, run))


def test_no_lock_is_released_while_a_program_of_its_dead_run_works(stage: Stage, locks: Locks) -> None:
    stage.services["mongo.switch"].says["verify"] = UNKNOWN
    assert stage.start().act is Act.PAUSE
    assert stage.folder is not None
    path, sealed = stale(locks, stage.folder.run), stage.folder.path / "sealed"
    sealed.mkdir(exist_ok=True)
    program = at_work.take(sealed, "load-2")
    assert program is not None
    with pytest.raises(RefusedError) as refused:
        released(locks, path)
    assert [each.values["step"] for each in refused.value.phrase.parts] == ["load-2"]
    os.close(program)
    assert released(locks, path)


@pytest.mark.parametrize("has_changed", [True, False])
def test_what_becomes_of_a_run_is_said_before_its_lock_is_released(
    stage: Stage, locks: Locks, monkeypatch: pytest.MonkeyPatch, has_changed: bool
) -> None:
    action = "mongo.switch verify" if has_changed else "mongo.load prepare"
    name, _, what = action.partition(" ")
    stage.services[name].says[what] = UNKNOWN
    assert stage.start().act is Act.PAUSE
    assert stage.folder is not None
    path, said = stale(locks, stage.folder.run), list[str]()
    monkeypatch.setattr(Person, "tell", lambda self, *phrases: said.extend(each.text for each in phrases))

    def confirm(*_: object) -> str:
        said.append("?")
        return f"UNLOCK {NAME}"

    monkeypatch.setattr(Person, "confirm", confirm)
    seen = locks.seen(NAME)
    assert seen is not None
    unlocking._release(locks, seen, Person(speak=Language("en").say))
    warned = [each.startswith("After that, a run that has begun to change") for each in said]
    assert any(warned) is has_changed
    assert not has_changed or warned.index(True) < said.index("?")
    assert not path.exists()


def test_a_lock_that_cannot_be_read_is_named_in_the_plan_with_its_way_out(stage: Stage, locks: Locks) -> None:
    stale(locks, GONE).write_text("")
    stage.start()
    assert isinstance(stage.plan, Plan)
    found = next(each for each in stage.plan.guards if each.id == "nobody_else")
    assert (found.outcome, found.stops) == (Outcome.UNKNOWN, True)
    assert found.said.values["order"] == f"playbook unlock {NAME}"
    told = Report(speak=Language("en").say, language="en").guarded(found)
    assert f"release it: playbook unlock {NAME}" in told[0]
    assert len(told) == 2, "why it is there, and no general advice"
