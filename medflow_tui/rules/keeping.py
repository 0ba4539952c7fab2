"""Which words that somebody typed may be written to a file: none that could be a person's."""

from __future__ import annotations

import re
from collections.abc import Iterable

from medflow_tui.rules.redaction import redact

_WORD = re.compile(r"[^\W_]{3,}")
BEGINNING = 4  # letters from which the beginning of a word stands for it


def may_keep(words: str, seen: Iterable[str]) -> bool:
    """Whether each word is one, or the beginning of one, in the texts that were shown: those hold no people.

    Somebody may search a log for a patient; the name is in no line of it, because lines are redacted.

    >>> may_keep("redis|refus", ["redis: refused"]), may_keep("kabongo", ["redis: refused"]), may_keep("", [])
    (True, False, True)
    """
    wanted = {each.casefold() for each in _WORD.findall(words)}
    if redact(words) != words:
        return False
    for each in seen:
        if not wanted:
            break
        shown = {word.casefold() for word in _WORD.findall(each)}
        wanted = {word for word in wanted if not _stands_in(word, shown)}
    return not wanted


def _stands_in(word: str, shown: set[str]) -> bool:
    return word in shown or (len(word) >= BEGINNING and any(each.startswith(word) for each in shown))
