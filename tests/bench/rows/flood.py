"""A log that grows by 1,000 lines a second: bytes, CPU, and how far the screen is behind; also on a thin line."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.bench.bench import Bench
from tests.bench.figures import Figure, Row
from tests.bench.growing import NUMBERED, Sight, Write, growing, log_line, staleness, writes_of
from tests.bench.line import HERE_AND_NOW, THIN, Line
from tests.bench.programs import HERE, dashboard, raw_log
from tests.bench.run import Run, upper
from tests.bench.screen import Screen
from tests.bench.sites import closed_port, with_log
from tests.bench.terminal import Program, Size, Terminal
from tests.bench.witness import FIRST_SCREEN

RATE, SECONDS, WARM_S = 1000, 15.0, 2.0
KB_PER_S = {"80x24": 2.2, "160x48": 6.2}
CPU_PERCENT, STALE_MS, STALE_THIN_S, WAITS_MS = 1.5, 500.0, 0.85, 50.0
OLD_LINES, OLD_FROM = 200, 500_000
ALONE = ("f6", "m")  # the log, and nothing beside it


@dataclass(frozen=True, slots=True)
class Flood:
    """What was observed while the log grew; `waits` in seconds, after each write."""

    run: Run
    writes: list[Write]
    waits: list[float]

    @property
    def stale(self) -> list[float]:
        """In seconds, at looks one after the other."""
        return staleness(self.writes, sights(self.run, self.writes))


def live(bench: Bench) -> Iterator[Figure]:
    """The log pane alone, on a line without limits."""
    yield from _floods(bench, HERE_AND_NOW)


def thin(bench: Bench) -> Iterator[Figure]:
    """The same on 64 kbit/s with 300 ms each way."""
    yield from _floods(bench, THIN)


def _floods(bench: Bench, line: Line) -> Iterator[Figure]:
    for size in bench.sizes:
        with bench.folder() as folder:
            log = old_log(folder)
            (folder / "site.toml").write_text(with_log(log, closed_port()))
            ours = dashboard(folder / "site.toml", folder / "state", FIRST_SCREEN)
            bench.tell(f"1,000 lines a second at {size}" + (", thin line" if line.rate else ""))
            floods = {HERE: flood(ours, size, log, line, *ALONE)}
            last = f"seq={OLD_FROM + OLD_LINES - 1}"
            for each in (raw_log(log, last), *bench.peers.lnav(log, last)):
                old_log(folder)
                floods[each.name] = flood(each, size, log, line)
        yield from _figures(floods, str(size), is_thin=bool(line.rate))


def _figures(floods: dict[str, Flood], size: str, *, is_thin: bool) -> Iterator[Figure]:
    what = "log of 1,000 lines a second" + (", thin line" if is_thin else "")
    rate = {name: each.run.bytes_per_s / 1000 for name, each in floods.items()}
    stale = {name: each.stale for name, each in floods.items()}
    late = {name: upper(each) for name, each in stale.items()}
    note = f"longest {max(stale[HERE]):.2f} s"
    if is_thin:
        yield Figure(what=f"{what}: bytes", size=size, unit="kB/s", values=rate)
        yield Figure(
            what=f"{what}: staleness p95", size=size, unit="s", values=late, aim=STALE_THIN_S, note=note
        )
        waits = {name: 1000 * upper(each.waits) for name, each in floods.items()}
        yield Figure(what=f"{what}: waits in the line, p95", size=size, unit="ms", values=waits, aim=WAITS_MS)
        return
    cpu = {name: each.run.cpu_percent for name, each in floods.items()}
    yield Figure(what=f"{what}: bytes", size=size, unit="kB/s", values=rate, at_most=KB_PER_S.get(size))
    yield Figure(what=f"{what}: CPU of one core", size=size, unit="%", values=cpu, aim=CPU_PERCENT)
    yield Figure(
        what=f"{what}: staleness p95",
        size=size,
        unit="ms",
        values={name: 1000 * each for name, each in late.items()},
        aim=STALE_MS,
        note=note,
    )


def old_log(folder: Path) -> Path:
    """A log with a history."""
    log = folder / "combined.log"
    log.write_text("".join(log_line(OLD_FROM + each, 1.7e9 + each) for each in range(OLD_LINES)))
    return log


def flood(program: Program, size: Size, log: Path, line: Line, *keys: str, seconds: float = SECONDS) -> Flood:
    """Start it, press the keys, then let the log grow for so many seconds."""
    times = log.with_suffix(".times")
    with Terminal(program, size, line=line) as terminal:
        terminal.until_ready()
        terminal.watch(WARM_S)
        for key in keys:
            terminal.press(key)
            terminal.watch(WARM_S)
        with growing(log, times, RATE, seconds):
            terminal.watch(1.0)
            begins = terminal.sample().at
            terminal.watch(seconds - 1.0)
            ends = terminal.sample().at
            terminal.watch(1.0 + 2 * line.latency_s)
    run = Run(
        program=program,
        size=size,
        chunks=tuple(terminal.chunks),
        samples=tuple(terminal.samples),
        presses=(),
        steady_from=begins,
        steady_to=ends,
    )
    waits = [each for at, each in terminal.waits if begins <= at <= ends]
    return Flood(run, writes_of(times, terminal.began), waits)


def sights(run: Run, writes: list[Write]) -> list[Sight]:
    """The highest number on the screen after each chunk; one that was not written yet is a line torn in two."""
    screen, numbered, found = Screen(run.size), re.compile(NUMBERED), []
    written = [each.at for each in writes]
    for each in run.chunks:
        screen.feed(each.data)
        newest = writes[max(0, bisect_right(written, each.at) - 1)].last
        numbers = (int(number) for number in numbered.findall(screen.text))
        if highest := max((number for number in numbers if number <= newest), default=0):
            found.append(Sight(each.at, highest))
    return found


ROWS = (
    Row("log-live", "a log of 1,000 lines a second", live),
    Row("log-thin", "the same on 64 kbit/s with 300 ms each way", thin),
)
