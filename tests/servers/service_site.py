"""A site of the test's own: a small backend, and if wanted MongoDB, each behind a pid file on a port of its own."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pymongo

from medflow_tui.clients.network import Deadline
from medflow_tui.clients.supervisors import supervisor
from medflow_tui.model.procedure import Outcome
from tests.servers.mongodb import PROGRAM, free_port
from tests.servers.service_run import target_from
from tests.servers.service_steps import QUICK

BACKEND = Path(__file__).with_name("small_backend.py")


@dataclass(slots=True)
class SmallSite:
    """`tables` are the targets, as in a site file, with their kind."""

    folder: Path
    tables: list[dict[str, Any]] = field(default_factory=list)

    def process(self, service: str, start: list[str], **more: Any) -> None:
        """A process target with this program; it is not started yet."""
        place = self.folder / service
        place.mkdir()
        table = {
            "kind": "process",
            "name": f"{service}-process",
            "manager": "pidfile",
            "pid_file": str(place / "pid"),
            "start": start,
            "start_in": str(place),
            "output": str(place / "output.log"),
            **more,
        }
        self.tables.append(table)

    def backend(self, *options: str, **more: Any) -> None:
        port = free_port()
        self.process("backend", [sys.executable, str(BACKEND), str(port), str(self.lives), *options], **more)
        self.tables.append({"kind": "http", "name": "backend", "address": f"http://127.0.0.1:{port}"})

    def mongodb(self) -> str:
        port, place = free_port(), self.folder / "mongodb"
        config = self.folder / "secantusd.toml"
        config.touch()
        where = ("--host", "127.0.0.1", "--port", str(port), "--storage-path", str(place / "data"))
        self.process("mongodb", [str(PROGRAM), "--config", str(config), *where, "--cache-size", "64M"])
        url = f"mongodb://127.0.0.1:{port}"
        self.tables.append({"kind": "mongodb", "name": "mongodb", "address": url})
        return url

    @property
    def lives(self) -> Path:
        return self.folder / "lives.log"

    def count(self, word: str) -> int:
        return self.lives.read_text().split().count(word) if self.lives.exists() else 0

    def table(self, name: str) -> dict[str, Any]:
        return next(each for each in self.tables if each["name"] == name)

    def pid(self, service: str) -> int:
        return int((self.folder / service / "pid").read_text())

    def start(self, service: str) -> None:
        target = target_from(self.table(f"{service}-process"))
        told = supervisor(target, pace=QUICK).start(Deadline.after(30))  # type: ignore[arg-type]
        assert told.outcome is Outcome.PASS, told

    def stop(self, service: str) -> None:
        target = target_from(self.table(f"{service}-process"))
        assert supervisor(target, pace=QUICK).stop(Deadline.after(30)).outcome is Outcome.PASS  # type: ignore[arg-type]

    @contextmanager
    def database(self) -> Iterator[Any]:
        client: pymongo.MongoClient[Any] = pymongo.MongoClient(
            self.table("mongodb")["address"], directConnection=True, serverSelectionTimeoutMS=15_000
        )
        try:
            yield client["medflow"]
        finally:
            client.close()

    def end(self) -> None:
        """Whatever was started by it, wherever it was started from: it works in one of these folders."""
        places = {each["start_in"] for each in self.tables if "start_in" in each}
        family = [each for each in psutil.process_iter(["cwd"]) if each.info["cwd"] in places]
        for each in family:
            each.kill()
        psutil.wait_procs(family, timeout=5)


@contextmanager
def small_site(folder: Path) -> Iterator[SmallSite]:
    folder.mkdir(parents=True, exist_ok=True)
    found = SmallSite(folder=folder)
    try:
        yield found
    finally:
        found.end()
