"""Space held for the audit, for the day on which the disk is full: given back a slice at a time."""

from __future__ import annotations

import errno
import os
import shutil
from contextlib import suppress
from pathlib import Path

from medflow_tui.journal.auditing.attributes import let_others_in

FILE = "audit.reserve"
SLICE = 1024 * 1024
SPARE = 4  # times the reserve must be free before it is made
FULL = (errno.ENOSPC, errno.EDQUOT)


class Reserve:
    """A file of blocks that nobody else can use. Nothing of it ever raises: without a reserve the audit is as it was."""

    def __init__(self, folder: Path, wanted: int) -> None:
        self._path, self._wanted = folder / FILE, wanted

    @property
    def left(self) -> int:
        """Bytes still held."""
        with suppress(OSError):
            return self._path.lstat().st_size
        return 0

    @property
    def is_whole(self) -> bool:
        return self.left >= self._wanted

    def keep(self) -> None:
        """Make it, or fill it up again, where the disk has room for it."""
        if not self._wanted or self.is_whole or not hasattr(os, "posix_fallocate"):
            return
        with suppress(OSError):
            if shutil.disk_usage(self._path.parent).free < SPARE * self._wanted:
                return
            flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
            descriptor = os.open(self._path, flags, 0o600)
            try:
                os.posix_fallocate(descriptor, 0, self._wanted)
            finally:
                os.close(descriptor)
            let_others_in(self._path)

    def give(self) -> bool:
        """Let go of one slice; False when there is none left."""
        held = self.left
        if not held:
            return False
        try:
            os.truncate(self._path, max(0, held - SLICE))
        except OSError:
            return False
        return True


def is_full(error: BaseException) -> bool:
    """Whether it was raised because the disk is full."""
    return isinstance(error.__cause__, OSError) and error.__cause__.errno in FULL
