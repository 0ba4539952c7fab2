"""`python -m medflow_tui.lab`: the lab without the rest of the program."""

from __future__ import annotations

import sys

from medflow_tui.lab.command import run

if __name__ == "__main__":
    sys.exit(run(sys.argv[1:], None))
