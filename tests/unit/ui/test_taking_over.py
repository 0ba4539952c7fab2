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
from tests.unit.ui.test_run_screen import ONE_PERSON, answer, begun, dashboard_of, open_run, raise_rights


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(armed, "ARM_AFTER_S", 0.1)


def refused(_: Login) -> bool:
    raise RefusedError(say("log-in not possible"))


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
