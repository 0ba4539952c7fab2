"""A server process that belongs to the test that starts it: own port, own folder, ended by its pid."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from tests.servers.mongodb import NotOursError, is_mine


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnProcess:
    """A process that listens on `port`; `freeze` stops it and its children, which keep their sockets."""

    pid: int
    port: int

    def freeze(self) -> None:
        for each in self._family():
            os.kill(each.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        for each in self._family():
            os.kill(each.pid, signal.SIGCONT)

    @contextmanager
    def frozen(self) -> Iterator[None]:
        self.freeze()
        try:
            yield
        finally:
            self.thaw()

    def _family(self) -> list[psutil.Process]:
        process = psutil.Process(self.pid)
        return [process, *process.children(recursive=True)]


@contextmanager
def own_process(
    argv: Sequence[str | Path], port: int, folder: Path, *, within_s: float = 30.0
) -> Iterator[OwnProcess]:
    """The process, once the listening socket is its own; continued, asked to end and waited for with the block."""
    with (folder / "output.log").open("ab") as output:
        process = subprocess.Popen(
            list(argv),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # smbd ends its whole process group with itself
        )
    own = OwnProcess(pid=process.pid, port=port)
    try:
        ends = time.monotonic() + within_s
        while not is_mine(process.pid, port):
            if process.poll() is not None or time.monotonic() > ends:
                raise NotOursError(port, (folder / "output.log").read_text(errors="replace")[-2000:])
            _wait_a_little(process)
        yield own
    finally:
        _end(process)


def _wait_a_little(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(0.05)
    except subprocess.TimeoutExpired:
        return


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is not None:
        return
    children = psutil.Process(process.pid).children(recursive=True)
    for each in (*children, process):
        os.kill(each.pid, signal.SIGCONT)
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    _, left = psutil.wait_procs(children, timeout=5)
    for child in left:
        child.kill()
