"""A backend that has ended is started again from the dashboard, by its playbook, in the lab."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from medflow_tui.journal.audit import verify
from medflow_tui.model.health import Health
from medflow_tui.ui.screens.plan import PlanScreen
from medflow_tui.ui.screens.playbooks import PlaybooksScreen
from medflow_tui.ui.screens.run import RunScreen
from tests.journeys.test_acting import dashboard_of, keys_of, open_armed_confirmation, raise_rights
from tests.servers.lab import RunningLab
from tests.servers.queue_scene import journal_of, runs_of

pytestmark = pytest.mark.xdist_group("lab")
TITLE = "Backend not responding: restart it"


def backend_of(clinic: RunningLab) -> int:
    """Its pid by the lab's own word, 0 while it does not run."""
    servers = json.loads((clinic.folder / "lab.json").read_text())["servers"]
    return int(servers.get("backend", {}).get("pid", 0))


async def test_a_backend_that_has_ended_is_started_by_its_playbook(
    clinic: RunningLab, tmp_path: Path
) -> None:
    state, before = tmp_path / "state", backend_of(clinic)
    with clinic.broken("backend-down"):
        assert (before != 0, backend_of(clinic)) == (True, 0)
        async with dashboard_of(clinic, state, site="site.toml") as dashboard:
            await dashboard.until(
                lambda: dashboard.health("backend-process") is Health.CRITICAL, "it does not run"
            )
            await raise_rights(dashboard, clinic)
            await dashboard.press("b")
            await dashboard.until(lambda: TITLE in dashboard.text, "the playbook is listed")
            listed = dashboard.app.screen
            assert isinstance(listed, PlaybooksScreen)
            ids = [each.id for each, _ in listed.choices]
            await dashboard.press(*["down"] * ids.index("backend-not-responding"), "enter")
            await dashboard.until(lambda: isinstance(dashboard.app.screen, PlanScreen), "the plan is shown")
            screen = dashboard.app.screen
            assert isinstance(screen, PlanScreen)
            assert not screen.plan.refusals
            assert any("medflow_tui.lab.starter" in call for each in screen.plan.steps for call in each.calls)
            await open_armed_confirmation(dashboard)
            await dashboard.press(*keys_of(screen.plan.confirm), "enter")
            await dashboard.until(lambda: isinstance(dashboard.app.screen, RunScreen), "the run is shown")
            await dashboard.until(
                lambda: "What was changed stands beside the steps." in dashboard.text, "it is done", 90.0
            )
            await dashboard.press("escape", "escape")
            await dashboard.until(
                lambda: {dashboard.health(each) for each in ("backend", "backend-process")} == {Health.OK},
                "it is well again",
            )
        assert backend_of(clinic) not in (0, before)
    [run] = runs_of(state)
    done = [each.get("step") for each in journal_of(run) if each["ev"] == "step.done"]
    assert done == ["capture", "errors_before", "restart", "ready", "steady", "errors_after"]
    assert verify(state / "audit.jsonl").holds
