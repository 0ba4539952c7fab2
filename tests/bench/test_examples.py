"""The examples in the docstrings of the bench hold, those of its reference programs too."""

from __future__ import annotations

import doctest
import importlib
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent
MODULES = ("figures", "growing", "keyboard", "line", "programs")
FLOOR = ("raw_log", "raw_values")


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_hold(name: str) -> None:
    assert doctest.testmod(importlib.import_module(f"tests.bench.{name}")).failed == 0


@pytest.mark.parametrize("name", FLOOR)
def test_the_examples_of_a_reference_program_hold(name: str) -> None:
    found = doctest.testmod(importlib.import_module(f"tests.bench.floor.{name}"))
    assert found.attempted > 0
    assert found.failed == 0


def test_every_module_with_examples_is_named_here() -> None:
    with_examples = {
        each.stem
        for each in (*FOLDER.glob("*.py"), *FOLDER.glob("floor/*.py"), *FOLDER.glob("rows/*.py"))
        if "    >>> " in each.read_text()
    }
    assert with_examples - {Path(__file__).stem} <= {*MODULES, *FLOOR}
