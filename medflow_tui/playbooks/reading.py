"""Reads tables and values of a TOML document, and says in words where one is not as it must be."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from enum import Enum
from types import MappingProxyType
from typing import Any, TypeVar

from medflow_tui.model.canonical import Fact, Facts
from medflow_tui.model.errors import SettingsError
from medflow_tui.model.playbook import Text
from medflow_tui.model.words import Phrase, say
from medflow_tui.playbooks.schema import PLACEHOLDERS, TABLES, TEXTS, TRANSLATED_TO

PLACEHOLDER = re.compile(r"\{([^{}:]*)(?::[a-z]+)?\}")
Table = Mapping[str, Any]
Word = TypeVar("Word", bound=Enum)


class PlaybookError(SettingsError):
    """A playbook does not load: file, place in it, what was expected."""


class Reader:
    """One document. `places` are like `step.effect`: the table's name in the schema and the key."""

    def __init__(self, file: str) -> None:
        self._file = file
        self.names = frozenset(PLACEHOLDERS)

    def tables(self, document: Table, name: str, within: str = "") -> Iterable[Table]:
        found = document.get(name, [])
        if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
            raise self.wrong(name, say("must be written as [[{name}]]", name=name))
        for each in found:
            self.know(f"{within}{name}", each)
            yield each

    def table(self, document: Table, name: str, *, needed: bool = True, within: str = "") -> Table:
        found = document.get(name, None if needed else {})
        if not isinstance(found, dict):
            raise self.wrong(f"{within}{name}", say("must be written as [{name}]", name=f"{within}{name}"))
        self.know(f"{within}{name}", found)
        return found

    def know(self, table: str, found: Table) -> None:
        """Every key is one of the schema's."""
        allowed = set(TABLES[table])
        allowed |= {
            f"{key}_{language}"
            for key in TABLES[table]
            if f"{table}.{key}" in TEXTS
            for language in TRANSLATED_TO
        }
        for key in found:
            if key in allowed:
                continue
            near = difflib.get_close_matches(key, sorted(allowed), n=1, cutoff=0.0)
            place = f"{table}.{key}" if table else key
            raise self.wrong(place, say("is not known; nearest: {near}", near=near[0] if near else "–"))

    def word(self, table: Table, place: str, default: str | None = None) -> str:
        found = table.get(_key(place), default)
        if found == default and default is not None:
            return default
        if not isinstance(found, str) or not found.strip():
            raise self.wrong(place, say("must be a text"))
        return found

    def words(self, table: Table, place: str, *, needed: bool = True) -> tuple[str, ...]:
        found = table.get(_key(place), [])
        if not isinstance(found, list) or not all(isinstance(each, str) and each for each in found):
            raise self.wrong(place, say("must be a list of texts"))
        if needed and not found:
            raise self.wrong(place, say("must not be empty"))
        return tuple(found)

    def patterns(self, table: Table, place: str) -> tuple[str, ...]:
        """Regular expressions."""
        found = self.words(table, place, needed=False)
        for each in found:
            try:
                re.compile(each)
            except re.error as error:
                raise self.wrong(place, say("{pattern} is no pattern", pattern=each)) from error
        return found

    def number(self, table: Table, place: str, default: int) -> int:
        found = table.get(_key(place), default)
        if not isinstance(found, int) or isinstance(found, bool) or found < 0:
            raise self.wrong(place, say("must be a whole number, not negative"))
        return found

    def numbers(self, table: Table, place: str, default: tuple[int, ...]) -> tuple[int, ...]:
        found = table.get(_key(place), list(default))
        if not isinstance(found, list) or not all(type(each) is int for each in found) or not found:
            raise self.wrong(place, say("must be a list of whole numbers"))
        return tuple(found)

    def yes(self, table: Table, place: str, *, default: bool = False) -> bool:
        found = table.get(_key(place), default)
        if not isinstance(found, bool):
            raise self.wrong(place, say("must be true or false"))
        return found

    def text(self, table: Table, place: str, *, needed: bool = True) -> Text:
        """A text in every language, all with the same placeholders."""
        key = _key(place)
        if key not in table and not needed:
            return Text()
        others = {
            language: self.word(table, f"{place}_{language}") for language in TRANSLATED_TO if place in TEXTS
        }
        found = Text(en=self.word(table, place), others=MappingProxyType(others))
        names = [sorted(PLACEHOLDER.findall(each)) for each in (found.en, *others.values())]
        for name in {name for each in names for name in each} - self.names:
            near = difflib.get_close_matches(name, sorted(self.names), n=1, cutoff=0.0)
            raise self.wrong(
                place, say("{name} is no known placeholder; nearest: {near}", name=name, near=near[0])
            )
        if any(each != names[0] for each in names):
            raise self.wrong(place, say("the languages do not have the same placeholders"))
        return found

    def facts(self, table: Table, place: str) -> Facts:
        found = table.get(_key(place), {})
        if not isinstance(found, dict):
            raise self.wrong(place, say("must be a table of plain values"))
        facts: dict[str, Fact] = {}
        for key, value in found.items():
            if isinstance(value, list) and all(isinstance(each, str) for each in value):
                facts[key] = tuple(value)
            elif isinstance(value, str | int):
                facts[key] = value
            else:
                raise self.wrong(
                    f"{place}.{key}", say("must be a text, a list of texts, a whole number, true or false")
                )
        return MappingProxyType(facts)

    def choice(self, kind: type[Word], table: Table, place: str, default: Word | None = None) -> Word:
        found = table.get(_key(place))
        if found is None and default is not None:
            return default
        try:
            return kind(found)
        except ValueError:
            raise self.wrong(place, one_of([str(each.value) for each in kind])) from None

    def wrong(self, place: str, what: Phrase) -> PlaybookError:
        """The error to raise."""
        return PlaybookError(say("{file}: {place}", file=self._file, place=place).also(what))


def one_of(words: Iterable[str]) -> Phrase:
    return say("must be one of {words}", words=", ".join(words))


def _key(place: str) -> str:
    return place.rpartition(".")[2]
