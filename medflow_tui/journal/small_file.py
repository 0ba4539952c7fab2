"""A small text file of the state folder that is replaced whole: whoever reads it sees the old one or the new one."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from medflow_tui.journal.private import make_folder


def replace_text(path: Path, text: str) -> None:
    """Write the file, readable by this user only; its folder is made. Raises OSError and leaves nothing half-written."""
    make_folder(path.parent)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
