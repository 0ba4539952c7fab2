"""The screen of a run over a real run in this process: what it asks is answered by keys, it is stopped, taken over, put away."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType

import pytest
from textual import events

from medflow_tui.model.access import Access, Person
from medflow_tui.model.performer import Login
from medflow_tui.model.procedure import Mark, Phase
from medflow_tui.rules.permits import ARMED_FOR
from medflow_tui.rules.reasons import put_away_name
from medflow_tui.runner.dispatch import Dispatch
from medflow_tui.runner.follow import Follower
from medflow_tui.ui.modals import armed
from medflow_tui.ui.modals.order import OrderPrompt
from medflow_tui.ui.present.followed import Followed
from medflow_tui.ui.screens.run import RunScreen
from medflow_tui.ui.screens.runs import RunsScreen
from tests.contracts.test_frames import session
from tests.servers.dashboard import Dashboard, shown
from tests.unit.playbooks.books import FULL
from tests.unit.runner.stage import NIGHT, PASS, SITE, Background, Stage

ONE_PERSON = FULL.replace("needs_people = 2", "needs_people = 1").replace("cool_down_s = 900\n", "")
OTHERS = Access(people={"grace": Person(name="grace", roles=("dba",))})


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Questions listen at once when it is quiet for a moment."""
    monkeypatch.setattr(armed, "ARM_AFTER_S", 0.1)


@asynccontextmanager
async def dashboard_of(stage: Stage, who: str = "amani", language: str = "en") -> AsyncIterator[Dashboard]:
    from medflow_tui.locale.language import Language

    def crew_for(*_: object) -> object:
        raise AssertionError("nothing is planned here")

    dispatch = Dispatch(
        site=stage.site,
        state=stage.state,
        playbooks=(stage.playbook,),
        crew_for=crew_for,  # type: ignore[arg-type]
        command=("false",),
        now=lambda: NIGHT,
    )
    here = replace(
        session(stage.state),
        site=stage.site,
        who=who,
        now=lambda: NIGHT,
        language=Language(language),
        dispatch_of=lambda: dispatch,
    )
    async with shown(here) as dashboard:
        yield dashboard


def raise_rights(dashboard: Dashboard) -> None:
    rights = dashboard.app.acting.rights
    rights.until, rights.reason = NIGHT + ARMED_FOR, "data is damaged"
    rights.login = Login(username="amani", password="invented", at=NIGHT)


async def open_run(dashboard: Dashboard, stage: Stage) -> RunScreen:
    await dashboard.until(lambda: stage.folder is not None and stage.folder.journal.exists(), "it has begun")
    assert stage.folder is not None
    screen = RunScreen(dashboard.app.session, stage.folder.run)
    await dashboard.app.push_screen(screen)
    return screen


async def answer(dashboard: Dashboard, text: str, key: str = "enter") -> None:
    await dashboard.press(key)
    await listening(dashboard)
    await dashboard.type(text)


async def listening(dashboard: Dashboard) -> OrderPrompt:
    await dashboard.until(lambda: isinstance(dashboard.app.screen, OrderPrompt), "a question is asked")
    screen = dashboard.app.screen
    assert isinstance(screen, OrderPrompt)
    await dashboard.until(lambda: screen.is_armed, "it listens")
    return screen


async def storm(dashboard: Dashboard, pasted: str) -> None:
    """200 keys that were not meant, and text from another window."""
    for _ in range(100):
        for key, character in (("enter", "\r"), ("y", "y")):
            dashboard.app.post_message(events.Key(key, character))
    dashboard.app.post_message(events.Paste(pasted))
    await dashboard.press("enter")


def answers(stage: Stage) -> list[tuple[str, str]]:
    return [
        (each.step, str(each.facts.get("item") or each.facts.get("choice")))
        for each in stage.entries
        if each.mark is Mark.ANSWERED
    ]


def begun(dashboard: Dashboard, stage: Stage, **more: str) -> Background:
    return stage.in_background(**{"session": dashboard.app.acting.screen_id, **more})


async def a_run_that_waits(dashboard: Dashboard, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Open on the screen, paused at its checklist, its process ended."""
    run = begun(dashboard, stage)
    await open_run(dashboard, stage)
    await dashboard.until(lambda: "Site on the banner" in dashboard.text, "the checklist is asked")
    await dashboard.press("p")
    run.result()
    monkeypatch.setattr(Follower, "_writer_lives", lambda follower: False)
    await dashboard.until(lambda: "e end it" in dashboard.lines[-1], "it can be ended")


async def test_a_checklist_and_a_decision_are_answered_by_keys(tmp_path: Path) -> None:
    stage = Stage(tmp_path, ONE_PERSON)
    async with dashboard_of(stage) as dashboard:
        raise_rights(dashboard)
        run = begun(dashboard, stage)
        screen = await open_run(dashboard, stage)
        await dashboard.until(lambda: "Site on the banner" in dashboard.text, "the checklist is asked")
        assert "enter answer" in dashboard.lines[-1]
        await answer(dashboard, "ANOTHER")
        await dashboard.until(
            lambda: "that is not what is measured" in dashboard.text, "a wrong value is told"
        )
        await answer(dashboard, "lab")
        await dashboard.until(
            lambda: "✔  Site on the banner" in dashboard.text, "the first line has its tick"
        )
        await answer(dashboard, "5")
        await dashboard.until(lambda: "1  Keep all" in dashboard.text, "the decision is asked")
        assert "To be answered by: dba" in dashboard.text
        assert "Patients' data were changed as planned, and read back: Switch" in dashboard.text
        await answer(dashboard, "7")
        await dashboard.until(
            lambda: "none of the choices" in dashboard.text, "a number that is none is told"
        )
        await answer(dashboard, "")
        assert len(answers(stage)) == 3
        await answer(dashboard, "1")
        await dashboard.until(lambda: screen.followed and screen.followed.state.phase.is_over, "it is over")
        run.result()
    assert answers(stage)[-1] == ("settle", "keep")


async def test_nothing_is_answered_without_raised_rights_nor_by_keys_that_were_held_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = Stage(tmp_path, ONE_PERSON)
    async with dashboard_of(stage) as dashboard:
        run = begun(dashboard, stage)
        await open_run(dashboard, stage)
        await dashboard.until(lambda: "Site on the banner" in dashboard.text, "the checklist is asked")
        await dashboard.press("enter")
        assert "read-only: u raises your rights, then answer" in " ".join(dashboard.text.split())
        raise_rights(dashboard)
        monkeypatch.setattr(armed, "ARM_AFTER_S", 3600.0)
        await dashboard.press(*["enter"] * 40)
        assert not any(each.mark is Mark.ANSWERED and each.outcome is PASS for each in stage.entries)
        assert isinstance(dashboard.app.screen, OrderPrompt)
        assert not dashboard.app.screen.is_armed
        await dashboard.press("escape")
        monkeypatch.setattr(armed, "ARM_AFTER_S", 0.1)
        await answer(dashboard, "2", "s")
        run.result()
        await dashboard.until(lambda: "stopped as it stood" in dashboard.text, "it has ended as it stands")


async def test_orders_count_from_another_screen_only_once_it_took_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = Stage(tmp_path, ONE_PERSON)
    async with dashboard_of(stage, who="beni") as dashboard:
        raise_rights(dashboard)
        run = begun(dashboard, stage, session="one")
        await open_run(dashboard, stage)
        await dashboard.until(lambda: "o take over" in dashboard.lines[-1], "it may be taken over")
        await dashboard.press("p")
        await dashboard.until(
            lambda: "amani gives the orders here: take over first" in dashboard.text, "it is refused"
        )
        await answer(dashboard, "lab", "o")
        assert not stage.marks(Mark.CONTROL_TAKEN)
        await answer(dashboard, "LAB", "o")
        await dashboard.until(lambda: stage.marks(Mark.CONTROL_TAKEN), "it is written down")
        (taken,) = (each for each in stage.entries if each.mark is Mark.CONTROL_TAKEN)
        assert taken.facts["reason"] == "data is damaged"
        await dashboard.until(
            lambda: "o take over" not in dashboard.lines[-1], "there is nothing left to take"
        )
        await dashboard.press("p")
        await dashboard.until(lambda: stage.marks(Mark.STOP_ASKED), "now it is heard")
        run.result()
        monkeypatch.setattr(Follower, "_writer_lives", lambda follower: False)  # its process has ended
        await dashboard.until(lambda: "waits for a person" in dashboard.text, "it waits")


async def test_a_run_that_waits_is_told_until_it_is_put_away_with_a_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = Stage(tmp_path, ONE_PERSON)
    async with dashboard_of(stage) as dashboard:
        await a_run_that_waits(dashboard, stage, monkeypatch)
        assert "Not changed:" in dashboard.text
        await dashboard.press("escape")
        await dashboard.until(
            lambda: "a run waits for somebody" in dashboard.lines[1] or "not over" in dashboard.lines[1],
            "the banner",
        )
        dashboard.app.say_briefly(None)
        assert "F9: a run waits for somebody" in dashboard.lines[1]
        await dashboard.press("f9")
        await dashboard.until(lambda: "e end it" in dashboard.lines[-1], "the run is shown at once")
        await answer(dashboard, "1", "e")
        await listening(dashboard)
        await dashboard.type("short")
        await dashboard.until(lambda: "the reason is too short" in dashboard.text, "it wants a reason")
        await answer(dashboard, "1", "e")
        await listening(dashboard)
        await dashboard.type("mended by hand with the vendor")
        await dashboard.until(lambda: "put away, and written down" in dashboard.text, "it is put away")
        await dashboard.press("escape")
        await dashboard.until(lambda: "waits for somebody" not in dashboard.lines[1], "the banner is gone")
        assert stage.folder is not None
        assert put_away_name(stage.folder.run) in dashboard.app.session.desk.acknowledged(NIGHT)


async def test_progress_is_drawn_at_most_once_a_second(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[float] = []
    seen = RunScreen._seen

    def other_each_time(screen: RunScreen, dispatch: Dispatch, follower: Follower) -> Followed:
        looks.append(time.monotonic())
        return replace(seen(screen, dispatch, follower), facts={"looks": len(looks)})

    monkeypatch.setattr(RunScreen, "_seen", other_each_time)
    stage = Stage(tmp_path, ONE_PERSON)
    async with dashboard_of(stage) as dashboard:
        raise_rights(dashboard)
        run = begun(dashboard, stage)
        await open_run(dashboard, stage)
        await dashboard.until(lambda: len(looks) >= 3, "it is looked at three times")
        await answer(dashboard, "2", "s")
        run.result()
    assert all(after - before >= 1.0 for before, after in pairwise(looks[:3]))


async def test_every_run_is_in_the_list_found_by_its_words_and_read_again(tmp_path: Path) -> None:
    stage = Stage(tmp_path, ONE_PERSON)
    async with dashboard_of(stage) as dashboard:
        for _ in range(2):
            run = begun(dashboard, stage)
            screen = await open_run(dashboard, stage)
            await dashboard.until(lambda: "Site on the banner" in dashboard.text, "the checklist is asked")
            await answer(dashboard, "2", "s")
            run.result()
            await dashboard.until(lambda: "stopped as it stood" in dashboard.text, "it is over")
            await dashboard.press("escape")
            assert dashboard.app.screen is not screen
            stage.folder = None
        await dashboard.press("f9")
        await dashboard.until(lambda: isinstance(dashboard.app.screen, RunsScreen), "the list")
        assert sum("Guided restore" in line for line in dashboard.lines) == 2
        await dashboard.press("slash")
        await dashboard.type("nothing like it")
        assert "nothing has these words" in dashboard.text
        await dashboard.press("slash", *["backspace"] * 20)
        await dashboard.type("amani STOPPED")
        assert sum("Guided restore" in line for line in dashboard.lines) == 2
        await dashboard.press("down", "enter")
        await dashboard.until(lambda: "stopped as it stood" in dashboard.text, "the older one is read again")
        await dashboard.press("t")
        await dashboard.until(lambda: "t all steps" in dashboard.lines[-1], "one step of it")


@pytest.mark.parametrize("language", ["en", "fr"])
async def test_a_second_person_is_asked_for_with_the_challenge_to_read_out(
    tmp_path: Path, language: str
) -> None:
    people = MappingProxyType({"claire": Person(name="claire", roles=("dba",), verifier="claire")})
    stage = Stage(tmp_path, ONE_PERSON, site=replace(SITE, access=Access(people=people)))
    async with dashboard_of(stage, language=language) as dashboard:
        raise_rights(dashboard)
        run = begun(dashboard, stage)
        screen = await open_run(dashboard, stage)
        await dashboard.until(
            lambda: screen.followed and screen.followed.awaited, "a second person is waited for"
        )
        assert screen.followed is not None
        assert screen.followed.awaited is not None
        code = screen.followed.awaited.challenge
        await dashboard.until(lambda: f"{code[:4]}-{code[4:]}" in dashboard.text, "the challenge is shown")
        assert "medflow-tui playbook approve" in dashboard.text
        assert ("second person" if language == "en" else "deuxième personne") in dashboard.text
        await answer(dashboard, "0000-0000")
        await dashboard.until(lambda: dashboard.app.banner is not None, "what came of it is said")
        assert screen.followed.state.phase is Phase.WAITING
        await answer(dashboard, "2", "s")
        run.result()
