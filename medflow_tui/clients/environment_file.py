"""Reads and replaces an environment file, whole or not at all; what is kept and what is written is nobody else's to read."""

from __future__ import annotations

import hashlib
import os
import secrets
import stat
from dataclasses import dataclass, field
from pathlib import Path

from medflow_tui.journal.private import FILE_MODE, make_folder, sync_folder

LARGEST = 256 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentFile:
    """`path` is the file itself, behind links; `sha256` tells two of them apart without showing them."""

    path: Path
    content: bytes = field(repr=False)
    mode: int
    owner: int
    group: int

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()

    @property
    def text(self) -> str:
        """Raises UnicodeDecodeError."""
        return self.content.decode("utf-8")


def read(named: str) -> EnvironmentFile:
    """Raises OSError, also for what is no plain file."""
    path = Path(named).resolve(strict=True)
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    with os.fdopen(descriptor, "rb") as file:
        found = os.fstat(file.fileno())
        if not stat.S_ISREG(found.st_mode) or found.st_size > LARGEST:
            raise OSError(22, "no plain file")
        return EnvironmentFile(
            path=path,
            content=file.read(LARGEST),
            mode=stat.S_IMODE(found.st_mode),
            owner=found.st_uid,
            group=found.st_gid,
        )


def replace(like: EnvironmentFile, content: bytes) -> None:
    """Put the content in its place, with its owner, group and mode, in one step. Raises OSError: it is as it was."""
    fresh = like.path.with_name(f".{like.path.name}.{secrets.token_hex(6)}")
    try:
        _write(fresh, content, like)
        fresh.replace(like.path)
    except OSError:
        fresh.unlink(missing_ok=True)
        raise
    sync_folder(like.path.parent)


def keep(found: EnvironmentFile, copy: Path) -> None:
    """A copy that only this user may read; one that is there already and the same stays. Raises OSError."""
    make_folder(copy.parent)
    if copy.exists() and copy.read_bytes() == found.content:
        return
    _write(copy, found.content, None)
    sync_folder(copy.parent)


def _write(path: Path, content: bytes, like: EnvironmentFile | None) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
    with os.fdopen(os.open(path, flags, FILE_MODE), "wb") as file:
        if like is not None:
            own = os.fstat(file.fileno())
            if (own.st_uid, own.st_gid) != (like.owner, like.group):
                os.fchown(file.fileno(), like.owner, like.group)
            os.fchmod(file.fileno(), like.mode)
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
