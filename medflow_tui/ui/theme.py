"""Colours by token; only the sixteen colours that the person's own terminal defines."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.style import Style

TOKENS = {
    "": "",
    "ok": "green",
    "warning": "yellow",
    "critical": "bold bright_red",
    "unknown": "magenta",
    "stale": "bright_black italic",
    "maintenance": "blue",
    "quiet": "bright_black",
    "title": "bold",
    "key": "bold",
    "strong": "bold",
    "marker": "bold",
    "selected": "bold underline",
    "rule": "bright_black",
    "env-production": "bold white on red",
    "env-drill": "bold black on yellow",
    "env-lab": "bold black on cyan",
    "bad": "bright_red",
    "new": "bold",
}
NEWS = (
    *("warning", "critical", "unknown", "stale", "bad"),
    *("maintenance", "env-production", "env-drill", "env-lab"),
)


@lru_cache(maxsize=64)
def style(token: str) -> Style:
    """The style of a token; an unknown token is a fault of the program."""
    from rich.style import Style

    return Style.parse(TOKENS[token])


def bare(token: str) -> str:
    """The token where bytes are saved: only what is news has a style; signs and words say all of it anyway.

    >>> bare("quiet"), bare("critical")
    ('', 'critical')
    """
    return token if token in NEWS else ""


def bare_style(token: str) -> Style:
    """The style of a token where bytes are saved."""
    return style(bare(token))
