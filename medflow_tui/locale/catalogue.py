"""The catalogues of translations: finds the texts of the program, keeps what is translated, says what is missing.

For developers; it needs babel. `python -m medflow_tui.locale.catalogue update` after texts were added or changed,
then translate the empty `msgstr` that it names, then `check`, then `compile` (or any build) so that this checkout shows them.
"""

from __future__ import annotations

import ast
import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from string import Formatter

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

from medflow_tui.locale.build import compile_catalogues
from medflow_tui.locale.language import DOMAIN, LANGUAGES
from medflow_tui.model.health import Health
from medflow_tui.model.site import ENVIRONMENTS

KEYWORD = "say"
PACKAGE = Path(__file__).parents[1]
FOLDER = Path(__file__).parent
HEADER = "# Texts of medflow_tui. Written by `python -m medflow_tui.locale.catalogue update`; only msgstr is written by hand."
FIRST = datetime(2026, 1, 1, tzinfo=UTC)

# A value shown through `{name:word}` is a message id of its own. Every such name and what it can be; a text with
# another name is a complaint of `check`. Values that a `say()` already names are left empty here.
WORDS: dict[str, tuple[str, ...]] = {
    "environment": ENVIRONMENTS,
    "state": tuple(each.value for each in Health),  # of `rules.judging.process` by its own say()
    "day": (),  # `rules.judging.clinic.WEEKDAYS`
    "expected": ("text", "whole number", "number", "true or false", "table", "list", "date"),
    "found": ("text", "whole number", "number", "true or false", "table", "list", "date"),
    "saved": (),  # `ui.present.meter.SAVED`
    "persistence": ("append only", "snapshots", "off"),
    "server": ("nginx", "vite", "static"),
    "origin": ("user", "system"),  # of a site file; else an option or a variable, which stay as they are
    "why": ("disk full",),  # else the words of SQLite
}
ANSWERS = ("yes", "no")  # how `Language` writes true and false

# A say() whose text is not a literal: file, and why its texts are in the catalogue all the same.
INDIRECT = {
    "lab/control.py": "repeats a phrase that the lab said, made by a say() there",
    "ui/people.py": "its two callers pass the text of a say()",
}

Form = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The texts of the program: where each is said, and the calls whose text is not a literal, as `file:line`."""

    places: dict[str, list[str]] = field(default_factory=dict)
    indirect: list[str] = field(default_factory=list)


def find(package: Path = PACKAGE) -> Found:
    """Every text that the package says. `x.say(…)` renders a phrase and is not meant; joined literals are one text."""
    found = Found()
    for path in sorted(package.rglob("*.py")):
        name = path.relative_to(package).as_posix()
        if name == "model/words.py":
            continue
        for call in _calls(path.read_text(encoding="utf-8")):
            match call.args:
                case [ast.Constant(value=str(text)), *_]:
                    found.places.setdefault(text, []).append(name)
                case _:
                    found.indirect.append(f"{name}:{call.lineno}")
    for words in (*WORDS.values(), ANSWERS):
        for each in words:
            found.places.setdefault(each, []).append("locale/catalogue.py")
    return found


def _calls(source: str) -> list[ast.Call]:
    calls = [
        each
        for each in ast.walk(ast.parse(source))
        if isinstance(each, ast.Call) and isinstance(each.func, ast.Name) and each.func.id == KEYWORD
    ]
    return sorted(calls, key=lambda call: (call.lineno, call.col_offset))


def forms(text: str) -> Counter[Form]:
    """The values that a text shows, with their forms. Raises ValueError for a text that is not well formed.

    >>> sorted(forms("{n:number} of {all:number}"))
    [('all', 'number'), ('n', 'number')]
    """
    return Counter((name, form or "") for _, name, form, _ in Formatter().parse(text) if name is not None)


def po_file(code: str, folder: Path = FOLDER) -> Path:
    """Where the translations into a language are kept."""
    return folder / code / "LC_MESSAGES" / f"{DOMAIN}.po"


def read(code: str, folder: Path = FOLDER) -> Catalog:
    """The catalogue of a language; an empty one when there is none yet."""
    path = po_file(code, folder)
    if not path.exists():
        return Catalog(locale=code, domain=DOMAIN)
    with path.open("rb") as file:
        return read_po(file, locale=code, domain=DOMAIN)


def translations(code: str, folder: Path = FOLDER) -> dict[str, str]:
    """Text by message id; an empty text where the translation is missing."""
    return {str(each.id): str(each.string) for each in read(code, folder) if each.id}


def update(code: str, found: Found, folder: Path = FOLDER) -> list[str]:
    """Write the catalogue anew with all texts of now, keep their translations, and return what is not translated."""
    known = translations(code, folder)
    fresh = Catalog(
        locale=code,
        domain=DOMAIN,
        header_comment=HEADER,
        project=DOMAIN,
        fuzzy=False,
        creation_date=FIRST,
        revision_date=FIRST,
    )
    order = sorted(found.places, key=lambda text: found.places[text][0])
    for text in order:
        places = [(each, 0) for each in dict.fromkeys(found.places[text])]
        fresh.add(text, known.get(text, ""), locations=places)
    path = po_file(code, folder)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(file, fresh, width=0, include_lineno=False)
    return [text for text in order if not known.get(text)]


def complaints(code: str, found: Found, folder: Path = FOLDER) -> Iterator[str]:
    """Everything that is wrong with a catalogue, one line each; none means that the language is complete."""
    catalogue = read(code, folder)
    kept = {str(each.id): each for each in catalogue if each.id}
    for text, places in found.places.items():
        if text not in kept or not kept[text].string:
            yield f"not translated: {text!r} ({places[0]})"
    for text, message in kept.items():
        if text not in found.places:
            yield f"nobody says it any more: {text!r}"
        elif message.fuzzy:
            yield f"fuzzy: {text!r}"
        elif message.string:
            yield from _faults(text, str(message.string), code)
    yield from (f"nobody says it any more: {text!r}" for text in catalogue.obsolete)
    yield from _unlisted(found)


def _faults(text: str, translated: str, code: str) -> Iterator[str]:
    try:
        if forms(text) != forms(translated):
            yield f"values differ: {text!r} -> {translated!r}"
    except ValueError as error:
        yield f"braces: {text!r} -> {translated!r}: {error}"
    if (text[-1] == " ") != (translated[-1] == " "):
        yield f"ends in a blank or not: {text!r} -> {translated!r}"
    if code == "fr" and breaks_badly(translated):
        yield f"a plain blank where the line must not break: {translated!r}"
    if "\N{RIGHT SINGLE QUOTATION MARK}" in translated:
        yield f"a plain console has no curved apostrophe: {translated!r}"


def breaks_badly(french: str) -> bool:
    """True for a text with a plain blank where French forbids the line to break.

    >>> breaks_badly("alerte : 3"), breaks_badly("alerte\N{NO-BREAK SPACE}: 3")
    (True, False)
    """
    return re.search(r" [:;!?»%]|« |\N{NO-BREAK SPACE}{2}", french) is not None


def _unlisted(found: Found) -> Iterator[str]:
    for place in found.indirect:
        if place.partition(":")[0] not in INDIRECT:
            yield f"the text of say() is not a literal: {place}"
    for text, places in found.places.items():
        try:
            names = {name for name, form in forms(text) if form == "word"}
        except ValueError as error:
            yield f"braces: {text!r} ({places[0]}): {error}"
            continue
        for name in sorted(names - set(WORDS)):
            yield f"not known what {{{name}:word}} can be, add it to WORDS: {text!r} ({places[0]})"


def main(arguments: Sequence[str]) -> int:
    """`update`, `check` or `compile`; the exit code is 1 when something is missing."""
    match list(arguments):
        case ["update"]:
            found = find()
            missing = [
                f"{code}: {text!r}" for code in LANGUAGES if code != "en" for text in update(code, found)
            ]
            _tell([*missing, f"{len(missing)} to translate, {len(found.places)} texts"])
            return 1 if missing else 0
        case ["check"]:
            found = find()
            wrong = [
                f"{code}: {each}" for code in LANGUAGES if code != "en" for each in complaints(code, found)
            ]
            _tell(wrong or ["complete"])
            return 1 if wrong else 0
        case ["compile"]:
            _tell([str(each) for each in compile_catalogues(FOLDER)])
            return 0
        case _:
            _tell(["python -m medflow_tui.locale.catalogue update|check|compile"])
            return 3


def _tell(lines: Sequence[str]) -> None:
    sys.stdout.write("".join(f"{each}\n" for each in lines))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
