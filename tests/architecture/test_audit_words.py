"""The audit is written by its named functions and by the recorder of runs only: no other place can put words into it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "medflow_tui"
WRITERS = {"journal/auditing/events.py", "runner/recorder.py"}


def calls_of_append(path: Path) -> list[int]:
    """Lines on which something named like an audit is appended to."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [
        each.lineno
        for each in ast.walk(tree)
        if isinstance(each, ast.Call)
        and isinstance(each.func, ast.Attribute)
        and each.func.attr == "append"
        and "audit" in ast.unparse(each.func.value).lower()
    ]


def test_only_the_named_functions_and_the_recorder_write() -> None:
    found = {
        str(path.relative_to(PACKAGE)): lines
        for path in PACKAGE.rglob("*.py")
        if (lines := calls_of_append(path))
    }
    assert set(found) == WRITERS


@pytest.mark.parametrize("text", ["audit.append('x', {})", "self._audit.append('x', {})"])
def test_such_a_call_would_be_found(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.py").write_text(text)
    assert calls_of_append(tmp_path / "a.py") == [1]
