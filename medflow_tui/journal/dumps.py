"""Screens that somebody wrote to a file, in the state folder, mode 0600."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from medflow_tui.journal.own_log import safe
from medflow_tui.journal.private import make_folder

FOLDER = "screens"


def write_dump(state: Path, lines: Sequence[str], now: datetime) -> Path:
    """A new file with these lines, each cleaned and redacted. Raises OSError."""
    folder = state / FOLDER
    make_folder(folder)
    name = f"screen-{now.astimezone(UTC).strftime('%Y%m%dT%H%M%S')}"
    for number in range(1, 100):
        path = folder / (f"{name}.txt" if number == 1 else f"{name}-{number}.txt")
        try:
            descriptor = os.open(
                path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), 0o600
            )
        except FileExistsError:
            continue
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.writelines(f"{safe(each).rstrip()}\n" for each in lines)
        return path
    raise FileExistsError(name)
