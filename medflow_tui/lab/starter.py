"""`python -m medflow_tui.lab.starter FOLDER SERVER`: has the lab of that folder start one of its servers again.

What a site file names as the way to start a process; the lab itself starts it, writes its pid file and ends it.
"""

from __future__ import annotations

import sys
from pathlib import Path

from medflow_tui.lab import register
from medflow_tui.lab.command import FAILED, plain
from medflow_tui.lab.control import send
from medflow_tui.model.errors import LabError


def main(folder: str, server: str) -> int:
    """0 when it is up."""
    try:
        send(register.choose(Path(folder)), "start", server)
    except LabError as error:
        sys.stderr.write(plain(error.phrase) + "\n")
        return FAILED
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
