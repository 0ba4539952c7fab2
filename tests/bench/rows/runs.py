"""What the screens of guarded runs cost: opening them, and a row down."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace

from tests.bench.bench import Bench
from tests.bench.figures import Figure, Row
from tests.bench.programs import HERE, ROOT
from tests.bench.rows.keys import ROW_BYTES
from tests.bench.run import Run, Strokes, middle, record
from tests.bench.terminal import Program, Size

OPENED_BYTES = {"80x24": 2000.0, "160x48": 3600.0}  # each of these pages fills the screen with text
OTHER_VIEW_BYTES = 400.0  # from one step to all steps: what differs
SCROLLED_BYTES = 85.0  # a row down that brings a whole line of text: the line, 20 to go there, its marks
SLOWLY = 1.2
OPENING = Strokes(("b", "\r", "q", "q", "f9"), apart_s=SLOWLY)
WALKS = {
    "playbooks": Strokes(("b",), apart_s=SLOWLY),
    "plan": Strokes(("b", "\r"), apart_s=SLOWLY),
    "help": Strokes(("?",), apart_s=SLOWLY),
    "runs": Strokes(("f9",), apart_s=SLOWLY),
    "audit": Strokes(("f10",), apart_s=SLOWLY),
}
WALKED_BYTES = {"plan": SCROLLED_BYTES, "audit": SCROLLED_BYTES}  # the others: as a row down of the dashboard
HISTORY = ("runs", "audit")
DOWN = Strokes(("down",) * 6, apart_s=0.3)
PAGES = ("playbooks", "plan", "", "", "run")
LOOKING_BACK = Strokes(("f9", "q", "f10"), apart_s=SLOWLY)


def scene() -> Program:
    """A recorded clinic whose device queue stands still, with one run that is over."""
    argv = (sys.executable, "-m", "tests.servers.scene", "worker-not-started", "--run=1")
    return Program(name=HERE, argv=argv, ready="details", folder=ROOT, quit="qqqq")


def history() -> Program:
    """The same with forty runs that are over, and the audit of them."""
    return replace(scene(), argv=(sys.executable, "-m", "tests.servers.pages"))


def opened(run: Run, pages: Sequence[str] = PAGES) -> dict[str, int]:
    """Bytes of each page as it opens."""
    return {page: cost.bytes_out for page, cost in zip(pages, run.keys(""), strict=True) if page}


def walked(page: str, size: Size) -> list[int]:
    """Bytes of each row down that drew something, on a page."""
    return [
        each.bytes_out
        for each in record(history() if page in HISTORY else scene(), size, 0.0, WALKS[page], DOWN).keys(
            "down"
        )
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
                at_most=WALKED_BYTES.get(page, ROW_BYTES),
                **known,
            )


ROWS = (Row("runs", "bytes of the screens of guarded runs", runs),)
