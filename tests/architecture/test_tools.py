"""The tools that keep the house in order are run by the same command as the tests."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    "command",
    [
        ["-m", "ruff", "check", "medflow_tui", "tests"],
        ["-m", "ruff", "format", "--check", "medflow_tui", "tests"],
        ["-m", "mypy"],
        ["-c", "from importlinter.cli import lint_imports_command as run; run()"],
        ["-m", "compileall", "-q", "medflow_tui"],
        [
            "-m",
            "pytest",
            "-q",
            "--doctest-modules",
            "medflow_tui",
            "-p",
            "no:xdist",
            "-o",
            "addopts=--import-mode=importlib -p no:cacheprovider",
            "--ignore=medflow_tui/lab",
            "--ignore=medflow_tui/locale/build.py",
        ],
    ],
    ids=["lint", "format", "types", "layers", "compiles", "doctests"],
)
def test_the_tool_is_content(command: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, *command], cwd=ROOT, capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-3000:]
