"""What a terminal can do, by the name that it goes by."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Repertoire:
    """Besides going to a place, writing and clearing; all in the sequences of ECMA-48 and of the VT100."""

    steps: bool = False  # a line down or up in the same column, and to the beginning of the next
    columns: bool = False  # to a column of the same line
    erases_rest: bool = False  # of a line and of the screen, from the cursor on
    erases_cells: bool = False  # some, from the cursor on
    shifts_lines: bool = False  # deletes and inserts some
    has_regions: bool = False  # that scroll by themselves
    repeats: bool = False  # the character before; of ASCII only, which is all that tmux and xterm do
    unsets: bool = False  # one attribute or colour without the others


PLAIN = Repertoire()
VT100 = Repertoire(steps=True, erases_rest=True, has_regions=True)
SCREEN = Repertoire(
    steps=True, columns=True, erases_rest=True, shifts_lines=True, has_regions=True, unsets=True
)
# No `repeats`: mosh 1.3 and older versions of PuTTY and VTE go by this name and do not know it.
XTERM = Repertoire(
    steps=True,
    columns=True,
    erases_rest=True,
    erases_cells=True,
    shifts_lines=True,
    has_regions=True,
    unsets=True,
)
TMUX = Repertoire(
    steps=True,
    columns=True,
    erases_rest=True,
    erases_cells=True,
    shifts_lines=True,
    has_regions=True,
    repeats=True,
    unsets=True,
)
USUAL = {
    "xterm": XTERM,
    "linux": XTERM,
    "putty": XTERM,
    "rxvt": XTERM,
    "alacritty": XTERM,
    "tmux": TMUX,
    "screen": SCREEN,
    "vt100": VT100,
    "vt102": VT100,
}


def repertoire(term: str) -> Repertoire:
    """Of a value of TERM, by what stands before its first `-` or `.`, or else by the terminal's entry in terminfo.

    >>> repertoire("screen.xterm-256color") == SCREEN, repertoire("xterm-256color") == XTERM, repertoire("dumb") == PLAIN
    (True, True, True)
    """
    known = USUAL.get(term.partition("-")[0].partition(".")[0])
    if known is not None:
        return known
    return _in_terminfo(term) if term not in ("", "dumb", "unknown") else PLAIN


def _in_terminfo(term: str) -> Repertoire:
    """Costs about 2 ms. `unsets` is derived from what ends underline, the one attribute all terminals unset alone."""
    try:
        import curses

        with Path(os.devnull).open("wb") as nowhere:
            curses.setupterm(term, nowhere.fileno())
    except (ImportError, OSError, curses.error):
        return PLAIN

    def does(name: str, sequence: bytes) -> bool:
        return (curses.tigetstr(name) or b"").partition(b"$<")[0] == sequence

    return Repertoire(
        steps=does("ri", b"\x1bM"),
        columns=does("hpa", b"\x1b[%i%p1%dG"),
        erases_rest=does("el", b"\x1b[K") and does("ed", b"\x1b[J"),
        erases_cells=does("ech", b"\x1b[%p1%dX"),
        shifts_lines=does("il", b"\x1b[%p1%dL") and does("dl", b"\x1b[%p1%dM"),
        has_regions=does("csr", b"\x1b[%i%p1%d;%p2%dr") and does("ri", b"\x1bM"),
        unsets=does("rmul", b"\x1b[24m") and does("op", b"\x1b[39;49m"),
    )
