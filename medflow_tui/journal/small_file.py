"""A small text file that is replaced whole: the old one or the new one, also after a power cut."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from pathlib import Path

from medflow_tui.journal.private import make_folder, sync_folder

OWN = 0o600


def replace_text(path: Path, text: str, *, ready: Callable[[Path], object] = lambda _: None) -> None:
    """Write a file of the state folder, readable by this user only; its folder is made. Durable when it returns.
    What else it must be (its group, its mode) `ready` makes it before it takes its name.

    Raises OSError and leaves nothing half-written.
    """
    make_folder(path.parent)
    replace_durably(path, text, aside=path.with_name(f".{path.stem}{secrets.token_hex(4)}"), ready=ready)


def replace_durably(
    path: Path,
    text: str,
    *,
    aside: Path,
    mode: int = OWN,
    ready: Callable[[Path], object] = lambda _: None,
) -> None:
    """Written `aside` in the same folder (with that mode, less what the umask takes), fsynced, renamed, folder fsynced.

    Raises OSError; what stands aside is gone then.
    """
    try:
        descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
        with os.fdopen(descriptor, "wb") as file:
            ready(aside)
            file.write(text.encode("utf-8"))
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
        sync_folder(path.parent)
    except OSError:
        aside.unlink(missing_ok=True)
        raise
