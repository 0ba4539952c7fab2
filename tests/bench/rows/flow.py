"""What flows: bytes, CPU and memory while nothing changes and while twenty figures change each second."""

from __future__ import annotations

from collections.abc import Iterator

from tests.bench.bench import Bench
from tests.bench.figures import Figure, Row
from tests.bench.peers import GLANCES, HTOP, PG_ACTIVITY
from tests.bench.programs import HERE, empty_textual, pulse, raw_values, still, textual_table
from tests.bench.run import Run

MIB = 1024 * 1024
LONG = 240
A_MINUTE_S = 65.0  # of rest: whatever is drawn on the minute is in it
REST_PER_MIN, LIVE_PER_S, LONG_PER_S = 60.0, 185.0, 280.0
CPU_REST, CPU_LIVE, RESIDENT_MIB = 0.2, 1.2, 50.0
WATCHERS = (HTOP, GLANCES, PG_ACTIVITY)


def idle(bench: Bench) -> Iterator[Figure]:
    """`lab --still`; the others as they come, on this machine as busy as it is."""
    for size in bench.sizes:
        runs = {HERE: bench.run(still(), size, seconds=max(bench.seconds, A_MINUTE_S))}
        for each in (
            raw_values("still"),
            empty_textual(),
            textual_table("still"),
            *bench.peers.at_rest(*WATCHERS),
        ):
            runs[each.name] = bench.run(each, size)
        flowing = {name: 60 * each.bytes_per_s for name, each in runs.items()}
        yield Figure(
            what="nothing changes: bytes",
            size=str(size),
            unit="B/min",
            values=flowing,
            at_most=REST_PER_MIN,
            note="0 but for a clock of minutes; the others as they come",
        )
        yield from _machine("nothing changes", str(size), runs, CPU_REST)


def live(bench: Bench) -> Iterator[Figure]:
    """`lab --pulse`; the others told to look once a second."""
    for size in bench.sizes:
        programs = (pulse(), raw_values("pulse"), textual_table("pulse"), *bench.peers.each_second(*WATCHERS))
        runs = {each.name: bench.run(each, size) for each in programs}
        yield from _flow("20 values a second", str(size), runs, LIVE_PER_S, CPU_LIVE)


def long_list(bench: Bench) -> Iterator[Figure]:
    """`lab --pulse --rows 240`."""
    for size in bench.sizes:
        programs = (pulse(LONG), raw_values("pulse", LONG), textual_table("pulse", LONG))
        runs = {each.name: bench.run(each, size) for each in programs}
        yield from _flow(f"{LONG}-row list, 20 values a second", str(size), runs, LONG_PER_S)


def _flow(
    what: str, size: str, runs: dict[str, Run], at_most: float, cpu: float | None = None
) -> Iterator[Figure]:
    flowing = {name: each.bytes_per_s for name, each in runs.items()}
    yield Figure(what=f"{what}: bytes", size=size, unit="B/s", values=flowing, at_most=at_most)
    yield from _machine(what, size, runs, cpu)


def _machine(what: str, size: str, runs: dict[str, Run], cpu_percent: float | None) -> Iterator[Figure]:
    cpu = {name: each.cpu_percent for name, each in runs.items()}
    resident = {name: each.resident / MIB for name, each in runs.items()}
    yield Figure(what=f"{what}: CPU of one core", size=size, unit="%", values=cpu, aim=cpu_percent)
    yield Figure(what=f"{what}: RSS", size=size, unit="MiB", values=resident, aim=RESIDENT_MIB)


ROWS = (
    Row("idle", "bytes, CPU and memory while nothing changes", idle),
    Row("live", "the same while 20 values change each second", live),
    Row("long", "the same with a list of 240 rows", long_list),
)
