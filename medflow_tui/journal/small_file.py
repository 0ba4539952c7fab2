"""A small text file of the state folder that is replaced whole: the old one or the new one, also after a power cut."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from medflow_tui.journal.private import make_folder, sync_folder


def replace_text(path: Path, text: str) -> None:
    """Write the file, readable by this user only; its folder is made. Durable when it returns.

    Raises OSError and leaves nothing half-written.
    """
    make_folder(path.parent)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
        sync_folder(path.parent)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
