"""Which playbooks fit what is wrong."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from medflow_tui.model.health import Snapshot
from medflow_tui.model.playbook import Playbook, Text
from medflow_tui.rules.alerts import worst


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

    Each word must be found: in the title or a symptom it counts more than in the summary. Letters and accents are
    not told apart by case or mark.
    """
    wanted = re.findall(r"\w+", plain(words))
    scored = [(each, _score(each, wanted)) for each in playbooks]
    return tuple(each for each, score in sorted(scored, key=lambda pair: -pair[1]) if score > 0 or not wanted)


def plain(text: str) -> str:
    """Small letters without marks.

    >>> plain("Panne générale, ŒIL")
    'panne generale, oeil'
    """
    spread = unicodedata.normalize("NFKD", text.casefold().replace("œ", "oe").replace("æ", "ae"))
    return "".join(each for each in spread if not unicodedata.combining(each))


def _score(playbook: Playbook, wanted: Sequence[str]) -> int:
    """0 when a word is nowhere; else more for words that begin a word of the title or of a symptom."""
    near = _words((playbook.title, *playbook.symptoms)) | set(re.findall(r"\w+", playbook.id))
    far = _words((playbook.summary,))
    total = 0
    for word in wanted:
        points = max(
            [3 for each in near if each.startswith(word)]
            + [2 for each in near if len(word) > 3 and word in each]
            + [1 for each in far if each.startswith(word)],
            default=0,
        )
        if not points:
            return 0
        total += points
    return total


def _words(texts: Sequence[Text]) -> set[str]:
    return {
        word
        for text in texts
        for written in (text.en, *text.others.values())
        for word in re.findall(r"\w+", plain(written))
    }
