"""The names of actions stand in one place, and are those that the modules carry out: the linter imports none of these."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from medflow_tui import actions
from medflow_tui.actions.names import ACTIONS
from tests.architecture.test_headless import loaded_after

FOLDER = Path(actions.__file__).parent
BY_NAME = ("service", "power_check", "releases", "backup_first")  # the others take theirs in their order


def named(room: str) -> set[str]:
    sources = [each.read_text() for each in FOLDER.glob("*.py") if each.name != "names.py"]
    return {name for each in sources for name in re.findall(rf'"({room}\.[a-z_]+)"', each)}


@pytest.mark.parametrize("room", BY_NAME)
def test_every_action_that_a_module_carries_out_is_named(room: str) -> None:
    assert named(room) == {*ACTIONS[room]} - ({"power_check.sound", "power_check.transactions"})


@pytest.mark.parametrize("room", sorted(ACTIONS))
def test_every_room_is_a_module_and_its_actions_have_its_name(room: str) -> None:
    assert (FOLDER / f"{room}.py").exists()
    assert all(each.startswith(f"{room}.") for each in ACTIONS[room])


def test_the_linter_loads_no_client() -> None:
    assert loaded_after("from medflow_tui.wiring.crews import known_actions; known_actions()") == set()
