"""The share probe over the real protocol, against quicksand-smb, a real Samba and a mount that died."""

from __future__ import annotations

import ctypes
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from medflow_tui.clients.network import Deadline, UnreachableError
from medflow_tui.clients.smb import Account, look, place_of
from medflow_tui.model.health import Cause, Health, Judgement, Reading
from medflow_tui.model.site import Hours
from medflow_tui.model.targets.share import ShareTarget
from medflow_tui.probes.share import build
from medflow_tui.rules.judging import Context
from medflow_tui.rules.judging.share import judge
from tests.servers.bad_line import bad_line
from tests.servers.mongodb import free_port
from tests.servers.process import OwnProcess
from tests.servers.readings import never_accepting, tools
from tests.servers.shares import PASSWORD, USER, quicksand, samba
from tests.servers.web_answer import http_only

DEADLINE_S = 1.5
SLACK_S = 0.7
NOW = datetime.now(UTC).replace(microsecond=0)


def put(path: Path, age: timedelta) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")
    moment = (NOW - age).timestamp()
    os.utime(path, (moment, moment))


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A device's folder: the newest file is eleven minutes old and lies two folders deep."""
    folder = tmp_path_factory.mktemp("Export Solix")
    put(folder / "MUSTERMANN_Erika" / "2026" / "scan.dcm", timedelta(minutes=11))
    put(folder / "old.dcm", timedelta(hours=26))
    put(folder / "Thumbs.db", timedelta(0))
    for number in range(300):
        put(folder / "archive" / f"{number}.dcm", timedelta(days=number + 2))
    old = (NOW - timedelta(days=2)).timestamp()
    os.utime(folder / "archive", (old, old))
    return folder


@pytest.fixture(scope="module")
def server(files: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnProcess]:
    empty = tmp_path_factory.mktemp("empty")
    with quicksand(tmp_path_factory.mktemp("server"), {"Export Solix": files, "Empty": empty}) as found:
        yield found


@pytest.fixture(scope="module")
def real(files: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnProcess]:
    folder = tmp_path_factory.mktemp("samba")
    with samba(folder, {"Private": files}, {"Export Solix": files}) as found:
        yield found


def target(port: int, share: str = "Export Solix", **more: Any) -> ShareTarget:
    return ShareTarget(name="solix56", address=f"smb://127.0.0.1:{port}/{share}", **more)


def read(tmp_path: Path, configured: ShareTarget, deadline_s: float = 8.0) -> Reading:
    probe = build(configured, tools(tmp_path, RIGHT=PASSWORD, WRONG="not-" + PASSWORD))
    (reading,) = probe.read(deadline_s)
    return reading


def verdict(reading: Reading, configured: ShareTarget) -> Judgement:
    return judge(reading, configured, Context(now=NOW))


def shown(reading: Reading) -> str:
    return repr(reading)


def test_the_newest_file_is_found_two_folders_deep_and_no_name_is_kept(
    server: OwnProcess, tmp_path: Path
) -> None:
    reading = read(tmp_path, target(server.port))
    assert reading.failure is None
    assert reading.values["share"] == "answers"
    assert datetime.fromisoformat(reading.values["newest"]) == NOW - timedelta(minutes=11)
    assert reading.values["files"] == 302
    assert reading.values["complete"] is True
    assert not any(word in shown(reading) for word in ("MUSTERMANN", "dcm", "Thumbs"))
    assert verdict(reading, target(server.port)).evidence.text == "{age:duration} old"


def test_a_short_look_finds_the_folder_that_was_written_to_last(server: OwnProcess, tmp_path: Path) -> None:
    reading = read(tmp_path, target(server.port, max_entries=60))
    assert reading.values["complete"] is False
    assert reading.values["seen"] <= 60
    assert datetime.fromisoformat(reading.values["newest"]) == NOW - timedelta(minutes=11)


def test_a_folder_inside_the_share_can_be_watched(server: OwnProcess, tmp_path: Path) -> None:
    inside = ShareTarget(name="x", address=f"smb://127.0.0.1:{server.port}/Export%20Solix/archive")
    reading = read(tmp_path, inside)
    assert reading.values["files"] == 300
    assert verdict(reading, inside).health is Health.WARNING
    missing = ShareTarget(name="x", address=f"smb://127.0.0.1:{server.port}/Export%20Solix/nowhere")
    assert verdict(read(tmp_path, missing), missing).evidence.text == "folder not in share"


def test_an_empty_share_is_not_good_news(server: OwnProcess, tmp_path: Path) -> None:
    reading = read(tmp_path, target(server.port, "Empty"))
    assert reading.values["newest"] is None
    assert verdict(reading, target(server.port, "Empty")).health is Health.WARNING


def test_a_share_of_another_name_does_not_answer_though_the_host_does(
    server: OwnProcess, tmp_path: Path
) -> None:
    reading = read(tmp_path, target(server.port, "Retired"))
    assert (reading.values["host"], reading.values["share"]) == ("answers", "absent")
    found = verdict(reading, target(server.port, "Retired"))
    assert (found.health, found.evidence.text) == (Health.CRITICAL, "host answers, share does not")


def test_a_frozen_server_is_told_apart_from_a_dead_host_within_the_deadline(
    server: OwnProcess, tmp_path: Path
) -> None:
    with server.frozen():
        started = time.monotonic()
        reading = read(tmp_path, target(server.port), DEADLINE_S)
        took = time.monotonic() - started
    assert took < DEADLINE_S + SLACK_S
    assert reading.values["share"] == "silent"
    assert verdict(reading, target(server.port)).evidence.text == "host answers, share does not"
    assert read(tmp_path, target(server.port)).values["share"] == "answers"


def test_a_server_that_freezes_after_the_greeting_cannot_hold_the_reading(server: OwnProcess) -> None:
    before = threading.active_count()
    with server.frozen():
        started = time.monotonic()
        with pytest.raises(UnreachableError) as caught:
            look(
                place_of(f"smb://127.0.0.1:{server.port}/Export Solix"),
                Account(),
                entries=10,
                depth=1,
                now=NOW,
                deadline=Deadline.after(DEADLINE_S),
            )
        took = time.monotonic() - started
        assert caught.value.failure.cause is Cause.SILENT
        assert took < DEADLINE_S + SLACK_S
        ends = time.monotonic() + 5
        while threading.active_count() > before and time.monotonic() < ends:
            for each in threading.enumerate():
                if each is not threading.current_thread():
                    each.join(0.1)
    assert threading.active_count() <= before


@pytest.mark.parametrize("drip_s", [0.0, 0.2], ids=["stops", "drips"])
@pytest.mark.parametrize("after", [4, 100, 500, 1500])
def test_an_answer_that_stops_or_drips_in_the_middle_leaves_the_share_silent_in_time(
    server: OwnProcess, tmp_path: Path, after: int, drip_s: float
) -> None:
    with bad_line(server.port, after=after, drip_s=drip_s) as port:
        configured = target(port)
        started = time.monotonic()
        reading = read(tmp_path, configured, DEADLINE_S)
        assert time.monotonic() - started < DEADLINE_S + SLACK_S
    assert verdict(reading, configured).evidence.text == "host answers, share does not"


def test_a_server_that_never_accepts_is_silent(tmp_path: Path) -> None:
    with never_accepting() as port:
        started = time.monotonic()
        reading = read(tmp_path, target(port), DEADLINE_S)
        assert time.monotonic() - started < DEADLINE_S + SLACK_S
    assert reading.values["share"] == "silent"


def test_a_host_without_a_file_server_answers_and_its_share_does_not(tmp_path: Path) -> None:
    port = free_port()
    reading = read(tmp_path, target(port), DEADLINE_S)
    assert (reading.values["share"], reading.values["loss"]) == ("refused", 0.0)
    assert verdict(reading, target(port)).evidence.text == "host answers, share does not"


def test_a_web_server_at_the_port_is_not_taken_for_a_share(tmp_path: Path) -> None:
    with http_only() as port:
        reading = read(tmp_path, target(port), DEADLINE_S)
    assert reading.values["share"] == "garbled"


def test_a_host_that_drops_connections_does_not_answer(tmp_path: Path) -> None:
    with full_backlog() as port:
        started = time.monotonic()
        reading = read(tmp_path, target(port), DEADLINE_S)
        assert time.monotonic() - started < DEADLINE_S + SLACK_S
    assert reading.failure is not None
    found = verdict(reading, target(port))
    assert (found.health, found.evidence.text) == (Health.CRITICAL, "host does not answer")


def test_loss_and_round_trip_are_kept_over_readings(tmp_path: Path, server: OwnProcess) -> None:
    configured = target(server.port, window=4)
    probe = build(configured, tools(tmp_path))
    for _ in range(6):
        (reading,) = probe.read(5.0)
    assert reading.values["connects"] == 4
    assert reading.values["loss"] == 0.0
    assert 0 < reading.values["rtt_ms"] < 1000


def test_a_wrong_address_and_a_missing_secret_are_unknown_not_down(tmp_path: Path) -> None:
    wrong = ShareTarget(name="x", address="http://127.0.0.1/share")
    assert verdict(read(tmp_path, wrong), wrong).health is Health.UNKNOWN
    secretless = target(1, username="device", password="env:ABSENT")
    reading = read(tmp_path, secretless)
    assert reading.failure is not None
    assert reading.failure.cause is Cause.DENIED


def test_a_local_folder_is_a_device_too(files: Path, tmp_path: Path) -> None:
    local = ShareTarget(name="tonoref", mount=str(files))
    reading = read(tmp_path, local)
    assert (reading.values["host"], reading.values["mount"]) == ("none", "answers")
    gone = ShareTarget(name="tonoref", mount=str(files / "nowhere"))
    found = verdict(read(tmp_path, gone), gone)
    assert (found.health, found.evidence.text) == (Health.CRITICAL, "no such folder")


def test_a_file_dated_ahead_does_not_make_a_local_folder_fresh_for_ever(tmp_path: Path) -> None:
    put(tmp_path / "device" / "scan.dcm", timedelta(hours=40))
    put(tmp_path / "device" / "Thumbs.db", timedelta(0))
    put(tmp_path / "device" / "wrong-clock.dcm", timedelta(days=-400))
    local = ShareTarget(name="tonoref", mount=str(tmp_path / "device"))
    reading = read(tmp_path, local)
    assert datetime.fromisoformat(reading.values["newest"]) == NOW - timedelta(hours=40)
    assert reading.values["ahead"] == 1
    assert verdict(reading, local).health is Health.WARNING


def test_a_local_folder_with_more_names_than_there_is_time_for_is_read_in_part(tmp_path: Path) -> None:
    folder = tmp_path / "device"
    folder.mkdir()
    for number in range(6000):
        (folder / f"{number}.dcm").touch()
    os.utime(folder, (0, 0))
    local = ShareTarget(name="tonoref", mount=str(folder), expected_every_s=0.0)
    reading = read(tmp_path, local)
    assert (reading.values["mount"], reading.values["complete"]) == ("answers", False)


def test_hours_of_work_are_those_of_the_device_else_of_the_site(tmp_path: Path, files: Path) -> None:
    local = ShareTarget(name="tonoref", mount=str(files))
    around = tools(tmp_path)
    around = replace(around, site=replace(around.site, opens="08:00"))
    (reading,) = build(local, around).read(5.0)
    assert (reading.values["hours"], reading.values["zone"]) == (Hours(opens="08:00"), "Africa/Kinshasa")
    (reading,) = build(replace(local, opens="06:00", closes="12:00"), around).read(5.0)
    assert reading.values["hours"] == Hours(opens="06:00", closes="12:00")
    (reading,) = build(local, tools(tmp_path)).read(5.0)
    assert reading.values["hours"] is None


def test_a_mount_that_is_empty_while_the_share_is_not_was_lost(server: OwnProcess, tmp_path: Path) -> None:
    unmounted = tmp_path / "mount"
    unmounted.mkdir()
    configured = target(server.port, mount=str(unmounted))
    found = verdict(read(tmp_path, configured), configured)
    assert (found.health, found.evidence.text) == (Health.WARNING, "mount is empty")


def test_a_stale_mount_holds_neither_the_reading_nor_the_next_one(server: OwnProcess, tmp_path: Path) -> None:
    with dead_mount(tmp_path / "dead") as folder:
        configured = target(server.port, mount=str(folder))
        probe = build(configured, tools(tmp_path))
        for _ in range(2):
            started = time.monotonic()
            (reading,) = probe.read(DEADLINE_S)
            assert time.monotonic() - started < DEADLINE_S + SLACK_S
            assert reading.values["mount"] == "stale"
            assert reading.values["share"] == "answers"
        assert verdict(reading, configured).evidence.text == "stale mount"


@pytest.mark.real_server
def test_real_samba_lets_the_guest_look(real: OwnProcess, tmp_path: Path) -> None:
    reading = read(tmp_path, target(real.port))
    assert reading.failure is None
    assert reading.values["files"] == 302
    assert datetime.fromisoformat(reading.values["newest"]) == NOW - timedelta(minutes=11)


@pytest.mark.real_server
def test_real_samba_lets_a_named_user_look_with_signing(real: OwnProcess, tmp_path: Path) -> None:
    reading = read(tmp_path, target(real.port, "Private", username=USER, password="env:RIGHT"))
    assert reading.failure is None
    assert reading.values["files"] == 302


@pytest.mark.real_server
def test_real_samba_refuses_a_wrong_password_which_is_tried_once_by_all_runs(
    real: OwnProcess, tmp_path: Path
) -> None:
    configured = target(real.port, "Private", username=USER, password="env:WRONG")
    probe = build(configured, tools(tmp_path, WRONG="not-" + PASSWORD))
    log = log_of(real)
    (first,) = probe.read(8.0)
    refusals = log.read_text(errors="replace").count("WRONG_PASSWORD")
    (second,) = build(configured, tools(tmp_path, WRONG="not-" + PASSWORD)).read(8.0)
    assert first.failure is not None
    assert first.failure.cause is Cause.DENIED
    assert second.failure == first.failure
    assert refusals > 0
    assert log.read_text(errors="replace").count("WRONG_PASSWORD") == refusals
    assert verdict(first, configured).health is Health.UNKNOWN
    assert PASSWORD not in shown(first)


@pytest.mark.real_server
def test_real_samba_keeps_the_guest_out_of_a_private_share(real: OwnProcess, tmp_path: Path) -> None:
    reading = read(tmp_path, target(real.port, "Private"))
    assert reading.failure is not None
    assert reading.failure.cause in (Cause.FORBIDDEN, Cause.DENIED)


@pytest.mark.real_server
def test_real_samba_does_not_let_an_unknown_user_pass_as_the_user(real: OwnProcess, tmp_path: Path) -> None:
    reading = read(tmp_path, target(real.port, username="stranger", password="env:RIGHT"))
    assert reading.failure is not None
    assert reading.failure.cause is Cause.DENIED


@pytest.mark.real_server
def test_real_samba_frozen_is_silent_and_comes_back(real: OwnProcess, tmp_path: Path) -> None:
    with real.frozen():
        started = time.monotonic()
        reading = read(tmp_path, target(real.port), DEADLINE_S)
        took = time.monotonic() - started
    assert took < DEADLINE_S + SLACK_S
    assert verdict(reading, target(real.port)).evidence.text == "host answers, share does not"
    assert read(tmp_path, target(real.port)).values["share"] == "answers"


def log_of(real: OwnProcess) -> Path:
    """Where this very smbd writes its log: the folder it was started in."""
    return Path(f"/proc/{real.pid}/cwd").readlink() / "output.log"


@contextmanager
def full_backlog() -> Iterator[int]:
    """A port whose queue of connections is full: the system drops new ones, as a dead host does."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        port = int(listener.getsockname()[1])
        waiting = []
        try:
            for _ in range(3):
                each = socket.socket()
                each.setblocking(False)
                each.connect_ex(("127.0.0.1", port))
                waiting.append(each)
            yield port
        finally:
            for each in waiting:
                each.close()


@contextmanager
def dead_mount(folder: Path) -> Iterator[Path]:
    """A mount whose server never says a word: every look at it waits until the looker is killed."""
    libc = ctypes.CDLL(None, use_errno=True)
    if os.geteuid() != 0 or not Path("/dev/fuse").exists():
        pytest.skip("a dead mount can be made by root only, where there is /dev/fuse")
    folder.mkdir()
    channel = os.open("/dev/fuse", os.O_RDWR)
    options = f"fd={channel},rootmode=40000,user_id=0,group_id=0".encode()
    if libc.mount(b"medflow-test", os.fsencode(folder), b"fuse.medflow-test", 0, options) != 0:
        os.close(channel)
        pytest.skip("this machine does not let us mount")
    try:
        yield folder
    finally:
        os.close(channel)
        libc.umount2(os.fsencode(folder), 2)
