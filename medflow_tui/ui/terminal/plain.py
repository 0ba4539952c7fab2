"""Signs of good typography as a plain terminal has them, each in one cell."""

from __future__ import annotations

_SIGNS = {
    "…": ".",
    "“": '"',
    "”": '"',
    "«": '"',
    "»": '"',
    "’": "'",
    "‘": "'",
    "–": "-",
    "—": "-",
    "×": "x",
    "→": ">",
    "←": "<",
    "↓": "v",
    "↑": "^",
    "≥": ">",
    "≤": "<",
    "·": ".",
    "•": "*",
    "\N{NO-BREAK SPACE}": " ",
    "\N{NARROW NO-BREAK SPACE}": " ",
}
PLAIN = {ord(sign): plain for sign, plain in _SIGNS.items()}


def plainly(text: str) -> str:
    """The text for a terminal without these signs; letters with accents stay.

    >>> plainly("“lecture seule” …")
    '"lecture seule" .'
    """
    return text.translate(PLAIN)
