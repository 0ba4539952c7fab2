"""Ends what the lab started when the lab itself was killed; run as a process of its own.

Reads lines from standard input: `process PID CREATE_TIME`, `folder PATH` (removed at the end), `entry PATH` (one
file, removed at the end). The end of the input means that the lab is gone, whichever way.
"""

from __future__ import annotations

import shutil
import signal
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import psutil


def clean_up(lines: Iterable[str]) -> None:
    """Kill the processes that are still the same, then remove files and folders."""
    orders = [line.rstrip("\n").split(" ", 1) for line in lines]
    for word, rest in orders:
        if word == "process":
            pid, created = rest.split()
            end(int(pid), float(created))
    for word, rest in orders:
        if word == "entry":
            Path(rest).unlink(missing_ok=True)
        elif word == "folder":
            shutil.rmtree(rest, ignore_errors=True)


def end(pid: int, created: float) -> None:
    """SIGKILL, which a stopped process obeys too, if that pid is still the process that was started."""
    with suppress(psutil.Error):
        process = psutil.Process(pid)
        if abs(process.create_time() - created) < 0.5:
            process.kill()


def main() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    clean_up(sys.stdin.readlines())


if __name__ == "__main__":
    main()
