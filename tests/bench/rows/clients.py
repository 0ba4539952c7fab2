"""The dashboard on a whole lab for a minute: memory with every client in use, CPU, bytes."""

from __future__ import annotations

from collections.abc import Iterator

from tests.bench.bench import Bench
from tests.bench.figures import Figure, Row
from tests.bench.programs import HERE, dashboard
from tests.bench.rows.flow import MIB
from tests.bench.run import record
from tests.bench.witness import CLIENTS, modules, witnessed
from tests.servers.lab import end_lab, start_lab

WATCHED_S = 60.0
RESIDENT_MIB = 90.0
READY = r"in \d+ targets"


def whole_lab(bench: Bench) -> Iterator[Figure]:
    """Measured as it is; a second, watched, run says which clients were loaded."""
    size = bench.sizes[0]
    with bench.folder() as folder:
        bench.tell("starting a lab")
        lab = start_lab(folder)
        try:
            site = lab.folder / "site.toml"
            bench.tell(f"the dashboard on it for {WATCHED_S:.0f} s")
            run = record(dashboard(site, folder / "state", READY), size, WATCHED_S)
            seen = witnessed(
                ("--site", str(site), "--state", str(folder / "seen")), folder / "modules", READY
            )
            record(seen, size, 15.0)
        finally:
            end_lab(lab)
        used = sorted({each.partition(".")[0] for each in modules(folder / "modules")[-1]} & set(CLIENTS))
    known = {"size": str(size)}
    yield Figure(
        what="all clients in use: RSS",
        unit="MiB",
        values={HERE: run.resident / MIB},
        aim=RESIDENT_MIB,
        note=", ".join(used),
        **known,
    )
    yield Figure(
        what="all clients in use: CPU of one core", unit="%", values={HERE: run.cpu_percent}, **known
    )
    yield Figure(what="all clients in use: bytes", unit="B/s", values={HERE: run.bytes_per_s}, **known)


ROWS = (Row("clients", "the dashboard on a whole lab for a minute", whole_lab),)
