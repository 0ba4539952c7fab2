"""A stop of a real service taken back, under real service managers: the run killed in the middle of the way back."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from medflow_tui.model.procedure import Mark, Phase
from tests.crashes.matrix import sound
from tests.crashes.scenes import Managed, Started

pytestmark = pytest.mark.real_server
HERE = Path(__file__).parent
INTENDED, DONE = 12, 13
"""Lines of its journal: the undo is intended; it was carried out."""


def ended(scene: Started) -> None:
    assert scene.live() == 2, scene.run.standing()
    assert scene.phase() is Phase.ROLLED_BACK
    scene.once()
    sound(scene)


@pytest.mark.parametrize(("manager", "kill"), [("pidfile", f"{INTENDED}:after"), ("runit", f"{DONE}:torn")])
def test_killed_before_and_after_the_undo_one_resume_ends_it(tmp_path: Path, manager: str, kill: str) -> None:
    with Managed("way-back", manager, HERE)(tmp_path / "site") as scene:
        assert scene.live(kill) == -signal.SIGKILL
        assert scene.entries()[-1].mark is (Mark.UNDO_INTENDED)
        assert scene.rig.starts() == (2 if kill.endswith("torn") else 1)
        ended(scene)


@pytest.mark.parametrize("manager", ["pidfile", "systemd"])
def test_killed_while_the_old_process_ends_it_is_not_asked_to_end_again(tmp_path: Path, manager: str) -> None:
    """A second SIGTERM makes many a program end at once, in the middle of what it still had to save."""
    with Managed("way-back", manager, HERE)(tmp_path / "site") as scene:
        scene.killed_when(lambda: scene.rig.terms() == 1)
        assert scene.phase() is Phase.INTERRUPTED
        ended(scene)


@pytest.mark.parametrize("manager", ["pidfile"])
def test_killed_while_the_undo_is_carried_out_one_resume_ends_it(tmp_path: Path, manager: str) -> None:
    with Managed("way-back", manager, HERE)(tmp_path / "site") as scene:
        scene.killed_when(lambda: scene.rig.starts() == 2)
        assert scene.phase() is Phase.INTERRUPTED
        ended(scene)
