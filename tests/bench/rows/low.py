"""What low-data mode costs: each part of a typical session, beside the same without it."""

from __future__ import annotations

from collections.abc import Iterator

from tests.bench.bench import Bench
from tests.bench.figures import Figure, Row
from tests.bench.programs import HERE
from tests.servers.typical import ALL, CLEARLY, parts, with_sum

USUAL = "without --low"


def session(bench: Bench) -> Iterator[Figure]:
    """Start, five rows down, detail, filter, rights, plan, confirmation."""
    for size in bench.sizes:
        low, usual = (
            with_sum(parts(is_low=each, columns=size.columns, lines=size.lines)) for each in (True, False)
        )
        for part, cost in low.items():
            yield Figure(
                what=f"low-data mode: {part}",
                size=str(size),
                unit="B",
                values={HERE: cost, USUAL: usual[part]},
                at_most=CLEARLY * usual[part] if part == ALL else None,
            )


ROWS = (Row("low", "bytes of a typical session in low-data mode, and without it", session),)
