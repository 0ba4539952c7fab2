"""Every screen, calm and in trouble, in both languages, is as it was kept. `pytest tests/snapshots --snapshot-update` keeps it anew."""

from __future__ import annotations

import pytest

from medflow_tui.lab.scenes.album import Shot
from medflow_tui.wiring.scenes import portrait_of
from tests.snapshots.golden import FOLDER, differences
from tests.snapshots.shots import SHOTS


@pytest.mark.parametrize("shot", SHOTS, ids=lambda shot: shot.name)
async def test_the_screen_is_as_it_was_kept(shot: Shot, request: pytest.FixtureRequest) -> None:
    update = bool(request.config.getoption("--snapshot-update", default=False))
    different = differences(shot.name, await portrait_of(shot), update=update)
    assert not different, f"\n{different}"


def test_nothing_is_kept_that_no_screen_shows(request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--snapshot-update", default=False):
        pytest.skip("being kept anew")
    assert {each.stem for each in FOLDER.glob("*")} == {shot.name for shot in SHOTS}
