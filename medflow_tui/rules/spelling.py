"""Words as people type them: without marks, without the little words, with one letter wrong."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

SHORTEST = 4
"""Letters of a word in which one may be wrong: of fewer, too much else is meant."""
_LITTLE = """
a an and are at be been but by do does for from had has have i in is it its my no not of on or our s t than
that the their them then there they this to was we were when with you your
au aux avec c ce ces cet cette d dans de des du elle elles en est et il ils j je l la le les leur leurs lui m
mais mon n ne nos notre nous on ont ou par pas plus pour qu que qui sa se ses si son sont sur un une vos votre
vous y
"""
LITTLE = frozenset(_LITTLE.split())
_WORD = re.compile(r"\w+")


def plain(text: str) -> str:
    """Small letters without marks.

    >>> plain("Panne générale, ŒIL")
    'panne generale, oeil'
    """
    spread = unicodedata.normalize("NFKD", text.casefold().replace("œ", "oe").replace("æ", "ae"))
    return "".join(each for each in spread if not unicodedata.combining(each))


@lru_cache(maxsize=2048)
def words_of(text: str) -> tuple[str, ...]:
    """Its words, plain.

    >>> words_of("Les appels à l'API")
    ('les', 'appels', 'a', 'l', 'api')
    """
    return tuple(_WORD.findall(plain(text)))


def telling(words: tuple[str, ...]) -> tuple[str, ...]:
    """Those that say something, each once; all where there are none.

    >>> telling(("it", "is", "not", "ready", "ready")), telling(("it", "is"))
    (('ready',), ('it', 'is'))
    """
    found = tuple(dict.fromkeys(each for each in words if each not in LITTLE))
    return found or words


def is_near(typed: str, word: str) -> bool:
    """Whether one letter is wrong, missing, too much, or two have changed places; the end may still be missing.

    >>> [is_near(each, "session") for each in ("sesion", "seshion", "sessio", "essiosn", "sessoin", "seion")]
    [True, True, True, False, True, False]
    """
    if len(typed) < SHORTEST or not _may_begin_alike(typed, word):
        return False
    ends = (len(word), *(len(typed) + more for more in (-1, 0, 1)))
    return any(_is_one_off(typed, word[:end]) for end in ends if end <= len(word))


def _may_begin_alike(typed: str, word: str) -> bool:
    """Quickly false for most words: one letter wrong leaves one of the first two where it was, or next to it."""
    return typed[0] in word[:2] or typed[1] in word[:2]


def _is_one_off(one: str, other: str) -> bool:
    if abs(len(one) - len(other)) > 1:
        return False
    start = 0
    while start < min(len(one), len(other)) and one[start] == other[start]:
        start += 1
    rest, wanted = one[start:], other[start:]
    if len(rest) == len(wanted):
        return rest[1:] == wanted[1:] or (rest[:2] == wanted[1::-1] and rest[2:] == wanted[2:])
    longer, shorter = (rest, wanted) if len(rest) > len(wanted) else (wanted, rest)
    return longer[1:] == shorter
