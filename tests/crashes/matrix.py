"""The matrix: a scene, killed by SIGKILL at each line of its journal, and gone on with once."""

from __future__ import annotations

import signal
import time
from pathlib import Path

from medflow_tui.journal.audit import verify
from medflow_tui.model.procedure import Phase
from medflow_tui.runner.follow import unfinished
from medflow_tui.runner.surroundings import AUDIT, LOCKS
from tests.crashes.looks import LOOKS
from tests.crashes.scenes import Managed, Scene, Setting, staged
from tests.crashes.sites import SITES
from tests.servers.service_rigs import RIGS

MOMENTS = ("before", "torn", "after")
SETTINGS: dict[str, Setting] = {
    "engine, forward": staged(fails=False),
    "engine, way back": staged(fails=True),
    **{f"backend-not-responding, {each}": Managed("backend-not-responding", each) for each in RIGS},
    **{f"way back, {each}": Managed("way-back", each, Path(__file__).parent) for each in RIGS},
    **SITES,
    **LOOKS,
}
"""By the name under which they are asked for: a playbook, and where there are several, in which of its sites."""


def stated(name: str) -> Phase:
    """How a run under this name ends, killed or not."""
    return Phase.ROLLED_BACK if "way back" in name else Phase.SUCCEEDED


def whole(setting: Setting, folder: Path, phase: Phase) -> tuple[int, int, float]:
    """A run that nobody kills: its exit code, the lines of its journal, its seconds. Raises AssertionError unless it ends so."""
    with setting(folder) as scene:
        began = time.monotonic()
        code = scene.live()
        lasted = time.monotonic() - began
        assert scene.phase() is phase, f"exit {code}, {scene.phase().value}"
        scene.once()
        sound(scene)
        return code, len(scene.entries()), lasted


def cell(setting: Setting, folder: Path, kill: str, code: int, phase: Phase) -> None:
    """Killed there, and gone on with once (not, when it ends before that). Raises AssertionError unless it stands as one that nobody killed."""
    with setting(folder) as scene:
        died = scene.live(kill)
        if died == code and is_behind(kill, len(scene.entries())):
            scene.once()
            return
        assert died == -signal.SIGKILL, f"not killed, exit {died}"
        left = scene.phase()
        assert left is Phase.INTERRUPTED or left is phase or not scene.entries(), f"left {left.value}"
        ended = scene.live()
        assert (ended, scene.phase()) == (code, phase), f"exit {ended}, {scene.phase().value}"
        scene.once()
        sound(scene)


def is_behind(kill: str, lines: int) -> bool:
    """Whether a run of so many lines can be over before: it told less of its progress, or was quicker."""
    return kill.startswith("~") or lines <= int(kill.partition(":")[0])


def sound(scene: Scene) -> None:
    """What is true of every run that is over."""
    assert verify(scene.state / AUDIT).holds, "the audit does not hold"
    assert not list((scene.state / LOCKS).glob("*.lock")), "a lock was left"
    assert not unfinished(scene.state / "runs"), "a run was left unfinished"
