"""What the command line says: lines on standard output, complaints on standard error, and its exit codes."""

from __future__ import annotations

import sys

DONE, FAILED, USAGE, INTERRUPTED = 0, 1, 3, 130


def tell(*lines: str) -> None:
    """Lines on standard output."""
    sys.stdout.write("".join(f"{each}\n" for each in lines))


def complain(line: str) -> None:
    """One line on standard error."""
    sys.stderr.write(f"{line}\n")
