"""The MongoDB-compatible server of the lab: secantusdb, run as a program and never imported (GPL)."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from medflow_tui.model.errors import LabError
from medflow_tui.model.words import say

PROGRAM = "secantusd-py"


def find() -> str:
    """The path of the program beside this interpreter or on the PATH; LabError without the extra `lab`."""
    beside = Path(sys.executable).parent / PROGRAM
    found = str(beside) if beside.exists() else shutil.which(PROGRAM)
    if found is None:
        raise LabError(say("the lab is not installed: pip install 'medflow-tui[lab]'"))
    return found


def argv(port: int, folder: Path) -> tuple[str, ...]:
    """The command of a server with its data in `folder`."""
    settings = folder / "secantusd.toml"
    settings.touch()
    return (
        *(find(), "--config", str(settings), "--host", "127.0.0.1", "--port", str(port)),
        *("--storage-path", str(folder / "data"), "--cache-size", "64M", "--log-level", "WARNING"),
    )
