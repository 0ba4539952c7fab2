"""A portrait as text that people can read in a diff: the words, and below them one letter for the style of each cell."""

from __future__ import annotations

import difflib
from pathlib import Path

from rich.style import Style

from medflow_tui.ui.present.line import width
from medflow_tui.ui.terminal.portrait import Portrait
from medflow_tui.ui.theme import TOKENS

FOLDER = Path(__file__).with_name("golden")
LETTERS = {
    "": " ",
    "ok": "g",
    "warning": "y",
    "critical": "R",
    "bad": "r",
    "unknown": "m",
    "stale": "s",
    "maintenance": "b",
    "quiet": ".",
    "strong": "B",
    "selected": "U",
    "env-production": "P",
    "env-drill": "D",
    "env-lab": "L",
}
OTHER = "#"  # not of the theme: a field to type in, a border of Textual's


def written(portrait: Portrait) -> str:
    """Words, a rule, styles."""
    by_style = {Style.parse(TOKENS[token]): letter for token, letter in reversed(LETTERS.items())}
    styles = (
        "".join(by_style.get(style, OTHER) * width(text) for text, style in runs).rstrip()
        for runs in portrait.lines
    )
    return "\n".join([*portrait.texts, "-" * portrait.width, *styles]) + "\n"


def differences(name: str, portrait: Portrait, *, update: bool) -> str:
    """What is not as it was kept; with `update` it is kept as it is now, and nothing differs."""
    path, now = FOLDER / f"{name}.txt", written(portrait)
    if update:
        FOLDER.mkdir(exist_ok=True)
        path.write_text(now, encoding="utf-8")
        return ""
    kept = path.read_text(encoding="utf-8") if path.exists() else ""
    return "\n".join(
        difflib.unified_diff(kept.splitlines(), now.splitlines(), "kept", "now", lineterm="", n=1)
    )
