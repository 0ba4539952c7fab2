"""The host probe on this machine and over a file of figures."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from medflow_tui.clients import host as client
from medflow_tui.clients.clock import from_chrony
from medflow_tui.clients.tools import Tools
from medflow_tui.model.health import Cause, Health, Reading
from medflow_tui.model.targets.host import HostTarget
from medflow_tui.model.targets.http import HttpTarget
from medflow_tui.probes.host import build
from medflow_tui.rules.judging import Context, judge
from tests.contracts.scripted_web import raw_server
from tests.servers.readings import tools

NOW = datetime(2026, 11, 23, 13, 0, tzinfo=UTC)
GB = 1024**3
FIGURES = {
    "at": "2026-11-23T12:59:30+00:00",
    "cpu_percent": 12,
    "memory_total": 16 * GB,
    "memory_used": 8 * GB,
    "swap_total": 2 * GB,
    "swap_used": 0,
    "disks": [{"mount": "C:\\", "total": 200 * GB, "free": 41 * GB}],
    "clock_offset_s": 0.2,
    "power": {"source": "mains", "percent": 100},
}


def at(moment: datetime, folder: Path) -> Tools:
    found = tools(folder)
    return replace(found, now=lambda: moment, site=replace(found.site, folder=str(folder)))


def write(folder: Path, **changed: Any) -> None:
    (folder / "figures.json").write_text(json.dumps({**FIGURES, **changed}), encoding="utf-8")


def from_file(folder: Path, **more: Any) -> dict[str, Reading]:
    probe = build(HostTarget(name="host", figures="figures.json", **more), at(NOW, folder))
    return {each.target: each for each in probe.read(2.0)}


def verdicts(readings: dict[str, Reading], now: datetime = NOW) -> dict[str, Health]:
    return {
        name: judge(each, HostTarget(name="host"), Context(now=now)).health for name, each in readings.items()
    }


def test_this_machine_is_read_within_the_deadline_with_every_part(tmp_path: Path) -> None:
    started = time.monotonic()
    readings = {each.target: each for each in build(HostTarget(name="host"), tools(tmp_path)).read(4.0)}
    assert time.monotonic() - started < 4.0
    assert {"host", "host/cpu", "host/memory", "host/clock"} <= set(readings)
    assert any(name.startswith("host/disk ") for name in readings)
    assert next(iter(readings)) == "host"
    assert 0 <= readings["host/cpu"].values["percent"] <= 100
    assert 0 < readings["host/memory"].values["used"] <= readings["host/memory"].values["total"]


def test_a_disk_that_does_not_exist_is_absent_and_hides_no_other(tmp_path: Path) -> None:
    target = HostTarget(name="host", mounts=(str(tmp_path / "gone"), str(tmp_path)))
    readings = {each.target: each for each in build(target, tools(tmp_path)).read(4.0)}
    gone = readings[f"host/disk {tmp_path / 'gone'}"]
    assert gone.failure is not None
    assert gone.failure.cause is Cause.ABSENT
    assert readings[f"host/disk {tmp_path}"].values["total"] > 0


def test_a_disk_that_hangs_is_left_at_its_second_and_asked_once_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "DISK", "import time\ntime.sleep(600)")
    probe = build(HostTarget(name="host", mounts=(str(tmp_path),)), tools(tmp_path))
    started = time.monotonic()
    readings = {each.target: each for each in probe.read(4.0)}
    assert time.monotonic() - started < 3.0
    hung = readings[f"host/disk {tmp_path}"]
    assert hung.failure is not None
    assert hung.failure.cause is Cause.SILENT


def test_figures_of_an_agent_are_read_with_the_moment_at_which_they_were_true(tmp_path: Path) -> None:
    write(tmp_path)
    readings = from_file(tmp_path)
    assert list(readings) == [
        "host",
        "host/cpu",
        "host/memory",
        "host/swap",
        "host/disk C",
        "host/clock",
        "host/power",
    ]
    assert {each.observed_at for each in readings.values()} == {NOW - timedelta(seconds=30)}
    assert set(verdicts(readings).values()) == {Health.OK}


def test_old_figures_say_nothing_about_any_part(tmp_path: Path) -> None:
    write(tmp_path, at="2026-11-23T12:00:00+00:00")
    assert set(verdicts(from_file(tmp_path)).values()) == {Health.UNKNOWN}


def test_figures_of_a_clock_a_little_ahead_are_of_now(tmp_path: Path) -> None:
    write(tmp_path, at="2026-11-23T13:03:00+00:00")
    assert from_file(tmp_path)["host/memory"].observed_at == NOW


def test_figures_dated_ahead_are_unknown_because_they_would_never_grow_old(tmp_path: Path) -> None:
    write(tmp_path, at="2026-11-23T18:00:00+00:00")
    readings = from_file(tmp_path)
    assert verdicts(readings) == {"host": Health.UNKNOWN}
    assert readings["host"].failure is not None
    assert readings["host"].failure.text.text == "dated ahead of now"


@pytest.mark.parametrize(
    "changed",
    [
        {"cpu_percent": float("nan")},
        {"memory_used": float("inf")},
        {"memory_used": 17 * GB},
        {"memory_used": -1},
        {"memory_total": "16 GB"},
        {"swap_total": True},
        {"swap_used": 10**400},
        {"clock_offset_s": float("nan")},
        {"clock_offset_s": "0.2"},
        {"disks": [{"mount": "/", "total": 10, "free": 11}]},
        {"disks": [{"mount": "/", "total": float("nan"), "free": 1}]},
        {"disks": [{"mount": "/", "total": 10, "free": -1}]},
        {"disks": {"/": 1}},
        {"disks": 3},
        {"power": "mains"},
        {"power": {"source": "battery", "percent": "full"}},
        {"boot_at": "0001-01-01T00:00:00+14:00"},
        {"at": "0001-01-01T00:00:00+14:00"},
    ],
    ids=str,
)
def test_figures_that_no_machine_can_have_are_not_believed(tmp_path: Path, changed: dict[str, Any]) -> None:
    write(tmp_path, **changed)
    readings = from_file(tmp_path)
    assert verdicts(readings) == {"host": Health.UNKNOWN}


def test_a_part_that_the_agent_does_not_tell_is_unknown_and_not_left_out(tmp_path: Path) -> None:
    (tmp_path / "figures.json").write_text(json.dumps({"at": FIGURES["at"]}))
    found = verdicts(from_file(tmp_path))
    parts = {"host/cpu", "host/memory", "host/disk", "host/clock"}
    assert {name for name, health in found.items() if health is Health.UNKNOWN} == parts
    write(tmp_path, disks=[{"mount": "/", "total": 0, "free": 0}, {"mount": "/var", "total": 10, "free": 0}])
    found = verdicts(from_file(tmp_path))
    assert (found["host/disk /"], found["host/disk /var"]) == (Health.UNKNOWN, Health.CRITICAL)


def test_a_pipe_in_place_of_the_figures_holds_nobody_up(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "figures.json")
    started = time.monotonic()
    assert verdicts(from_file(tmp_path)) == {"host": Health.UNKNOWN}
    assert time.monotonic() - started < 2.0


@pytest.mark.parametrize("power", [{"source": "unknown", "percent": None}, None, {}])
def test_unknown_power_is_a_part_only_where_it_is_expected(tmp_path: Path, power: object) -> None:
    write(tmp_path, power=power)
    assert "host/power" not in from_file(tmp_path)
    assert verdicts(from_file(tmp_path))["host"] is Health.OK
    assert verdicts(from_file(tmp_path, power_expected=True))["host/power"] is Health.UNKNOWN


@pytest.mark.parametrize(
    ("spoil", "cause"),
    [
        (lambda path: path.unlink(), Cause.ABSENT),
        (lambda path: path.write_text("{"), Cause.GARBLED),
        (lambda path: path.write_text("[]"), Cause.GARBLED),
        (lambda path: path.write_text("[" * 100_000), Cause.GARBLED),
        (lambda path: path.write_text(json.dumps(FIGURES)[:-30]), Cause.GARBLED),
        (lambda path: path.write_text('{"at": "yesterday"}'), Cause.GARBLED),
        (lambda path: path.write_text('{"at": "2026-11-23T12:59:30"}'), Cause.GARBLED),
        (lambda path: path.write_bytes(b"\xff\xfe"), Cause.GARBLED),
        (lambda path: (path.unlink(), path.mkdir()), Cause.FORBIDDEN),
    ],
)
def test_figures_that_cannot_be_read_are_one_failure(
    tmp_path: Path, spoil: Callable[[Path], object], cause: Cause
) -> None:
    write(tmp_path)
    spoil(tmp_path / "figures.json")
    readings = from_file(tmp_path)
    assert list(readings) == ["host"]
    failure = readings["host"].failure
    assert failure is not None
    assert failure.cause is cause
    assert verdicts(readings)["host"] is Health.UNKNOWN


def test_the_processors_are_busy_since_the_first_look_without_a_pause(tmp_path: Path) -> None:
    moments = [NOW + timedelta(minutes=each) for each in range(5)]
    probe_tools, since = at(NOW, tmp_path), []
    clock = iter(moments)
    probe = build(
        HostTarget(name="host", figures="figures.json"), replace(probe_tools, now=lambda: next(clock))
    )
    for moment, percent in zip(moments, (95, 95, 40, 90, 90), strict=True):
        write(tmp_path, at=moment.isoformat(), cpu_percent=percent)
        since.append(probe.read(2.0)[1].values["busy_since"])
    assert since == [moments[0], moments[0], None, moments[3], moments[3]]


@pytest.mark.parametrize(
    ("wrong_by", "health"), [(0, Health.OK), (30, Health.WARNING), (-7200, Health.CRITICAL)]
)
def test_the_clock_is_held_against_the_date_of_a_server(
    tmp_path: Path, wrong_by: int, health: Health
) -> None:
    there = format_datetime(datetime.now(UTC) - timedelta(seconds=wrong_by), usegmt=True)
    answer = f"HTTP/1.1 200 OK\r\nDate: {there}\r\nContent-Length: 2\r\n\r\n{{}}"
    with raw_server(answer.encode()) as url:
        found = tools(tmp_path)
        source = HttpTarget(name="central", address=url, role="central")
        probe_tools = replace(found, site=replace(found.site, targets=(source,)))
        target = HostTarget(name="host", time_source="central", mounts=(str(tmp_path),))
        readings = {each.target: each for each in build(target, probe_tools).read(4.0)}
    offset = readings["host/clock"].values["offset_s"]
    assert abs(offset - wrong_by) < 3
    assert verdicts(readings, datetime.now(UTC))["host/clock"] is health


def test_without_its_time_source_the_machine_itself_is_asked(tmp_path: Path) -> None:
    found = tools(tmp_path)
    source = HttpTarget(name="central", address="http://127.0.0.1:9", role="central")
    probe_tools = replace(found, site=replace(found.site, targets=(source,)))
    target = HostTarget(name="host", time_source="central", mounts=(str(tmp_path),))
    readings = {each.target: each for each in build(target, probe_tools).read(4.0)}
    assert "kept" in readings["host/clock"].values
    assert readings["host/clock"].failure is None


def test_a_clock_that_chrony_does_not_keep_is_not_kept() -> None:
    line = "7F7F0101,,0,0.000000000,0.000000000,0,0,0,0,0,1,1,0.0,Not synchronised\n"
    assert from_chrony(line).is_kept is False
    assert from_chrony("506 Cannot talk to daemon\n").is_kept is None


@pytest.mark.parametrize(
    ("supplies", "power"),
    [
        ({}, ("unknown", None)),
        ({"AC": {"type": "Mains", "online": "1"}}, ("mains", None)),
        (
            {
                "AC": {"type": "Mains", "online": "0"},
                "BAT0": {"type": "Battery", "status": "Discharging", "capacity": "61"},
            },
            ("battery", 61.0),
        ),
        (
            {
                "AC": {"type": "Mains", "online": "1"},
                "BAT0": {"type": "Battery", "status": "Charging", "capacity": "61"},
            },
            ("mains", 61.0),
        ),
        ({"ups": {"type": "UPS", "status": "Discharging", "capacity": "40"}}, ("battery", 40.0)),
        ({"BAT0": {"type": "Battery"}}, ("unknown", None)),
        ({"ups": {"type": "UPS", "status": "Full", "capacity": "100"}}, ("mains", 100.0)),
        (
            {
                "AC": {"type": "Mains", "online": "1"},
                "ups": {"type": "UPS", "status": "Discharging", "capacity": "40"},
            },
            ("battery", 40.0),
        ),
        (
            {"hidpp_battery_0": {"type": "Battery", "scope": "Device", "status": "Discharging"}},
            ("unknown", None),
        ),
    ],
)
def test_power_is_read_from_the_supplies_that_linux_lists(
    tmp_path: Path, supplies: dict[str, dict[str, str]], power: tuple[str, float | None]
) -> None:
    for name, files in supplies.items():
        (tmp_path / name).mkdir()
        for file, text in files.items():
            (tmp_path / name / file).write_text(f"{text}\n")
    assert client.from_supplies(tmp_path) == power
    assert client.from_supplies(tmp_path / "absent") == ("unknown", None)
