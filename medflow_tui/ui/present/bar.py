"""The key bar."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from medflow_tui.locale.language import Language
from medflow_tui.ui.commands import Command, shown_key
from medflow_tui.ui.present.line import Line, Span, width


def bar(commands: Sequence[Command], cells: int, language: Language, label: Callable[[Command], str]) -> Line:
    """The keys that fit, in the order of the list; a command without a label is not on it."""
    spans: list[Span] = []
    used = 0
    for each in commands:
        if not each.label or not each.keys:
            continue
        key, text = language.word(shown_key(each.keys[0])), label(each)
        if not text:
            continue
        size = width(key) + 1 + width(text) + 2
        if used + size > cells:
            break
        spans += [Span(" "), Span(key, "key"), Span(f" {text} ")]
        used += size
    return tuple(spans)
