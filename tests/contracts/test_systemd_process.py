"""The process probe against a real systemd, run where that systemd is init."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.servers.systemd import Systemd, UnavailableError, running

pytestmark = pytest.mark.real_server

LOOK = """
import json, sys
from datetime import UTC, datetime
from pathlib import Path
from medflow_tui.model.targets.process import ProcessTarget
from medflow_tui.probes.process import build
from medflow_tui.rules.judging import Context, judge
from tests.servers.readings import tools
target = ProcessTarget(name="backend", manager="systemd", unit=sys.argv[1])
(reading,) = build(target, tools(Path(sys.argv[2]))).read(8.0)
verdict = judge(reading, target, Context(now=datetime.now(UTC)))
print(json.dumps({
    "values": dict(reading.values), "cause": reading.failure.cause.value if reading.failure else None,
    "health": verdict.health.value, "evidence": verdict.evidence.text,
}, default=str))
"""
SERVICE = """[Service]
ExecStart=/bin/sleep 600
MemoryMax=500M
Restart=on-failure
RestartSec=100ms
"""
FALLING = """[Unit]
StartLimitIntervalSec=0
[Service]
ExecStart=/bin/false
Restart=on-failure
RestartSec=600
"""
FAILED = "[Service]\nExecStart=/bin/sh -c 'exit 3'\n"
GRACEFUL = "[Service]\nExecStart=/bin/true\nRestart=on-failure\n"
SERVICES = {
    "medflow-MATRIX.service": SERVICE,
    "medflow-falling.service": FALLING,
    "medflow-failed.service": FAILED,
    "medflow-graceful.service": GRACEFUL,
}


@pytest.fixture(scope="module")
def systemd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Systemd]:
    try:
        with running(tmp_path_factory.mktemp("systemd") / "units", SERVICES) as found:
            yield found
    except UnavailableError as error:
        pytest.skip(str(error))


def look(systemd: Systemd, unit: str, state: Path) -> dict[str, Any]:
    done = systemd.inside(sys.executable, "-c", LOOK, unit, str(state))
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def await_reading(
    systemd: Systemd, unit: str, state: Path, holds: Callable[[dict[str, Any]], bool]
) -> dict[str, Any]:
    ends = time.monotonic() + 20
    while True:
        found = look(systemd, unit, state)
        if holds(found):
            return found
        assert time.monotonic() < ends, found


def test_a_unit_that_runs_is_seen_with_its_pid_memory_limit_and_start(
    systemd: Systemd, tmp_path: Path
) -> None:
    systemd.systemctl("start", "medflow-MATRIX").check_returncode()
    found = look(systemd, "medflow-MATRIX", tmp_path)
    values = found["values"]
    pid = systemd.systemctl("show", "medflow-MATRIX", "--property=MainPID", "--value").stdout.strip()
    assert (found["health"], values["state"], str(values["pid"])) == ("ok", "running", pid)
    assert values["memory"] > 0
    assert values["memory_limit"] == 500 * 1024 * 1024
    assert values["started_at"]
    assert values["restarts"] == 0


def test_a_unit_that_was_killed_and_started_again_has_one_restart_more(
    systemd: Systemd, tmp_path: Path
) -> None:
    systemd.systemctl("start", "medflow-MATRIX").check_returncode()
    before = look(systemd, "medflow-MATRIX.service", tmp_path)["values"]["pid"]
    systemd.systemctl("kill", "--signal=KILL", "medflow-MATRIX").check_returncode()
    found = await_reading(
        systemd, "medflow-MATRIX", tmp_path, lambda each: each["values"].get("pid") not in (None, before)
    )
    assert found["values"]["restarts"] == 1


def test_a_stopped_unit_is_critical(systemd: Systemd, tmp_path: Path) -> None:
    systemd.systemctl("start", "medflow-MATRIX").check_returncode()
    systemd.systemctl("stop", "medflow-MATRIX").check_returncode()
    found = look(systemd, "medflow-MATRIX", tmp_path)
    assert (found["health"], found["values"]["state"], found["values"]["pid"]) == (
        "critical",
        "stopped",
        None,
    )


def test_a_unit_that_falls_is_not_taken_for_one_that_starts(systemd: Systemd, tmp_path: Path) -> None:
    systemd.systemctl("start", "medflow-falling")
    found = await_reading(
        systemd,
        "medflow-falling",
        tmp_path,
        lambda each: each["values"]["word"] == "activating (auto-restart)",
    )
    assert (found["health"], found["values"]["state"]) == ("critical", "restarting")


def test_a_failed_unit_tells_its_exit_code(systemd: Systemd, tmp_path: Path) -> None:
    systemd.systemctl("start", "medflow-failed")
    found = await_reading(
        systemd, "medflow-failed", tmp_path, lambda each: each["values"]["state"] == "failed"
    )
    assert (found["health"], found["values"]["exit_code"]) == ("critical", 3)


def test_a_graceful_end_is_not_restarted_and_critical(systemd: Systemd, tmp_path: Path) -> None:
    systemd.systemctl("start", "medflow-graceful")
    found = await_reading(
        systemd, "medflow-graceful", tmp_path, lambda each: each["values"]["state"] == "stopped"
    )
    assert (found["health"], found["values"]["exit_code"]) == ("critical", 0)


@pytest.mark.parametrize("unit", ["medflow-absent", "--help"])
def test_a_unit_that_does_not_exist_is_absent(systemd: Systemd, tmp_path: Path, unit: str) -> None:
    found = look(systemd, unit, tmp_path)
    assert (found["cause"], found["health"]) == ("absent", "critical")
