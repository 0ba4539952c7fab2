"""Reads playbooks: TOML in, a frozen Playbook out, and a clear sentence for everything that is not understood."""

from __future__ import annotations

import difflib
import hashlib
import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from medflow_tui.model.canonical import Fact, Facts
from medflow_tui.model.errors import SettingsError
from medflow_tui.model.procedure import Effect, Guard, OnFail, OnUnknown, Playbook, Step, Text
from medflow_tui.model.words import Phrase, say
from medflow_tui.playbooks.lint import check
from medflow_tui.playbooks.schema import PLACEHOLDERS, TABLES, TEXTS, TRANSLATED_TO

PLACEHOLDER = re.compile(r"\{([^{}:]*)(?::[a-z]+)?\}")
Choice = TypeVar("Choice", Effect, OnFail, OnUnknown)


class PlaybookError(SettingsError):
    """A playbook does not load: file, place in it, what was expected."""


def shipped() -> Path:
    """The folder of the playbooks that come with the program."""
    return Path(__file__).parent


def load_all(folder: Path) -> tuple[Playbook, ...]:
    """Every playbook of a folder, by name. Raises PlaybookError."""
    return tuple(load(path) for path in sorted(folder.glob("*.toml")))


def load(path: Path) -> Playbook:
    """The playbook in a file. Raises PlaybookError."""
    try:
        source = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise PlaybookError(say("{file} is not UTF-8 text", file=str(path))) from error
    except OSError as error:
        raise PlaybookError(
            say("{file} cannot be read: {why}", file=str(path), why=error.strerror or "?")
        ) from error
    return parse(source, str(path))


def parse(source: str, file: str) -> Playbook:
    """The playbook in a text; `file` names it in errors. Raises PlaybookError."""
    try:
        document = tomllib.loads(source)
    except tomllib.TOMLDecodeError as error:
        raise PlaybookError(say("{file}: {why}", file=file, why=str(error))) from error
    playbook = _Reader(file).playbook(document, source)
    for complaint in check(playbook):
        raise PlaybookError(say("{file}:", file=file).also(complaint))
    return playbook


class _Reader:
    """Turns one document into a playbook, and knows how to say where something is wrong."""

    def __init__(self, file: str) -> None:
        self._file = file

    def playbook(self, document: Mapping[str, Any], source: str) -> Playbook:
        self._known("", document)
        if document.get("schema") != 1:
            raise self._wrong("schema", say("must be 1"))
        head = self._table(document, "playbook")
        confirm, locks = self._table(document, "confirm"), self._table(document, "locks")
        return Playbook(
            id=self._word(head, "playbook.id"),
            version=self._word(head, "playbook.version"),
            title=self._text(head, "playbook.title"),
            summary=self._text(head, "playbook.summary"),
            risk=self._word(head, "playbook.class"),
            owner=self._word(head, "playbook.owner"),
            steps=tuple(self._step(each) for each in self._tables(document, "step")),
            guards=tuple(self._guard(each) for each in self._tables(document, "guard")),
            roles=self._words(self._table(document, "access"), "access.roles"),
            phrase=self._text(confirm, "confirm.phrase").en,
            locks=self._words(locks, "locks.names"),
            lease_s=self._number(locks, "locks.ttl_s", 60),
            fits=self._words(head, "playbook.fits", needed=False),
            symptoms=tuple(self._text(each, "symptom.say") for each in self._tables(document, "symptom")),
            blast=self._text(self._table(document, "blast"), "blast.say"),
            way_back=self._text(head, "playbook.way_back", needed=False),
            no_undo_reason=self._text(head, "playbook.no_undo_reason", needed=False),
            reason_min_chars=self._number(confirm, "confirm.reason_min_chars", 10),
            arm_after_ms=self._number(confirm, "confirm.arm_after_ms", 1500),
            plan_expires_s=self._number(confirm, "confirm.expires_s", 1800),
            source=source,
            sha256=hashlib.sha256(source.encode("utf-8")).hexdigest(),
        )

    def _step(self, table: Mapping[str, Any]) -> Step:
        return Step(
            id=self._word(table, "step.id"),
            title=self._text(table, "step.title"),
            action=self._word(table, "step.action"),
            effect=self._choice(Effect, table, "step.effect"),
            say=self._text(table, "step.say", needed=False),
            why=self._text(table, "step.why", needed=False),
            if_it_fails=self._text(table, "step.if_it_fails", needed=False),
            undo_text=self._text(table, "step.undo_text", needed=False),
            args=self._facts(table, "step.args"),
            on_fail=self._choice(OnFail, table, "step.on_fail", OnFail.ABORT),
            on_unknown=self._choice(OnUnknown, table, "step.on_unknown", OnUnknown.STOP),
            timeout_s=self._number(table, "step.timeout_s", 60),
            max_starts=self._number(table, "step.max_starts", 2),
        )

    def _guard(self, table: Mapping[str, Any]) -> Guard:
        severity = table.get("severity", "block")
        if severity not in ("block", "warn"):
            raise self._wrong("guard.severity", _one_of(("block", "warn")))
        on_unknown = table.get("on_unknown", "stop")
        if on_unknown not in ("stop", "warn"):
            raise self._wrong("guard.on_unknown", _one_of(("stop", "warn")))
        return Guard(
            id=self._word(table, "guard.id"),
            kind=self._word(table, "guard.kind"),
            why=self._text(table, "guard.why"),
            fix=self._text(table, "guard.fix"),
            blocks=severity == "block",
            on_unknown_blocks=on_unknown == "stop",
            need=self._facts(table, "guard.need"),
        )

    def _tables(self, document: Mapping[str, Any], name: str) -> Iterable[Mapping[str, Any]]:
        found = document.get(name, [])
        if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
            raise self._wrong(name, say("must be written as [[{name}]]", name=name))
        for each in found:
            self._known(name, each)
            yield each

    def _table(self, document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
        found = document.get(name)
        if not isinstance(found, dict):
            raise self._wrong(name, say("must be written as [{name}]", name=name))
        self._known(name, found)
        return found

    def _known(self, table: str, found: Mapping[str, Any]) -> None:
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
            raise self._wrong(place, say("is not known; nearest: {near}", near=near[0] if near else "–"))

    def _word(self, table: Mapping[str, Any], place: str) -> str:
        found = table.get(place.rpartition(".")[2])
        if not isinstance(found, str) or not found.strip():
            raise self._wrong(place, say("must be a text"))
        return found

    def _words(self, table: Mapping[str, Any], place: str, *, needed: bool = True) -> tuple[str, ...]:
        found = table.get(place.rpartition(".")[2], [])
        if not isinstance(found, list) or not all(isinstance(each, str) and each for each in found):
            raise self._wrong(place, say("must be a list of texts"))
        if needed and not found:
            raise self._wrong(place, say("must not be empty"))
        return tuple(found)

    def _number(self, table: Mapping[str, Any], place: str, default: int) -> int:
        found = table.get(place.rpartition(".")[2], default)
        if not isinstance(found, int) or isinstance(found, bool) or found < 0:
            raise self._wrong(place, say("must be a whole number, not negative"))
        return found

    def _text(self, table: Mapping[str, Any], place: str, *, needed: bool = True) -> Text:
        key = place.rpartition(".")[2]
        if key not in table and not needed:
            return Text()
        others = {
            language: self._word(table, f"{place}_{language}") for language in TRANSLATED_TO if place in TEXTS
        }
        found = Text(en=self._word(table, place), others=MappingProxyType(others))
        names = [sorted(PLACEHOLDER.findall(each)) for each in (found.en, *others.values())]
        for name in {name for each in names for name in each} - PLACEHOLDERS:
            near = difflib.get_close_matches(name, sorted(PLACEHOLDERS), n=1, cutoff=0.0)
            raise self._wrong(
                place, say("{name} is no known placeholder; nearest: {near}", name=name, near=near[0])
            )
        if any(each != names[0] for each in names):
            raise self._wrong(place, say("the languages do not have the same placeholders"))
        return found

    def _facts(self, table: Mapping[str, Any], place: str) -> Facts:
        found = table.get(place.rpartition(".")[2], {})
        if not isinstance(found, dict):
            raise self._wrong(place, say("must be a table of plain values"))
        facts: dict[str, Fact] = {}
        for key, value in found.items():
            if not isinstance(value, str | int):
                raise self._wrong(f"{place}.{key}", say("must be a text, a whole number, true or false"))
            facts[key] = value
        return MappingProxyType(facts)

    def _choice(
        self, kind: type[Choice], table: Mapping[str, Any], place: str, default: Choice | None = None
    ) -> Choice:
        found = table.get(place.rpartition(".")[2])
        if found is None and default is not None:
            return default
        try:
            return kind(found)
        except ValueError:
            raise self._wrong(place, _one_of([str(each.value) for each in kind])) from None

    def _wrong(self, place: str, what: Phrase) -> PlaybookError:
        return PlaybookError(say("{file}: {place}", file=self._file, place=place).also(what))


def _one_of(words: Iterable[str]) -> Phrase:
    return say("must be one of {words}", words=", ".join(words))
