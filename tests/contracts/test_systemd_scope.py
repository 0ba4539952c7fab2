"""With a real systemd a run is a scope of its own: it outlives the end of the log-in from which it was started."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.servers.systemd import ROOT, Systemd, UnavailableError, running

pytestmark = pytest.mark.real_server
RUN = "20261128-010203-backend-not-responding-7f3a"
OPERATOR = """[Service]
Environment=PYTHONPATH={root}
ExecStart={python} {program} {folder} {way}
KillMode=control-group
"""
PROGRAM = """
import sys, time
from pathlib import Path
from medflow_tui.runner import detached
from medflow_tui.runner.mandate import Mandate
from medflow_tui.runner.process import Order
folder, way = Path(sys.argv[1]), sys.argv[2]
if way == "alone":
    detached.SYSTEMD = folder / "none"
mandate = Mandate(who="amani", reason="", typed="", plan_hash="", login_age_s=0)
order = Order(folder=folder / way / "runs" / "{run}", site_file="", state=folder / way, mandate=mandate)
order.folder.mkdir(parents=True)
detached.start((sys.executable, "-c", {child!r}, str(folder), way), order)
time.sleep(600)
"""
CHILD = """
import json, os, sys, time
from pathlib import Path
from medflow_tui.runner.process import leave_terminal
given = sys.stdin.buffer.read()
leave_terminal()
told = {"pid": os.getpid(), "session": os.getsid(0), "cgroup": Path("/proc/self/cgroup").read_text(), "given": len(given)}
place = Path(sys.argv[1]) / f"{sys.argv[2]}.told"
place.with_suffix(".new").write_text(json.dumps(told))
place.with_suffix(".new").rename(place)
time.sleep(600)
"""


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Systemd, Path]]:
    folder = tmp_path_factory.mktemp("scope")
    program = folder / "log_in.py"
    program.write_text(PROGRAM.format(run=RUN, child=CHILD))
    words = {"root": ROOT, "python": sys.executable, "program": program, "folder": folder}
    services = {f"operator-{way}.service": OPERATOR.format(way=way, **words) for way in ("scope", "alone")}
    try:
        with running(folder / "units", services) as found:
            yield found, folder
    except UnavailableError as error:
        pytest.skip(str(error))


def await_that(holds: Callable[[], bool], within_s: float = 30.0) -> None:
    ends = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < ends
        time.sleep(0.05)


def started(machine: tuple[Systemd, Path], way: str) -> dict[str, Any]:
    systemd, folder = machine
    place = folder / f"{way}.told"
    systemd.systemctl("start", f"operator-{way}").check_returncode()
    await_that(place.exists)
    found: dict[str, Any] = json.loads(place.read_text())
    assert found["given"] > 0, "the order came through the pipe, by way of systemd-run too"
    assert found["pid"] != found["session"], "no leader of a session can get a terminal"
    return found


def lives(systemd: Systemd, pid: int) -> bool:
    return systemd.inside("kill", "-0", str(pid)).returncode == 0


def test_it_is_a_scope_of_its_own_and_goes_on_when_the_log_in_is_ended(machine: tuple[Systemd, Path]) -> None:
    systemd, _ = machine
    told = started(machine, "scope")
    assert f"medflow-run-{RUN}" in told["cgroup"]
    systemd.systemctl("stop", "operator-scope").check_returncode()
    assert lives(systemd, told["pid"])


def test_the_double_fork_alone_would_end_with_it(machine: tuple[Systemd, Path]) -> None:
    """Why systemd-run is used where there is one."""
    systemd, _ = machine
    told = started(machine, "alone")
    assert "operator-alone.service" in told["cgroup"]
    systemd.systemctl("stop", "operator-alone").check_returncode()
    await_that(lambda: not lives(systemd, told["pid"]))
