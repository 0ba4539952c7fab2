"""`python -m tests.crashes`: every playbook, killed at every line of its journal, and a table of what came of it."""

from __future__ import annotations

import argparse
import os
import platform
import signal
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from tests.crashes.matrix import MOMENTS, SETTINGS, Row, row


def main() -> int:
    """0 when every run that was killed was ended by one resume."""
    chosen = parse()
    if chosen.list:
        print("\n".join(SETTINGS))
        return 0
    names = [
        each for each in SETTINGS if not chosen.playbook or any(word in each for word in chosen.playbook)
    ]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what was started here is ended then, too
    rows = []
    for name in names:
        print(f"… {name}", file=sys.stderr, flush=True)
        with tempfile.TemporaryDirectory(prefix="medflow-crashes-") as folder:
            rows.append(row(name, Path(folder), chosen.moments.split(","), chosen.every))
        print("\n".join([line_of(rows[-1]), *rows[-1].failed]), file=sys.stderr, flush=True)
    print(table(rows))
    return int(any(each.failed for each in rows))


def table(rows: list[Row]) -> str:
    """In markdown, with the cells that failed below it."""
    lines = [
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {platform.platform()}, {os.cpu_count()} cores",
        "",
        "| playbook | lines of journal | killed | ended by one resume | seconds |",
        "|---|---:|---:|---:|---:|",
    ]
    lines += [line_of(each) for each in rows]
    failed = [f"- {each.name}, {why}" for each in rows for why in each.failed]
    return "\n".join([*lines, *(["", "Not ended as it should:"] if failed else []), *failed])


def line_of(found: Row) -> str:
    """One line of the table."""
    if found.missing:
        return f"| {found.name} | not here: {found.missing} | | | |"
    ended = found.kills - len(found.failed)
    return f"| {found.name} | {found.lines} | {found.kills} | {ended} | {found.seconds:.0f} |"


def parse() -> argparse.Namespace:
    """The words of the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.crashes", description=__doc__)
    parser.add_argument("--list", action="store_true", help="the names of what can be run")
    parser.add_argument(
        "--playbook", action="append", help="only those with this in their name; may be repeated"
    )
    parser.add_argument("--moments", default=",".join(MOMENTS), help="of a line: before, torn, after (all)")
    parser.add_argument("--every", type=int, default=1, help="only each n-th line (1)")
    chosen = parser.parse_args()
    if unknown := set(chosen.moments.split(",")) - set(MOMENTS):
        parser.error(f"no such moment: {', '.join(sorted(unknown))}")
    return chosen


if __name__ == "__main__":
    sys.exit(main())
