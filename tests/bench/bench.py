"""What the rows share: sizes, lengths, and runs that several of them read."""

from __future__ import annotations

import contextlib
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.bench.line import HERE_AND_NOW, Line
from tests.bench.peers import Peers
from tests.bench.run import Run, Strokes, record
from tests.bench.terminal import Program, Size

Key = tuple[tuple[str, ...], str, tuple[Strokes, ...], Line, float]


@dataclass(slots=True, kw_only=True)
class Bench:
    """`sizes` of the terminal, `seconds` of each steady part, `starts` from which start-up times are taken.

    `peers` are what ours is held against, as far as they are here.
    """

    sizes: tuple[Size, ...]
    seconds: float = 15.0
    starts: int = 5
    peers: Peers = field(default_factory=Peers)
    _kept: dict[Key, Run] = field(default_factory=dict)

    def run(
        self,
        program: Program,
        size: Size,
        *scripts: Strokes,
        line: Line = HERE_AND_NOW,
        seconds: float | None = None,
    ) -> Run:
        """A run of `seconds`, or of the scripts; made once, whoever asks for it."""
        lasting = seconds if seconds is not None else 0.0 if scripts else self.seconds
        key = (program.argv, str(size), scripts, line, lasting)
        if key not in self._kept:
            self.tell(f"{program.name} ({' '.join(program.argv[-4:])}) at {size}")
            self._kept[key] = record(program, size, lasting, *scripts, line=line)
        return self._kept[key]

    def start(self, program: Program, size: Size, line: Line = HERE_AND_NOW) -> Run:
        """One more start of a program, watched until its first full paint and a second longer."""
        return record(program, size, 0.0, line=line)

    def starting(
        self, programs: Iterable[Program], size: Size, line: Line = HERE_AND_NOW, at_most: int | None = None
    ) -> dict[str, list[Run]]:
        """`starts` of each in turn (or `at_most` so many), so that all see the same machine."""
        chosen = tuple(programs)
        runs: dict[str, list[Run]] = {each.name: [] for each in chosen}
        starts = min(self.starts, at_most or self.starts)
        self.tell(f"{starts} starts of each of {', '.join(runs)} at {size}")
        for _ in range(starts):
            for program in chosen:
                runs[program.name].append(self.start(program, size, line))
        return runs

    @staticmethod
    def tell(text: str) -> None:
        """Say what is going on, beside the table."""
        print(f"… {text}", file=sys.stderr, flush=True)

    @contextlib.contextmanager
    def folder(self) -> Iterator[Path]:
        """A folder that is gone afterwards."""
        with tempfile.TemporaryDirectory(prefix="medflow-bench-") as name:
            yield Path(name)
