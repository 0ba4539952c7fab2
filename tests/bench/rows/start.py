"""The start: bytes and times to the first full paint, held against an empty Textual application in the same run."""

from __future__ import annotations

from collections.abc import Iterator

from tests.bench.bench import Bench
from tests.bench.figures import Figure, Row
from tests.bench.programs import EMPTY, HERE, dashboard, empty_textual, still
from tests.bench.run import Run, middle
from tests.bench.sites import every_client
from tests.bench.terminal import Program, Size
from tests.bench.witness import CLIENTS, FIRST_SCREEN, modules_at_first_paint

PAINT_BYTES = {"80x24": 4500.0, "160x48": 12000.0}
PAINT_RATIO = 1.5


def start(bench: Bench) -> Iterator[Figure]:
    """`lab --still`, and a site that needs every client."""
    with bench.folder() as folder:
        site = folder / "site.toml"
        site.write_text(every_client())
        real = dashboard(site, folder / "state", FIRST_SCREEN)
        for size in bench.sizes:
            yield from _beside(bench, size, "lab --still", still())
            yield from _beside(bench, size, "a whole site", real)


def _beside(bench: Bench, size: Size, what: str, ours: Program) -> Iterator[Figure]:
    """Ours and the empty application in turn, so that both see the same machine."""
    runs: dict[str, list[Run]] = {HERE: [], EMPTY: []}
    bench.tell(f"{bench.starts} starts of each at {size}: {what}")
    for _ in range(bench.starts):
        for program in (ours, empty_textual()):
            runs[program.name].append(bench.start(program, size))
    yield from _figures(what, str(size), runs)


def _figures(what: str, size: str, runs: dict[str, list[Run]]) -> Iterator[Figure]:
    out = {name: middle([each.full_paint.bytes_before for each in all_]) for name, all_ in runs.items()}
    first = {name: [1000 * each.first_byte_s for each in all_] for name, all_ in runs.items()}
    full = {name: [1000 * each.full_paint.at for each in all_] for name, all_ in runs.items()}
    most = PAINT_BYTES.get(size)
    yield Figure(what=f"{what}: bytes to the full paint", size=size, unit="B", values=out, at_most=most)
    for moment, times in (("first byte", first), ("full paint", full)):
        values = {name: middle(all_) for name, all_ in times.items()}
        least = ", ".join(f"{min(all_):.0f}" for all_ in times.values())
        yield Figure(
            what=f"{what}: {moment}, median", size=size, unit="ms", values=values, note=f"least {least}"
        )
    yield Figure(
        what=f"{what}: full paint against the empty application",
        size=size,
        values={HERE: min(full[HERE]) / min(full[EMPTY])},
        at_most=PAINT_RATIO,
        note="least against least: what else runs on the machine only adds",
    )


def imports(bench: Bench) -> Iterator[Figure]:
    """Service clients that are loaded when the first full frame has been written, of a site that needs all of them."""
    with bench.folder() as folder:
        loaded = modules_at_first_paint(folder)
    found = sorted({each.partition(".")[0] for each in loaded} & set(CLIENTS))
    yield Figure(
        what="service clients imported before the first paint",
        values={HERE: float(len(found))},
        at_most=0.0,
        note=", ".join(found),
    )
    yield Figure(what="modules imported before the first paint", values={HERE: float(len(loaded))})


ROWS = (
    Row("start", "bytes and times to the first full paint", start),
    Row("imports", "what is imported before the first paint", imports),
)
