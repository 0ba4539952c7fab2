"""The matrix: a scene, killed by SIGKILL at each line of its journal, and gone on with once."""

from __future__ import annotations

import signal
import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from medflow_tui.journal.audit import verify
from medflow_tui.model.procedure import Phase
from medflow_tui.runner.follow import unfinished
from medflow_tui.runner.surroundings import AUDIT, LOCKS
from tests.crashes.scenes import Scene, Setting, managed, staged
from tests.crashes.sites import SITES
from tests.servers.service_rigs import RIGS

MOMENTS = ("before", "torn", "after")
SETTINGS: dict[str, Setting] = {
    "engine, forward": staged(fails=False),
    "engine, way back": staged(fails=True),
    **{f"backend-not-responding, {each}": managed("backend-not-responding", each) for each in RIGS},
    **{f"way back, {each}": managed("way-back", each, Path(__file__).parent) for each in RIGS},
    **SITES,
}
"""By the name under which they are asked for: a playbook, and where there are several, in which of its sites."""


@dataclass(slots=True)
class Row:
    """What came of one setting: lines of its whole journal, kills, and which of them did not end well and why."""

    name: str
    lines: int = 0
    kills: int = 0
    failed: list[str] = field(default_factory=list)
    seconds: float = 0.0
    missing: str = ""


def whole(setting: Setting, folder: Path) -> tuple[int, Phase, int]:
    """A run that nobody kills: its exit code, how it ends, and the lines of its journal."""
    with setting(folder) as scene:
        code = scene.live()
        assert code in (0, 2), (code, scene.phase())
        scene.once()
        return code, scene.phase(), len(scene.entries())


def cell(setting: Setting, folder: Path, kill: str, code: int, phase: Phase) -> None:
    """Killed there, and gone on with once (not, when it ends before that line). Raises AssertionError unless it stands as one that nobody killed."""
    with setting(folder) as scene:
        died = scene.live(kill)
        if died == code and len(scene.entries()) <= int(kill.partition(":")[0]):
            return  # it told less of its progress, and was over before that line
        assert died == -signal.SIGKILL, f"not killed, exit {died}"
        left = scene.phase()
        assert left is Phase.INTERRUPTED or left is phase or not scene.entries(), f"left {left.value}"
        ended = scene.live()
        assert (ended, scene.phase()) == (code, phase), f"exit {ended}, {scene.phase().value}"
        scene.once()
        sound(scene)


def sound(scene: Scene) -> None:
    """What is true of every run that is over."""
    assert verify(scene.state / AUDIT).holds, "the audit does not hold"
    assert not list((scene.state / LOCKS).glob("*.lock")), "a lock was left"
    assert not unfinished(scene.state / "runs"), "a run was left unfinished"


def row(name: str, folder: Path, moments: Sequence[str] = MOMENTS, every: int = 1) -> Row:
    """The whole of one setting, each cell on a site of its own; only each `every`-th line."""
    setting, found, began = SETTINGS[name], Row(name), time.monotonic()
    try:
        code, phase, found.lines = whole(setting, folder / "whole")
    except (Exception, pytest.skip.Exception) as error:  # a rig that cannot be had skips
        found.missing = why(error)
        return found
    for line in range(0, found.lines, every):
        for moment in moments:
            found.kills += 1
            try:
                cell(setting, folder / f"{line}-{moment}", f"{line}:{moment}", code, phase)
            except Exception as error:
                found.failed.append(f"{line}:{moment}: {why(error)}")
    found.seconds = time.monotonic() - began
    return found


def why(error: BaseException) -> str:
    """In one line, with the place in our tests at which it went wrong."""
    places = [each for each in traceback.extract_tb(error.__traceback__) if "tests" in each.filename]
    place = f" ({Path(places[-1].filename).name}:{places[-1].lineno})" if places else ""
    return f"{type(error).__name__} {str(error)[:300]}{place}".replace("\n", " ").replace("|", "/")
