"""The pictures of the README are those that the program draws now."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from medflow_tui.lab.scenes.album import ALBUM, Shot
from medflow_tui.ui.terminal.svg import svg
from medflow_tui.wiring.scenes import portrait_of

ROOT = Path(__file__).parents[2]
PICTURES = ROOT / "screenshots"
AGAIN = "draw them anew: medflow-tui lab screenshots"


@pytest.mark.parametrize("shot", ALBUM, ids=lambda shot: shot.name)
async def test_the_picture_is_fresh(shot: Shot) -> None:
    drawn = svg(await portrait_of(shot), shot.title)
    assert (PICTURES / f"{shot.name}.svg").read_text(encoding="utf-8") == drawn, AGAIN


def test_there_are_no_other_pictures_and_the_readme_shows_every_one() -> None:
    names = {f"{shot.name}.svg" for shot in ALBUM}
    assert {each.name for each in PICTURES.iterdir()} == names
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert set(re.findall(r"screenshots/([\w-]+\.svg)", readme)) == names


@pytest.mark.parametrize("shot", ALBUM, ids=lambda shot: shot.name)
def test_a_picture_is_small_well_formed_and_fetches_nothing(shot: Shot) -> None:
    text = (PICTURES / f"{shot.name}.svg").read_text(encoding="utf-8")
    assert len(text.encode()) < 60_000
    tree = ElementTree.fromstring(text)
    assert tree.findtext("{http://www.w3.org/2000/svg}title") == shot.title
    assert not re.search(r"href|url\(|<style|<script", text)
