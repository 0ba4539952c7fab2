"""A process of a real PM2 with a private home: told, measured, held over a new start of PM2, interrupted."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from medflow_tui.clients.network import Deadline
from medflow_tui.clients.supervisors import look
from medflow_tui.model.procedure import Outcome
from tests.servers.pm2 import Pm2, UnavailableError, end, running
from tests.servers.service_steps import Work, killed_while, target_of

pytestmark = pytest.mark.real_server

SECRET = "JWT_planted_9c41d2"
APP = """
const fs = require('fs')
fs.appendFileSync(process.env.LIVES, `${process.pid}\\n`)
process.on('SIGTERM', () => {})
process.on('SIGINT', () => { fs.appendFileSync(process.env.LIVES, 'term\\n'); setTimeout(() => process.exit(0), 700) })
setInterval(() => {}, 1000)
"""
FALLS = "setTimeout(() => { console.error('fell over'); process.exit(7) }, 200)\n"
NAME = "medflow-backend"


@pytest.fixture
def pm2(monkeypatch: pytest.MonkeyPatch) -> Iterator[Pm2]:
    try:
        with running() as found:
            monkeypatch.setenv("PATH", f"{found.program}{os.pathsep}{os.environ['PATH']}")
            yield found
    except UnavailableError as error:
        pytest.skip(str(error))


def start(pm2: Pm2, tmp_path: Path, *more: str, name: str = NAME, text: str = APP) -> None:
    app = tmp_path / f"{name}.js"
    app.write_text(text)
    pm2.call(
        "start", str(app), "--name", name, "--kill-timeout", "5000", *more,
        LIVES=str(tmp_path / f"{name}.log"), JWT_SECRET=SECRET,
    )  # fmt: skip


def table(pm2: Pm2, name: str = NAME) -> dict[str, Any]:
    return {"name": "backend", "manager": "pm2", "unit": name, "pm2_home": str(pm2.home)}


def work(pm2: Pm2, tmp_path: Path, name: str = NAME) -> Work:
    found = Work.at(target_of(table(pm2, name)), tmp_path)
    found.timeout_s = 40
    return found


def lines(tmp_path: Path) -> list[str]:
    path = tmp_path / f"{NAME}.log"
    return path.read_text().split() if path.exists() else []


def starts(tmp_path: Path) -> int:
    return sum(each.isdecimal() for each in lines(tmp_path))


def await_that(holds: Callable[[], bool]) -> None:
    ends = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < ends
        time.sleep(0.05)


def test_it_is_restarted_stopped_and_started_and_no_secret_is_kept(pm2: Pm2, tmp_path: Path) -> None:
    start(pm2, tmp_path)
    steps = work(pm2, tmp_path)
    found = steps.whole("service.restart")
    assert [each.outcome for each in found] == [Outcome.PASS] * 3
    assert found[2].facts["now.pid"] != found[0].facts["before.pid"]
    assert steps.whole("service.stop")[2].outcome is Outcome.PASS
    assert steps.whole("service.start")[2].outcome is Outcome.PASS
    assert steps.performer("service.restart").calls == (f"pm2 restart {NAME}",)
    assert SECRET not in repr(steps)
    assert SECRET not in repr(found)


def test_a_process_that_falls_at_once_was_not_restarted_whatever_pm2_says(pm2: Pm2, tmp_path: Path) -> None:
    start(pm2, tmp_path, name="falls", text=FALLS)
    steps = work(pm2, tmp_path, "falls")
    steps.timeout_s = 20
    _, carried, _ = steps.whole("service.restart")
    assert (carried.facts["told.answer"], carried.facts["told.exit"]) == ("pass", 0), "PM2 does end with 0"
    assert carried.outcome is not Outcome.PASS
    captured = steps.ask("service.capture", lambda each: each.verify)
    assert "fell over" in Path(str(captured.facts["crash.raw"])).read_text()
    assert SECRET not in Path(str(captured.facts["crash.raw"])).read_text()


def test_held_it_stays_stopped_when_pm2_starts_anew_and_the_release_puts_the_boot_back(
    pm2: Pm2, tmp_path: Path
) -> None:
    start(pm2, tmp_path)
    pm2.call("save")
    steps = work(pm2, tmp_path)
    assert steps.whole("service.hold_acquire")[2].outcome is Outcome.PASS
    end(psutil.Process(pm2.daemon))
    pm2.call("resurrect")
    count = starts(tmp_path)
    assert count == 1
    assert steps.ask("service.hold_probe", lambda each: each.verify).outcome is Outcome.PASS
    assert steps.whole("service.hold_release")[2].outcome is Outcome.PASS
    await_that(lambda: starts(tmp_path) == count + 1)
    end(psutil.Process(pm2.daemon))
    pm2.call("resurrect")
    await_that(lambda: starts(tmp_path) == count + 2)
    end(psutil.Process(pm2.daemon))


def test_a_hold_that_would_change_what_else_starts_at_a_boot_is_refused(pm2: Pm2, tmp_path: Path) -> None:
    start(pm2, tmp_path)
    pm2.call("save")
    start(pm2, tmp_path, name="medflow-face-service", text=APP)
    before = (pm2.home / "dump.pm2").read_bytes()
    steps = work(pm2, tmp_path)
    carried = steps.whole("service.hold_acquire")[1]
    assert (carried.outcome, carried.facts["told.applies"]) == (Outcome.FAIL, False)
    assert carried.said.values["names"] == "medflow-face-service"
    assert look(target_of(table(pm2)), Deadline.after(20)).state == "running"
    assert (pm2.home / "dump.pm2").read_bytes() == before


def test_a_process_that_pm2_starts_by_the_clock_cannot_be_held(pm2: Pm2, tmp_path: Path) -> None:
    start(pm2, tmp_path, "--cron-restart", "0 3 * * *")
    carried = work(pm2, tmp_path).whole("service.hold_acquire")[1]
    assert (carried.outcome, carried.facts["told.applies"]) == (Outcome.FAIL, False)
    assert "cron_restart" in carried.said.text


def test_killed_while_the_order_is_on_its_way_it_is_not_made_again(pm2: Pm2, tmp_path: Path) -> None:
    start(pm2, tmp_path)
    steps = work(pm2, tmp_path)
    killed_while(steps, table(pm2), "service.restart", stops="inside", when=lambda: "term" in lines(tmp_path))
    reconciled, verified = steps.resumed("service.restart")
    assert (reconciled, verified.outcome) == (Outcome.PASS, Outcome.PASS)
    assert starts(tmp_path) == 2


def test_killed_before_pm2_was_even_reached_the_order_still_arrives_and_is_not_made_again(
    pm2: Pm2, tmp_path: Path
) -> None:
    """PM2's client takes a second to start: it outlives the run that started it, and is waited for."""
    start(pm2, tmp_path)
    steps = work(pm2, tmp_path)

    def is_under_way() -> bool:
        return any(
            each.info["cmdline"] and each.info["cmdline"][-2:] == ["restart", NAME]
            for each in psutil.process_iter(["cmdline"])
        )

    killed_while(steps, table(pm2), "service.restart", stops="inside", when=is_under_way)
    reconciled, verified = steps.resumed("service.restart")
    assert (reconciled, verified.outcome) == (Outcome.PASS, Outcome.PASS)
    assert starts(tmp_path) == 2


def test_without_its_daemon_nothing_is_told_because_that_would_start_one(pm2: Pm2, tmp_path: Path) -> None:
    start(pm2, tmp_path)
    end(psutil.Process(pm2.daemon))
    prepared = work(pm2, tmp_path).whole("service.restart")[0]
    assert prepared.outcome is Outcome.UNKNOWN
    assert prepared.said.text == "PM2 does not run"


def test_the_saved_list_holds_the_environment_and_nothing_of_it_is_kept(pm2: Pm2, tmp_path: Path) -> None:
    start(pm2, tmp_path)
    pm2.call("save")
    assert SECRET in json.dumps(json.loads((pm2.home / "dump.pm2").read_text()))
    assert SECRET not in repr(work(pm2, tmp_path).ask("service.hold_acquire", lambda each: each.prepare))
