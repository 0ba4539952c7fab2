"""What the rows share: sizes, lengths, and runs that several of them read."""

from __future__ import annotations

import contextlib
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.bench.run import Run, Strokes, record
from tests.bench.terminal import Program, Size

Key = tuple[tuple[str, ...], str, tuple[Strokes, ...]]


@dataclass(slots=True, kw_only=True)
class Bench:
    """`sizes` of the terminal, `seconds` of each steady part, `starts` from which start-up times are taken."""

    sizes: tuple[Size, ...]
    seconds: float = 15.0
    starts: int = 5
    _kept: dict[Key, Run] = field(default_factory=dict)

    def run(self, program: Program, size: Size, *scripts: Strokes) -> Run:
        """A run of `seconds`; made once, whoever asks for it."""
        key = (program.argv, str(size), scripts)
        if key not in self._kept:
            self.tell(f"{' '.join(program.argv[1:])} at {size}")
            self._kept[key] = record(program, size, 0.0 if scripts else self.seconds, *scripts)
        return self._kept[key]

    def start(self, program: Program, size: Size) -> Run:
        """One more start of a program, watched until its first full paint and a second longer."""
        return record(program, size, 0.0)

    @staticmethod
    def tell(text: str) -> None:
        """Say what is going on, beside the table."""
        print(f"… {text}", file=sys.stderr, flush=True)

    @contextlib.contextmanager
    def folder(self) -> Iterator[Path]:
        """A folder that is gone afterwards."""
        with tempfile.TemporaryDirectory(prefix="medflow-bench-") as name:
            yield Path(name)
