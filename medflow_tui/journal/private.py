"""Folders and files that only this user may read, whatever the umask says."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path

FOLDER_MODE, FILE_MODE = 0o700, 0o600
OTHERS = 0o077


def make_folder(folder: Path) -> None:
    """Make it and what is missing above it, mode 0700, each name durable. One that exists keeps its mode. OSError."""
    missing: list[Path] = []
    place = folder
    while not place.exists():
        missing.append(place)
        place = place.parent
    for each in reversed(missing):
        with suppress(FileExistsError):
            each.mkdir(mode=FOLDER_MODE)
        with suppress(OSError):  # a folder that may be written but not read
            sync_folder(each.parent)
    folder.mkdir(exist_ok=True)  # says so when it is a file


def make_file(path: Path) -> None:
    """Make it empty, mode 0600, with its folder; from one of ours that others may read their right is taken. OSError.

    An existing file is not opened: closing it would let go of the locks that SQLite holds on it in this process.
    """
    make_folder(path.parent)
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
        os.close(os.open(path, flags, FILE_MODE))
    except FileExistsError:
        _keep_others_out(path)


def _keep_others_out(path: Path) -> None:
    if os.name != "posix":
        return
    found = path.lstat()
    if stat.S_ISREG(found.st_mode) and found.st_mode & OTHERS and found.st_uid == os.getuid():
        with suppress(OSError):
            path.chmod(stat.S_IMODE(found.st_mode) & ~OTHERS)


def sync_folder(folder: Path) -> None:
    """Make the folder's own entries durable (names survive a power cut only then)."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
