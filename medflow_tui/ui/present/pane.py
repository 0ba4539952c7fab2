"""A pane of verdicts as lines: the title with counts, rows from one on, and how many more there are."""

from __future__ import annotations

from collections.abc import Sequence

from medflow_tui.model.health import Verdict
from medflow_tui.model.words import say
from medflow_tui.ui.present.health import counts
from medflow_tui.ui.present.line import Line, Span, fit, width
from medflow_tui.ui.present.rows import STYLES, Look, row, title


def first_shown(rows: int, at: int, before: int, height: int) -> int:
    """The row that stands first, so that the one `at` is seen.

    Nothing moves while it is; else half of what is shown does, for the rows that are seen are all written anew.

    >>> [first_shown(20, at, 0, 6) for at in (4, 5, 19)], first_shown(20, 6, 7, 6), first_shown(5, 4, 0, 6)
    ([0, 3, 15], 4, 0)
    """
    room = _room(rows, height)
    most, half = max(0, rows - room), room // 2
    top = max(0, min(before, most))
    if at < top:
        return max(0, at - half)
    return top if at < top + room else min(most, at - room + 1 + half)


def pane_lines(
    heading: tuple[str, str],
    verdicts: tuple[Verdict, ...],
    rows: Sequence[Verdict],
    cells: int,
    height: int,
    look: Look,
    *,
    chosen: Verdict | None,
    top: int = 0,
    focused: bool = False,
    ruled: bool = False,
) -> list[Line]:
    """`heading` is the key and the name; `verdicts` are counted, `rows` from `top` on are shown; a rule stands right of it."""
    inner = cells - 2 if ruled else cells
    lines = [title(*heading, verdicts, inner, look, focused=focused)]
    if chosen is None:
        text = look.language.say(
            say("nothing to show here") if verdicts else say("nothing of this kind is watched")
        )
        lines.append((Span(f"   {fit(text, inner - 3)}", "quiet"),))
    else:
        shown = rows[top : top + _room(len(rows), height - 1)]
        lines += [row(each, inner, look, selected=focused and each is chosen) for each in shown]
        hidden = [each for each in rows if each not in shown] if len(shown) < len(rows) else []
        if hidden and height > 2:
            lines.append(_more(hidden, look))
    if not ruled:
        return lines
    lines += [()] * (height - len(lines))
    rule = Span(f" {look.glyphs.rule}", "rule")
    return [(*each, Span(" " * (inner - sum(width(span.text) for span in each))), rule) for each in lines]


def _room(rows: int, height: int) -> int:
    return height if rows <= height else max(1, height - 1)


def _more(hidden: Sequence[Verdict], look: Look) -> Line:
    spans = [Span("   "), Span(look.language.say(say("{n:number} more:", n=len(hidden))), "quiet")]
    for health, n in counts(hidden).items():
        spans += [Span(" "), Span(f"{look.glyphs.health[health]} {n}", STYLES[health])]
    return tuple(spans)
