"""Which process did something, named so that a later one with the same number is not taken for it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from medflow_tui.journal.moment import boot_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A process: its number, when it was started (in the system's own measure), and in which boot."""

    pid: int
    started: str
    boot: str

    @property
    def is_of_this_boot(self) -> bool:
        return self.boot == boot_id()

    @property
    def lives(self) -> bool:
        """True while this very process runs; a number that was given to another process does not count."""
        return self.is_of_this_boot and bool(self.started) and started(self.pid) == self.started


def myself() -> Identity:
    """This process."""
    return Identity(pid=os.getpid(), started=started(os.getpid()), boot=boot_id())


def started(pid: int) -> str:
    """When the process with that number was started; empty when there is none, or when it has ended (a zombie)."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
        state, *fields = stat.rpartition(")")[2].split()
        return "" if state in ("Z", "X") else f"ticks-{fields[18]}"
    except FileNotFoundError:
        if Path("/proc/self/stat").exists():
            return ""
    except (OSError, IndexError):
        return ""
    return _started_without_proc(pid)


def _started_without_proc(pid: int) -> str:
    import psutil

    try:
        process = psutil.Process(pid)
        return "" if process.status() == psutil.STATUS_ZOMBIE else f"second-{round(process.create_time())}"
    except psutil.Error:
        return ""
