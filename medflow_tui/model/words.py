"""Sentences as data: a text in English with named values, put into a language only when it is shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

Value = str | int | float | bool | datetime | None

NOTHING: Mapping[str, Value] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrase:
    """One sentence: `text` is the English message id, with `{name}` or `{name:form}` where a value goes.

    Forms: `number` 1,234 · `bytes` 3.1 GB · `duration` (seconds) 26 h · `ms` (milliseconds) 41 ms · `percent`
    (0 to 100) 12 % · `clock` 14:28 · `date` 23/11 · `when` (clock today, date before) · `word` (the value is itself
    a message id). Without a form a value is shown as it is, cleaned of control characters.
    `parts` are further sentences that follow, joined by a comma.
    """

    text: str
    values: Mapping[str, Value] = field(default_factory=lambda: NOTHING)
    parts: tuple[Phrase, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.text)

    def __hash__(self) -> int:
        return hash((self.text, tuple(self.values.items()), self.parts))

    def also(self, *others: Phrase) -> Phrase:
        """The same sentence with more said after it; empty ones are left out."""
        return Phrase(
            text=self.text, values=self.values, parts=(*self.parts, *(each for each in others if each))
        )


def say(text: str, **values: Value) -> Phrase:
    """A phrase; the extractor of translations looks for calls of this name.

    >>> say("{n:number} keys", n=3).values["n"]
    3
    """
    return Phrase(text=text, values=MappingProxyType(values))


SILENCE = Phrase(text="")
