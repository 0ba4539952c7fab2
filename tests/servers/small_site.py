"""A site with almost nothing in it, and the real program on it: for what is about the terminal, not about services."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

SITE = """\
profile = "medflow"
[site]
code = "LINE"
name = "Line"
environment = "lab"
timezone = "UTC"
[target.redis]
address = "redis://127.0.0.1:{port}/0"
[target.backend]
address = "http://127.0.0.1:{port}"
[target.log]
paths = ["app.log"]
"""
CLOSED_PORT = 9  # discard: nobody listens
READY = ("F2 Services", "refused")
UNWANTED = (
    "NO_COLOR",
    "COLORTERM",
    "COLUMNS",
    "LINES",
    "TMUX",
    "TMUX_PANE",
    "STY",
    "SSH_CONNECTION",
    "SSH_TTY",
)


def write_site(folder: Path, more: str = "") -> Path:
    """The site file, with tables added at its end; its log is empty."""
    (folder / "app.log").touch()
    path = folder / "site.toml"
    path.write_text(SITE.format(port=CLOSED_PORT) + more, encoding="utf-8")
    return path


def program(folder: Path, *words: str, site: Path | None = None) -> tuple[str, ...]:
    """The command; its state folder is `folder/state`."""
    site = site or write_site(folder)
    start = (sys.executable, "-m", "medflow_tui", "--lang", "en", "--site", str(site))
    return (*start, "--state", str(folder / "state"), *words)


def surroundings(term: str = "xterm-256color", **more: str) -> Mapping[str, str]:
    """The environment of a person at this terminal."""
    known = {name: value for name, value in os.environ.items() if name not in UNWANTED}
    return {**known, "TERM": term, "LC_ALL": "C.UTF-8", "LANG": "C.UTF-8", **more}


def own_log(folder: Path) -> str:
    """What the program wrote about itself."""
    path = folder / "state" / "medflow-tui.log"
    return path.read_text(encoding="utf-8") if path.exists() else ""
