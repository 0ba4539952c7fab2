"""What a key costs: milliseconds until its drawing is complete, and bytes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tests.bench.bench import Bench
from tests.bench.figures import Figure, Row
from tests.bench.growing import log_line
from tests.bench.peers import GLANCES, HTOP, PG_ACTIVITY
from tests.bench.programs import raw_values, still, textual_table
from tests.bench.rows.flow import LONG
from tests.bench.run import KeyCost, Strokes, middle, upper
from tests.bench.terminal import Size

WALK = Strokes(("down", "down", "down", "up", "up", "up") * 5)
TOP = Strokes(("g",))
SCROLL = Strokes(("end", *["down", "up"] * 2, *["up"] * 60), apart_s=0.15)
HELP_KEYS = {GLANCES: "h", PG_ACTIVITY: "h"}
ROW_BYTES, ROW_MS, ROW_P95_MS = 60.0, 8.0, 20.0
HELP_BYTES = {"80x24": 1500.0, "160x48": 2700.0}

Costs = dict[str, Sequence[KeyCost]]


def row_down(bench: Bench) -> Iterator[Figure]:
    """The next row of a pane, of a table, of a list of processes; the next line of a log."""
    with bench.folder() as folder:
        (folder / "some.log").write_text("".join(log_line(each, 1.7e9 + each) for each in range(LONG)))
        lists = (still(), raw_values("still"), textual_table("still"), *bench.peers.at_rest(HTOP))
        logs = bench.peers.lnav(folder / "some.log", f"seq={LONG - 1}")
        for size in bench.sizes:
            costs: Costs = {each.name: bench.run(each, size, WALK).keys("down") for each in lists}
            costs |= {each.name: bench.run(each, size, TOP, WALK).keys("down") for each in logs}
            yield from _bytes("row down", size, costs, at_most=ROW_BYTES)
            yield from _times("row down", size, costs, median=ROW_MS, p95=ROW_P95_MS)


def row_scrolled(bench: Bench) -> Iterator[Figure]:
    """The next row of a list that is longer than the screen."""
    for size in bench.sizes:
        costs: Costs = {}
        for each in (still(LONG), textual_table("still", LONG)):
            costs[each.name] = bench.run(each, size, SCROLL).keys("up")
        yield from _bytes(f"row up through {LONG} rows", size, costs)
        yield from _times(f"row up through {LONG} rows", size, costs)


def help_screen(bench: Bench) -> Iterator[Figure]:
    """The help screen, and back."""
    for size in bench.sizes:
        costs: Costs = {}
        back: Costs = {}
        for each in (still(), *bench.peers.at_rest(HTOP, GLANCES, PG_ACTIVITY)):
            key, leave = HELP_KEYS.get(each.name, "?"), HELP_KEYS.get(each.name, "q")
            run = bench.run(each, size, Strokes((key, leave) * 3, apart_s=1.0))
            presses = run.keys("")
            costs[each.name], back[each.name] = presses[::2], presses[1::2]
        yield from _bytes("help screen", size, costs, at_most=HELP_BYTES.get(str(size)))
        yield from _times("help screen", size, costs)
        yield from _bytes("back from it", size, back)
        yield from _times("back from it", size, back)


def _bytes(what: str, size: Size, costs: Costs, at_most: float | None = None) -> Iterator[Figure]:
    sent = {name: [each.bytes_out for each in all_ if each.bytes_out] or [0] for name, all_ in costs.items()}
    most = {name: float(max(all_)) for name, all_ in sent.items()}
    quiet = {name: sum(not each.bytes_out for each in all_) for name, all_ in costs.items()}
    note = ", ".join(f"{name}: {number} presses drew nothing" for name, number in quiet.items() if number)
    known = {"size": str(size), "unit": "B"}
    medians = {name: middle(all_) for name, all_ in sent.items()}
    yield Figure(what=f"{what}: bytes, median", values=medians, at_most=at_most, note=note, **known)
    yield Figure(what=f"{what}: bytes, most", values=most, **known)


def _times(
    what: str, size: Size, costs: Costs, median: float | None = None, p95: float | None = None
) -> Iterator[Figure]:
    took = {
        name: [1000 * each.seconds for each in all_ if each.seconds is not None]
        for name, all_ in costs.items()
    }
    known = {"size": str(size), "unit": "ms"}
    medians = {name: middle(all_) for name, all_ in took.items() if all_}
    uppers = {name: upper(all_) for name, all_ in took.items() if all_}
    yield Figure(what=f"{what}: median", values=medians, aim=median, **known)
    yield Figure(what=f"{what}: p95", values=uppers, aim=p95, **known)


ROWS = (
    Row("row-down", "latency and bytes of a row down", row_down),
    Row("scroll", "the same in a list that scrolls", row_scrolled),
    Row("help", "latency and bytes of the help screen", help_screen),
)
