"""Where panes stand before Textual is there is where Textual puts them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from medflow_tui.journal.desk import Desk
from medflow_tui.journal.history import HistoryReader
from medflow_tui.lab.pulse import still_snapshot
from medflow_tui.locale.language import Language
from medflow_tui.model.site import Site
from medflow_tui.model.target import PANES
from medflow_tui.monitor.replay import Replay
from medflow_tui.ui.present.health import UNICODE
from medflow_tui.ui.present.places import Place, places
from medflow_tui.ui.session import Session

SIZES = [
    (40, 12),
    (59, 24),
    (60, 12),
    (80, 24),
    (81, 25),
    (97, 31),
    (119, 47),
    (120, 29),
    (120, 30),
    (133, 41),
    (160, 48),
]


def session_in(state: Path) -> Session:
    return Session(
        site=Site(code="LAB", name="Lab", environment="lab"),
        language=Language("en"),
        glyphs=UNICODE,
        now=lambda: datetime(2026, 1, 15, 9, tzinfo=UTC),
        state=state,
        who="lab",
        looking_for=lambda publish: Replay(iter((still_snapshot(),)), publish, 0),
        history=HistoryReader(state),
        desk=Desk(state),
    )


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
async def test_the_places_are_those_of_the_style_sheet(tmp_path: Path, size: tuple[int, int]) -> None:
    from medflow_tui.ui.app import MedflowApp

    app = MedflowApp(session_in(tmp_path))
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        regions = {pane: app.dashboard.query_one(f"#{pane}").region for pane in PANES}
    assert {pane: Place(*region) for pane, region in regions.items()} == places(*size)


def test_a_terminal_that_is_too_small_has_no_panes() -> None:
    assert places(39, 24) == places(80, 11) == {}
