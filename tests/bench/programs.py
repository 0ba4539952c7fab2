"""What is measured: the dashboard in several scenes, and what it is held against."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from tests.bench.terminal import Program

ROOT = Path(__file__).parents[2]
FLOOR = Path(__file__).with_name("floor")
HERE, EMPTY, RAW, TABLE = "medflow-tui", "empty Textual", "raw", "Textual table"


def all_of(*patterns: str) -> str:
    """Each of them somewhere.

    >>> import re
    >>> bool(re.search(all_of("b", "a"), "a b")), bool(re.search(all_of("b", "c"), "a b"))
    (True, False)
    """
    return "^" + "".join(f"(?=.*{each})" for each in patterns)


# All rows and the keys are there; a skeleton that is drawn before has not the rows.
SCREEN = all_of("(?:echo.*){4}", "Log", "details")
LONG_SCREEN = all_of("alpha 000", "details")
LEAVE = "qqq"  # out of help, out of a pane that is alone, out
LONG_ALONE = ("f4", "m")  # device sync, and nothing beside it


def medflow(*words: str, ready: str) -> Program:
    """The dashboard with these words on its command line."""
    argv = (sys.executable, "-m", "medflow_tui", *words)
    return Program(name=HERE, argv=argv, ready=ready, folder=ROOT, quit=LEAVE)


def still(rows: int = 20) -> Program:
    """Nothing changes."""
    return _frozen("--still", rows)


def pulse(rows: int = 20) -> Program:
    """Twenty figures change each second."""
    return _frozen("--pulse", rows)


def _frozen(word: str, rows: int) -> Program:
    more = ("--rows", str(rows)) if rows != 20 else ()
    program = medflow("lab", word, *more, ready=LONG_SCREEN if more else SCREEN)
    return replace(program, opening=LONG_ALONE) if more else program


def dashboard(site: Path, state: Path, ready: str) -> Program:
    """The dashboard on a site file."""
    return medflow("--site", str(site), "--state", str(state), ready=ready)


def empty_textual() -> Program:
    """The least Textual application."""
    return _floor(EMPTY, "hello world", "textual_hello.py")


def raw_values(scene: str, rows: int = 20) -> Program:
    """The same words and numbers as `still` or `pulse` ("still", "pulse"), with as few bytes as we know of."""
    return _floor(RAW, ": command", "raw_values.py", scene, str(rows))


def raw_log(log: Path, ready: str) -> Program:
    """Follows a log with few bytes, two paints a second."""
    return _floor(RAW, ready, "raw_log.py", str(log), "2")


def textual_table(scene: str, rows: int = 20) -> Program:
    """A table of Textual as it comes, with the same numbers."""
    return _floor(TABLE, "alpha 000.*Quit", "textual_table.py", str(rows), scene)


def _floor(name: str, ready: str, script: str, *words: str) -> Program:
    return Program(name=name, argv=(sys.executable, str(FLOOR / script), *words), ready=ready, folder=ROOT)
