"""Passive mode from the screen: stopped with a reason and the code of the site, seen by everybody, ended with raised rights."""

from __future__ import annotations

from pathlib import Path

import pytest

from medflow_tui.journal.audit import verify
from medflow_tui.journal.orders import Orders
from medflow_tui.ui.modals import armed
from medflow_tui.ui.modals.order import OrderPrompt
from medflow_tui.ui.screens.playbooks import PlaybooksScreen
from tests.servers.dashboard import Dashboard
from tests.unit.runner.stage import Stage
from tests.unit.ui.test_run_screen import ONE_PERSON, answer, dashboard_of, listening, raise_rights, storm

REASON = "the server room is being looked at"


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(armed, "ARM_AFTER_S", 0.1)


async def stop(dashboard: Dashboard, code: str = "LAB") -> None:
    await answer(dashboard, REASON, "f12")
    await listening(dashboard)
    await dashboard.type(code)


async def test_everything_is_stopped_and_let_go_on_again_and_both_stand_in_the_audit(tmp_path: Path) -> None:
    stage = Stage(tmp_path, ONE_PERSON)
    orders = Orders(stage.state)
    async with dashboard_of(stage) as dashboard:
        await dashboard.press("b")
        await stop(dashboard, "XXX")
        await dashboard.until(lambda: "that is not the code of the site" in dashboard.text, "it is refused")
        assert orders.passive() is None
        await stop(dashboard)
        await dashboard.until(lambda: orders.passive() is not None, "it is stopped")
        await dashboard.until(lambda: "PASSIVE" in dashboard.lines[0], "the first line says so")
        assert "not now: everything is stopped here" in dashboard.text
        assert "passive since" in dashboard.text
        assert "F12 ends it" in dashboard.text
        await dashboard.press("f12")
        await dashboard.until(
            lambda: "u raises your rights, then it can be ended" in dashboard.text, "why not"
        )
        assert isinstance(dashboard.app.screen, PlaybooksScreen)
        raise_rights(dashboard)
        await answer(dashboard, "LAB", "f12")
        await dashboard.until(lambda: orders.passive() is None, "it goes on again")
        await dashboard.until(lambda: "PASSIVE" not in dashboard.lines[0], "the first line says so")
    checked = verify(stage.state / "audit.jsonl")
    assert checked.holds
    assert [each["ev"] for each in checked.records if "passive" in str(each["ev"])] == [
        "passive.on",
        "passive.off",
    ]


async def test_by_its_name_on_the_command_line_of_the_dashboard_and_not_by_late_keys(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(armed, "ARM_AFTER_S", 3600.0)
    stage = Stage(tmp_path, ONE_PERSON)
    async with dashboard_of(stage) as dashboard:
        await dashboard.press("colon")
        await dashboard.type("passive")
        for typed in (REASON, "no code"):
            await dashboard.until(lambda: isinstance(dashboard.app.screen, OrderPrompt), "it asks")
            screen = dashboard.app.screen
            assert isinstance(screen, OrderPrompt)
            await storm(dashboard, f"{REASON}\nLAB\n")
            assert dashboard.app.screen is screen
            screen._arm()
            await dashboard.pilot.pause()
            await dashboard.type(typed)
        await dashboard.until(lambda: "not the code" in dashboard.text, "it is refused")
    assert Orders(stage.state).passive() is None
