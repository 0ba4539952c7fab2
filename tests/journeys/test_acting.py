"""From a fault to its recovery through the real dashboard: looking, raising, planning, confirming, following, being well."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient
from textual import events

from medflow_tui.clients.tools import utc_now
from medflow_tui.journal.audit import verify
from medflow_tui.model.health import Health
from medflow_tui.ui.modals import armed
from medflow_tui.ui.modals.confirm import Confirm
from medflow_tui.ui.modals.order import OrderPrompt
from medflow_tui.ui.screens.plan import PlanScreen
from medflow_tui.ui.screens.playbooks import PlaybooksScreen
from medflow_tui.ui.screens.run import RunScreen
from medflow_tui.wiring import Options, living_session
from tests.servers.dashboard import Dashboard, shown
from tests.servers.lab import HOST, RunningLab
from tests.servers.queue_scene import FAULT, REASON, changes, failed_ids, journal_of, measured, runs_of

pytestmark = pytest.mark.xdist_group("lab")

START, RETRY, LOGIN = "/auto-sync/start", "/sync-queue/retry-failed", "/login"


QUIET, PRODUCTIVE = "quiet.toml", "productive.toml"
"""The lab's site without a log-in of its own for looking, so that every log-in is that of the person who acts."""


class Clock:
    """The real time, and what a test adds to it."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return utc_now() + self.ahead


@pytest.fixture
def broken(clinic: RunningLab) -> Iterator[RunningLab]:
    """Nobody works on the queue: twelve jobs wait, three have failed, the record of one of these has expired."""
    text = (clinic.folder / "site.toml").read_text()
    quiet = "".join(each for each in text.splitlines(keepends=True) if not each.startswith("api_"))
    (clinic.folder / QUIET).write_text(quiet)
    (clinic.folder / PRODUCTIVE).write_text(
        quiet.replace('environment = "lab"', 'environment = "production"')
    )
    with clinic.broken(FAULT):
        yield clinic


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is asked before a plan listens soon; the confirmation as late as ever."""
    monkeypatch.setattr(armed, "PREPARED_AFTER_S", 0.1)


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


@asynccontextmanager
async def dashboard_of(
    lab: RunningLab, state: Path, *, site: str = QUIET, clock: Clock | None = None, language: str = "en"
) -> AsyncIterator[Dashboard]:
    options = Options(site=str(lab.folder / site), state=str(state), language=language)
    with living_session(options) as session:
        async with shown(replace(session, now=clock or Clock())) as dashboard:
            yield dashboard


async def see_the_fault(dashboard: Dashboard) -> None:
    await dashboard.until(lambda: dashboard.app.fitting() == 2, "two playbooks fit what is wrong")


async def raise_rights(
    dashboard: Dashboard, lab: RunningLab, *, user: str = "beni", password: str = "", reason: str = REASON
) -> None:
    await dashboard.press("u")
    for answer in (reason, user, password or lab.facts["accounts"][user]):
        await dashboard.until(lambda: isinstance(dashboard.app.screen, OrderPrompt), "a question is asked")
        await dashboard.type(answer)


async def open_plan(dashboard: Dashboard) -> PlanScreen:
    """From the dashboard or the list of playbooks to the plan."""
    if not isinstance(dashboard.app.screen, PlaybooksScreen):
        await dashboard.press("b")
    await dashboard.press("enter")
    await dashboard.until(lambda: isinstance(dashboard.app.screen, PlanScreen), "the plan is shown")
    await dashboard.pilot.pause(0.1)
    screen = dashboard.app.screen
    assert isinstance(screen, PlanScreen)
    return screen


async def open_armed_confirmation(dashboard: Dashboard) -> Confirm:
    await dashboard.press("enter")
    screen = dashboard.app.screen
    assert isinstance(screen, Confirm)
    await dashboard.until(lambda: screen.is_armed, "the confirmation listens")
    return screen


async def test_reading_only_gives_a_dry_run_that_sends_nothing_but_get(
    broken: RunningLab, state: Path
) -> None:
    async with dashboard_of(broken, state) as dashboard:
        await see_the_fault(dashboard)
        await dashboard.until(lambda: "b playbooks 2 fit" in dashboard.text, "b says how many fit")
        before = changes(broken)
        await dashboard.press("b")
        assert "Device sync failure" in dashboard.text
        assert "fits what is wrong" in dashboard.text
        assert "read-only: enter shows the plan; u raises your rights" in dashboard.text
        screen = await open_plan(dashboard)
        assert screen.rehearsal
        assert "POST /api/devices/auto-sync/start" in dashboard.text
        assert "dry run: nothing was touched" in dashboard.text
        assert "enter go on" not in dashboard.text
        await dashboard.press("enter", "enter")
        assert dashboard.app.screen is screen
        assert changes(broken) == before
    assert runs_of(state) == []


async def test_raising_wants_a_reason_and_escape_leaves_everything_as_it_was(
    broken: RunningLab, state: Path
) -> None:
    async with dashboard_of(broken, state) as dashboard:
        await see_the_fault(dashboard)
        await dashboard.press("b", "u")
        await dashboard.type("too short")
        await dashboard.until(
            lambda: "the reason is too short" in dashboard.text, "the short reason is refused"
        )
        assert dashboard.app.armed_until is None
        for given in ((), (REASON,), (REASON, "beni")):
            await dashboard.press("u")
            for answer in given:
                await dashboard.type(answer)
            await dashboard.press("escape")
            assert isinstance(dashboard.app.screen, PlaybooksScreen)
            assert "still read-only" in dashboard.text
            assert dashboard.app.armed_until is None
        await raise_rights(dashboard, broken)
        assert dashboard.app.armed_until is not None
        assert "ACTING until" in dashboard.text
        assert changes(broken) == {}


async def test_the_fault_is_mended_by_a_confirmed_run_and_everything_is_written_down(
    broken: RunningLab, state: Path
) -> None:
    async with dashboard_of(broken, state, site="site.toml") as dashboard:
        await dashboard.until(lambda: dashboard.health("queue") is Health.CRITICAL, "the queue is critical")
        await raise_rights(dashboard, broken)
        there, ids = measured(broken), failed_ids(broken)
        screen = await open_plan(dashboard)
        assert {name: screen.plan.facts[name] for name in there} == there
        assert (
            f"{there['waiting']} waiting · {there['failed']} failed · {there['devices']} devices"
            in dashboard.text
        )
        assert f"Expired, so lost by it: {there['expired']}" in dashboard.text
        assert "as Béni MODELE, role admin" in dashboard.text
        assert measured(broken) == there
        assert changes(broken).keys() == {LOGIN}

        await open_armed_confirmation(dashboard)
        await dashboard.press(*keys_of(screen.plan.confirm), "enter")
        await dashboard.until(lambda: isinstance(dashboard.app.screen, RunScreen), "the run is shown")
        await dashboard.until(
            lambda: "What was changed stands beside the steps." in dashboard.text, "it is done"
        )
        assert f"{len(ids) - there['expired']} put back, {there['expired']} lost" in dashboard.text
        assert changes(broken)[START] == changes(broken)[RETRY] == 1
        await dashboard.press("escape", "escape")
        await dashboard.until(lambda: dashboard.health("queue") is Health.OK, "the queue is well again")
        await dashboard.until(lambda: dashboard.app.fitting() == 0, "nothing is left that a playbook mends")
    assert failed_ids(broken) == set()
    checked = verify(state / "audit.jsonl")
    assert checked.holds
    [run] = runs_of(state)
    intent = next(
        each for each in journal_of(run) if (each["ev"], each.get("step")) == ("step.intent", "retry_failed")
    )
    assert set(intent["facts"]["ids"]) == ids
    assert len(intent["facts"]["expired_ids"]) == there["expired"]
    assert journal_of(run)[0]["facts"]["reason"] == REASON


async def test_no_key_that_was_not_meant_starts_anything(broken: RunningLab, state: Path) -> None:
    async with dashboard_of(broken, state) as dashboard:
        await see_the_fault(dashboard)
        await raise_rights(dashboard, broken)
        plan = (await open_plan(dashboard)).plan
        dashboard.app.post_message(events.Paste(f"{plan.confirm}\n"))
        await dashboard.press(*keys_of(plan.confirm), "y")
        assert isinstance(dashboard.app.screen, PlanScreen)

        await dashboard.press("enter")
        confirm = dashboard.app.screen
        assert isinstance(confirm, Confirm)
        await dashboard.press(*["enter"] * 200)
        dashboard.app.post_message(events.Paste(f"{plan.confirm}\n"))
        await dashboard.press("y", *keys_of(plan.confirm), "enter")
        assert not confirm.is_armed
        assert "not listened to yet" in dashboard.text

        await dashboard.until(lambda: confirm.is_armed, "the confirmation listens once it is quiet")
        assert confirm.query_one("#typed").value == ""  # type: ignore[attr-defined]
        dashboard.app.post_message(events.Paste(plan.confirm))
        await dashboard.press(*["enter"] * 3)
        await dashboard.press(*keys_of("y"), "enter")
        await dashboard.press(*keys_of(plan.confirm.lower()), "enter")
        await dashboard.press(*keys_of(f"{plan.confirm}X"), "enter")
        assert f"That is not  {plan.confirm}" in dashboard.text
        assert dashboard.app.screen is confirm
        await dashboard.press("escape")
        assert isinstance(dashboard.app.screen, PlanScreen)
        assert changes(broken) == {LOGIN: 1}
    assert runs_of(state) == []


async def test_after_fifteen_minutes_it_is_read_only_again(broken: RunningLab, state: Path) -> None:
    clock = Clock()
    async with dashboard_of(broken, state, clock=clock) as dashboard:
        await see_the_fault(dashboard)
        await raise_rights(dashboard, broken)
        screen = await open_plan(dashboard)
        confirm = await open_armed_confirmation(dashboard)
        clock.ahead = timedelta(minutes=14, seconds=30)
        await dashboard.pilot.pause(1.2)
        assert dashboard.app.armed_until is not None
        clock.ahead = timedelta(minutes=15)
        await dashboard.until(lambda: dashboard.app.armed_until is None, "rights end by themselves")
        await dashboard.press(*keys_of(screen.plan.confirm), "enter")
        await dashboard.until(lambda: dashboard.app.screen is not confirm, "the question is gone")
        await dashboard.until(
            lambda: "nothing was started" in dashboard.text, "it says that nothing was started"
        )
        await dashboard.press("escape", "escape")
        await dashboard.until(lambda: "read-only" in dashboard.lines[0], "the header says so")
        assert changes(broken) == {LOGIN: 1}
    assert runs_of(state) == []


async def test_a_wrong_password_is_tried_once_and_lowers_the_rights(broken: RunningLab, state: Path) -> None:
    async with dashboard_of(broken, state) as dashboard:
        await see_the_fault(dashboard)
        await dashboard.press("b")
        await raise_rights(dashboard, broken, user="beni", password="not-the-password")
        await dashboard.press("enter")
        await dashboard.until(lambda: "No plan" in dashboard.lines[0], "it says why there is no plan")
        assert "log-in not possible" in dashboard.text
        assert "read-only again" in dashboard.text
        assert dashboard.app.armed_until is None
        await dashboard.press("escape", "enter")
        await dashboard.until(
            lambda: isinstance(dashboard.app.screen, PlanScreen), "a dry run without log-in"
        )
        assert changes(broken) == {LOGIN: 1}
        assert "not-the-password" not in dashboard.text
    records = verify(state / "audit.jsonl").records
    denied = [each["result"] for each in records if each["ev"] == "attempt.denied"]
    assert denied == [{"why": "login_refused"}]


async def test_an_account_with_a_second_factor_is_told_apart_from_a_wrong_password(
    broken: RunningLab, state: Path
) -> None:
    with MongoClient[dict[str, Any]](HOST, broken.port("mongodb"), directConnection=True) as documents:
        users = documents["medflow"]["users"]
        users.update_one({"username": "beni"}, {"$set": {"twoFactorEnabled": True}})
        try:
            async with dashboard_of(broken, state) as dashboard:
                await see_the_fault(dashboard)
                await dashboard.press("b")
                await raise_rights(dashboard, broken, user="beni")
                await dashboard.press("enter")
                await dashboard.until(lambda: "No plan" in dashboard.lines[0], "it says why there is no plan")
                assert "second factor" in dashboard.text
                assert dashboard.app.armed_until is None
                assert changes(broken) == {LOGIN: 1}
        finally:
            users.update_one({"username": "beni"}, {"$set": {"twoFactorEnabled": False}})


async def test_a_role_that_may_not_act_gets_a_plan_that_says_so(broken: RunningLab, state: Path) -> None:
    async with dashboard_of(broken, state) as dashboard:
        await see_the_fault(dashboard)
        await raise_rights(dashboard, broken, user="chance")
        screen = await open_plan(dashboard)
        assert "it would not start" in dashboard.text
        assert "your role is technician, needed is admin" in dashboard.text
        await dashboard.press("enter")
        assert dashboard.app.screen is screen


@pytest.mark.parametrize("language", ["en", "fr"])
async def test_a_site_in_production_is_told_that_a_second_person_must_agree(
    broken: RunningLab, state: Path, language: str
) -> None:
    async with dashboard_of(broken, state, site=PRODUCTIVE, language=language) as dashboard:
        await see_the_fault(dashboard)
        screen = await open_plan(dashboard)
        assert screen.rehearsal
        assert screen.approvals == 1
        said = {"en": "a second person must agree", "fr": "accord d'une deuxième personne"}[language]
        assert said in flat(dashboard.text)
        await dashboard.press("enter", "o")
        assert dashboard.app.screen is screen
        assert changes(broken) == {}
    assert runs_of(state) == []


def flat(text: str) -> str:
    """On one line, with single blanks: a sentence is found wherever it is wrapped."""
    return " ".join(text.split())


def keys_of(text: str) -> list[str]:
    """Textual's names of the keys that type it."""
    return [{" ": "space", "_": "underscore"}.get(each, each) for each in text]
