"""What is measured: the dashboard in several scenes, and what it is held against."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.bench.terminal import Program

ROOT = Path(__file__).parents[2]
FLOOR = Path(__file__).with_name("floor")
HERE, EMPTY = "medflow-tui", "empty Textual"


def medflow(*words: str, ready: str) -> Program:
    """The dashboard with these words on its command line."""
    argv = (sys.executable, "-m", "medflow_tui", *words)
    return Program(name=HERE, argv=argv, ready=ready, folder=ROOT)


def still(rows: int = 20) -> Program:
    """Nothing changes."""
    return _frozen("--still", rows)


def pulse(rows: int = 20) -> Program:
    """Twenty figures change each second."""
    return _frozen("--pulse", rows)


def _frozen(word: str, rows: int) -> Program:
    more = ("--rows", str(rows)) if rows != 20 else ()
    return medflow("lab", word, *more, ready="alpha 000" if more else "echo.*echo.*Log")


def dashboard(site: Path, state: Path, ready: str) -> Program:
    """The dashboard on a site file."""
    return medflow("--site", str(site), "--state", str(state), ready=ready)


def empty_textual() -> Program:
    """The least Textual application."""
    return Program(
        name=EMPTY, argv=(sys.executable, str(FLOOR / "textual_hello.py")), ready="hello world", folder=ROOT
    )
