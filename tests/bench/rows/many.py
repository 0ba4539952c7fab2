"""A thousand targets, each read once a minute."""

from __future__ import annotations

import selectors
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tests.bench.bench import Bench
from tests.bench.figures import Figure, Row
from tests.bench.programs import HERE, dashboard
from tests.bench.rows.flow import MIB
from tests.bench.run import Run, record
from tests.bench.sites import HOST, many_ports, many_redis
from tests.servers.valkey import running

NUMBER, INTERVAL_S, LISTENERS = 1000, 60.0, 20
WATCHED_S = 120.0
PERCENT = 25.0


@contextmanager
def listeners(number: int) -> Iterator[tuple[int, ...]]:
    """Ports on which connections are accepted and closed, for as long as the block."""
    ended = threading.Event()
    with selectors.DefaultSelector() as selector:
        sockets = [socket.create_server((HOST, 0), backlog=256) for _ in range(number)]
        for each in sockets:
            selector.register(each, selectors.EVENT_READ)

        def accept() -> None:
            while not ended.is_set():
                for key, _ in selector.select(0.2):
                    key.fileobj.accept()[0].close()  # type: ignore[union-attr]

        thread = threading.Thread(target=accept, name="listeners")
        thread.start()
        try:
            yield tuple(int(each.getsockname()[1]) for each in sockets)
        finally:
            ended.set()
            thread.join()
            for each in sockets:
                each.close()


def ports(bench: Bench) -> Iterator[Figure]:
    """Port targets on listeners of the bench."""
    with listeners(LISTENERS) as found:
        yield from _figures("port", _watched(bench, many_ports(found, NUMBER, INTERVAL_S)))


def redis(bench: Bench) -> Iterator[Figure]:
    """Redis targets on one server."""
    with bench.folder() as folder, running(folder / "valkey") as server:
        yield from _figures("Redis", _watched(bench, many_redis(server.port, NUMBER, INTERVAL_S)))


def _watched(bench: Bench, site: str) -> Run:
    with bench.folder() as folder:
        (folder / "site.toml").write_text(site)
        bench.tell(f"{NUMBER} targets for {WATCHED_S:.0f} s")
        program = dashboard(folder / "site.toml", folder / "state", f"in {NUMBER:,} targets")
        return record(program, bench.sizes[0], WATCHED_S)


def _figures(kind: str, run: Run) -> Iterator[Figure]:
    what, size = f"{NUMBER:,} {kind} targets once a minute", str(run.size)
    yield Figure(
        what=f"{what}: CPU of one core", size=size, unit="%", values={HERE: run.cpu_percent}, aim=PERCENT
    )
    yield Figure(what=f"{what}: bytes", size=size, unit="B/s", values={HERE: run.bytes_per_s})
    yield Figure(what=f"{what}: RSS", size=size, unit="MiB", values={HERE: run.resident / MIB})


ROWS = (
    Row("many-ports", "1,000 port targets once a minute", ports),
    Row("many-redis", "1,000 Redis targets once a minute", redis),
)
