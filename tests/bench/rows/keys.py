"""What a key costs: milliseconds until its drawing is complete, and bytes."""

from __future__ import annotations

from collections.abc import Iterator

from tests.bench.bench import Bench
from tests.bench.figures import Figure, Row
from tests.bench.programs import HERE, still
from tests.bench.rows.flow import LONG
from tests.bench.run import Run, Strokes, middle, upper

WALK = Strokes(("down", "down", "down", "up", "up", "up") * 5)
MAXIMISED = Strokes(("f4", "m"), apart_s=1.0)
SCROLL = Strokes(("end", *["down", "up"] * 2, *["up"] * 60), apart_s=0.15)
HELP = Strokes(("?", "q") * 3, apart_s=1.0)


def row_down(bench: Bench) -> Iterator[Figure]:
    """The next row of a pane."""
    for size in bench.sizes:
        yield from _costs("row down", bench.run(still(), size, WALK), "down", 60.0, ms=8.0)


def row_scrolled(bench: Bench) -> Iterator[Figure]:
    """The next row of a list that is longer than the screen."""
    for size in bench.sizes:
        run = bench.run(still(LONG), size, MAXIMISED, SCROLL)
        yield from _costs(f"row up through {LONG} rows", run, "up", None)


def help_screen(bench: Bench) -> Iterator[Figure]:
    """The help screen, and back."""
    for size in bench.sizes:
        run = bench.run(still(), size, HELP)
        yield from _costs("help screen", run, "?", None)
        yield from _costs("back from it", run, "q", None)


def _costs(
    what: str, run: Run, key: str, most_bytes: float | None, ms: float | None = None
) -> Iterator[Figure]:
    costs, size = run.keys(key), str(run.size)
    seconds = [each.seconds for each in costs if each.seconds is not None]
    sent = [each.bytes_out for each in costs if each.bytes_out]
    note = f"{len(sent)} of {len(costs)} presses drew something"
    yield Figure(
        what=f"{what}: bytes, median", size=size, unit="B", values={HERE: middle(sent)}, at_most=most_bytes
    )
    yield Figure(what=f"{what}: bytes, most", size=size, unit="B", values={HERE: max(sent)}, note=note)
    yield Figure(
        what=f"{what}: median", size=size, unit="ms", values={HERE: 1000 * middle(seconds)}, note=_aim(ms)
    )
    yield Figure(what=f"{what}: p95", size=size, unit="ms", values={HERE: 1000 * upper(seconds)})


def _aim(ms: float | None) -> str:
    return f"aim: {ms:g} ms on a quiet machine" if ms else ""


ROWS = (
    Row("row-down", "latency and bytes of a row down", row_down),
    Row("scroll", "the same in a list that scrolls", row_scrolled),
    Row("help", "latency and bytes of the help screen", help_screen),
)
