"""The page of the incident just before each of its questions, over a real file of incidents and a real audit."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from medflow_tui.journal.incidents import Incidents
from medflow_tui.journal.orders import TRIES
from medflow_tui.model.access import Access, Origin, Person
from medflow_tui.model.audit import BARE
from medflow_tui.model.incident import Incident, Severity
from medflow_tui.runner.incidents import IncidentDesk
from medflow_tui.runner.origin import name_of
from medflow_tui.ui.screens.incident import IncidentScreen
from tests.servers.dashboard import Dashboard
from tests.unit.runner.stage import NIGHT, SITE, Stage
from tests.unit.ui.scenes import Before, write
from tests.unit.ui.test_run_screen import ONE_PERSON, answer, dashboard_of, raise_rights

ME, KEY = name_of(os.getuid()), b"k" * 32
PEOPLE = {
    ME: Person(name=ME, roles=("admin",)),
    "claire": Person(name="claire", roles=("dba",), verifier="file:claire"),
    "doudou": Person(name="doudou", roles=("dba",)),
}
THERE = replace(SITE, environment="production", access=Access(people=MappingProxyType(PEOPLE)), audit=BARE)
OPEN = Incident(
    id="INC-2026-004",
    severity=Severity.SEV2,
    commander="claire",
    opened_by=ME,
    opened_at=NIGHT - timedelta(hours=2),
    text="the login page is down",
    named_from=Origin(uid=54321, user="amani", audit_session=4, session=("70@1",)),
)


def stage_of(folder: Path, incident: Incident | None = None) -> Stage:
    stage = Stage(folder, ONE_PERSON, site=THERE)
    if incident is not None:
        Incidents(stage.state).keep(incident)
    return stage


def now_open(stage: Stage) -> Incident | None:
    return Incidents(stage.state).now_open()


@asynccontextmanager
async def page(stage: Stage, *, language: str = "en") -> AsyncIterator[Dashboard]:
    """The page of the incident, with raised rights."""
    desk = IncidentDesk(
        site=THERE, state=stage.state, now=lambda: NIGHT, prove=lambda _: True, secret=lambda _: KEY.hex()
    )
    async with dashboard_of(stage, language=language) as dashboard:
        dashboard.app.session = replace(dashboard.app.session, incidents_of=lambda: desk)
        raise_rights(dashboard)
        await dashboard.press("f8")
        screen = dashboard.app.screen
        assert isinstance(screen, IncidentScreen)
        await dashboard.until(lambda: screen.incident == now_open(stage), "it is read")
        yield dashboard


@asynccontextmanager
async def none_open(folder: Path, _: pytest.MonkeyPatch, orders: list[Any]) -> AsyncIterator[Before]:
    async with page(stage_of(folder)) as dashboard:
        yield Before(dashboard, lambda: "Who leads?" in dashboard.text)


@asynccontextmanager
async def to_be_opened(folder: Path, _: pytest.MonkeyPatch, orders: list[Any]) -> AsyncIterator[Before]:
    stage = stage_of(folder)
    async with page(stage) as dashboard:
        await answer(dashboard, "2", "n")
        await dashboard.until(lambda: "Who leads?" in dashboard.text, "who leads is asked")
        await write(dashboard, "claire")
        await dashboard.press("enter")
        await dashboard.until(lambda: "What happened?" in dashboard.text, "what happened is asked")
        await write(dashboard, "the login page is down")
        yield Before(dashboard, lambda: now_open(stage))


@asynccontextmanager
async def to_be_confirmed(folder: Path, _: pytest.MonkeyPatch, orders: list[Any]) -> AsyncIterator[Before]:
    stage = stage_of(folder, replace(OPEN, commander=ME, named_from=Origin(uid=os.getuid(), user=ME)))
    async with page(stage) as dashboard:
        yield Before(dashboard, lambda: (found := now_open(stage)) and found.is_confirmed)


@asynccontextmanager
async def to_be_read_back(folder: Path, _: pytest.MonkeyPatch, orders: list[Any]) -> AsyncIterator[Before]:
    stage = stage_of(folder, OPEN)
    async with page(stage) as dashboard:
        yield Before(dashboard, (stage.state / TRIES).exists)


@asynccontextmanager
async def to_be_closed(folder: Path, _: pytest.MonkeyPatch, orders: list[Any]) -> AsyncIterator[Before]:
    stage = stage_of(folder, OPEN)
    async with page(stage) as dashboard:
        yield Before(dashboard, lambda: now_open(stage) is None)
