"""What the matrix has found until now, in a file if wanted, so that one that was interrupted goes on where it stopped."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
TESTED = ("medflow_tui", "tests/crashes", "tests/servers", "tests/unit")
KINDS = (".py", ".toml", ".sh")
WHOLE = "whole"
"""The moment of a run that nobody kills, when it did not end well."""
Found = Mapping[str, Any]
"""A whole run: {name, lines, code, lasts, seconds}, or {name, missing}. A kill: {name, at, failed, seconds}."""


def sources() -> str:
    """The state of what is tested and of what tests it, in twelve digits."""
    files = sorted(each for place in TESTED for each in (ROOT / place).rglob("*") if each.suffix in KINDS)
    total = hashlib.sha256()
    for each in files:
        total.update(f"{each.relative_to(ROOT)}\0".encode() + each.read_bytes())
    return total.hexdigest()[:12]


@dataclass(slots=True)
class Kept:
    """Results by name and moment; a line of JSON each in `path`. Of other sources only with `older`."""

    path: Path | None = None
    older: bool = False
    sources: str = field(default_factory=sources)
    wholes: dict[str, Found] = field(default_factory=dict)
    kills: dict[tuple[str, str], Found] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.path is None or not self.path.exists():
            return
        text = self.path.read_text(encoding="utf-8")
        for line in text.splitlines():
            with suppress(json.JSONDecodeError):  # torn by an end of the matrix itself: it is found anew
                found = json.loads(line)
                if self.older or found["sources"] == self.sources:
                    self._take(found)
        if text and not text.endswith("\n"):
            self.path.write_text(f"{text}\n", encoding="utf-8")

    def add(self, found: Found) -> None:
        """Known from now on, and after a crash of the matrix itself."""
        whole = {**found, "sources": self.sources}
        self._take(whole)
        if self.path is not None:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(whole) + "\n")

    def _take(self, found: Found) -> None:
        if "at" in found:
            self.kills[found["name"], found["at"]] = found
        elif "lines" in found:
            self.wholes[found["name"]] = found
            self.kills.pop((found["name"], WHOLE), None)
