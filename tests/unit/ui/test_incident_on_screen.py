"""Incidents from the screen: opened, confirmed, handed over, graded and closed as at a terminal; 80 × 24, two languages."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from medflow_tui.journal.incidents import FILE, Incidents
from medflow_tui.model.access import Origin
from medflow_tui.model.errors import RefusedError
from medflow_tui.model.incident import BY_VOICE, Severity
from medflow_tui.model.performer import Login
from medflow_tui.model.words import say
from medflow_tui.rules import spoken
from medflow_tui.rules.leading import spoken_of
from medflow_tui.runner.confirming import NAME, awaited
from medflow_tui.runner.door import agree, waiting_runs
from medflow_tui.ui.modals import armed
from medflow_tui.ui.modals.question import INLINE
from tests.servers.dashboard import Dashboard
from tests.unit.runner.stage import NIGHT, Stage
from tests.unit.ui.scenes import flat
from tests.unit.ui.scenes_of_incidents import KEY, ME, OPEN, now_open, page, stage_of
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


@pytest.mark.parametrize("key", ["e", "enter"])
async def test_only_the_one_that_was_shown_is_closed_or_confirmed(tmp_path: Path, key: str) -> None:
    shown = replace(OPEN, commander=ME, named_from=Origin(uid=os.getuid(), user=ME))
    stage = stage_of(tmp_path, shown)
    async with page(stage) as dashboard:
        await dashboard.press(key)
        await says(dashboard, "Type" if key == "enter" else "type LAB to agree")
        Incidents(stage.state).keep(replace(shown, closed_by="doudou", closed_at=NIGHT))
        other = replace(shown, id="INC-2026-005", severity=Severity.SEV1)
        Incidents(stage.state).keep(other)
        await listening(dashboard)
        await dashboard.type("I LEAD LAB" if key == "enter" else "LAB")
        await says(dashboard, "the incident is another one than was shown")
    assert now_open(stage) == other


async def test_a_wrong_password_lowers_the_rights(tmp_path: Path) -> None:
    def wrong(_: Login) -> bool:
        raise RefusedError(say("log-in not possible"))

    stage = stage_of(tmp_path, OPEN)
    async with page(stage) as dashboard:
        desk = dashboard.app.session.incidents_of()
        assert desk is not None
        refusing = replace(desk, prove=wrong)
        dashboard.app.session = replace(dashboard.app.session, incidents_of=lambda: refusing)
        await dashboard.press("e")
        await replies(dashboard, ("type LAB to agree", "LAB"))
        await says(dashboard, "read-only again, log-in not possible")
        assert dashboard.app.acting.rights.login is None
        assert dashboard.app.acting.rights.until is None
    assert now_open(stage) == OPEN


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


def doors() -> list[str]:
    return [each for each in waiting_runs(NAME) if each.startswith(f"incident/LAB/{OPEN.id}/")]


@pytest.mark.skipif(sys.platform != "linux", reason="the door is an address of Linux")
async def test_while_the_page_stands_its_commander_may_knock_and_only_then(tmp_path: Path) -> None:
    stage = stage_of(tmp_path, OPEN)
    async with page(stage) as dashboard:
        await dashboard.until(doors, "the door is open")
        assert awaited(frozenset({os.getuid()})) is None  # who runs this test is not the commander
        with pytest.raises(RefusedError):
            agree(doors()[0], plan_hash="", typed="I LEAD LAB")
        Incidents(stage.state).keep(replace(OPEN, confirmed_how=BY_VOICE, confirmed_at=NIGHT))
        dashboard.app.screen.read_again()  # type: ignore[attr-defined]
        await dashboard.until(lambda: not doors(), "it waits no more")
        Incidents(stage.state).keep(OPEN)
        dashboard.app.screen.read_again()  # type: ignore[attr-defined]
        await dashboard.until(doors, "it waits again")
        await dashboard.press("escape")
        await dashboard.until(lambda: not doors(), "the page was left")
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
        back = "esc back" if code == "en" else "échap retour"
        assert dashboard.lines[-1].rstrip().endswith(back)
        dashboard.app.acting.rights.lower(say("read-only again"))
        dashboard.app.screen.redraw()  # type: ignore[attr-defined]
        for cells in (80, 60, 40):
            await dashboard.pilot.resize_terminal(cells, 24)
            await dashboard.until(lambda: dashboard.lines[-1].rstrip().endswith(back), f"{cells}: {back}")


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
