"""Taking over on the screen needs a log-in that MedFlow does not refuse; a refused one raises no rights any more."""

from __future__ import annotations

from pathlib import Path

import pytest

from medflow_tui.journal.audit import verify
from medflow_tui.model.errors import RefusedError
from medflow_tui.model.performer import Login
from medflow_tui.model.words import say
from medflow_tui.ui.modals import armed
from tests.unit.runner.stage import Stage
from tests.unit.ui.test_run_screen import (
    ONE_PERSON,
    answer,
    answers,
    begun,
    dashboard_of,
    open_run,
    raise_rights,
)


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(armed, "ARM_AFTER_S", 0.1)


def refused(_: Login) -> bool:
    raise RefusedError(say("log-in not possible"))


async def test_whoever_is_in_charge_decides_with_a_log_in_that_is_not_refused_and_stops_without(
    tmp_path: Path,
) -> None:
    stage, tried = Stage(tmp_path, ONE_PERSON), list[Login]()
    async with dashboard_of(stage) as dashboard:
        dispatch = dashboard.app.session.dispatch
        assert dispatch is not None
        object.__setattr__(dispatch, "prove", refused)
        raise_rights(dashboard)
        run = begun(dashboard, stage)
        await open_run(dashboard, stage)
        await dashboard.until(lambda: "Site on the banner" in dashboard.text, "the checklist is asked")
        await answer(dashboard, "lab")
        await dashboard.until(
            lambda: "read-only again, log-in not possible" in dashboard.text, "it is refused"
        )
        assert answers(stage) == []
        assert dashboard.app.acting.rights.login is None
        records = verify(stage.state / "audit.jsonl").records
        assert [each["result"] for each in records if each["ev"] == "attempt.denied"] == [
            {"why": "login_refused"}
        ]

        def nobody_can_tell(login: Login) -> bool:
            tried.append(login)
            return False

        object.__setattr__(dispatch, "prove", nobody_can_tell)
        raise_rights(dashboard)
        for typed, seen in (("lab", "✔  Site on the banner"), ("5", "1  Keep all")):
            await answer(dashboard, typed)
            await dashboard.until(lambda seen=seen: seen in dashboard.text, "it is taken")  # type: ignore[misc]
        assert len(tried) == 1
        object.__setattr__(dispatch, "prove", refused)
        await dashboard.press("p")
        run.result()


async def test_a_refused_log_in_takes_over_nothing_and_is_forgotten_and_recorded(tmp_path: Path) -> None:
    stage = Stage(tmp_path, ONE_PERSON)
    async with dashboard_of(stage, who="grace") as dashboard:
        dispatch = dashboard.app.session.dispatch
        assert dispatch is not None
        object.__setattr__(dispatch, "prove", refused)
        raise_rights(dashboard)
        run = begun(dashboard, stage, session="one")
        screen = await open_run(dashboard, stage)
        await dashboard.until(lambda: "o take over" in dashboard.lines[-1], "it may be taken over")
        await answer(dashboard, "LAB", "o")
        await dashboard.until(
            lambda: "read-only again, log-in not possible" in dashboard.text, "it is refused"
        )
        assert screen.followed is not None
        assert screen.followed.state.controller == "amani"
        assert dashboard.app.acting.rights.login is None
        records = verify(stage.state / "audit.jsonl").records
        assert [each["result"] for each in records if each["ev"] == "attempt.denied"] == [
            {"why": "login_refused"}
        ]
        assert "control.taken" not in [each["ev"] for each in records]
        object.__setattr__(dispatch, "prove", lambda login: True)
        raise_rights(dashboard)
        await answer(dashboard, "LAB", "o")
        await dashboard.until(
            lambda: screen.followed is not None and screen.followed.state.controller == "grace", "taken over"
        )
        await dashboard.press("p")
        run.result()
