"""Runs the program and writes down which modules were loaded when it drew first, when the dashboard stood, and at the end.

As a script: `witness.py FILE WORDS…`; FILE gets one line of module names for each of the three moments.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tests.bench.programs import HERE, ROOT, all_of
from tests.bench.sites import every_client
from tests.bench.terminal import Program, Size, Terminal

CLIENTS = ("httpx", "kubernetes", "psycopg", "pymongo", "redis", "smbclient", "smbprotocol", "spnego")
FIRST_SCREEN = all_of("not read yet", r"F6\s*Log", "details")


def witnessed(words: tuple[str, ...], file: Path, ready: str) -> Program:
    """The dashboard, watched."""
    argv = (sys.executable, "-m", "tests.bench.witness", str(file), *words)
    return Program(name=HERE, argv=argv, ready=ready, folder=ROOT)


def modules_at_first_paint(folder: Path) -> tuple[set[str], set[str]]:
    """What is loaded when a site with all clients is drawn first, and when the dashboard stands behind that."""
    site, file = folder / "site.toml", folder / "modules"
    site.write_text(every_client())
    program = witnessed(("--site", str(site), "--state", str(folder / "state")), file, FIRST_SCREEN)
    with Terminal(program, Size(80, 24)) as terminal:
        terminal.until_ready()
        terminal.until("no lines at this level|log file does not exist")
        terminal.watch(0.5)
    drawn, stood, *_ = modules(file)
    return drawn, stood


def modules(file: Path) -> list[set[str]]:
    """What a witness wrote: at the first drawing, at the first paint, and (when it has ended) at the end."""
    return [set(each.split()) for each in file.read_text().splitlines()]


def main() -> None:
    """Watch one run."""
    file, words = Path(sys.argv[1]), sys.argv[2:]
    from medflow_tui.cli import run
    from medflow_tui.ui.terminal import curtain

    def look() -> None:
        with file.open("a") as output:
            output.write(" ".join(sys.modules) + "\n")

    rise = curtain.Curtain.rise

    def watched(self: curtain.Curtain, *, is_plain: bool) -> bool:
        is_up = rise(self, is_plain=is_plain)
        look()
        from medflow_tui.ui.app import MedflowApp

        begin = MedflowApp.begin

        def begun(app: MedflowApp) -> None:
            if not app.has_begun:
                look()
            begin(app)

        MedflowApp.begin = begun  # type: ignore[method-assign]
        return is_up

    curtain.Curtain.rise = watched  # type: ignore[method-assign]
    code = run(words)
    look()
    sys.exit(code)


if __name__ == "__main__":
    main()
