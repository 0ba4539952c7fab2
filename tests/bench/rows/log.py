"""A log of a gigabyte against one of a megabyte: time until its last line is on the screen, and memory."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.bench.bench import Bench
from tests.bench.figures import Figure, Row
from tests.bench.programs import HERE, dashboard, raw_log
from tests.bench.rows.flow import MIB
from tests.bench.run import Run, middle
from tests.bench.screen import first_seen
from tests.bench.sites import closed_port, with_log
from tests.bench.witness import FIRST_SCREEN

SMALL, LARGE = MIB, 1024 * MIB
LAST = "the very last line"
OVER_START_MS, GROWTH_MIB = 30.0, 2.0
_BLOCK_LINES = 4096


def write_log(path: Path, size: int) -> None:
    """A log of about that size in one of the field's formats, without holes, whose last line is known."""
    begins = datetime(2026, 1, 15, 6, 0, tzinfo=UTC)
    block = "".join(
        _line(begins + timedelta(milliseconds=20 * place), f"record {place} pushed to the central server")
        for place in range(_BLOCK_LINES)
    ).encode()
    with path.open("wb") as file:
        while file.tell() < size:
            file.write(block[: max(0, size - file.tell())])
        file.write(b"\n" + _line(begins + timedelta(hours=1), LAST).encode())


def _line(at: datetime, text: str) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03}Z info: {text}\n"


def large_log(bench: Bench) -> Iterator[Figure]:
    """Both in turn, at the first size; the others on the large one only."""
    size = bench.sizes[0]
    runs: dict[int, list[Run]] = {SMALL: [], LARGE: []}
    with bench.folder() as folder:
        for each in runs:
            bench.tell(f"a log of {each // MIB} MB")
            write_log(folder / f"{each}.log", each)
            site = with_log(folder / f"{each}.log", closed_port())
            (folder / f"{each}.toml").write_text(site)
        for number in range(bench.starts):
            for each, list_ in runs.items():
                program = dashboard(folder / f"{each}.toml", folder / f"state-{each}-{number}", LAST)
                bench.tell(f"start {number + 1} on {each // MIB} MB")
                list_.append(bench.start(program, size))
        log = folder / f"{LARGE}.log"
        others = (raw_log(log, LAST), *bench.peers.lnav(log, LAST))
        beside = {each.name: bench.start(each, size) for each in others}
    shown = {each: 1000 * middle([run.full_paint.at for run in list_]) for each, list_ in runs.items()}
    memory = {each: middle([run.resident for run in list_]) / MIB for each, list_ in runs.items()}
    known = {"size": str(size)}
    for each in runs:
        values = {HERE: shown[each]}
        if each == LARGE:
            values |= {name: 1000 * run.full_paint.at for name, run in beside.items()}
        yield Figure(what=f"last line of {each // MIB:,} MB on screen", unit="ms", values=values, **known)
    after_first = {HERE: 1000 * middle([_after_first(run) for run in runs[LARGE]])}
    yield Figure(what="the same, after the first drawing", unit="ms", values=after_first, **known)
    yield Figure(
        what="the same, over the start on the small log",
        unit="ms",
        values={HERE: shown[LARGE] - shown[SMALL]},
        aim=OVER_START_MS,
        **known,
    )
    resident = {HERE: memory[LARGE]} | {name: run.resident / MIB for name, run in beside.items()}
    yield Figure(what="1 GB log: RSS", unit="MiB", values=resident, **known)
    growth = {HERE: memory[LARGE] - memory[SMALL]}
    yield Figure(what="RSS over that of the small log", unit="MiB", values=growth, aim=GROWTH_MIB, **known)


def _after_first(run: Run) -> float:
    """Seconds from the first drawing, which is before Textual is imported, until the last line of the log."""
    first = first_seen(FIRST_SCREEN, run.chunks, run.size)
    assert first is not None
    return run.full_paint.at - first.at


ROWS = (Row("log", "a log of 1 GB against one of 1 MB", large_log),)
