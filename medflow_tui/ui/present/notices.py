"""Everything that must be seen beside what is wrong, one sentence after the other, gravest first."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from medflow_tui.locale.language import Language
from medflow_tui.model.words import Phrase, say
from medflow_tui.rules.notices import by_gravity
from medflow_tui.ui.present.line import Line, Span, wrap


def notice_lines(told: Iterable[Phrase], language: Language, now: datetime, cells: int) -> list[Line]:
    """Each from its own line on.

    >>> notice_lines((), Language("en"), datetime(2026, 11, 28), 40)[0][0].text
    ' nothing stands beside what is wrong'
    """
    found = by_gravity(told)
    if not found:
        return [(Span(f" {language.say(say('nothing stands beside what is wrong'))}"),)]
    lines: list[Line] = []
    for number, each in enumerate(found, 1):
        first, *rest = wrap(language.say(each, now), cells - 6)
        lines += [(Span(f" {number}  ", "quiet"), Span(first, "warning"))]
        lines += [(Span(f"    {more}"),) for more in rest]
    return lines
