"""The key by which a person agrees over the phone: a file that only they may read, and what a site is given of it."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from medflow_tui.config.secrets import read_secret
from medflow_tui.journal.private import make_folder, sync_folder
from medflow_tui.model.errors import SecretError
from medflow_tui.model.words import say
from medflow_tui.rules.spoken import site_key

BYTES = 32


def own_key(path: Path) -> bytes:
    """The key in a file of mode 0600. Raises SecretError."""
    try:
        found = bytes.fromhex(read_secret(f"file:{path}", Path("/")).strip())
    except ValueError:
        found = b""
    if len(found) != BYTES:
        raise SecretError(say("{path} is no key of this program", path=str(path)))
    return found


def make_key(path: Path) -> bytes:
    """A new key, in a file that only this user may read; one that is there is never replaced. Raises SecretError."""
    key = secrets.token_bytes(BYTES)
    _write_new(path, key.hex())
    return key


def write_verifier(path: Path, key: bytes, site: str) -> None:
    """What a site is given of a key, into a new file that only this user may read. Raises SecretError."""
    _write_new(path, site_key(key, site).hex())


def _write_new(path: Path, text: str) -> None:
    try:
        make_folder(path.parent)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
        with os.fdopen(os.open(path, flags, 0o600), "w", encoding="ascii") as file:
            file.write(f"{text}\n")
            file.flush()
            os.fsync(file.fileno())
        sync_folder(path.parent)
    except OSError as error:
        raise SecretError(
            say("{path} cannot be written: {why}", path=str(path), why=error.strerror or "?")
        ) from error
