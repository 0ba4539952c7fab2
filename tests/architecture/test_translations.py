"""French is complete: nothing missing, no placeholder lost, short where English is short.

A failure is mended with `python -m medflow_tui.locale.catalogue update`, then by translating what it names.
"""

from __future__ import annotations

import gettext
import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from medflow_tui.config import schema
from medflow_tui.locale import catalogue
from medflow_tui.locale.build import compile_catalogues
from medflow_tui.locale.language import LANGUAGES, Language
from medflow_tui.model.health import Health
from medflow_tui.model.site import ENVIRONMENTS
from medflow_tui.model.words import Phrase, Value
from medflow_tui.playbooks.load import shipped
from medflow_tui.playbooks.schema import TEXTS
from medflow_tui.rules.judging.clinic import WEEKDAYS
from medflow_tui.rules.judging.process import STATES
from medflow_tui.ui.present.line import width

TRANSLATED = tuple(code for code in LANGUAGES if code != "en")
NOW = datetime(2026, 11, 23, 14, 32, tzinfo=UTC)

SAMPLES: Mapping[str, Value] = {
    "number": 12,
    "bytes": 41_000_000_000,
    "duration": 10_800,
    "ms": 1400,
    "percent": 12,
    "clock": NOW,
    "date": NOW,
    "when": NOW,
    "moment": NOW,
    "word": "ok",
    "": "x",
}

ROW_CELLS, SHORT_ENGLISH = 26, 22
ROW_ROOMS = ("rules/judging/", "rules/alerts.py", "rules/logalarms.py", "clients/", "probes/", "monitor/")
LONG_ALL_THE_SAME = {  # sentences of the detail screen, which has room
    "due every week at {at}",
    "{free:bytes} free on its disk",
    "{n:number} files failed so far",
    "figures count for {age:duration}",
    "pages open slowly",
    "the oldest since {age:duration}",
    "oldest made at {at:when}",
    "version {version}, up for {uptime:duration}",
    "a new file every {due:duration}",
    "newest file of {at:when}",
}


@pytest.fixture(scope="module")
def found() -> catalogue.Found:
    return catalogue.find()


@pytest.fixture(params=TRANSLATED)
def code(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def values_for(text: str) -> dict[str, Value]:
    return {name: SAMPLES[form] for name, form in catalogue.forms(text)}


def words_of(table: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Every table inside a document."""
    inner = [each for each in table.values() if isinstance(each, dict)]
    inner += [
        row for each in table.values() if isinstance(each, list) for row in each if isinstance(row, dict)
    ]
    return [table, *(deeper for each in inner for deeper in words_of(each))]


def test_nothing_is_missing_fuzzy_obsolete_or_without_its_values(code: str, found: catalogue.Found) -> None:
    assert list(catalogue.complaints(code, found)) == []


def test_the_catalogue_is_as_update_writes_it(code: str, found: catalogue.Found, tmp_path: Path) -> None:
    kept = catalogue.po_file(code).read_bytes()
    copy = catalogue.po_file(code, tmp_path)
    copy.parent.mkdir(parents=True)
    copy.write_bytes(kept)
    assert catalogue.update(code, found, tmp_path) == []
    assert copy.read_bytes() == kept


def test_what_is_compiled_says_what_is_written(code: str, tmp_path: Path) -> None:
    source = catalogue.po_file(code)
    copy = catalogue.po_file(code, tmp_path)
    copy.parent.mkdir(parents=True)
    copy.write_bytes(source.read_bytes())
    assert compile_catalogues(tmp_path) == [copy.with_suffix(".mo")]
    said = gettext.translation(catalogue.DOMAIN, tmp_path, [code]).gettext
    for text, translated in catalogue.translations(code).items():
        assert said(text) == (translated or text)


def test_the_compiled_catalogue_of_this_checkout_is_not_stale(code: str) -> None:
    if not catalogue.po_file(code).with_suffix(".mo").exists():
        pytest.fail("not compiled: python -m medflow_tui.locale.catalogue compile")
    word = Language(code).word
    known = catalogue.translations(code)
    stale = [text for text, translated in known.items() if word(text) != (translated or text)]
    assert stale == [], "python -m medflow_tui.locale.catalogue compile"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_can_be_said_with_values(language: str, found: catalogue.Found) -> None:
    speak = Language(language, "Africa/Kinshasa").say
    for text in found.places:
        said = speak(Phrase(text=text, values=values_for(text)), NOW)
        assert "{" not in said, text
        assert said.strip() or not text.strip(), text


def test_every_form_is_one_that_languages_know(found: catalogue.Found) -> None:
    unknown = {form for text in found.places for _, form in catalogue.forms(text) if form not in SAMPLES}
    assert unknown == set()


def test_every_word_that_a_value_can_be_is_translated(code: str, found: catalogue.Found) -> None:
    kinds = {*schema._TYPE_NAMES.values(), *(schema.type_name(each) for each in ({}, [], NOW))}
    shown = {
        *(each.value for each in Health),
        *ENVIRONMENTS,
        *kinds,
        *WEEKDAYS,
        *(evidence.text for _, evidence in STATES.values()),
        *catalogue.ANSWERS,
        *(word for words in catalogue.WORDS.values() for word in words),
    }
    known = catalogue.translations(code)
    assert sorted(word for word in shown if not known.get(word)) == []
    assert kinds <= set(catalogue.WORDS["found"])
    assert set(catalogue.WORDS["expected"]) == set(catalogue.WORDS["found"])


@pytest.mark.parametrize(("name", "file"), [("persistence", "probes/redis.py"), ("server", "probes/http.py")])
def test_the_words_of_a_probe_are_the_declared_ones(name: str, file: str) -> None:
    source = (catalogue.PACKAGE / file).read_text(encoding="utf-8")
    assert [each for each in catalogue.WORDS[name] if f'"{each}"' not in source] == []


def test_a_row_that_is_short_in_english_is_short_in_french(code: str, found: catalogue.Found) -> None:
    english, other = Language("en"), Language(code)
    long = []
    for text, places in found.places.items():
        phrase = Phrase(text=text, values=values_for(text))
        in_a_row = any(each.startswith(ROW_ROOMS) for each in places)
        if in_a_row and width(english.say(phrase, NOW)) <= SHORT_ENGLISH:
            said = other.say(phrase, NOW)
            if width(said) > ROW_CELLS and text not in LONG_ALL_THE_SAME:
                long.append(said)
    assert long == []


def test_what_is_listed_as_long_is_still_said(found: catalogue.Found) -> None:
    assert sorted(set(LONG_ALL_THE_SAME) - set(found.places)) == []
    files = {each.partition(":")[0] for each in found.indirect}
    assert sorted(set(catalogue.INDIRECT) - files) == []


def test_every_text_of_a_playbook_is_there_in_every_language(code: str) -> None:
    keys = {each.partition(".")[2] for each in TEXTS}
    lacking, spaced = [], []
    for path in shipped().glob("*.toml"):
        for table in words_of(tomllib.loads(path.read_text(encoding="utf-8"))):
            for key, text in table.items():
                if key.endswith(f"_{code}") and catalogue.breaks_badly(str(text)):
                    spaced.append(text)
                elif key in keys and isinstance(text, str) and not table.get(f"{key}_{code}"):
                    lacking.append(f"{path.name}: {key} = {text}")
    assert lacking == []
    assert spaced == []


def test_a_missing_a_lost_and_an_unsaid_text_are_each_complained_of(tmp_path: Path) -> None:
    first = catalogue.Found(places={"{n:number} keys": ["a.py"], "gone": ["a.py"], "new": ["b.py"]})
    catalogue.update("fr", first, tmp_path)
    path = catalogue.po_file("fr", tmp_path)
    text = path.read_text(encoding="utf-8")
    text = text.replace(
        'msgid "{n:number} keys"\nmsgstr ""', 'msgid "{n:number} keys"\nmsgstr "{n} clés : 1"'
    )
    path.write_text(text.replace('msgid "gone"\nmsgstr ""', 'msgid "gone"\nmsgstr "parti"'), encoding="utf-8")
    now = catalogue.Found(
        places={"{n:number} keys": ["a.py"], "new": ["b.py"], "{x:word}": ["c.py"]}, indirect=["d.py:7"]
    )
    found = "\n".join(catalogue.complaints("fr", now, tmp_path))
    for expected in (
        "not translated: 'new' (b.py)",
        "values differ: '{n:number} keys'",
        "the line must not break",
        "nobody says it any more: 'gone'",
        "not a literal: d.py:7",
        "{x:word} can be",
    ):
        assert expected in found


def test_joined_literals_are_one_text_and_a_rendered_phrase_is_none(tmp_path: Path) -> None:
    source = 'say("one " "text")\nlanguage.say(say("inner"))\nsay(name)\nsay(f"{x}")\nsay("a" + "b")\n'
    (tmp_path / "a.py").write_text(source, encoding="utf-8")
    found = catalogue.find(tmp_path)
    assert [text for text, places in found.places.items() if "a.py" in places] == ["one text", "inner"]
    assert found.indirect == ["a.py:3", "a.py:4", "a.py:5"]
