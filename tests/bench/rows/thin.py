"""On 64 kbit/s with 300 ms each way: the first full paint, and a key while everything changes."""

from __future__ import annotations

from collections.abc import Iterator

from tests.bench.bench import Bench
from tests.bench.figures import Figure, Row
from tests.bench.line import THIN
from tests.bench.peers import GLANCES, HTOP, PG_ACTIVITY
from tests.bench.programs import HERE, empty_textual, pulse, raw_values, still, textual_table
from tests.bench.run import Strokes, middle

PAINT_S = {"80x24": 1.2, "160x48": 2.2}
STARTS = 3  # each takes long
KEY_MS, KEY_NEVER_MS = 625.0, 700.0
# Never in step with what changes each second.
WALK = Strokes(("down", "down", "down", "up", "up", "up") * 3, apart_s=1.37)


def paint(bench: Bench) -> Iterator[Figure]:
    """Until all of the first screen has come through the line."""
    for size in bench.sizes:
        others = (raw_values("still"), empty_textual(), *bench.peers.at_rest(HTOP, GLANCES, PG_ACTIVITY))
        runs = bench.starting((still(), *others), size, THIN, at_most=STARTS)
        shown = {name: middle([each.full_paint.at for each in all_]) for name, all_ in runs.items()}
        longest = max(each.full_paint.at for each in runs[HERE])
        yield Figure(
            what="thin line: full paint, median",
            size=str(size),
            unit="s",
            values=shown,
            aim=PAINT_S.get(str(size)),
            note=f"longest {longest:.2f}",
        )


def key(bench: Bench) -> Iterator[Figure]:
    """A row down or up while 20 values change each second: until the marker is seen on the other row."""
    for size in bench.sizes:
        programs = (pulse(), raw_values("pulse"), textual_table("pulse"), *bench.peers.each_second(HTOP))
        took = {}
        for each in programs:
            moved = bench.run(each, size, WALK, line=THIN).marker_moves()
            took[each.name] = [1000 * one for one in moved if one is not None]
        known = {"size": str(size), "unit": "ms"}
        lost = ", ".join(
            f"{name}: {len(WALK.keys) - len(all_)} of {len(WALK.keys)} not seen before the next"
            for name, all_ in took.items()
            if len(all_) < len(WALK.keys)
        )
        medians = {name: middle(all_) for name, all_ in took.items() if all_}
        longest = {name: max(all_) for name, all_ in took.items() if all_}
        yield Figure(
            what="thin line, everything live: row down, median",
            values=medians,
            aim=KEY_MS,
            note=lost,
            **known,
        )
        yield Figure(
            what="thin line, everything live: row down, longest", values=longest, aim=KEY_NEVER_MS, **known
        )


ROWS = (
    Row("thin-paint", "the first full paint on 64 kbit/s with 300 ms each way", paint),
    Row("thin-key", "a row down on it while everything changes", key),
)
