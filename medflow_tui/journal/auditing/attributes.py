"""What protects an audit file where system and rights allow it: append-only, and a group that may read."""

from __future__ import annotations

import os
import shutil
import stat
import struct
import sys
from contextlib import suppress
from pathlib import Path

_GET, _SET = 0x80086601, 0x40086602  # FS_IOC_GETFLAGS, FS_IOC_SETFLAGS
_APPEND = 0x20
_FLAGS = "l"


def set_append_only(descriptor: int, *, on: bool) -> bool:
    """Whether the file now is (or is no more) append-only; False where that cannot be, which is no error."""
    if sys.platform != "linux":
        return False
    import fcntl

    try:
        held = bytearray(struct.calcsize(_FLAGS))
        fcntl.ioctl(descriptor, _GET, held, True)
        flags = struct.unpack_from("i", held)[0]
        wanted = flags | _APPEND if on else flags & ~_APPEND
        if wanted != flags:
            struct.pack_into("i", held, 0, wanted)
            fcntl.ioctl(descriptor, _SET, held)
    except OSError:
        return False
    return True


def may_be_renamed(descriptor: int) -> bool:
    """Takes the attribute off where it stands; False where only root may, then the file goes on growing."""
    return set_append_only(descriptor, on=False) or not is_append_only(descriptor)


def is_append_only(descriptor: int) -> bool:
    """Whether the file has the attribute; False where there is none."""
    if sys.platform != "linux":
        return False
    import fcntl

    try:
        held = bytearray(struct.calcsize(_FLAGS))
        fcntl.ioctl(descriptor, _GET, held, True)
    except OSError:
        return False
    return bool(struct.unpack_from("i", held)[0] & _APPEND)


def let_others_in(path: Path, group: str = "") -> None:
    """Who else may: where the folder is shared by a group (mode 2770) that group may write, for its members act, too;
    else the group of auditors may read. Done as far as this user may do it.
    """
    if os.name != "posix":
        return
    with suppress(OSError, LookupError):
        folder = path.parent.stat()
        if folder.st_mode & stat.S_IWGRP:
            os.chown(path, -1, folder.st_gid)
            path.chmod(0o660)
        elif group:
            shutil.chown(path, group=group)
            path.chmod(0o640)
