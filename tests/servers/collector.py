"""A collector and viewers without a screen as processes that belong to the test that starts them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.servers.lab import until


@dataclass(slots=True)
class Viewing:
    """One viewer; `seen` are the snapshots that it published so far."""

    process: subprocess.Popen[str]
    seen: list[dict[str, Any]] = field(default_factory=list)

    def listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.seen.append(json.loads(line))

    @property
    def last(self) -> dict[str, Any]:
        return self.seen[-1] if self.seen else {}

    def until(self, holds: Callable[[dict[str, Any]], Any], what: str, patience_s: float = 30.0) -> Any:
        """Wait until the newest snapshot is so."""
        try:
            return until(lambda: self.seen and holds(self.last), what, patience_s)
        except AssertionError as error:
            raise AssertionError(f"{error}: {self.last}") from None

    def until_through(self, source: str) -> None:
        """Wait until it shows everything through this source."""
        self.until(lambda last: last["source"] == source and not last["unread"], f"seen through: {source}")

    def ask(self, name: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{name}\n")
        self.process.stdin.flush()


@dataclass(slots=True)
class Place:
    """A site file and a state folder, and what runs on them."""

    site: Path
    state: Path

    def command(self, *words: str) -> list[str]:
        given = ("--lang", "en", "--site", str(self.site), "--state", str(self.state))
        return [sys.executable, "-m", "medflow_tui", *given, *words]

    def log(self) -> str:
        with suppress(FileNotFoundError):
            return (self.state / "collector.log").read_text(encoding="utf-8")
        return ""

    @contextmanager
    def collecting(self, **more: Any) -> Iterator[subprocess.Popen[str]]:
        """A collector that has said that viewers can come; killed at the end if it still lives."""
        process = subprocess.Popen(
            self.command("collect"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more
        )
        try:
            assert process.stdout is not None
            assert process.stderr is not None
            line = process.stdout.readline()
            assert "dashboards" in line, process.stderr.read()
            yield process
        finally:
            end(process)

    @contextmanager
    def viewing(self) -> Iterator[Viewing]:
        """A viewer; killed at the end."""
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.servers.viewer", str(self.site), str(self.state)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        viewing = Viewing(process)
        ear = threading.Thread(target=viewing.listen, daemon=True)
        ear.start()
        try:
            yield viewing
        finally:
            end(process)
            ear.join(5)

    def status(self, *words: str) -> str:
        done = subprocess.run(
            self.command("status", *words), capture_output=True, text=True, check=True, timeout=60
        )
        return done.stdout


def end(process: subprocess.Popen[str]) -> None:
    """Kill it, also when it is stopped, and let go of its pipes."""
    if process.poll() is None:
        os.kill(process.pid, signal.SIGKILL)
    process.wait(20)
    for each in (process.stdin, process.stdout, process.stderr):
        if each is not None:
            with suppress(OSError):
                each.close()
