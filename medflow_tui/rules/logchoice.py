"""Which lines of a flood are worth understanding, seen in the text as it was written."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

# In small letters. One `in` for each in all of the text is ten times faster than one expression for all of them.
_BAD = (
    "error",
    "fatal",
    "crit",
    "panic",
    "exception",
    "unhandled",
    "❌",
    "econn",
    "enospc",
    "max reconnection",
)
_DUBIOUS = ("warn", '" 5')
_FAILED = '" 5'  # perhaps the status of an access line
_STATUS = re.compile(r"\" 5\d\d ")
FLOOD, FLOOD_SHARE = 10, 0.5  # times what may be understood; and the part of it that is then
NEWEST = 3  # one in so many is for the very newest, alarming or not: they show how far it is
_LEVEL = re.compile(r'"level": ?"(\w+)')
_ERRORS = ("err", "crit", "fatal", "emerg", "alert", "panic")


def chosen_of(raw: Sequence[str], at_most: int) -> tuple[list[str], int]:
    """The very newest lines, the newest that may be alarming, filled up with others, in their order; and how many of
    those left out look like errors.

    >>> chosen_of(["Error: boom", "a", "b", "c"], 2)
    (['Error: boom', 'c'], 0)
    """
    text = "\n".join(raw).lower()
    hits = {word: _with_word(word, text) for word in (*_BAD, *_DUBIOUS) if word in text}
    alarming = sorted(set().union(*hits.values()))
    bad = set().union(*(found for word, found in hits.items() if word in _BAD))
    newest = range(len(raw) - 1, -1, -1)
    taken = set(newest[: max(1, at_most // NEWEST)])
    for number in (*reversed(alarming), *newest):
        if len(taken) >= at_most:
            break
        taken.add(number)
    left_out = [number for number in alarming if number not in taken]
    names_levels = '"level"' in text
    errors = sum(
        _is_error(raw[each].lower(), each in bad) if names_levels else each in bad for each in left_out
    )
    return [raw[number] for number in sorted(taken)], errors


def _with_word(word: str, text: str) -> set[int]:
    """Numbers of the lines that it is in; to go from one to the next is ten times faster than to look into each."""
    found, number, at = set[int](), 0, 0
    while (hit := text.find(word, at)) >= 0:
        number += text.count("\n", at, hit)
        at = hit + len(word)
        if word != _FAILED or _STATUS.match(text, hit):
            found.add(number)
            if (at := text.find("\n", hit)) < 0:
                break
    return found


def _is_error(line: str, is_bad: bool) -> bool:
    """The level that a record names, else the words."""
    level = _LEVEL.search(line)
    return level[1].startswith(_ERRORS) if level is not None else is_bad


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """How many lines may be understood: `most` at once, then `a_second`, but always `least`; and in a flood, of which
    hardly one in ten can be shown, fewer: nobody reads each of them, and both the terminal and the processor are spared.

    >>> full = Allowance(most=100, a_second=12.0)
    >>> full.lines, full.less(100).lines, full.less(100).after(5.0).lines, full.less(100).after(5.0, came=700).lines
    (100, 8, 60, 30)
    """

    most: int
    a_second: float
    least: int = 8
    used: float = 0.0

    @property
    def lines(self) -> int:
        """Now."""
        return max(min(self.least, self.most), int(self.most - self.used))

    def after(self, seconds: float, came: int = 0) -> Allowance:
        """When that time has gone by, in which so many lines came."""
        lines = seconds * self.a_second
        share = 1.0 if came <= lines * FLOOD else FLOOD_SHARE
        return replace(self, used=max(0.0, self.used - lines * share))

    def less(self, lines: int) -> Allowance:
        """When so many were understood."""
        return replace(self, used=min(float(self.most), self.used + lines))
