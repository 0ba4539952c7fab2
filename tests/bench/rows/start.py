"""The start: bytes and times to the first full paint, held against an empty Textual application in the same run."""

from __future__ import annotations

from collections.abc import Iterator

from tests.bench.bench import Bench
from tests.bench.figures import Figure, Row
from tests.bench.peers import GLANCES, HTOP, PG_ACTIVITY
from tests.bench.programs import EMPTY, HERE, dashboard, empty_textual, raw_values, still, textual_table
from tests.bench.run import Run, middle
from tests.bench.screen import first_seen
from tests.bench.sites import every_client
from tests.bench.terminal import Size
from tests.bench.witness import CLIENTS, FIRST_SCREEN, modules_at_first_paint

PAINT_BYTES = {"80x24": 4500.0, "160x48": 12000.0}
PAINT_RATIO, FIRST_BYTE_MS = 1.2, 60.0
STANDS = "no lines at this level|log file does not exist"  # of the log nothing is said before


def start(bench: Bench) -> Iterator[Figure]:
    """`lab --still`, and a site that needs every client."""
    with bench.folder() as folder:
        site = folder / "site.toml"
        site.write_text(every_client())
        real = dashboard(site, folder / "state", FIRST_SCREEN)
        for size in bench.sizes:
            others = (empty_textual(), raw_values("still"), textual_table("still"))
            beside = (*others, *bench.peers.at_rest(HTOP, GLANCES, PG_ACTIVITY))
            yield from _figures("lab --still", size, bench.starting((still(), *beside), size))
            yield from _figures("a whole site", size, bench.starting((real, empty_textual()), size))


def _figures(what: str, at: Size, runs: dict[str, list[Run]]) -> Iterator[Figure]:
    size = str(at)
    out = {name: middle([each.full_paint.bytes_before for each in all_]) for name, all_ in runs.items()}
    first = {name: [1000 * each.first_byte_s for each in all_] for name, all_ in runs.items()}
    full = {name: [1000 * each.full_paint.at for each in all_] for name, all_ in runs.items()}
    most = PAINT_BYTES.get(size)
    yield Figure(what=f"{what}: bytes to the full paint", size=size, unit="B", values=out, at_most=most)
    for moment, times, aim in (("first byte", first, FIRST_BYTE_MS), ("full paint", full, None)):
        values = {name: middle(all_) for name, all_ in times.items()}
        least = f"least {min(times[HERE]):.0f}"
        yield Figure(
            what=f"{what}: {moment}, median", size=size, unit="ms", values=values, aim=aim, note=least
        )
    yield Figure(
        what=f"{what}: full paint against the empty application",
        size=size,
        values={HERE: min(full[HERE]) / min(full[EMPTY])},
        aim=PAINT_RATIO,
        note="least against least: what else runs on the machine only adds",
    )
    stood = [first_seen(STANDS, each.chunks, each.size) for each in runs[HERE]]
    yield Figure(
        what=f"{what}: the dashboard itself, with its keys, against the empty application",
        size=size,
        values={HERE: min(1000 * each.at for each in stood if each is not None) / min(full[EMPTY])},
        aim=PAINT_RATIO,
        note="the full paint is the drawing before Textual is imported",
    )


def imports(bench: Bench) -> Iterator[Figure]:
    """Service clients that are loaded when the first full frame has been written, of a site that needs all of them."""
    with bench.folder() as folder:
        drawn, loaded = modules_at_first_paint(folder)
    found = sorted({each.partition(".")[0] for each in loaded} & set(CLIENTS))
    yield Figure(
        what="service clients imported before the first paint",
        values={HERE: float(len(found))},
        at_most=0.0,
        note=", ".join(found),
    )
    yield Figure(what="modules imported before the first drawing", values={HERE: float(len(drawn))})
    yield Figure(what="modules imported before the dashboard stands", values={HERE: float(len(loaded))})


ROWS = (
    Row("start", "bytes and times to the first full paint", start),
    Row("imports", "what is imported before the first paint", imports),
)
