"""What a person agreed to is what the run is told, whatever the screen holds by the time a thread gets to it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from medflow_tui.model.words import say
from medflow_tui.runner import detached, surroundings
from medflow_tui.runner.permission import Permission
from tests.unit.runner.stage import Stage
from tests.unit.ui.test_plan_screen import ASKS, TWO, confirm, confirmation, desk, plan_of
from tests.unit.ui.test_run_screen import ONE_PERSON, a_run_that_waits, dashboard_of, raise_rights

AGREED, LATER = "data is damaged", "something else altogether"


@pytest.fixture
def orders(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Instead of processes: what they would be told."""
    given: list[Any] = []
    monkeypatch.setattr(surroundings, "_power", lambda: {"power": "mains"})
    monkeypatch.setattr(detached, "start", lambda command, order: given.append(order))
    return given


async def test_a_run_is_told_the_reason_that_stood_above_its_confirmation(
    tmp_path: Path, orders: list[Any]
) -> None:
    async with desk(Stage(tmp_path, ASKS, site=TWO)) as dashboard:
        await plan_of(dashboard)
        await dashboard.press("enter")
        await confirmation(dashboard)
        assert f"Reason: {AGREED}" in dashboard.text
        dashboard.app.acting.rights.reason = LATER
        await confirm(dashboard, "RESTORE LAB")
        await dashboard.until(lambda: orders, "it is started")
    assert orders[0].mandate.reason == AGREED


async def test_rights_that_end_while_it_is_being_started_change_nothing_of_what_was_agreed(
    tmp_path: Path, orders: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = Stage(tmp_path, ONE_PERSON)
    async with dashboard_of(stage) as dashboard:
        await a_run_that_waits(dashboard, stage, monkeypatch)
        raise_rights(dashboard)
        let_start = Permission.let_start

        def lowered_meanwhile(*given: Any) -> None:
            dashboard.app.call_from_thread(dashboard.app.acting.rights.lower, say("read-only again"))
            let_start(*given)

        monkeypatch.setattr(Permission, "let_start", lowered_meanwhile)
        await dashboard.press("enter")
        await confirm(dashboard, "RESTORE LAB")
        await dashboard.until(lambda: orders, "it is gone on with")
    (order,) = orders
    assert (order.mandate.reason, order.login.password) == (AGREED, "invented")
