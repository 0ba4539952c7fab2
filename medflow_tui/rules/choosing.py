"""Which playbooks fit what is wrong."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from medflow_tui.model.health import Snapshot
from medflow_tui.model.playbook import Playbook, Text
from medflow_tui.rules.alerts import worst
from medflow_tui.rules.spelling import SHORTEST, is_near, telling, words_of


def fitting(playbooks: Sequence[Playbook], snapshot: Snapshot, target: str = "") -> tuple[Playbook, ...]:
    """Those that mend a kind of target that is in trouble now (or the named target's kind).

    First those that are made for the cause, then those that mend it too, then those for what it has broken.
    """
    trouble = [
        each for each in snapshot.verdicts if each.health.is_trouble and (not target or each.target == target)
    ]
    if not trouble:
        return ()
    kinds, cause = {each.kind for each in trouble}, worst(trouble).kind
    found = (each for each in playbooks if kinds.intersection(each.fits))
    return tuple(sorted(found, key=lambda each: (each.fits[0] != cause, cause not in each.fits)))


def matching(playbooks: Sequence[Playbook], words: str) -> tuple[Playbook, ...]:
    """Those that speak of what the operator types, in any language, best first; all when nothing is typed.

    Those in which each telling word is found, in any order; where there are none, those with most of them: half
    at least, and two. The nearer a title or a symptom is to what was typed, the sooner it comes. A word that no playbook knows may
    have one letter wrong.
    """
    wanted = telling(words_of(words))
    if not wanted:
        return tuple(playbooks)
    spoken = tuple(_Spoken.of(each) for each in playbooks)
    known = frozenset[str]().union(*(each.all for each in spoken))
    meant = [_meant(each, known) for each in wanted]
    marks = [each.mark(meant) for each in spoken]
    most = max((found for found, _, _ in marks), default=0)
    if 2 * most < len(wanted) or most < min(2, len(wanted)):
        return ()
    best = sorted(zip(marks, playbooks, strict=True), key=lambda pair: pair[0], reverse=True)
    return tuple(each for mark, each in best if mark[0] == most)


@dataclass(frozen=True, slots=True)
class _Spoken:
    """The words of one playbook: of its title, each symptom and its name, with their number, and all of them."""

    phrases: tuple[tuple[int, frozenset[str]], ...]
    all: frozenset[str]

    @classmethod
    def of(cls, playbook: Playbook) -> _Spoken:
        near = (*_written((playbook.title, *playbook.symptoms)), playbook.id)
        phrases = tuple(_heard(each) for each in near)
        far = (frozenset(words_of(each)) for each in _written((playbook.summary,)))
        return cls(phrases, frozenset[str]().union(*(heard for _, heard in phrases), *far))

    def mark(self, meant: Sequence[Mapping[str, int]]) -> tuple[int, float, int]:
        """How many words are found, how near the nearest phrase is (1: the same words), how well each is spelled."""
        near = [
            2 * sum(not heard.isdisjoint(each) for each in meant) / (len(meant) + length)
            for length, heard in self.phrases
        ]
        grades = [max((each[word] for word in self.all.intersection(each)), default=0) for each in meant]
        return sum(each > 0 for each in grades), max(near, default=0.0), sum(grades)


def _written(texts: Sequence[Text]) -> Iterator[str]:
    return (written for text in texts for written in (text.en, *text.others.values()))


def _heard(phrase: str) -> tuple[int, frozenset[str]]:
    """How many telling words, and all; also two as one, for people write "frontend" and "timeout"."""
    words = words_of(phrase)
    return len(telling(words)), frozenset((*words, *(f"{one}{other}" for one, other in pairwise(words))))


def _meant(typed: str, known: Collection[str]) -> Mapping[str, int]:
    """The known words that may be meant: 3 for it or what begins so, 2 for what holds it; else 1 with one letter wrong."""
    found = {each: 3 if each.startswith(typed) else 2 for each in known if _holds(each, typed)}
    return found or {each: 1 for each in known if is_near(typed, each)}


def _holds(word: str, typed: str) -> bool:
    return word.startswith(typed) or (len(typed) >= SHORTEST and typed in word)
