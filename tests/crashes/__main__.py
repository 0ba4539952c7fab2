"""`python -m tests.crashes`: every playbook, killed at every line of its journal, and a table of what came of it."""

from __future__ import annotations

import argparse
import os
import platform
import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tests.crashes.kept import WHOLE, Found, Kept
from tests.crashes.matrix import MOMENTS, SETTINGS
from tests.crashes.workers import Task, everything

GOLDEN = 0.618034


@dataclass(slots=True)
class Plan:
    """What is to be run, and what of it is known already."""

    names: list[str]
    moments: list[str]
    every: int
    random: int
    kept: Kept

    def moments_of(self, name: str) -> list[str]:
        """Each moment of each line, and those between them: spread over its time, the same at each call."""
        lines = range(0, self.kept.wholes[name]["lines"], self.every) if name in self.kept.wholes else ()
        between = [f"~{number * GOLDEN % 1:.3f}" for number in range(1, self.random + 1)]
        return [*(f"{line}:{moment}" for line in lines for moment in self.moments if moment), *between]

    def found(self, name: str) -> list[Found]:
        """The results of one name."""
        kills = self.kept.kills
        return [kills[name, at] for at in (WHOLE, *self.moments_of(name)) if (name, at) in kills]

    def tasks(self) -> Iterator[Task | None]:
        """One after another; None while what comes next is not known yet, and at the end."""
        waiting = list(self.names)
        begun: set[tuple[str, str]] = set(self.kept.kills)
        while True:
            known = [each for each in self.names if each in self.kept.wholes]
            cells = [(name, at) for name in known for at in self.moments_of(name) if (name, at) not in begun]
            waiting = [each for each in waiting if each not in known]
            if cells:
                begun.add(cells[0])
                whole = self.kept.wholes[cells[0][0]]
                yield (*cells[0], whole["code"], whole["lasts"])
            elif waiting:
                yield (waiting.pop(0), "", 0, 0.0)
            else:
                yield None


def main() -> int:
    """0 when every run that was killed was ended by one resume."""
    chosen = parse()
    names = [
        each for each in SETTINGS if not chosen.playbook or any(word in each for word in chosen.playbook)
    ]
    if chosen.list:
        print("\n".join(names))
        return 0
    kept = Kept(chosen.results, older=chosen.older)
    if chosen.again:
        kept.kills = {key: each for key, each in kept.kills.items() if not each["failed"]}
    plan = Plan(names, chosen.moments.split(","), chosen.every, chosen.random, kept)
    missing: dict[str, str] = {}

    def told(found: Found) -> None:
        kept.add(found)
        missing.update({found["name"]: found["missing"]} if "missing" in found else {})
        print(progress(found), file=sys.stderr, flush=True)

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what was started here is ended then, too
    tasks = plan.tasks()
    everything(chosen.jobs, lambda: next(tasks), told)
    print(table(plan, missing))
    return int(any(each["failed"] for name in names for each in plan.found(name)))


def progress(found: Found) -> str:
    """One line for whoever watches."""
    what = found.get("at") or WHOLE
    return f"{found['name']}, {what}: {found.get('failed') or found.get('missing') or 'ok'} ({found['seconds']} s)"


def table(plan: Plan, missing: dict[str, str]) -> str:
    """In markdown, with the kills that failed below it."""
    machine = f"{platform.platform()}, {os.cpu_count()} cores"
    lines = [
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {machine}, {states(plan)}",
        "",
        "| playbook, adapter | lines of journal | killed | ended by one resume | seconds |",
        "|---|---:|---:|---:|---:|",
    ]
    for name in plan.names:
        found = plan.found(name)
        if name not in plan.kept.wholes:
            reason = missing.get(name) or "".join(each["failed"] for each in found)
            lines.append(f"| {name} | not run: {reason} | | | |")
            continue
        lines.append(counted(name, str(plan.kept.wholes[name]["lines"]), found))
    every = [each for name in plan.names for each in plan.found(name)]
    lines.append(counted("all", "", every))
    failed = [f"- {each['name']}, {each['at']}: {each['failed']}" for each in every if each["failed"]]
    return "\n".join([*lines, *(["", "Not ended as it should:"] if failed else []), *failed])


def counted(name: str, lines: str, found: list[Found]) -> str:
    """One line of the table."""
    kills = [each for each in found if each["at"] != WHOLE]
    ended = sum(not each["failed"] for each in kills)
    return f"| {name} | {lines} | {len(kills)} | {ended} | {sum(each['seconds'] for each in kills):.0f} |"


def states(plan: Plan) -> str:
    """Of which sources the results are."""
    found = {each["sources"] for name in plan.names for each in plan.found(name)}
    return f"sources {', '.join(sorted(found)) or plan.kept.sources}"


def parse() -> argparse.Namespace:
    """The words of the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.crashes", description=__doc__)
    parser.add_argument("--list", action="store_true", help="the names of what can be run")
    parser.add_argument(
        "--playbook", action="append", help="only those with this in their name; may be repeated"
    )
    parser.add_argument("--moments", default=",".join(MOMENTS), help="of a line: before, torn, after (all)")
    parser.add_argument("--every", type=int, default=1, help="only each n-th line (1)")
    parser.add_argument("--random", type=int, default=0, help="as many more, at any time of the run (0)")
    parser.add_argument("--jobs", type=int, default=1, help="how many at once (1)")
    parser.add_argument(
        "--results",
        type=Path,
        help="a file that keeps each result: called again, it goes on where it stopped",
    )
    parser.add_argument("--again", action="store_true", help="try those of the file again that failed")
    parser.add_argument("--older", action="store_true", help="results of other sources count, too")
    chosen = parser.parse_args()
    if unknown := set(chosen.moments.split(",")) - {*MOMENTS, ""}:
        parser.error(f"no such moment: {', '.join(sorted(unknown))}")
    return chosen


if __name__ == "__main__":
    sys.exit(main())
