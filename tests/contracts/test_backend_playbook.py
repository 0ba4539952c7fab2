"""The playbook for a backend that does not respond, with real service managers, killed at any moment."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from medflow_tui.journal.audit import verify
from medflow_tui.model.playbook import Step
from medflow_tui.model.procedure import Mark, Phase
from medflow_tui.playbooks.load import load, shipped
from medflow_tui.runner.follow import unfinished
from medflow_tui.runner.surroundings import AUDIT, LOCKS
from tests.servers.forking import Forking, forking
from tests.servers.service_rigs import RIGS, Rig, fronting, rig_of
from tests.servers.service_run import Run, await_that

pytestmark = pytest.mark.real_server
NAME = "backend-not-responding"


@pytest.fixture(params=sorted(RIGS), scope="module")
def rig(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rig]:
    with rig_of(request.param, tmp_path_factory.mktemp("rig")) as found:
        yield found


@pytest.fixture(scope="module")
def url(rig: Rig) -> Iterator[str]:
    with fronting(rig) as (_, found):
        yield found


@pytest.fixture(scope="module")
def program(rig: Rig, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forking]:
    with forking(tmp_path_factory.mktemp("runs"), rig.enter) as found:
        yield found


@pytest.fixture
def run(rig: Rig, url: str, tmp_path: Path) -> Run:
    return Run(
        playbook=NAME,
        state=tmp_path / "state",
        targets=[
            {"kind": "process", "name": "backend-process", **rig.table},
            {"kind": "http", "name": "backend", "address": url},
        ],
        enter=rig.enter,
    )


def test_it_is_restarted_once_wherever_the_run_is_killed(run: Run, rig: Rig, program: Forking) -> None:
    """Before the order, while the old process still ends, and after it; then one that nobody kills."""
    intended = whole(run, rig, program)
    for kill in (f"{intended}:before", f"{intended}:after", f"{intended + 1}:torn", f"{intended + 1}:after"):
        again = fresh(run)
        count = rig.starts()
        assert program.end(again, kill) == -signal.SIGKILL, kill
        assert program.end(again) == 0, (kill, again.standing())
        assert rig.starts() == count + 1, kill
    again, count, terms = fresh(run), rig.starts(), rig.terms()
    child = again.begin()
    await_that(lambda: rig.terms() > terms)
    again.kill(child)
    assert program.end(again) == 0, again.standing()
    assert (rig.starts(), rig.terms()) == (count + 1, terms + 1)


def test_killed_at_each_moment_of_each_step_in_turn_it_ends_and_was_restarted_once(
    run: Run, rig: Rig, program: Forking
) -> None:
    """One run, killed and gone on with again and again. Before a step is after the one in front of it."""
    count = rig.starts()
    for step in load(shipped() / f"{NAME}.toml").steps:
        for kill in moments(step):
            assert program.end(run, kill) == -signal.SIGKILL, (kill, run.standing())
            assert run.standing().phase is Phase.INTERRUPTED
    assert program.end(run, f"{Mark.RUN_ENDED.value}:torn") == -signal.SIGKILL
    assert program.end(run) == 0, run.standing()
    assert run.standing().phase is Phase.SUCCEEDED
    assert rig.starts() == count + 1
    assert verify(run.state / AUDIT).holds
    assert not list((run.state / LOCKS).glob("*.lock"))
    assert not unfinished(run.state / "runs")


def moments(step: Step) -> list[str]:
    """Before it, inside it, and in the middle of each line that says what came of it."""
    intended, verified = f"{Mark.INTENDED.value} {step.id}", f"{Mark.VERIFIED.value} {step.id}"
    done = f"{Mark.CARRIED_OUT.value} {step.id}"
    changes = [f"{done}:torn", f"{Mark.RECONCILED.value} {step.id}:torn"] if step.effect.changes else []
    return [f"{intended}:before", f"{intended}:torn", f"{intended}:after", *changes, f"{verified}:torn"]


def whole(run: Run, rig: Rig, program: Forking) -> int:
    """A run that nobody kills; the line of its journal before which the restart is intended."""
    starts, terms = rig.starts(), rig.terms()
    assert program.end(run) == 0, run.standing()
    assert run.standing().phase is Phase.SUCCEEDED
    assert (rig.starts(), rig.terms()) == (starts + 1, terms + 1)
    marks = [(each.mark, each.step) for each in run.entries()]
    assert marks.index((Mark.VERIFIED, "capture")) < marks.index((Mark.INTENDED, "restart"))
    written = [each for each in run.state.rglob("*") if each.is_file() and "sealed" not in each.parts]
    for word in (b"planted_9c41d2aa77", b"KABONGO", b"P10233"):
        assert not [each for each in written if word in each.read_bytes()]
    sealed = [each.read_bytes() for each in run.state.rglob("crash-*.log")]
    assert [b"fell: " in each for each in sealed] == [rig.has_output]
    return marks.index((Mark.INTENDED, "restart"))


def fresh(run: Run) -> Run:
    return Run(
        playbook=run.playbook,
        state=run.state.with_name(f"state-{len(list(run.state.parent.iterdir()))}"),
        targets=run.targets,
        enter=run.enter,
    )
