"""What the screens of guarded runs cost: opening them, and a row down."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import product

from tests.bench.bench import Bench
from tests.bench.figures import Figure, Row
from tests.bench.programs import HERE, ROOT
from tests.bench.rows.keys import ROW_BYTES
from tests.bench.run import Run, Strokes, middle, record
from tests.bench.terminal import Program, Size

OPENED_BYTES = {"80x24": 2000.0, "160x48": 3600.0}  # each of these pages fills the screen with text
OTHER_VIEW_BYTES = 400.0  # from one step to all steps: what differs
TURNED_BYTES = 600.0  # the press of several that brings lines of text: five lines, 20 to go there, the mark
SLOWLY = 1.2
OPENING = Strokes(("b", "\r", "q", "q", "f9"), apart_s=SLOWLY)
WALKS = {
    "dashboard": Strokes(()),  # eighteen services, of which few are seen at once
    "playbooks": Strokes(("b",), apart_s=SLOWLY),
    "plan": Strokes(("b", "\r"), apart_s=SLOWLY),
    "help": Strokes(("?",), apart_s=SLOWLY),
    "runs": Strokes(("f9",), apart_s=SLOWLY),
    "audit": Strokes(("f10",), apart_s=SLOWLY),
}
READY = {"en": "details", "fr": "détails"}
HISTORY = ("runs", "audit")
DOWN = Strokes(("down",) * 30, apart_s=0.1)
PAGES = ("playbooks", "plan", "", "", "run")
LOOKING_BACK = Strokes(("f9", "q", "f10"), apart_s=SLOWLY)


def scene(language: str = "en") -> Program:
    """A recorded clinic whose device queue stands still, with one run that is over."""
    argv = (sys.executable, "-m", "tests.servers.scene", "worker-not-started", "--run=1")
    return Program(
        name=HERE, argv=(*argv, f"--lang={language}"), ready=READY[language], folder=ROOT, quit="qqqq"
    )


def history(language: str = "en") -> Program:
    """The same with forty runs that are over, and the audit of them."""
    argv = (sys.executable, "-m", "tests.servers.pages", f"--lang={language}")
    return replace(scene(language), argv=argv)


def opened(run: Run, pages: Sequence[str] = PAGES) -> dict[str, int]:
    """Bytes of each page as it opens."""
    return {page: cost.bytes_out for page, cost in zip(pages, run.keys(""), strict=True) if page}


def walked(page: str, size: Size, language: str = "en") -> list[int]:
    """Bytes of each of the first 30 rows down that drew something, on a page."""
    program = history(language) if page in HISTORY else scene(language)
    costs = record(program, size, 0.0, WALKS[page], DOWN).keys("down")
    return [each.bytes_out for each in costs if each.bytes_out]


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
        for page, language in product(WALKS, READY):
            costs, what = walked(page, size, language) or [0], f"{page} page ({language}), row down: bytes"
            yield Figure(what=f"{what}, median", values={HERE: middle(costs)}, at_most=ROW_BYTES, **known)
            yield Figure(what=f"{what}, most", values={HERE: max(costs)}, at_most=TURNED_BYTES, **known)


ROWS = (Row("runs", "bytes of the screens of guarded runs", runs),)
