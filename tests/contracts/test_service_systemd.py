"""A service of a real systemd, told from where that systemd is init: measured, held over a reboot, interrupted."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.servers.service_steps import Work, killed_while
from tests.servers.systemd import Systemd, UnavailableError, running

pytestmark = pytest.mark.real_server

STARTS = (
    "[Service]\nExecStart=/bin/sh -c 'echo $$$$ >> {log}; exec sleep 600'\nRestart=always\nRestartSec=100ms\n"
)
SLOW = """[Unit]
StartLimitIntervalSec=0
[Service]
ExecStart=/bin/sh -c 'trap "echo term >> {log}; sleep 1; exit 0" TERM; echo $$$$ >> {log}; while :; do sleep 0.1; done'
"""
FALLS = "[Service]\nExecStart=/bin/sh -c 'sleep 0.2; exit 3'\n[Unit]\nStartLimitIntervalSec=0\n"
WANTED = "[Install]\nWantedBy=test.target\n"


class Machine:
    """A systemd whose /etc outlives it, and the steps of one run on one of its services."""

    def __init__(self, folder: Path, systemd: Systemd) -> None:
        self.folder, self.systemd = folder, systemd
        self.past: dict[str, Any] = {}

    def make(self, action: str, question: str, unit: str, **more: Any) -> dict[str, Any]:
        order = {
            "target": self.target(unit, **more),
            "folder": str(self.folder),
            "past": self.past,
            "action": f"service.{action}",
            "question": question,
        }
        done = self.systemd.inside(
            sys.executable, "-m", "tests.servers.service_steps", json.dumps(order), within_s=90
        )
        assert done.returncode == 0, done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        self.past = found["past"]
        return found

    def target(self, unit: str, **more: Any) -> dict[str, Any]:
        return {"name": "backend", "manager": "systemd", "unit": unit, **more}

    def show(self, unit: str, name: str) -> str:
        return self.systemd.systemctl("show", unit, f"--property={name}", "--value").stdout.strip()

    def up(self, unit: str) -> int:
        """Started anew, and so far that it would notice a signal; how often it was started until then."""
        self.systemd.systemctl("restart", unit).check_returncode()
        await_that(lambda: self.show(unit, "MainPID") in self.starts(unit))
        return len(self.starts(unit))

    def starts(self, unit: str) -> list[str]:
        path = self.folder / f"{unit}.starts"
        return [each for each in path.read_text().split() if each.isdecimal()] if path.exists() else []


@contextmanager
def booted(folder: Path) -> Iterator[Machine]:
    """A machine of the state in `folder`; called again, it is the same one after a reboot."""
    etc, units = folder / "etc", folder / "units"
    etc.mkdir(exist_ok=True)
    services = {}
    for name, text in {"plain": STARTS, "slow": SLOW, "falls": FALLS}.items():
        services[f"medflow-{name}.service"] = text.format(log=folder / f"medflow-{name}.starts")
    # as MedFlow's own deploy script does it: the unit's file is in /etc/systemd/system, and enabled
    deployed = etc / "medflow-MATRIX.service"
    deployed.write_text(STARTS.format(log=folder / "medflow-MATRIX.starts") + WANTED)
    wants = etc / "test.target.wants"
    wants.mkdir(exist_ok=True)
    if not (wants / deployed.name).is_symlink():
        (wants / deployed.name).symlink_to("/etc/systemd/system/medflow-MATRIX.service")
    try:
        with running(units, services, etc) as found:
            yield Machine(folder, found)
    except UnavailableError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    with booted(tmp_path_factory.mktemp("machine")) as found:
        yield found


@pytest.fixture(autouse=True)
def _fresh(machine: Machine) -> None:
    machine.past = {}


def await_that(holds: Callable[[], bool]) -> None:
    ends = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < ends
        time.sleep(0.05)


def test_a_restart_is_another_process_and_read_back(machine: Machine) -> None:
    machine.systemd.systemctl("start", "medflow-plain").check_returncode()
    before = machine.show("medflow-plain", "MainPID")
    found = machine.make("restart", "whole", "medflow-plain")
    after = machine.show("medflow-plain", "MainPID")
    assert found["outcomes"] == ["pass", "pass", "pass"]
    assert after not in ("0", before)
    assert str(machine.past["service.restart"]["now.pid"]) == after
    assert found["calls"] == ["systemctl --no-pager restart -- medflow-plain.service"]


def test_a_stop_stays_and_a_start_starts(machine: Machine) -> None:
    machine.systemd.systemctl("start", "medflow-plain").check_returncode()
    assert machine.make("stop", "whole", "medflow-plain")["outcomes"] == ["pass"] * 3
    assert machine.show("medflow-plain", "ActiveState") == "inactive"
    assert machine.make("start", "whole", "medflow-plain")["outcomes"] == ["pass"] * 3
    assert machine.show("medflow-plain", "ActiveState") == "active"


def test_a_restart_that_systemd_calls_done_and_that_falls_at_once_is_a_fail(machine: Machine) -> None:
    found = machine.make("restart", "whole", "medflow-falls")
    own = machine.past["service.restart"]
    assert (own["told.answer"], own["told.exit"]) == ("pass", 0), "systemctl does end with 0"
    assert found["outcomes"] == ["pass", "fail", "fail"]


def test_a_unit_that_does_not_exist_is_not_applicable_and_nothing_is_tried(machine: Machine) -> None:
    found = machine.make("restart", "prepare", "medflow-absent")
    assert found["outcomes"] == ["fail"]
    assert machine.past["service.restart"] == {"told.applies": False}
    assert found["said"] == ["not known to systemd"]


def test_killed_before_the_order_it_is_made_once(machine: Machine) -> None:
    count = machine.up("medflow-slow")
    kill(machine, "restart", "medflow-slow", stops="before")
    assert machine.make("restart", "resumed", "medflow-slow")["outcomes"] == ["fail", "pass"]
    assert len(machine.starts("medflow-slow")) == count + 1


def test_killed_while_the_order_is_on_its_way_it_is_not_made_again(machine: Machine) -> None:
    starts, log = machine.up("medflow-slow"), machine.folder / "medflow-slow.starts"
    terms = log.read_text().count("term")
    kill(machine, "restart", "medflow-slow", when=lambda: log.read_text().count("term") > terms)
    assert machine.make("restart", "resumed", "medflow-slow")["outcomes"] == ["pass", "pass"]
    assert len(machine.starts("medflow-slow")) == starts + 1


def test_killed_after_the_order_it_is_only_read_back(machine: Machine) -> None:
    starts = machine.up("medflow-slow")
    kill(machine, "restart", "medflow-slow", stops="after")
    assert machine.make("restart", "resumed", "medflow-slow")["outcomes"] == ["pass", "pass"]
    assert len(machine.starts("medflow-slow")) == starts + 1


def kill(machine: Machine, action: str, unit: str, stops: str = "inside", **more: Any) -> None:
    work = Work(performers={}, folder=machine.folder, past=dict(machine.past))
    enter = machine.systemd.enter
    killed_while(work, machine.target(unit), f"service.{action}", stops=stops, enter=enter, **more)
    machine.past = work.past


def test_a_held_service_cannot_be_started_by_hand_and_the_release_gives_it_back(machine: Machine) -> None:
    unit = "medflow-MATRIX"
    machine.systemd.systemctl("start", unit).check_returncode()
    assert machine.make("hold_acquire", "whole", unit)["outcomes"] == ["pass"] * 3
    by_hand = machine.systemd.systemctl("start", unit)
    assert by_hand.returncode != 0
    assert machine.make("hold_probe", "verify", unit)["outcomes"] == ["pass"]
    assert machine.make("hold_release", "whole", unit)["outcomes"] == ["pass"] * 3
    assert machine.show(unit, "ActiveState") == "active"
    assert not list((machine.folder / "etc").rglob("zz-held*"))


def test_a_held_service_stays_stopped_over_a_reboot_which_starts_it_otherwise(tmp_path: Path) -> None:
    unit = "medflow-MATRIX"
    with booted(tmp_path) as first:
        await_that(lambda: first.show(unit, "ActiveState") == "active")
        assert first.make("hold_acquire", "whole", unit)["outcomes"] == ["pass"] * 3
    count = len(first.starts(unit))
    assert count == 1
    with booted(tmp_path) as second:
        second.past = first.past
        found = second.make("hold_probe", "verify", unit)
        assert (found["outcomes"], second.show(unit, "ActiveState")) == (["pass"], "inactive")
        assert len(second.starts(unit)) == count
        assert second.make("hold_release", "whole", unit)["outcomes"] == ["pass"] * 3
    with booted(tmp_path) as third:
        await_that(lambda: third.show(unit, "ActiveState") == "active")


def test_a_mask_cannot_hold_what_the_deploy_script_has_put_into_etc(machine: Machine) -> None:
    """Why a drop-in is used: this is what systemd says to the usual way."""
    masked = machine.systemd.systemctl("mask", "medflow-MATRIX")
    assert masked.returncode != 0
    assert "already exists" in masked.stderr


def test_how_it_ended_is_captured_before_anything_is_changed(machine: Machine) -> None:
    machine.systemd.systemctl("start", "medflow-falls")
    await_that(lambda: machine.show("medflow-falls", "ActiveState") == "failed")
    found = machine.make("capture", "verify", "medflow-falls")
    own = machine.past["service.capture"]
    assert (found["outcomes"], own["crash.state"], own["crash.exit"]) == (["pass"], "failed", 3)
    assert Path(own["crash.raw"]).stat().st_mode & 0o777 == 0o600


def test_a_signal_is_told_apart_from_an_exit_status(machine: Machine) -> None:
    machine.up("medflow-slow")
    machine.systemd.systemctl("kill", "--signal=KILL", "medflow-slow").check_returncode()
    await_that(lambda: machine.show("medflow-slow", "ActiveState") == "failed")
    machine.make("capture", "verify", "medflow-slow")
    assert machine.past["service.capture"]["crash.ended_by"] == "signal 9"
