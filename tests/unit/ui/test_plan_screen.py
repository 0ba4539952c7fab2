"""From a playbook to its run on the screen: what it asks, a log-in that is too old, an override, leaving out, taking back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from medflow_tui.locale.language import Language
from medflow_tui.model.performer import Login
from medflow_tui.model.procedure import Mark
from medflow_tui.runner import detached, surroundings
from medflow_tui.runner.dispatch import Dispatch
from medflow_tui.ui.modals import armed
from medflow_tui.ui.modals.confirm import Confirm
from medflow_tui.ui.modals.order import OrderPrompt
from medflow_tui.ui.screens.plan import PlanScreen
from tests.contracts.test_frames import session
from tests.servers.dashboard import Dashboard, shown
from tests.unit.runner.stage import NIGHT, SITE, Stage
from tests.unit.ui.test_run_screen import (
    ONE_PERSON,
    OTHERS,
    a_run_that_waits,
    answer,
    begun,
    dashboard_of,
    open_run,
    raise_rights,
    storm,
)

ASKS = ONE_PERSON.replace('options_from = "mongo.backups"', 'options = ["backup-1", "backup-2"]').replace(
    'roles = ["admin"]', 'roles = ["admin", "dba"]'
)
TWO = replace(SITE, access=OTHERS)
MORNING = NIGHT.replace(hour=10)
WHY = "patients wait at the door and nobody can be reached"


@pytest.fixture(autouse=True)
def mains(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(surroundings, "_power", lambda: {"power": "mains"})


@pytest.fixture
def orders(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Instead of processes: what they would be told."""
    given: list[Any] = []
    monkeypatch.setattr(detached, "start", lambda command, order: given.append(order))
    return given


@asynccontextmanager
async def desk(stage: Stage, *, language: str = "en") -> AsyncIterator[Dashboard]:
    """A dashboard on which plans are made over the stage, with raised rights, at its list of playbooks."""
    dispatch = Dispatch(
        site=stage.site,
        state=stage.state,
        playbooks=(stage.playbook,),
        crew_for=lambda *_: nullcontext(stage),
        command=("false",),
        now=lambda: stage.time,
    )
    here = replace(session(stage.state), language=Language(language))
    here = replace(here, site=stage.site, who="amani", now=lambda: stage.time, dispatch_of=lambda: dispatch)
    async with shown(here) as dashboard:
        rights = dashboard.app.acting.rights
        rights.until, rights.reason = stage.time + timedelta(minutes=15), "data is damaged"
        rights.login = Login(username="amani", password="invented", at=stage.time)
        await dashboard.press("b")
        yield dashboard


async def asked(dashboard: Dashboard, words: str) -> None:
    await dashboard.until(lambda: isinstance(dashboard.app.screen, OrderPrompt), "a question is open")
    await dashboard.until(lambda: words in dashboard.text, words)


async def plan_of(
    dashboard: Dashboard, given: str = "backup-1", *, asks: str = "Which backup?"
) -> PlanScreen:
    await dashboard.press("enter")
    await asked(dashboard, asks)
    await dashboard.type(given)
    await dashboard.until(lambda: isinstance(dashboard.app.screen, PlanScreen), "the plan is shown")
    screen = dashboard.app.screen
    assert isinstance(screen, PlanScreen)
    return screen


async def confirmation(dashboard: Dashboard) -> Confirm:
    await dashboard.until(lambda: isinstance(dashboard.app.screen, Confirm), "it is to be confirmed")
    screen = dashboard.app.screen
    assert isinstance(screen, Confirm)
    return screen


async def confirm(dashboard: Dashboard, phrase: str) -> None:
    (await confirmation(dashboard))._arm()
    await dashboard.pilot.pause()
    await dashboard.press(*({" ": "space"}.get(each, each) for each in phrase), "enter")


async def test_an_input_is_chosen_by_number_or_name_and_anything_else_is_asked_again(
    tmp_path: Path, orders: list[Any]
) -> None:
    stage = Stage(tmp_path, ASKS, site=TWO)
    async with desk(stage) as dashboard:
        await dashboard.press("enter")
        for wrong in ("backup-3", "3", "0"):
            await asked(dashboard, "2  backup-2")
            await dashboard.type(wrong)
            await dashboard.until(lambda: "that is not there to choose" in dashboard.text, "it says so")
        await asked(dashboard, "its number, or its name")
        await dashboard.press("escape")
        assert not isinstance(dashboard.app.screen, PlanScreen)
        assert (await plan_of(dashboard, "2")).plan.facts["input_backup"] == "backup-2"
    assert orders == []


async def test_a_log_in_that_is_too_old_is_asked_for_again_before_the_plan_and_before_the_start(
    tmp_path: Path, orders: list[Any]
) -> None:
    stage = Stage(tmp_path, ASKS, site=TWO)
    async with desk(stage) as dashboard:
        rights = dashboard.app.acting.rights
        assert rights.login is not None
        stage.time += timedelta(seconds=301)
        await dashboard.press("enter")
        await asked(dashboard, "log in again")
        await dashboard.press("escape")
        assert not isinstance(dashboard.app.screen, OrderPrompt)
        await dashboard.press("enter")
        for words, typed in (("Your user name", "amani"), ("Your password", "again"), ("Which backup?", "1")):
            await asked(dashboard, words)
            await dashboard.type(typed)
        await dashboard.until(lambda: isinstance(dashboard.app.screen, PlanScreen), "the plan is shown")
        assert (rights.login.password, rights.login.at) == ("again", stage.time)
        stage.time += timedelta(seconds=301)
        await dashboard.press("enter")
        for words, typed in (("Your user name", "amani"), ("Your password", "once more")):
            await asked(dashboard, words)
            await dashboard.type(typed)
        await confirm(dashboard, "RESTORE LAB")
        await dashboard.until(lambda: orders, "it is started")
    assert orders[0].login.password == "once more"
    assert orders[0].mandate.login_age_s == 0


async def test_a_plan_is_started_once_also_with_an_enter_too_much(tmp_path: Path, orders: list[Any]) -> None:
    stage = Stage(tmp_path, ASKS, site=TWO)
    async with desk(stage) as dashboard:
        screen = await plan_of(dashboard)
        await dashboard.press("enter")
        await confirm(dashboard, "RESTORE LAB")
        await dashboard.until(lambda: orders and screen.is_started, "it is started")
        dashboard.app.acting.confirm(screen)
        await dashboard.pilot.pause()
        assert not any(isinstance(each, Confirm) for each in dashboard.app.screen_stack)
    assert len(orders) == 1


async def test_a_window_is_passed_over_only_with_a_reason_and_the_louder_phrase(
    tmp_path: Path, orders: list[Any]
) -> None:
    stage = Stage(tmp_path, ASKS, site=TWO, now=MORNING)
    async with desk(stage) as dashboard:
        screen = await plan_of(dashboard)
        assert not screen.can_start
        await dashboard.until(
            lambda: "o passes over it, with a reason" in " ".join(dashboard.text.split()), "o"
        )
        await dashboard.press("enter")
        assert dashboard.app.screen is screen
        await dashboard.press("o")
        await asked(dashboard, "Why must this be passed over?")
        await storm(dashboard, "y")
        assert orders == []
        while dashboard.app.screen is not screen:
            await dashboard.press("escape")
        await dashboard.press("o")
        await asked(dashboard, "Why must this be passed over?")
        await dashboard.type(WHY)
        question = await confirmation(dashboard)
        await storm(dashboard, "OVERRIDE RESTORE LAB\n")
        assert dashboard.app.screen is question
        assert not question.is_armed
        assert "Passed over, because: patients wait" in dashboard.text
        await confirm(dashboard, "RESTORE LAB")
        await dashboard.until(lambda: "That is not  OVERRIDE" in dashboard.text, "it wants the louder one")
        assert dashboard.app.screen is question
        assert orders == []
        await confirm(dashboard, "OVERRIDE RESTORE LAB")
        await dashboard.until(lambda: orders, "it is started")
    assert orders[0].mandate.override == WHY


async def test_a_step_that_may_be_left_out_is_left_out_with_a_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(armed, "ARM_AFTER_S", 0.1)
    stage = Stage(tmp_path, ONE_PERSON.replace("needs_people = 1", "optional = true", 1))
    async with dashboard_of(stage) as dashboard:
        raise_rights(dashboard)
        run = begun(dashboard, stage)
        await open_run(dashboard, stage)
        await dashboard.until(lambda: "i leave out" in dashboard.lines[-1], "it may be left out")
        await answer(dashboard, "the banner cannot be seen from here", "i")
        await dashboard.until(lambda: (Mark.SKIPPED, "agree") in stage.marks(), "it is left out")
        await dashboard.until(lambda: "1  Keep all" in dashboard.text, "the next question is asked")
        await dashboard.press("i")
        assert "this step cannot be left out" in dashboard.text
        await answer(dashboard, "1")
        run.result()


async def test_what_was_done_is_taken_back_through_the_confirmation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, orders: list[Any]
) -> None:
    monkeypatch.setattr(armed, "ARM_AFTER_S", 0.1)
    stage = Stage(tmp_path, ONE_PERSON)
    async with dashboard_of(stage) as dashboard:
        raise_rights(dashboard)
        await a_run_that_waits(dashboard, stage, monkeypatch)
        await answer(dashboard, "3", "e")
        await confirmation(dashboard)
        assert "what the run did is taken back now" in dashboard.text
        await confirm(dashboard, "RESTORE LAB")
        await dashboard.until(lambda: orders, "its process is started")
        assert orders[0].mandate.stop == "roll_back"
        stage.go_on(session=dashboard.app.acting.screen_id, stop="roll_back")
        await dashboard.until(lambda: "e end it" not in dashboard.lines[-1], "it is over")
        assert stage.true == set()
        assert stage.stand().phase.is_over
