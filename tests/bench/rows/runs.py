"""What the screens of guarded runs cost: opening them, and a row down."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from tests.bench.bench import Bench
from tests.bench.figures import Figure, Row
from tests.bench.programs import HERE, ROOT
from tests.bench.rows.keys import ROW_BYTES
from tests.bench.run import Run, Strokes, middle, record
from tests.bench.terminal import Program, Size

OPENED_BYTES = {"80x24": 2000.0, "160x48": 3600.0}
SLOWLY = 1.2
OPENING = Strokes(("b", "\r", "q", "q", "f9"), apart_s=SLOWLY)
WALKS = {
    "playbooks": Strokes(("b",), apart_s=SLOWLY),
    "plan": Strokes(("b", "\r"), apart_s=SLOWLY),
    "help": Strokes(("?",), apart_s=SLOWLY),
}
DOWN = Strokes(("down",) * 6, apart_s=0.3)
PAGES = ("playbooks", "plan", "", "", "run")


def scene() -> Program:
    """A recorded clinic whose device queue stands still, with one run that is over."""
    argv = (sys.executable, "-m", "tests.servers.scene", "worker-not-started", "--run=1")
    return Program(name=HERE, argv=argv, ready="details", folder=ROOT, quit="qqqq")


def opened(run: Run) -> dict[str, int]:
    """Bytes of each page as it opens."""
    return {page: cost.bytes_out for page, cost in zip(PAGES, run.keys(""), strict=True) if page}


def walked(page: str, size: Size) -> list[int]:
    """Bytes of each row down that drew something, on a page."""
    return [
        each.bytes_out
        for each in record(scene(), size, 0.0, WALKS[page], DOWN).keys("down")
        if each.bytes_out
    ]


def runs(bench: Bench) -> Iterator[Figure]:
    """Opening, and going down."""
    for size in bench.sizes:
        known = {"size": str(size), "unit": "B"}
        for page, cost in opened(bench.run(scene(), size, OPENING)).items():
            yield Figure(
                what=f"{page} page opened: bytes",
                values={HERE: float(cost)},
                at_most=OPENED_BYTES.get(str(size)),
                **known,
            )
        for page in WALKS:
            costs = walked(page, size) or [0]
            yield Figure(
                what=f"{page} page, row down: bytes, median",
                values={HERE: middle(costs)},
                at_most=ROW_BYTES,
                **known,
            )


ROWS = (Row("runs", "bytes of the screens of guarded runs", runs),)
