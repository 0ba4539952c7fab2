"""Incidents from the screen: opened, confirmed, handed over, graded and closed as at a terminal; 80 × 24, two languages."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from medflow_tui.journal.incidents import FILE, Incidents
from medflow_tui.model.errors import RefusedError
from medflow_tui.model.incident import BY_VOICE, Severity
from medflow_tui.rules import spoken
from medflow_tui.rules.leading import spoken_of
from medflow_tui.runner.confirming import NAME, awaited
from medflow_tui.runner.door import agree, waiting_runs
from medflow_tui.ui.modals import armed
from medflow_tui.ui.modals.question import INLINE
from tests.servers.dashboard import Dashboard
from tests.unit.runner.stage import NIGHT, Stage
from tests.unit.ui.scenes import flat
from tests.unit.ui.scenes_of_incidents import KEY, OPEN, now_open, page, stage_of
from tests.unit.ui.test_run_screen import answer, dashboard_of, listening


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(armed, "ARM_AFTER_S", 0.1)
    monkeypatch.setattr(armed, "PREPARED_AFTER_S", 0.1)


def events(stage: Stage) -> list[tuple[object, object]]:
    path = stage.state / "audit.jsonl"
    found = [json.loads(each) for each in path.read_text().splitlines()] if path.exists() else []
    return [(each["ev"], each["actor"]["name"]) for each in found if each["ev"] != "audit.genesis"]


async def says(dashboard: Dashboard, words: str) -> None:
    await dashboard.until(lambda: words in flat(dashboard), words)


async def replies(dashboard: Dashboard, *pairs: tuple[str, str]) -> None:
    """To each question in turn."""
    for asked, text in pairs:
        await says(dashboard, asked)
        await listening(dashboard)
        await dashboard.type(text)


async def test_opened_read_back_by_its_commander_graded_handed_over_and_closed(tmp_path: Path) -> None:
    stage = stage_of(tmp_path)
    async with page(stage) as dashboard:
        assert "no incident is open" in dashboard.text
        await dashboard.press("n")
        await replies(
            dashboard,
            ("How grave is it?", "2"),
            ("Who leads?", "claire"),
            ("What happened?", "the login page is down"),
            ("type LAB to agree", "LAB"),
        )
        await says(dashboard, "claire has not confirmed to lead it")
        await says(dashboard, "it stands for no second person of yours")
        await dashboard.press("enter")
        opened = now_open(stage)
        assert opened is not None
        right = spoken.answer(KEY, spoken_of("LAB", opened, spoken.window_at(NIGHT)))
        await replies(dashboard, ("What is read back?", right))
        await says(dashboard, "over the phone")
        await says(dashboard, "class R3 needs no second person in production")
        await dashboard.press("v")
        await replies(dashboard, ("How grave is it?", "sev1"), ("type LAB to agree", "LAB"))
        await says(dashboard, "SEV1 (P1)")
        await dashboard.press("o")
        await replies(dashboard, ("Who leads?", "doudou"), ("type LAB to agree", "LAB"))
        await says(dashboard, "doudou has not confirmed to lead it")
        await dashboard.press("e")
        await replies(dashboard, ("type LAB to agree", "LAB"))
        await says(dashboard, "no incident is open")
    done = ("opened", "confirmed", "graded", "command", "closed")
    assert [name for name, _ in events(stage)] == [f"incident.{each}" for each in done]
    assert events(stage)[1][1] == "claire"


async def test_what_is_wrong_changes_nothing_and_says_why(tmp_path: Path) -> None:
    stage = stage_of(tmp_path, OPEN)
    async with page(stage) as dashboard:
        await answer(dashboard, "XXX", "e")
        await says(dashboard, "that is not the code of the site")
        await answer(dashboard, "AAAA-2222", "enter")
        await says(dashboard, "that is not the answer")
        await answer(dashboard, "9", "v")
        await says(dashboard, "that is not there to choose")
        await answer(dashboard, "stranger", "o")
        await says(dashboard, "the site file names nobody stranger")
        await dashboard.press("n")
        assert dashboard.app.screen.query("#title")
        dashboard.app.acting.rights.login = None
        await dashboard.press("e")
        await says(dashboard, "read-only: u raises your rights")
    assert now_open(stage) == OPEN
    assert [name for name, _ in events(stage)] == ["approve.refused"]


async def test_an_old_log_in_is_asked_for_again_first(tmp_path: Path) -> None:
    stage = stage_of(tmp_path, OPEN)
    async with page(stage) as dashboard:
        rights = dashboard.app.acting.rights
        assert rights.login is not None
        rights.login = replace(rights.login, at=NIGHT - timedelta(seconds=301))
        await dashboard.press("e")
        await replies(dashboard, ("Your user name", "amani"), ("Your password", "again"))
        await replies(dashboard, ("type LAB to agree", "LAB"))
        await says(dashboard, "no incident is open")


async def test_what_others_do_is_shown_and_a_damaged_file_stands_for_nobody(tmp_path: Path) -> None:
    stage = stage_of(tmp_path, OPEN)
    async with page(stage) as dashboard:
        await says(dashboard, "not confirmed")
        Incidents(stage.state).keep(replace(OPEN, confirmed_how=BY_VOICE, confirmed_at=NIGHT))
        dashboard.app.screen.take_snapshot()  # type: ignore[attr-defined]
        dashboard.app.screen.read_again()  # type: ignore[attr-defined]
        await says(dashboard, "over the phone")
        (stage.state / FILE).write_text("{")
        dashboard.app.screen.read_again()  # type: ignore[attr-defined]
        await says(dashboard, "it stands for nobody")
        await dashboard.press("n", "enter", "e")
        assert "Type" not in dashboard.text


@pytest.mark.skipif(sys.platform != "linux", reason="the door is an address of Linux")
async def test_while_the_page_stands_its_commander_may_knock_and_only_then(tmp_path: Path) -> None:
    stage = stage_of(tmp_path, OPEN)
    name = f"incident/LAB/{OPEN.id}"
    async with page(stage) as dashboard:
        await dashboard.until(lambda: name in waiting_runs(NAME), "the door is open")
        assert awaited() is None  # who runs this test is not the commander
        with pytest.raises(RefusedError):
            agree(name, plan_hash="", typed="I LEAD LAB")
        Incidents(stage.state).keep(replace(OPEN, confirmed_how=BY_VOICE, confirmed_at=NIGHT))
        dashboard.app.screen.read_again()  # type: ignore[attr-defined]
        await dashboard.until(lambda: name not in waiting_runs(NAME), "it waits no more")
        Incidents(stage.state).keep(OPEN)
        dashboard.app.screen.read_again()  # type: ignore[attr-defined]
        await dashboard.until(lambda: name in waiting_runs(NAME), "it waits again")
        await dashboard.press("escape")
        await dashboard.until(lambda: name not in waiting_runs(NAME), "the page was left")
    assert now_open(stage) == OPEN


async def test_where_nobody_acts_the_page_says_so(tmp_path: Path) -> None:
    async with dashboard_of(stage_of(tmp_path)) as dashboard:
        await dashboard.press("f8")
        await says(dashboard, "no playbook is installed")


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("en", ("Waits for claire: here, from their own log-in", "enter confirm", "e close it")),
        ("fr", ("Attend claire : ici, depuis sa propre connexion", "entrée confirmer", "e clore")),
    ],
)
async def test_the_page_has_room_on_80_by_24(tmp_path: Path, code: str, words: tuple[str, ...]) -> None:
    async with page(stage_of(tmp_path, replace(OPEN, severity=Severity.SEV1)), language=code) as dashboard:
        for each in words:
            await says(dashboard, each)
        assert all(len(line) <= 80 for line in dashboard.lines)


async def test_in_low_data_mode_the_code_is_asked_on_one_line(tmp_path: Path) -> None:
    stage = stage_of(tmp_path, OPEN)
    async with page(stage) as dashboard:
        await dashboard.press("z")
        await dashboard.press("o")
        await replies(dashboard, ("Who leads?", "doudou"))
        await says(dashboard, "type LAB to agree")
        assert dashboard.app.screen.has_class(INLINE)
        assert "INC-2026-004" in dashboard.text
        await dashboard.press("escape")
    assert now_open(stage) == OPEN
