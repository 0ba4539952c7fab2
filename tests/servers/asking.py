"""Where the program asks a person something, read from its own source: so that no question is without its test."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Collection, Iterator
from pathlib import Path

PACKAGE = Path(__file__).parents[2] / "medflow_tui"


def places(folder: str, names: Collection[str]) -> Counter[str]:
    """`module.Class.function` and how often it calls one of these names, of all modules below a folder of the package."""
    found: Counter[str] = Counter()
    for path in sorted((PACKAGE / folder).rglob("*.py")):
        module = ".".join(path.relative_to(PACKAGE / folder).with_suffix("").parts)
        found.update(where for where, name in _calls(ast.parse(path.read_text()), (module,)) if name in names)
    return found


def _calls(node: ast.AST, where: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    for each in ast.iter_child_nodes(node):
        is_place = isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        if isinstance(each, ast.Call):
            called = each.func
            name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
            yield ".".join(where), name
        yield from _calls(each, (*where, each.name) if is_place else where)  # type: ignore[attr-defined]
