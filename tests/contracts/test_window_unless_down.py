"""A restart in the opening hours: of what works only with a reason, of what is down at once; real answers on a real port."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from medflow_tui.actions import service_survey
from medflow_tui.actions.service_ready import backend_ready, down
from medflow_tui.clients.network import Deadline
from medflow_tui.locale.language import Language
from medflow_tui.model.health import Cause
from medflow_tui.model.plan import GuardResult
from medflow_tui.model.procedure import Outcome
from medflow_tui.model.site import Site
from medflow_tui.model.target import Target
from medflow_tui.model.targets.http import HttpTarget
from medflow_tui.model.targets.mongodb import MongodbTarget
from medflow_tui.model.targets.process import ProcessTarget
from medflow_tui.rules.hours import DAYS
from medflow_tui.runner.dry_run import rehearsed
from tests.contracts.scripted_web import (
    NOWHERE,
    Script,
    ScriptedWeb,
    free_port,
    raw_server,
    scripted_web,
)
from tests.servers.backup_site import closed_today
from tests.servers.mongodb import running as mongod
from tests.servers.runs import Bench

READY = Script(200, {"ready": True})
HTML = Script(200, b"<!DOCTYPE html><html></html>", "text/html")
PASS, FAIL, UNKNOWN = Outcome.PASS, Outcome.FAIL, Outcome.UNKNOWN


@dataclass(frozen=True, kw_only=True)
class Working(Bench):
    """In production, while it is open unless `days` say otherwise."""

    environment: str = "production"
    opens: str = "00:00"
    closes: str = "24:00"
    days: tuple[str, ...] = DAYS

    @property
    def site(self) -> Site:
        return replace(super().site, opens=self.opens, closes=self.closes, folder=str(self.state.parent))


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service_survey, "OVER_S", 0.1)
    monkeypatch.setattr(service_survey, "LOOK_S", 1.0)


@pytest.fixture
def web() -> Iterator[ScriptedWeb]:
    with scripted_web() as found:
        yield found


def restarting(address: str, folder: Path, *more: Target) -> Working:
    """The playbook for the backend; what its manager knows of it is this very process."""
    pid = folder / "backend.pid"
    pid.write_text(str(os.getpid()))
    process = ProcessTarget(
        name="backend-process",
        manager="pidfile",
        pid_file=str(pid),
        start=(sys.executable,),
        output=str(folder / "out"),
    )
    backend = HttpTarget(name="backend", address=address, role="backend")
    return Working(name="backend-not-responding", targets=(backend, process, *more), state=folder / "state")


def window(bench: Bench) -> GuardResult:
    return next(each for each in bench.plan().guards if each.id == "window")


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (READY, FAIL),
        (Script(503, {"ready": False, "mongoState": "disconnected"}), PASS),
        (Script(502, b"<html>Bad Gateway</html>", "text/html"), PASS),
        (NOWHERE, UNKNOWN),  # an old backend that has no such page may well be at work
        (HTML, UNKNOWN),
    ],
)
def test_while_it_is_open_only_what_is_down_is_restarted_without_a_reason(
    web: ScriptedWeb, tmp_path: Path, answer: Script, outcome: Outcome
) -> None:
    web.answers["GET /health/ready"] = answer
    at_work = restarting(web.url, tmp_path)
    found = window(at_work)
    assert (found.outcome, found.stops) == (outcome, outcome is not PASS)
    plan = replace(at_work, opens="", closes="", days=()).plan()
    unstated = next(each for each in plan.guards if each.id == "window")
    assert unstated.outcome is (PASS if outcome is PASS else UNKNOWN)
    assert unstated.stops is (outcome is not PASS)
    said = Language("en").say(rehearsed(plan))
    assert ("opening hours of this site are not known" in said) is (outcome is not PASS)
    for words in (unstated.fix.en, unstated.fix.others["fr"]):
        assert "opens, closes, days" in words
    assert "[site]" in unstated.fix.en
    closed = window(replace(at_work, opens="08:00", closes="09:00", days=closed_today()))
    assert closed.outcome is PASS
    lab = window(replace(at_work, environment="lab", opens="", closes="", days=()))
    assert lab.outcome is PASS


def test_one_that_is_away_or_accepts_and_says_nothing_interrupts_nobody(tmp_path: Path) -> None:
    assert window(restarting(f"http://127.0.0.1:{free_port()}", tmp_path)).outcome is PASS
    causes: list[Cause] = []
    with raw_server() as address:
        outcome, _ = backend_ready(address, heard=causes.append)(0, Deadline.after(0.5))
    assert causes == [Cause.SILENT]
    assert down("backend", outcome, causes) == {"backend.down": True}


def test_a_database_that_works_is_left_alone_and_one_that_refuses_us_is_not_known(tmp_path: Path) -> None:
    folder = tmp_path / "mongod"
    folder.mkdir()
    process = ProcessTarget(name="mongodb-process", manager="pidfile", pid_file=str(tmp_path / "m.pid"))
    with mongod(folder) as server:
        (tmp_path / "m.pid").write_text(str(os.getpid()))
        target = MongodbTarget(name="mongodb", address=f"mongodb://127.0.0.1:{server.port}")
        at_work = replace(
            restarting("http://127.0.0.1:1", tmp_path, target, process), name="mongodb-connection"
        )
        assert window(at_work).outcome is FAIL
        stranger = replace(target, username="nobody", password="env:NOT_THERE")
        assert window(replace(at_work, targets=(stranger, *at_work.targets[:2], process))).outcome is UNKNOWN
    assert window(at_work).outcome is PASS
