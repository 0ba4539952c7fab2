"""Whether a program still works though the runner that started it is gone: a file is locked for as long as it lives."""

from __future__ import annotations

import os
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from medflow_tui.journal.private import make_file
from medflow_tui.model.words import SILENCE, Phrase, say

ENDING = ".lock"


def take(folder: Path, name: str) -> int | None:
    """A descriptor to be handed to the program `name` alone; None while an earlier one works. Raises OSError.

    The lock belongs to the opened file, not to a process: it is free when nobody has that open any more. A program that
    closes descriptors which it does not know (a daemon does) is not seen: this is the known limit.
    """
    path = folder / f"{name}{ENDING}"
    make_file(path)
    descriptor = os.open(path, os.O_RDWR)
    if not _is_free(descriptor, shared=False):
        os.close(descriptor)
        return None
    return descriptor


def note(descriptor: int, pid: int) -> None:
    """Who it is, for people to read; on a full disk the lock holds all the same."""
    with suppress(OSError):
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(pid).encode(), 0)
        os.utime(descriptor)


def at_work(folder: Path, name: str) -> Phrase:
    """That the program `name` still works, since when; silence when it does not, or was never started."""
    path = folder / f"{name}{ENDING}"
    with suppress(OSError), path.open("rb") as file:
        if not _is_free(file.fileno(), shared=True):
            started = datetime.fromtimestamp(os.fstat(file.fileno()).st_mtime, UTC).replace(microsecond=0)
            pid = file.read(20).decode("ascii", errors="replace") or "?"
            return say(
                "the program of {step} still works: process {pid}, started {at:moment}",
                step=name,
                pid=pid,
                at=started,
            )
    return SILENCE


def any_at_work(folder: Path, step: str = "") -> Phrase:
    """The same of all programs of one step, or of a run: further ones of an action have a number behind its name."""
    beside = folder.glob(f"{step}-[0-9]*{ENDING}" if step else f"*{ENDING}")
    names = [step] * bool(step) + sorted(each.name.removesuffix(ENDING) for each in beside)
    return next((said for name in names if (said := at_work(folder, name))), SILENCE)


def _is_free(descriptor: int, *, shared: bool) -> bool:
    """Whether nobody else has the lock; then it is taken. Where the system has no such locks, it is."""
    try:
        import fcntl
    except ImportError:
        return True
    try:
        fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
