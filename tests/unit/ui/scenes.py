"""Screens just before a question that leads to an act, each over a real run, a real journal or a real audit."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from textual import events
from textual.widgets import Input

from medflow_tui.journal.audit import verify
from medflow_tui.journal.orders import Orders
from medflow_tui.model.access import Access, Person
from medflow_tui.model.procedure import Mark
from medflow_tui.ui.modals.confirm import Confirm
from medflow_tui.ui.screens.audit import AuditScreen
from medflow_tui.ui.screens.plan import PlanScreen
from tests.servers.dashboard import Dashboard
from tests.unit.runner.stage import SITE, Stage
from tests.unit.ui.test_audit_screen import recorded
from tests.unit.ui.test_plan_screen import ASKS, MORNING, TWO, WHY, asked, desk, plan_of
from tests.unit.ui.test_run_screen import (
    ONE_PERSON,
    a_run_that_waits,
    answer,
    answers,
    begun,
    dashboard_of,
    listening,
    open_run,
    raise_rights,
)

REASON = "data is damaged"
PHONE = replace(
    SITE,
    access=Access(
        people=MappingProxyType({"claire": Person(name="claire", roles=("dba",), verifier="claire")})
    ),
)


@dataclass(frozen=True)
class Before:
    """The screen on which a key asks, and what says that it was acted."""

    dashboard: Dashboard
    is_acted: Callable[[], Any]


Scene = Callable[[Path, pytest.MonkeyPatch, list[Any]], AbstractAsyncContextManager[Before]]


def flat(dashboard: Dashboard) -> str:
    return " ".join(dashboard.text.split())


async def write(dashboard: Dashboard, text: str) -> None:
    """Into the question that is open, without Enter."""
    await listening(dashboard)
    field = dashboard.app.screen.focused
    assert isinstance(field, Input)
    field.post_message(events.Paste(text))
    await dashboard.pilot.pause()


@asynccontextmanager
async def at_list(folder: Path, _: pytest.MonkeyPatch, orders: list[Any]) -> AsyncIterator[Before]:
    async with desk(Stage(folder, ASKS, site=TWO)) as dashboard:
        yield Before(dashboard, lambda: isinstance(dashboard.app.screen, PlanScreen))


@asynccontextmanager
async def at_plan(folder: Path, _: pytest.MonkeyPatch, orders: list[Any]) -> AsyncIterator[Before]:
    async with desk(Stage(folder, ASKS, site=TWO)) as dashboard:
        await plan_of(dashboard)
        yield Before(dashboard, lambda: orders)


@asynccontextmanager
async def at_refused_plan(folder: Path, _: pytest.MonkeyPatch, orders: list[Any]) -> AsyncIterator[Before]:
    async with desk(Stage(folder, ASKS, site=TWO, now=MORNING)) as dashboard:
        await plan_of(dashboard)
        yield Before(dashboard, lambda: isinstance(dashboard.app.screen, Confirm))


@asynccontextmanager
async def with_why(folder: Path, _: pytest.MonkeyPatch, orders: list[Any]) -> AsyncIterator[Before]:
    async with desk(Stage(folder, ASKS, site=TWO, now=MORNING)) as dashboard:
        await plan_of(dashboard)
        await dashboard.press("o")
        await write(dashboard, WHY)
        yield Before(dashboard, lambda: orders)


@asynccontextmanager
async def at_old_log_in(folder: Path, _: pytest.MonkeyPatch, orders: list[Any]) -> AsyncIterator[Before]:
    stage = Stage(folder, ASKS, site=TWO)
    async with desk(stage) as dashboard:
        stage.time += timedelta(seconds=301)
        yield Before(dashboard, lambda: "Your password" in dashboard.text)


@asynccontextmanager
async def with_old_name(folder: Path, _: pytest.MonkeyPatch, orders: list[Any]) -> AsyncIterator[Before]:
    stage = Stage(folder, ASKS, site=TWO)
    async with desk(stage) as dashboard:
        stage.time += timedelta(seconds=301)
        await dashboard.press("enter")
        await write(dashboard, "amani")
        rights = dashboard.app.acting.rights
        yield Before(dashboard, lambda: rights.login is not None and rights.login.password == "again")


@asynccontextmanager
async def read_only(folder: Path, _: pytest.MonkeyPatch, orders: list[Any]) -> AsyncIterator[Before]:
    async with dashboard_of(Stage(folder, ONE_PERSON)) as dashboard:
        yield Before(dashboard, lambda: "Your user name" in dashboard.text)


@asynccontextmanager
async def with_reason(folder: Path, _: pytest.MonkeyPatch, orders: list[Any]) -> AsyncIterator[Before]:
    async with dashboard_of(Stage(folder, ONE_PERSON)) as dashboard:
        await dashboard.press("u")
        await write(dashboard, REASON)
        yield Before(dashboard, lambda: "Your password" in dashboard.text)


@asynccontextmanager
async def with_name(folder: Path, patch: pytest.MonkeyPatch, orders: list[Any]) -> AsyncIterator[Before]:
    async with with_reason(folder, patch, orders) as before:
        dashboard = before.dashboard
        await dashboard.press("enter")
        await asked(dashboard, "Your user name")
        await write(dashboard, "amani")
        yield Before(dashboard, lambda: dashboard.app.armed_until)


@asynccontextmanager
async def going(folder: Path, _: pytest.MonkeyPatch, orders: list[Any]) -> AsyncIterator[Before]:
    """Nothing is stopped here yet."""
    async with dashboard_of(Stage(folder, ONE_PERSON)) as dashboard:
        yield Before(dashboard, lambda: "stop everything" in flat(dashboard))


@asynccontextmanager
async def to_be_passive(folder: Path, _: pytest.MonkeyPatch, orders: list[Any]) -> AsyncIterator[Before]:
    stage = Stage(folder, ONE_PERSON)
    async with dashboard_of(stage) as dashboard:
        await dashboard.press("f12")
        await write(dashboard, REASON)
        yield Before(dashboard, lambda: Orders(stage.state).passive())


@asynccontextmanager
async def passive(folder: Path, _: pytest.MonkeyPatch, orders: list[Any]) -> AsyncIterator[Before]:
    stage = Stage(folder, ONE_PERSON)
    Orders(stage.state).set_passive(on=True, who="beni", reason=REASON)
    async with dashboard_of(stage) as dashboard:
        raise_rights(dashboard)
        yield Before(dashboard, lambda: Orders(stage.state).passive() is None)


@asynccontextmanager
async def audited(folder: Path, _: pytest.MonkeyPatch, orders: list[Any]) -> AsyncIterator[Before]:
    stage = Stage(folder, ONE_PERSON)
    audit = recorded(stage.state)
    async with dashboard_of(stage) as dashboard:
        screen = AuditScreen(dashboard.app.session)
        await dashboard.app.push_screen(screen)
        await dashboard.until(lambda: screen.can_sign, "there is something to sign")
        yield Before(dashboard, lambda: verify(audit.path).records[-1]["ev"] == "audit.reviewed")


@asynccontextmanager
async def run_of(stage: Stage, words: str, *, who: str = "amani", **more: str) -> AsyncIterator[Dashboard]:
    """A run that asks something, on the screen of somebody with raised rights; ended at last."""
    async with dashboard_of(stage, who=who) as dashboard:
        raise_rights(dashboard)
        run = begun(dashboard, stage, **more)
        screen = await open_run(dashboard, stage)
        await dashboard.until(lambda: words in dashboard.text, words)
        yield dashboard
        while dashboard.app.screen is not screen:
            await dashboard.press("escape")
        if not stage.stand().phase.is_over:
            stage.stopping.ask()
            stage.stopping.now = True
        run.result()


@asynccontextmanager
async def checked(folder: Path, _: pytest.MonkeyPatch, orders: list[Any]) -> AsyncIterator[Before]:
    stage = Stage(folder, ONE_PERSON)
    async with run_of(stage, "Site on the banner") as dashboard:
        yield Before(dashboard, lambda: answers(stage))


@asynccontextmanager
async def decided(folder: Path, _: pytest.MonkeyPatch, orders: list[Any]) -> AsyncIterator[Before]:
    stage = Stage(folder, ONE_PERSON)
    async with run_of(stage, "Site on the banner") as dashboard:
        await answer(dashboard, "lab")
        await dashboard.until(lambda: "✔  Site on the banner" in dashboard.text, "the first line is ticked")
        await answer(dashboard, "5")
        await dashboard.until(lambda: "1  Keep all" in dashboard.text, "the decision is asked")
        yield Before(dashboard, lambda: len(answers(stage)) > 2)


@asynccontextmanager
async def spoken(folder: Path, _: pytest.MonkeyPatch, orders: list[Any]) -> AsyncIterator[Before]:
    stage = Stage(folder, ONE_PERSON, site=PHONE)
    async with run_of(stage, "playbook approve") as dashboard:
        yield Before(dashboard, (stage.state / "answers.jsonl").exists)


@asynccontextmanager
async def stoppable(folder: Path, _: pytest.MonkeyPatch, orders: list[Any]) -> AsyncIterator[Before]:
    stage = Stage(folder, ONE_PERSON)
    async with run_of(stage, "Site on the banner") as dashboard:
        yield Before(dashboard, lambda: stage.marks(Mark.STOP_ASKED))


@asynccontextmanager
async def of_others(folder: Path, _: pytest.MonkeyPatch, orders: list[Any]) -> AsyncIterator[Before]:
    stage = Stage(folder, ONE_PERSON)
    async with run_of(stage, "Site on the banner", who="beni", session="one") as dashboard:
        yield Before(dashboard, lambda: stage.marks(Mark.CONTROL_TAKEN))


@asynccontextmanager
async def optional(folder: Path, _: pytest.MonkeyPatch, orders: list[Any]) -> AsyncIterator[Before]:
    stage = Stage(folder, ONE_PERSON.replace("needs_people = 1", "optional = true", 1))
    async with run_of(stage, "Site on the banner") as dashboard:
        yield Before(dashboard, lambda: stage.marks(Mark.SKIPPED))


@asynccontextmanager
async def waiting(folder: Path, monkeypatch: pytest.MonkeyPatch, orders: list[Any]) -> AsyncIterator[Before]:
    stage = Stage(folder, ONE_PERSON)
    async with dashboard_of(stage) as dashboard:
        raise_rights(dashboard)
        await a_run_that_waits(dashboard, stage, monkeypatch)
        yield Before(dashboard, lambda: "Why is it put away?" in dashboard.text)


@asynccontextmanager
async def gone_on(folder: Path, monkeypatch: pytest.MonkeyPatch, orders: list[Any]) -> AsyncIterator[Before]:
    async with waiting(folder, monkeypatch, orders) as here:
        yield Before(here.dashboard, lambda: orders)


@asynccontextmanager
async def put_away(folder: Path, monkeypatch: pytest.MonkeyPatch, orders: list[Any]) -> AsyncIterator[Before]:
    async with waiting(folder, monkeypatch, orders) as here:
        session = here.dashboard.app.session
        await here.dashboard.press("e")
        await write(here.dashboard, "1")
        yield Before(here.dashboard, lambda: session.desk.acknowledged(session.now()))
