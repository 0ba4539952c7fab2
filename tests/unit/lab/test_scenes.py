"""The recorded scenes: whole, of this program's words, and with nothing in them that is of a person or of a machine."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from medflow_tui.journal.frozen import freeze
from medflow_tui.lab import scenes
from medflow_tui.lab.people import PLANTED_NAME, PLANTED_SECRET
from medflow_tui.lab.scenes.album import ALBUM
from medflow_tui.lab.scenes.script import STORIES
from medflow_tui.locale.catalogue import find
from medflow_tui.model.health import Health

NAMES = tuple(story.name for story in STORIES)


def test_every_story_is_recorded_and_nothing_else() -> None:
    assert {each.stem for each in scenes.folder().glob("*.json")} == set(NAMES)
    assert {shot.scene for shot in ALBUM} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_scene_is_small_and_comes_back_as_it_was_written(name: str) -> None:
    text = (scenes.folder() / f"{name}.json").read_text(encoding="utf-8")
    assert scenes.written(scenes.read(name)) == text
    assert len(text.encode()) < 120_000


@pytest.mark.parametrize("name", NAMES)
def test_a_scene_is_as_its_story_says(name: str) -> None:
    story, scene = next(each for each in STORIES if each.name == name), scenes.read(name)
    for turn in story.turns:
        verdict = scene.snapshot.find(turn.target)
        assert verdict is not None
        assert verdict.health is turn.becomes
    if not story.turns:
        assert {each.health for each in scene.snapshot.verdicts} == {Health.OK}
    assert len(scene.runs) == (2 if story.mend else 0)


@pytest.mark.parametrize("name", NAMES)
def test_a_scene_holds_nothing_of_a_machine_or_of_a_person(name: str) -> None:
    text = (scenes.folder() / f"{name}.json").read_text(encoding="utf-8")
    assert not re.findall(r"/tmp/|/root|/home/|/Users/|/work/", text)
    for planted in (*PLANTED_NAME, PLANTED_SECRET):
        assert planted not in text


@pytest.mark.parametrize("name", NAMES)
def test_what_a_scene_says_the_program_still_says(name: str) -> None:
    """A text that was changed in the code needs the scene recorded anew: it would stay English in French."""
    table = freeze(scenes.read(name).snapshot)
    said = {text for text in _texts(table) if text}
    assert not said - set(find().places), "record it anew: medflow-tui lab scenes"


def _texts(table: Any) -> Iterator[str]:
    match table:
        case {"t": str(text), **rest}:
            yield text
            yield from _texts(rest.get("p", ()))
        case dict():
            for each in table.values():
                yield from _texts(each)
        case list() | tuple():
            for each in table:
                yield from _texts(each)
