"""Passive mode from the screen: stopped with a reason and the code of the site, seen by everybody, ended with raised rights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from medflow_tui.journal.audit import verify
from medflow_tui.journal.orders import PASSIVE, Orders
from medflow_tui.model.errors import RefusedError
from medflow_tui.model.performer import Login
from medflow_tui.model.words import say
from medflow_tui.ui.modals import armed
from medflow_tui.ui.modals.order import OrderPrompt
from medflow_tui.ui.screens.playbooks import PlaybooksScreen
from tests.servers.dashboard import Dashboard
from tests.unit.runner.stage import NIGHT, SITE, Stage
from tests.unit.ui.test_run_screen import (
    ONE_PERSON,
    OTHERS,
    answer,
    dashboard_of,
    listening,
    raise_rights,
    storm,
)

UNREADABLE = "passive: the file that says so cannot be read"
DENIED = ("attempt.denied", "confirm_wrong")
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
        await answer(dashboard, "lab", "f12")
        await dashboard.until(lambda: "that is not the code of the site" in dashboard.text, "it is refused")
        await answer(dashboard, "LAB", "f12")
        await dashboard.until(lambda: orders.passive() is None, "it goes on again")
        await dashboard.until(lambda: "PASSIVE" not in dashboard.lines[0], "the first line says so")
    checked = verify(stage.state / "audit.jsonl")
    assert checked.holds
    assert told(checked.records) == [("passive.on", ""), DENIED, ("passive.off", "")]


async def test_whoever_is_named_for_something_else_lifts_nothing_and_that_is_recorded(tmp_path: Path) -> None:
    stage = Stage(tmp_path, ONE_PERSON, site=replace(SITE, access=OTHERS))
    Orders(stage.state).set_passive(on=True, who="grace", reason=REASON)
    async with dashboard_of(stage) as dashboard:
        await dashboard.press("b")
        raise_rights(dashboard)
        await dashboard.press("f12")
        await dashboard.until(lambda: "this is for: admin, dba, clinic_lead" in dashboard.text, "why not")
        assert not isinstance(dashboard.app.screen, OrderPrompt)
    assert Orders(stage.state).passive() is not None
    assert told(verify(stage.state / "audit.jsonl").records) == [("attempt.denied", "no_role")]


async def test_a_log_in_that_is_too_old_is_given_again_first(tmp_path: Path) -> None:
    stage = Stage(tmp_path, ONE_PERSON)
    orders = Orders(stage.state)
    orders.set_passive(on=True, who="grace", reason=REASON)
    async with dashboard_of(stage) as dashboard:
        await dashboard.press("b")
        raise_rights(dashboard)
        rights = dashboard.app.acting.rights
        rights.login = Login(username="amani", password="invented", at=NIGHT - timedelta(minutes=6))
        await answer(dashboard, "amani", "f12")
        assert orders.passive() is not None
        await listening(dashboard)
        await dashboard.type("invented")
        await listening(dashboard)
        await dashboard.type("LAB")
        await dashboard.until(lambda: orders.passive() is None, "it goes on again")


async def test_a_wrong_password_lifts_nothing_and_lowers_the_rights_again(tmp_path: Path) -> None:
    def refused(login: Login) -> bool:
        raise RefusedError(say("log-in not possible"))

    stage = Stage(tmp_path, ONE_PERSON)
    Orders(stage.state).set_passive(on=True, who="grace", reason=REASON)
    async with dashboard_of(stage) as dashboard:
        object.__setattr__(dashboard.app.session.dispatch, "prove", refused)
        await dashboard.press("b")
        raise_rights(dashboard)
        await answer(dashboard, "LAB", "f12")
        await dashboard.until(lambda: "read-only again, log-in not possible" in dashboard.text, "why not")
        assert dashboard.app.armed_until is None
    assert Orders(stage.state).passive() is not None
    assert told(verify(stage.state / "audit.jsonl").records) == [("attempt.denied", "login_refused")]


async def test_a_file_that_cannot_be_read_is_said_to_be_that_and_no_date_is_invented(tmp_path: Path) -> None:
    stage = Stage(tmp_path, ONE_PERSON)
    (stage.state / PASSIVE).write_text("not json\n")
    async with dashboard_of(stage) as dashboard:
        await dashboard.press("b")
        await dashboard.until(lambda: UNREADABLE in dashboard.text, "the list says so")
        await dashboard.press("f12")
        await dashboard.until(lambda: f"{UNREADABLE}, u raises" in dashboard.text, "so does the key")
        raise_rights(dashboard)
        await dashboard.press("f12")
        await listening(dashboard)
        assert f"{UNREADABLE}, type LAB" in dashboard.text
        assert "1970" not in dashboard.text
        assert "since" not in dashboard.text


def told(records: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    return [(each["ev"], (each["result"] or {}).get("why", "")) for each in records[1:]]


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
