"""The playbook for a backend that does not respond, with real service managers, killed at any moment."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from medflow_tui.model.procedure import Mark, Phase
from tests.servers.service_rigs import RIGS, Front, Rig, fronting, rig_of
from tests.servers.service_run import Run, await_that

pytestmark = pytest.mark.real_server


@pytest.fixture(params=sorted(RIGS))
def rig(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Rig]:
    with rig_of(request.param, tmp_path) as found:
        yield found


@pytest.fixture
def front(rig: Rig) -> Iterator[tuple[Front, str]]:
    with fronting(rig) as found:
        yield found


@pytest.fixture
def run(rig: Rig, front: tuple[Front, str], tmp_path: Path) -> Run:
    return Run(
        playbook="backend-not-responding",
        state=tmp_path / "state",
        targets=[
            {"kind": "process", "name": "backend-process", **rig.table},
            {"kind": "http", "name": "backend", "address": front[1]},
        ],
        enter=rig.enter,
    )


def test_it_is_restarted_once_wherever_the_run_is_killed(run: Run, rig: Rig) -> None:
    """Before the order, while the old process still ends, and after it; then one that nobody kills."""
    intended = whole(run, rig)
    for kill in (f"{intended}:before", f"{intended}:after", f"{intended + 1}:torn", f"{intended + 1}:after"):
        again = fresh(run)
        count = rig.starts()
        assert again.end(kill) not in (0, 2, 3), kill
        assert again.end() == 0, (kill, again.standing())
        assert rig.starts() == count + 1, kill
    again, count, terms = fresh(run), rig.starts(), rig.terms()
    child = again.begin()
    await_that(lambda: rig.terms() > terms)
    again.kill(child)
    assert again.end() == 0, again.standing()
    assert rig.starts() == count + 1


def whole(run: Run, rig: Rig) -> int:
    """A run that nobody kills; the line of its journal before which the restart is intended."""
    assert run.end() == 0, run.standing()
    assert run.standing().phase is Phase.SUCCEEDED
    assert (rig.starts(), rig.terms()) == (2, 1)
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
