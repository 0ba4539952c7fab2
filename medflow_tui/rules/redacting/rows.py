"""Rows and values that PostgreSQL repeats of a table when it refuses them, in English and French."""

from __future__ import annotations

import re

from medflow_tui.rules.redacting.words import SECRET

_ROWS = re.compile(r"(?:row contains|chec contient|VALUES) \(|\bvalues \((?=')")
_BEHIND_A_ROW = ("", ".", ";", '"', "'", "\\")
_WORD = re.compile(r"\w")
_KEY = re.compile(r"\)=\(")
_KEY_ENDS = re.compile(r"\)(?=[ \u00a0](?:already |is |conflicts |»))")
_QUOTED = re.compile(
    r"(?:\bCOPY \S{1,130}, (?:line|ligne) \d+(?:, (?:column|colonne) [^:\"]{1,130})?"
    r"|\binvalid input (?:syntax|value) for [^:\"]{1,130}|\binvalide pour [^:\"«]{1,130}"
    r"| out of range| (?:hors|dehors des) limites"
    r")[ \u00a0]?: ?(?:\\*\"|«[ \u00a0]?)"
)


def may_have_rows(text: str) -> bool:
    """Quickly, for each line of a log: whether `hide_rows` may find something."""
    if "(" in text and (
        ")=(" in text
        or "contains (" in text
        or "contient (" in text
        or "VALUES (" in text
        or "values ('" in text
    ):
        return True
    return ('"' in text or "«" in text) and (
        "COPY " in text
        or "invalid input " in text
        or "invalide pour " in text
        or " range" in text
        or "limites" in text
    )


def hide_rows(text: str) -> str:
    """A row up to the last bracket of the line, a quoted value up to its last quote: what was typed may hold such signs.

    Up to the end of a line that breaks off before.

    >>> hide_rows("DETAIL:  Failing row contains (1, Kabuya Mireille (Dr), 101049).")
    'DETAIL:  Failing row contains ([secret]).'
    >>> hide_rows('CONTEXT:  COPY patients, line 3, column born: "4 mai"')
    'CONTEXT:  COPY patients, line 3, column born: "[secret]"'
    """
    if found := _ROWS.search(text):
        end = text.rfind(")")
        text = _hidden(text, found.end(), end, is_whole=text[end + 1 : end + 2] in _BEHIND_A_ROW)
    if found := _QUOTED.search(text):
        end = max(text.rfind('"'), text.rfind("»"))
        text = _hidden(text, found.end(), end, is_whole=not _WORD.search(text, end + 1))
    if (found := _KEY.search(text)) and (ends := _KEY_ENDS.search(text, found.end())):
        text = _hidden(text, found.end(), ends.start(), is_whole=True)
    return text


def _hidden(text: str, start: int, end: int, *, is_whole: bool) -> str:
    if end < start or not is_whole:
        return text[:start] + SECRET
    while end > start and text[end - 1] in "\\ \u00a0":
        end -= 1
    return text[:start] + SECRET + text[end:]
