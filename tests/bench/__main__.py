"""`python -m tests.bench`: measures, and prints a table of figures in markdown; `soak` walks about for hours."""

from __future__ import annotations

import argparse
import contextlib
import os
import platform
import signal
import sys
from datetime import UTC, datetime

from tests.bench.bench import Bench
from tests.bench.figures import Figure, briefly, table
from tests.bench.peers import Peers, prepared
from tests.bench.programs import HERE
from tests.bench.rows import ROWS
from tests.bench.terminal import Size


def main() -> int:
    """0 when everything that was measured could be measured; what misses its figure is said in the table."""
    if sys.argv[1:2] == ["soak"]:
        from tests.bench import soak

        return soak.main(sys.argv[2:])
    chosen = parse()
    if chosen.list:
        for each in ROWS:
            print(f"{each.name:<12} {each.title}")
        return 0
    for number in (signal.SIGTERM, signal.SIGHUP):  # what was started here is ended then, too
        signal.signal(number, lambda *_: sys.exit(143))
    with prepared() if chosen.peers else contextlib.nullcontext(Peers()) as peers:
        bench = Bench(
            sizes=tuple(Size.of(each) for each in chosen.sizes.split(",")),
            seconds=chosen.seconds,
            starts=chosen.starts,
            peers=peers,
        )
        figures, failed = measured(bench, chosen.rows.split(",") if chosen.rows else [])
    print(f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {platform.platform()}, {os.cpu_count()} cores,")
    print(f"load {os.getloadavg()[0]:.1f}, Python {platform.python_version()}\n")
    print(table(figures, HERE))
    for name, why in peers.missing.items():
        print(f"\n{name} could not be measured here: {why}")
    return int(failed)


def measured(bench: Bench, names: list[str]) -> tuple[list[Figure], bool]:
    """The figures of these rows (none: of all), and whether one could not be measured."""
    figures: list[Figure] = []
    failed = False
    for each in ROWS:
        if names and each.name not in names:
            continue
        bench.tell(each.title)
        try:
            for figure in each.measure(bench):
                figures.append(figure)
                bench.tell(briefly(figure))
        except (TimeoutError, OSError, AssertionError) as error:
            failed = True
            figures.append(Figure(what=each.title, note=f"could not be measured: {str(error)[:200]}"))
    return figures, failed


def parse() -> argparse.Namespace:
    """The words of the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--list", action="store_true", help="the names of the rows")
    parser.add_argument("--rows", help="only these rows, parted by commas")
    parser.add_argument(
        "--peers",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="htop, glances, pg_activity and lnav beside ours, installed when missing (yes)",
    )
    parser.add_argument("--sizes", default="80x24,160x48", help="sizes of the terminal (80x24,160x48)")
    parser.add_argument("--seconds", type=float, default=15.0, help="length of each steady part (15)")
    parser.add_argument("--starts", type=int, default=5, help="starts from which times are taken (5)")
    chosen = parser.parse_args()
    unknown = set((chosen.rows or "").split(",")) - {each.name for each in ROWS} - {""}
    if unknown:
        parser.error(f"no such row: {', '.join(sorted(unknown))}")
    return chosen


if __name__ == "__main__":
    sys.exit(main())
