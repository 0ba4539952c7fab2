"""What flows: bytes, CPU and memory while nothing changes and while twenty figures change each second."""

from __future__ import annotations

from collections.abc import Iterator

from tests.bench.bench import Bench
from tests.bench.figures import Figure, Row
from tests.bench.programs import HERE, pulse, still
from tests.bench.terminal import Program

MIB = 1024 * 1024
LONG = 240


def idle(bench: Bench) -> Iterator[Figure]:
    """`lab --still`."""
    yield from _flow(bench, "nothing changes", still(), 5.0)


def live(bench: Bench) -> Iterator[Figure]:
    """`lab --pulse`."""
    yield from _flow(bench, "20 values a second", pulse(), 1000.0)


def long_list(bench: Bench) -> Iterator[Figure]:
    """`lab --pulse --rows 240`."""
    yield from _flow(bench, f"{LONG}-row list, 20 values a second", pulse(LONG), 1000.0)


def _flow(bench: Bench, what: str, program: Program, at_most: float) -> Iterator[Figure]:
    for size in bench.sizes:
        run = bench.run(program, size)
        known = {"size": str(size)}
        yield Figure(
            what=f"{what}: bytes", unit="B/s", values={HERE: run.bytes_per_s}, at_most=at_most, **known
        )
        yield Figure(what=f"{what}: CPU of one core", unit="%", values={HERE: run.cpu_percent}, **known)
        yield Figure(what=f"{what}: RSS", unit="MiB", values={HERE: run.resident / MIB}, **known)


ROWS = (
    Row("idle", "bytes, CPU and memory while nothing changes", idle),
    Row("live", "the same while 20 values change each second", live),
    Row("long", "the same with a list of 240 rows", long_list),
)
