"""Runs the program and writes down which modules were loaded when its first full frame had left, and at its end.

As a script: `witness.py FILE WORDS…`; FILE gets one line of module names for each of the two moments.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tests.bench.programs import HERE, ROOT
from tests.bench.sites import every_client
from tests.bench.terminal import Program, Size, Terminal

CLIENTS = ("httpx", "kubernetes", "psycopg", "pymongo", "redis", "smbclient", "smbprotocol", "spnego")
FIRST_SCREEN = r"F6\s*Log"
FRAME_BYTES = 1000  # no frame before the first full one is as long


def witnessed(words: tuple[str, ...], file: Path, ready: str) -> Program:
    """The dashboard, watched."""
    argv = (sys.executable, "-m", "tests.bench.witness", str(file), *words)
    return Program(name=HERE, argv=argv, ready=ready, folder=ROOT)


def modules_at_first_paint(folder: Path) -> set[str]:
    """Every module that is loaded when the first full frame of a site with all clients has been written."""
    site, file = folder / "site.toml", folder / "modules"
    site.write_text(every_client())
    program = witnessed(("--site", str(site), "--state", str(folder / "state")), file, FIRST_SCREEN)
    with Terminal(program, Size(80, 24)) as terminal:
        terminal.until_ready()
        terminal.watch(0.5)
    return modules(file)[0]


def modules(file: Path) -> list[set[str]]:
    """What a witness wrote: at the first paint, and (when it has ended) at the end."""
    return [set(each.split()) for each in file.read_text().splitlines()]


def main() -> None:
    """Watch one run."""
    file, words = Path(sys.argv[1]), sys.argv[2:]
    from medflow_tui.cli import run
    from medflow_tui.ui.app import MedflowApp

    def painted(app: MedflowApp) -> None:
        if not file.exists() and app.painter is not None and app.painter.bytes_out >= FRAME_BYTES:
            file.write_text(" ".join(sys.modules) + "\n")

    MedflowApp.post_display_hook = painted  # type: ignore[method-assign]
    code = run(words)
    with file.open("a") as output:
        output.write(" ".join(sys.modules) + "\n")
    sys.exit(code)


if __name__ == "__main__":
    main()
