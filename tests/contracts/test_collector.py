"""The collector and its viewers as real processes, over a real Valkey whose calls are counted."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
import redis

from medflow_tui.clients.tools import utc_now
from medflow_tui.config.load import load
from medflow_tui.journal.desk import Desk
from medflow_tui.journal.history import HistoryReader
from medflow_tui.model.health import EMPTY, Acknowledgement
from medflow_tui.monitor.connection import glance
from medflow_tui.monitor.meeting import LOCK_FILE, SOCKET_FILE
from medflow_tui.wiring.collecting import hello_for
from tests.servers.collector import Place, Viewing
from tests.servers.lab import until
from tests.servers.process import OwnProcess
from tests.servers.valkey import running

pytestmark = pytest.mark.skipif(os.name != "posix", reason="sockets between processes")
TARGETS = 3
NOBODY = 65534


@pytest.fixture(scope="module")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnProcess]:
    with running(tmp_path_factory.mktemp("valkey")) as server:
        yield server


@pytest.fixture
def place(tmp_path: Path, valkey: OwnProcess) -> Place:
    return made(tmp_path, valkey.port)


def made(folder: Path, port: int, interval_s: float = 1) -> Place:
    site = folder / "site.toml"
    tables = [
        f'[target.redis{n}]\nkind = "redis"\naddress = "redis://127.0.0.1:{port}/{n}"\ninterval_s = {interval_s}\n'
        for n in range(TARGETS)
    ]
    site.write_text('[site]\ncode = "M"\nname = "M"\nenvironment = "lab"\n' + "".join(tables))
    return Place(site, folder / "state")


def count_anew(server: OwnProcess) -> None:
    """Forget the calls so far."""
    with closing(redis.Redis(port=server.port)) as client:
        client.config_resetstat()


def readings(server: OwnProcess) -> int:
    """How often the server was read since then: each reading asks once for INFO (this question is not yet counted)."""
    with closing(redis.Redis(port=server.port, decode_responses=True)) as client:
        found = client.info("commandstats").get("cmdstat_info", {})
    return int(found.get("calls", 0))


def only_one_reads(server: OwnProcess, viewer: Viewing) -> None:
    """As many readings are made as one viewer is shown, give or take those under way."""
    count_anew(server)
    start = {each["read"]["redis0"] for each in viewer.seen}
    until(lambda: len({each["read"]["redis0"] for each in viewer.seen} - start) >= 6, "six readings")
    made_in_all = readings(server)
    shown = len({each["read"]["redis0"] for each in viewer.seen} - start)
    assert made_in_all <= TARGETS * (shown + 2)


def through(pid: int) -> str:
    return f"collector {pid}"


def is_held(path: Path) -> bool:
    """Whether some process holds the lock."""
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
    return False


def test_a_second_viewer_and_a_third_do_not_read_anything(place: Place, valkey: OwnProcess) -> None:
    with place.collecting() as collector, place.viewing() as first:
        first.until_through(through(collector.pid))
        with place.viewing() as second, place.viewing() as third:
            for each in (second, third):
                each.until_through(through(collector.pid))
            only_one_reads(valkey, third)
            assert first.last["health"] == {f"redis{n}": "ok" for n in range(TARGETS)}


def test_what_was_collected_while_nobody_looked_is_found(place: Place) -> None:
    with place.collecting():
        reader = HistoryReader(place.state)
        until(lambda: reader.samples("redis0", utc_now() - timedelta(hours=1)), "a figure in the history")
        with place.viewing() as viewer:
            viewer.until(lambda last: last["source"].startswith("collector"), "attached")
            assert viewer.last["unread"] == []


def test_a_viewer_has_it_read_now_and_two_at_once_have_it_read_once(
    tmp_path: Path, valkey: OwnProcess
) -> None:
    place = made(tmp_path, valkey.port, interval_s=600)
    with place.collecting() as collector, place.viewing() as one, place.viewing() as two:
        for each in (one, two):
            each.until_through(through(collector.pid))
        before = one.last["read"]["redis1"]
        count_anew(valkey)
        one.ask("redis1")
        two.ask("redis1")
        for each in (one, two):
            each.until(lambda last: last["read"]["redis1"] != before, "read again")
        assert readings(valkey) == 1


def test_an_acknowledgement_on_the_desk_reaches_every_viewer(place: Place) -> None:
    with place.collecting() as collector, place.viewing() as viewer:
        viewer.until_through(through(collector.pid))
        now = utc_now()
        Desk(place.state).acknowledge(
            Acknowledgement(target="redis0", who="amani", why="on it", at=now, until=now + timedelta(hours=1))
        )
        viewer.until(lambda last: last["who"].get("redis0") == "amani", "who is on it")


def test_a_killed_collector_is_told_and_replaced_and_returned_to(place: Place, valkey: OwnProcess) -> None:
    with place.viewing() as viewer:
        with place.collecting() as collector:
            viewer.until_through(through(collector.pid))
            until(lambda: is_held(place.state / "history.lock"), "the collector writes the history")
            seen = len(viewer.seen)
            os.kill(collector.pid, signal.SIGKILL)
            viewer.until(lambda last: last["source"] == "own", "looking itself", patience_s=5)
            assert "collector gone" in viewer.last["notices"][0]
            before = viewer.last["read"]["redis0"]
            viewer.until(lambda last: last["read"]["redis0"] > before, "its own readings")
            assert is_held(place.state / "history.lock")
        with place.collecting() as again:
            viewer.until_through(through(again.pid))
            assert viewer.last["notices"] == []
            only_one_reads(valkey, viewer)
            until(
                lambda: lock_holder(place.state / "history.lock") == again.pid,
                "the history is the collector's",
            )
        assert [each["unread"] for each in viewer.seen[seen:] if each["unread"]] == []


def test_what_a_new_collector_has_not_read_yet_stays_on_the_screen(place: Place, valkey: OwnProcess) -> None:
    with place.viewing() as viewer:
        viewer.until_through("own")
        with valkey.frozen(), place.collecting() as collector:
            viewer.until(lambda last: last["source"] == through(collector.pid), "attached")
            assert glance(place.state, hello_for(load(place.site).site), utc_now) == EMPTY
            assert viewer.last["unread"] == []


def lock_holder(path: Path) -> int:
    return int(path.read_text() or 0)


def test_a_collector_that_ends_in_order_leaves_nothing_open(place: Place) -> None:
    with place.collecting() as collector, place.viewing() as viewer:
        viewer.until_through(through(collector.pid))
        collector.terminate()
        assert collector.wait(10) == 0
        assert not (place.state / SOCKET_FILE).exists()
        assert not is_held(place.state / LOCK_FILE)
        viewer.until(lambda last: last["source"] == "own", "looking itself", patience_s=5)
        assert place.log().rstrip().endswith("ended")


def test_without_a_collector_a_viewer_looks_itself_and_says_nothing_of_it(place: Place) -> None:
    with place.viewing() as viewer:
        viewer.until_through("own")
        assert viewer.last["notices"] == []


def test_a_frozen_collector_is_noticed_within_seconds_and_returned_to(place: Place) -> None:
    with place.collecting() as collector, place.viewing() as viewer:
        viewer.until_through(through(collector.pid))
        os.kill(collector.pid, signal.SIGSTOP)
        viewer.until(lambda last: last["source"] == "own", "looking itself", patience_s=10)
        assert "collector stuck" in viewer.last["notices"][0]
        with place.viewing() as late:
            late.until_through("own")
        os.kill(collector.pid, signal.SIGCONT)
        viewer.until_through(through(collector.pid))


def test_a_stopped_viewer_delays_nobody_and_sees_now_when_it_wakes(
    tmp_path: Path, valkey: OwnProcess
) -> None:
    place = made(tmp_path, valkey.port)
    with place.collecting() as collector, place.viewing() as stalled, place.viewing() as other:
        for each in (stalled, other):
            each.until_through(through(collector.pid))
        os.kill(stalled.process.pid, signal.SIGSTOP)
        with closing(deaf(place)) as _:
            start = {each["read"]["redis0"] for each in other.seen}
            until(
                lambda: len({each["read"]["redis0"] for each in other.seen} - start) >= 10,
                "ten more readings",
                patience_s=20,
            )
        newest = other.last["read"]["redis0"]
        os.kill(stalled.process.pid, signal.SIGCONT)
        stalled.until(lambda last: last["read"]["redis0"] >= newest, "the newest", patience_s=5)
        assert all(each["source"] != "own" for each in stalled.seen[2:])


def deaf(place: Place) -> socket.socket:
    """A viewer that connects and never reads; what is sent to it waits in the collector."""
    one = socket.socket(socket.AF_UNIX)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
    one.connect(str(place.state / SOCKET_FILE))
    return one


def test_there_is_one_collector(place: Place) -> None:
    with place.collecting() as collector:
        second = subprocess.run(
            place.command("collect"), check=False, capture_output=True, text=True, timeout=60
        )
        assert second.returncode == 3
        assert str(collector.pid) in second.stderr
        with place.viewing() as viewer:
            viewer.until_through(through(collector.pid))


def test_a_viewer_of_another_site_file_looks_itself_and_says_why(place: Place, tmp_path: Path) -> None:
    other = Place(tmp_path / "other.toml", place.state)
    other.site.write_text(place.site.read_text().replace("interval_s = 1", "interval_s = 2"))
    with place.collecting(), other.viewing() as viewer:
        viewer.until_through("own")
        viewer.until(lambda last: any("another site file" in each for each in last["notices"]), "why")


@pytest.mark.parametrize(
    "words", [b'{"stop":1}\n', b"GET / HTTP/1.1\r\n\r\n", b'{"read_now":"a","and":1}\n', b"x" * 5000]
)
def test_a_viewer_that_says_anything_else_is_sent_away(place: Place, words: bytes) -> None:
    with place.collecting() as collector, place.viewing() as viewer:
        viewer.until_through(through(collector.pid))
        with closing(socket.socket(socket.AF_UNIX)) as one:
            one.settimeout(10)
            one.connect(str(place.state / SOCKET_FILE))
            one.sendall(words)
            while one.recv(65536):
                pass
        before = viewer.last["read"]["redis0"]
        viewer.until(lambda last: last["read"]["redis0"] > before, "the others go on")
        assert viewer.last["source"] == through(collector.pid)


def test_the_socket_is_for_this_user_alone(place: Place) -> None:
    with place.collecting():
        assert stat.S_IMODE((place.state / SOCKET_FILE).stat().st_mode) == 0o600
        assert stat.S_IMODE((place.state / "collector.log").stat().st_mode) == 0o600


FOREIGN = f"""
import os, socket, sys
os.setgroups([int(each) for each in sys.argv[2:]]); os.setgid({NOBODY}); os.setuid({NOBODY})
one = socket.socket(socket.AF_UNIX); one.settimeout(10)
try:
    one.connect(sys.argv[1])
    sys.stdout.write(one.makefile().readline())
except PermissionError:
    sys.stdout.write("kept out")
"""


def foreign(path: Path, *groups: int) -> str:
    """What another user hears at the socket."""
    words = [sys.executable, "-c", FOREIGN, str(path), *map(str, groups)]
    return subprocess.run(words, capture_output=True, text=True, check=True, timeout=30, cwd="/").stdout


def open_the_way(path: Path) -> None:
    """As a careless person might: every folder above can be entered by all."""
    for each in (path, *path.parents):
        if each.stat().st_uid == os.getuid() and str(each) not in ("/", "/tmp"):
            each.chmod(each.stat().st_mode | 0o011)


@pytest.mark.skipif(os.name != "posix" or os.getuid() != 0, reason="becomes another user")
def test_another_user_is_refused_by_the_file_and_by_the_collector(place: Place) -> None:
    with place.collecting():
        socket_file = place.state / SOCKET_FILE
        open_the_way(place.state)
        assert foreign(socket_file) == "kept out"
        socket_file.chmod(0o666)
        assert foreign(socket_file) == '{"refused":1}\n'
        until(lambda: f"uid {NOBODY}" in place.log(), "the refusal in the log")
        assert f"viewer came: pid {NOBODY}" not in place.log()


@pytest.mark.skipif(os.name != "posix" or os.getuid() != 0, reason="becomes another user")
def test_the_group_of_a_shared_state_folder_may_come(place: Place) -> None:
    group = 54321
    place.state.mkdir()
    os.chown(place.state, -1, group)
    place.state.chmod(0o2770)
    with place.collecting() as collector:
        socket_file = place.state / SOCKET_FILE
        open_the_way(place.state.parent)
        found = socket_file.stat()
        assert (stat.S_IMODE(found.st_mode), found.st_gid) == (0o660, group)
        assert f'"pid":{collector.pid}' in foreign(socket_file, group)
        assert foreign(socket_file) == "kept out"


def test_a_state_folder_with_a_very_long_path_works_too(tmp_path: Path, valkey: OwnProcess) -> None:
    place = made(tmp_path, valkey.port)
    place.state = tmp_path / ("long" * 40) / "state"
    place.state.mkdir(parents=True)
    with place.collecting() as collector, place.viewing() as viewer:
        viewer.until_through(through(collector.pid))
        link = place.state / SOCKET_FILE
        short = link.readlink()
        assert link.is_symlink()
        assert len(str(short)) < 100
        os.kill(collector.pid, signal.SIGKILL)
        collector.wait(10)
        with place.collecting() as again:
            viewer.until_through(through(again.pid))
            assert not short.parent.exists()
            newer = link.readlink()
            again.terminate()
            again.wait(10)
            assert not newer.parent.exists()


def test_status_asks_the_collector_and_reads_nothing(tmp_path: Path, valkey: OwnProcess) -> None:
    place = made(tmp_path, valkey.port, interval_s=600)
    with place.collecting() as collector, place.viewing() as viewer:
        viewer.until_through(through(collector.pid))
        count_anew(valkey)
        assert through(collector.pid) in place.status()
        assert readings(valkey) == 0
        count_anew(valkey)
        assert "collector" not in place.status("--fresh")
        assert readings(valkey) == TARGETS


@pytest.mark.real_server
def test_the_unit_is_one_that_systemd_understands(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("no systemd-analyze here")
    folder = tmp_path / "a folder with 100% spaces"
    folder.mkdir()
    place = made(folder, 1)
    text = subprocess.run(
        place.command("collect", "--print-unit"), capture_output=True, text=True, check=True, timeout=60
    ).stdout
    assert str(place.site).replace("%", "%%") in text
    unit = tmp_path / "medflow-tui-collect.service"
    unit.write_text(text)
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", str(unit)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert [line for line in done.stderr.splitlines() if "medflow-tui-collect" in line] == []
    assert done.returncode == 0
