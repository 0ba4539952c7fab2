"""What the engine of guarded runs adds to a playbook: time a step with every line made durable, and the journal's size."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from medflow_tui.journal.append_log import AppendLog
from medflow_tui.model.procedure import Mark
from medflow_tui.runner import surroundings
from tests.bench.bench import Bench
from tests.bench.figures import Figure, Row
from tests.bench.programs import HERE
from tests.bench.run import middle
from tests.crashes.staged import Counted

A_STEP_MS = 50.0
KIB = 1024
LINES_OF_FSYNC = 200


def engine(bench: Bench) -> Iterator[Figure]:
    """The playbook that uses everything, over services that answer at once: all that takes time is ours."""
    surroundings._power = lambda: {"power": "mains"}
    steps: list[float] = []
    sizes, audits, runs = [], [], []
    with bench.folder() as folder:
        for number in range(bench.starts):
            bench.tell(f"run {number + 1}")
            stage = Counted(folder / str(number))
            began = time.perf_counter()
            stage.start()
            runs.append(1000 * (time.perf_counter() - began))
            steps += _steps(stage)
            assert stage.folder is not None
            sizes.append(stage.folder.journal.stat().st_size / KIB)
            audits.append((stage.state / "audit.jsonl").stat().st_size / KIB)
        durable = _durable(folder)
    note = f"one line made durable {durable:.1f} ms here; slowest step {max(steps):.0f} ms"
    yield Figure(
        what="engine: time added a step",
        unit="ms",
        values={HERE: middle(steps)},
        at_most=A_STEP_MS,
        note=note,
    )
    yield Figure(what="engine: a whole run of 6 steps, plan to end", unit="ms", values={HERE: middle(runs)})
    yield Figure(what="engine: journal of that run", unit="KiB", values={HERE: middle(sizes)})
    yield Figure(what="engine: audit of that run", unit="KiB", values={HERE: middle(audits)})


def _steps(stage: Counted) -> list[float]:
    """Milliseconds of each step: from the line before its first one to its verdict."""
    found, entries = [], stage.entries
    ends = [each for each in entries if each.mark in (Mark.VERIFIED, Mark.FAILED, Mark.DOUBTED)]
    begins = [next(each for each in entries if each.mark is Mark.GUARDED), *ends]
    for before, end in zip(begins, ends, strict=False):
        found.append((end.at - before.at).total_seconds() * 1000)
    return found


def _durable(folder: Path) -> float:
    """Milliseconds of one line of an empty log: what this disk takes for an fsync."""
    log = AppendLog(folder / "lines")
    began = time.perf_counter()
    for number in range(LINES_OF_FSYNC):
        log.append({"n": number})
    log.close()
    return 1000 * (time.perf_counter() - began) / LINES_OF_FSYNC


ROWS = (Row("engine", "what the engine of guarded runs adds to a step", engine),)
