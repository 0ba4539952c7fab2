"""The clipboard of the person's own terminal, through any number of SSH lines: OSC 52."""

from __future__ import annotations

import base64
from collections.abc import Mapping

MOST = 6000  # characters; terminals take more, a thin line does not like to
WITHOUT = ("linux", "vt100", "dumb", "")  # values of TERM that have no clipboard


def to_clipboard(text: str, environ: Mapping[str, str]) -> str:
    """What to write to the terminal; empty when this one has no clipboard. GNU screen passes it on when it is wrapped.

    >>> to_clipboard("redis", {"TERM": "xterm"})
    '\\x1b]52;c;cmVkaXM=\\x07'
    >>> to_clipboard("redis", {"TERM": "linux"})
    ''
    """
    term = environ.get("TERM", "")
    if term in WITHOUT:
        return ""
    coded = base64.b64encode(text[:MOST].encode("utf-8", "replace")).decode("ascii")
    sequence = f"\x1b]52;c;{coded}\x07"
    if environ.get("STY") and not environ.get("TMUX"):
        return "".join(f"\x1bP{sequence[at : at + 700]}\x1b\\" for at in range(0, len(sequence), 700))
    return sequence
