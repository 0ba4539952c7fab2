"""A line of text with style tokens, and how wide it is on a terminal."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from medflow_tui.rules.cleaning import clean


class Span(NamedTuple):
    """Text in one style; tokens are those of `ui.theme`."""

    text: str
    style: str = ""


Line = tuple[Span, ...]
BLANK: Line = ()


def width(text: str) -> int:
    """Cells that a text takes: wide characters two, combining ones none.

    >>> width("é"), width("ab")
    (1, 2)
    """
    return len(text) if text.isascii() else sum(map(_cells_of, text))


@lru_cache(maxsize=1024)
def _cells_of(character: str) -> int:
    import unicodedata

    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def fit(text: str, cells: int, more: str = "…") -> str:
    """Exactly so many cells: cut with a mark, or filled with blanks.

    >>> fit("connexion refusée", 9), fit("ok", 4), fit("critical", 6, "")
    ('connexio…', 'ok  ', 'critic')
    """
    if cells <= 0:
        return ""
    missing = cells - width(text)
    if missing >= 0:
        return text + " " * missing
    room, used, end = cells - width(more), 0, 0
    if text.isascii():
        used = end = max(0, room)
    else:
        for each in text:
            if used + width(each) > room:
                break
            used += width(each)
            end += 1
    return text[:end] + more + " " * (room - used)


def fit_words(text: str, cells: int, more: str = "…") -> str:
    """The same, cut between two words; within one where that is the first, or so long (a path) that half of it is lost.

    >>> fit_words("connexion refusée ici", 20), fit_words("connexion", 5), fit_words("in /var/lib/x/y", 10)
    ('connexion refusée…  ', 'conn…', 'in /var/l…')
    """
    if width(text) <= cells:
        return fit(text, cells, more)
    kept = ""
    for word in text.split(" "):
        longer = f"{kept} {word}" if kept else word
        if width(longer) + width(more) > cells:
            break
        kept = longer
    if width(kept) * 2 < cells:
        return fit(text, cells, more)
    return fit(kept.rstrip(":,;\N{NO-BREAK SPACE}") + more, cells, more)


def cut(line: Iterable[Span], cells: int) -> Line:
    """The first so many cells of a line, never filled.

    >>> cut((Span("abc"), Span("def")), 4)
    (Span(text='abc', style=''), Span(text='d', style=''))
    """
    kept, left = [], cells
    for text, style in line:
        size = width(text)
        if size > left:
            if left > 0:
                kept.append(Span(fit(text, left, ""), style))
            break
        kept.append(Span(text, style))
        left -= size
    return tuple(kept)


def line(*parts: str | tuple[str, str]) -> Line:
    """A line from texts and (text, style) pairs.

    >>> line("a", ("b", "bold"))
    (Span(text='a', style=''), Span(text='b', style='bold'))
    """
    return tuple(Span(each) if isinstance(each, str) else Span(*each) for each in parts)


def wrap(text: str, cells: int) -> list[str]:
    """Words of a text in lines of at most so many cells; words from outside are cleaned.

    >>> wrap("one two three", 7)
    ['one two', 'three']
    """
    lines: list[str] = []
    for paragraph in clean(text).split("\n"):
        current = ""
        for word in paragraph.split(" "):
            while width(word) > cells > 0:
                head = fit(word, cells, "").rstrip()
                lines += [current] if current else []
                lines.append(head)
                current, word = "", word[len(head) :]  # noqa: PLW2901 - the rest of a word longer than the line
            longer = f"{current} {word}" if current else word
            if width(longer) > cells:
                lines.append(current)
                current = word
            else:
                current = longer
        lines.append(current)
    return lines
