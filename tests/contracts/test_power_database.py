"""What a power cut leaves inside MongoDB, and that the checklist has every line of the field's own (medflow.md 8)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from medflow_tui.actions import power_database, service_soundness
from medflow_tui.actions.power_database import Transactions, performers
from medflow_tui.model.performer import Task
from medflow_tui.model.procedure import Outcome
from medflow_tui.model.site import Site
from medflow_tui.model.targets.mongodb import MongodbTarget
from medflow_tui.playbooks.load import load, shipped
from tests.servers.mongodb import running
from tests.servers.readings import tools

BOOK = load(shipped() / "after-power-cut.toml")
TARGET = MongodbTarget(name="mongodb", address="mongodb://127.0.0.1:1")
LINES = {
    "MongoDB check (validate)": "sound",
    "orphaned transactions": "transactions",
    "sync queue": "queue",
    "stale SMB mounts": "shares",
    "backend up only after MongoDB": "backend",
    "Redis reconnect limit": "backend",
    "auto-sync worker must be started again": "queue",
    "missed 02:00 backup": "backups",
    "PM2 resurrect needs pm2 save": "services",
}


def test_every_line_of_the_field_is_a_step_in_an_order_that_can_be_worked_off() -> None:
    steps = [each.id for each in BOOK.steps]
    assert set(LINES.values()) <= set(steps)
    assert steps.index("database") < steps.index("sound") < steps.index("backend") < steps.index("queue")
    assert all(each.on_fail.value == "continue" for each in BOOK.steps if each.action)


def task(action: str) -> Task:
    return Task(
        step=next(each for each in BOOK.steps if each.action == action),
        past={},
        tell=lambda said, facts: None,
    )


def answering(answers: Mapping[str, Any]) -> Callable[..., Any]:
    class Told:
        def __enter__(self) -> Told:
            return self

        def __exit__(self, *_: object) -> None:
            return

        def ask_if_told(self, command: str, value: object = 1, **more: object) -> Any:
            return answers.get(command)

        def collections(self) -> frozenset[str]:
            return frozenset(("patients", "visits", "system.views"))

        def validate(self, name: str, seconds: float) -> bool:
            return name != answers.get("damaged")

    return lambda *_: Told()


@pytest.mark.parametrize(
    ("told", "outcome"),
    [
        ({"currentOpen": 2, "currentInactive": 0, "currentPrepared": 0}, Outcome.PASS),
        ({"currentOpen": 2, "currentInactive": 1, "currentPrepared": 0}, Outcome.FAIL),
        ({"currentOpen": 1, "currentInactive": 0, "currentPrepared": 1}, Outcome.FAIL),
        ({"currentOpen": 0}, Outcome.UNKNOWN),
    ],
)
def test_an_open_transaction_on_which_nobody_works_is_named(
    told: dict[str, int], outcome: Outcome, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(power_database, "connected", answering({"serverStatus": {"transactions": told}}))
    found = Transactions(TARGET, tools(tmp_path)).verify(task("power_check.transactions"))
    assert found.outcome is outcome
    assert found.said


def test_who_may_not_ask_does_not_know_and_a_server_without_any_has_none(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for answers, outcome in (({}, Outcome.UNKNOWN), ({"serverStatus": {"uptime": 7}}, Outcome.PASS)):
        monkeypatch.setattr(power_database, "connected", answering(answers))
        looked = Transactions(TARGET, tools(tmp_path)).verify(task("power_check.transactions"))
        assert looked.outcome is outcome


STARTED = '{"t":{"$date":"2026-11-23T04:01:02+00:00"},"msg":"MongoDB starting"}'
HARD = (
    '{"t":{"$date":"2026-11-23T04:01:02+00:00"},"msg":"Detected unclean shutdown - Lock file is not empty"}'
)


@pytest.mark.parametrize(
    ("log", "damaged", "outcome", "validated"),
    [
        ({"log": [STARTED], "totalLinesWritten": 1}, "visits", Outcome.PASS, 0),
        ({"log": [STARTED, HARD], "totalLinesWritten": 2}, "", Outcome.PASS, 2),
        ({"log": [STARTED, HARD], "totalLinesWritten": 2}, "visits", Outcome.FAIL, 2),
        ({"log": ["{}"] * 9, "totalLinesWritten": 1_025}, "visits", Outcome.FAIL, 2),
        (None, "visits", Outcome.FAIL, 2),
    ],
)
def test_every_collection_is_validated_unless_the_last_end_was_clean_for_certain(
    log: Any, damaged: str, outcome: Outcome, validated: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Silence of a log whose beginning fell out of it proves nothing."""
    monkeypatch.setattr(service_soundness, "connected", answering({"getLog": log, "damaged": damaged}))
    site = Site(code="LAB", name="Lab", environment="lab", targets=(TARGET,))
    found = performers(site, tools(tmp_path))["power_check.sound"].verify(task("power_check.sound"))
    assert (found.outcome, found.facts["validated"]) == (outcome, validated)


def test_a_real_server_is_asked_and_one_that_is_away_is_not_known(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        target = MongodbTarget(name="mongodb", address=server.address)
        site = Site(code="LAB", name="Lab", environment="lab", targets=(target,))
        for action, performer in performers(site, tools(tmp_path)).items():
            assert performer.verify(task(action)).outcome is Outcome.PASS
    for action, performer in performers(site, tools(tmp_path)).items():
        assert performer.verify(task(action)).outcome is Outcome.UNKNOWN


def test_a_site_without_mongodb_has_nothing_of_it_to_look_at(tmp_path: Path) -> None:
    for action, performer in performers(
        Site(code="LAB", name="Lab", environment="lab"), tools(tmp_path)
    ).items():
        found = performer.verify(task(action))
        assert (found.outcome, found.facts) == (Outcome.PASS, {"applies": False})
