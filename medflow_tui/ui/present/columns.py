"""Texts side by side: two columns, a label and its text, pairs of short items."""

from __future__ import annotations

from medflow_tui.ui.present.line import Line, Span, fit, width, wrap

NARROW = 60


def beside(
    head: Span, left: str, right: str, column: int, cells: int, *, left_style: str = "", right_style: str = ""
) -> list[Line]:
    """`head` and `left` before the cell `column`, `right` from there on, each wrapped within its own part.

    Where the terminal is narrow, `right` stands below.

    >>> [line[1].text + line[2].text for line in beside(Span("1 "), "one two", "three", 8, 70)]
    ['one   three', 'two   ']
    """
    indent = width(head.text)
    if cells < NARROW:
        lines: list[Line] = [
            (head if number == 0 else Span(" " * indent), Span(text, left_style))
            for number, text in enumerate(wrap(left, max(8, cells - indent - 1)))
        ]
        below = wrap(right, max(8, cells - indent - 3)) if right else []
        return lines + [(Span(" " * (indent + 2)), Span(text, right_style)) for text in below]
    lefts = wrap(left, max(1, column - indent - 2))
    rights = wrap(right, max(8, cells - column - 1)) if right else []
    lines = []
    for number in range(max(len(lefts), len(rights))):
        text = lefts[number] if number < len(lefts) else ""
        other = rights[number] if number < len(rights) else ""
        lines.append(
            (
                head if number == 0 else Span(" " * indent),
                Span(fit(text, column - indent) if other or number < len(lefts) else "", left_style),
                Span(other, right_style),
            )
        )
    return lines


def labelled(label: str, text: str, column: int, cells: int) -> list[Line]:
    """A quiet label, and its text from the cell `column` on."""
    return beside(Span("  "), label, text, column, cells, left_style="quiet") if text else []


def paired(items: list[tuple[Span, str]], cells: int) -> list[Line]:
    """Short items two on a line, in their order; one that is too long for half a line stands alone."""
    half = cells // 2
    lines: list[Line] = []
    waiting: tuple[Span, str] | None = None
    for sign, text in items:
        is_short = cells >= NARROW and width(text) <= half - 5
        if waiting is not None and is_short:
            lines.append((*_item(*waiting, half), *_item(sign, text, half)))
            waiting = None
            continue
        if waiting is not None:
            lines.append(_item(*waiting, half))
            waiting = None
        if is_short:
            waiting = (sign, text)
            continue
        parts = wrap(text, cells - 5)
        lines.append((Span("  "), sign, Span(f" {parts[0]}")))
        lines += [(Span(f"    {each}"),) for each in parts[1:]]
    if waiting is not None:
        lines.append(_item(*waiting, half))
    return lines


def _item(sign: Span, text: str, cells: int) -> Line:
    return (Span("  "), sign, Span(f" {fit(text, cells - 4)}"))
