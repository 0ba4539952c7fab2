"""What must be seen beside what is wrong, gravest first: one line has room for one sentence, and says how many more stand."""

from __future__ import annotations

from collections.abc import Iterable

from medflow_tui.model.words import Phrase

RANKS: tuple[tuple[str, ...], ...] = (
    ("passive", "the audit"),
    ("incident:", "{id} {severity} since"),
    ("{key}: a run waits",),
    ("{who} passed over a guard",),
)
"""How the sentences of a rank begin, in the language of the source; what is not here comes last."""


def by_gravity(notices: Iterable[Phrase]) -> tuple[Phrase, ...]:
    """Gravest first; of one rank in the order they came.

    >>> [each.text for each in by_gravity((Phrase(text="x"), Phrase(text="incident: ?"), Phrase(text="passive: ?")))]
    ['passive: ?', 'incident: ?', 'x']
    """
    return tuple(sorted((each for each in notices if each), key=_rank))


def _rank(notice: Phrase) -> int:
    return next((n for n, begins in enumerate(RANKS) if notice.text.startswith(begins)), len(RANKS))
