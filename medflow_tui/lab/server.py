"""One server of the lab: a process that we started, frozen, continued and ended by us only."""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import psutil

from medflow_tui.lab.ports import accepts, is_free, listens
from medflow_tui.model.errors import LabError
from medflow_tui.model.words import say

PATIENCE_S = 2.5
PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


@dataclass(slots=True, kw_only=True)
class Server:
    """`argv` is started in `folder`, with output in `output`; it is up when all `ports` are listened on by it."""

    name: str
    argv: tuple[str, ...]
    ports: tuple[int, ...]
    folder: Path
    output: Path
    started: Callable[[int, float], None] = field(default=lambda _pid, _at: None)
    process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Its process id, 0 while it does not run."""
        return self.process.pid if self.process is not None else 0

    @property
    def runs(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def start(self) -> None:
        """Start the process; LabError when a port is taken."""
        for port in self.ports:
            if not is_free(port):
                raise LabError(say("port {port} is taken by another program", port=str(port)))
        self.folder.mkdir(parents=True, exist_ok=True)
        with self.output.open("ab") as output:
            self.process = subprocess.Popen(
                self.argv,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=partial(end_with_parent, os.getpid()) if LIBC is not None else None,  # noqa: PLW1509 - this process has one thread
            )
        self.started(self.process.pid, psutil.Process(self.process.pid).create_time())

    async def up(self, patience_s: float = 20.0) -> None:
        """Wait until the listening sockets are its own; LabError when it ends instead, or takes too long."""
        await until(lambda: not self.runs or all(accepts(port) for port in self.ports), patience_s)
        if not self.runs or not all(listens(self.pid, port) for port in self.ports):
            raise LabError(
                say(
                    "{name} of the lab did not start; its output is in {path}",
                    name=self.name,
                    path=str(self.output),
                )
            )

    def freeze(self) -> None:
        """It keeps its sockets and answers nothing."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def ask_to_end(self) -> None:
        """A stopped process is continued first, else it would never see the request."""
        self._signal(signal.SIGCONT)
        self._signal(signal.SIGTERM)

    async def ended(self, patience_s: float = PATIENCE_S) -> None:
        """Wait for the end, and make it after the patience is over."""
        if self.process is None:
            return
        await until(lambda: not self.runs, patience_s)
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.process = None

    async def stop(self) -> None:
        self.ask_to_end()
        await self.ended()

    def _signal(self, number: signal.Signals) -> None:
        """The pid cannot be another's: it stays ours until it is waited for."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(number)


def end_with_parent(parent: int) -> None:
    """In a child, before its program starts: the kernel ends it with the lab, even while it is stopped."""
    assert LIBC is not None
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


async def until(holds: Callable[[], bool], patience_s: float) -> bool:
    """Wait for something to hold; False when it did not in time."""
    ends = time.monotonic() + patience_s
    while not holds():
        if time.monotonic() > ends:
            return False
        await asyncio.sleep(0.02)
    return True


def module(name: str, *arguments: str) -> tuple[str, ...]:
    """The command that runs a module of this package with this interpreter."""
    return (sys.executable, "-m", f"medflow_tui.lab.{name}", *arguments)
