"""The probe of Redis against real servers: Valkey of the lab, and Debian's Redis 7.0, frozen, locked, full, loading."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
import redis

from medflow_tui.model.health import Cause, Health, Reading
from medflow_tui.model.targets.redis import RedisTarget
from medflow_tui.probes.redis import build
from medflow_tui.rules.judging import Context, judge
from tests.servers.process import OwnProcess, own_process
from tests.servers.readings import never_accepting, tools
from tests.servers.valkey import free_port, running

DEBIAN = shutil.which("redis-server")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnProcess]:
    with running(tmp_path_factory.mktemp("valkey"), "--maxmemory", "64mb", "--requirepass", "word") as found:
        yield found


@contextmanager
def debian(folder: Path) -> Iterator[OwnProcess]:
    if DEBIAN is None:
        pytest.skip("redis-server is not installed (Debian: redis-server)")
    port = free_port()
    folder.mkdir(parents=True, exist_ok=True)
    argv = (DEBIAN, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder))
    with own_process(argv, port, folder) as found:
        yield found


def target(port: int, **more: object) -> RedisTarget:
    return RedisTarget(name="redis", address=f"redis://127.0.0.1:{port}/0", **more)  # type: ignore[arg-type]


def look(where: RedisTarget, state: Path, seconds: float = 3.0, **secrets: str) -> Reading:
    started = time.monotonic()
    (found,) = build(where, tools(state, **secrets)).read(seconds)
    assert time.monotonic() - started < seconds + 1.0
    return found


def health(reading: Reading, where: RedisTarget) -> Health:
    return judge(reading, where, Context(now=reading.observed_at)).health


def test_what_is_read_is_what_is_there(server: OwnProcess, tmp_path: Path) -> None:
    own = redis.Redis(port=server.port, password="word")
    own.client_setinfo("LIB-NAME", "node-redis")
    own.mset({"device_sync:failed": "x", "session:1": "y", "session:2": "z", "other": "1"})
    where = target(server.port, password="env:WORD")
    found = look(where, tmp_path, WORD="word")
    assert found.failure is None
    assert {name: n for name, n in found.values["keys"].items() if n} == {"device_sync:": 1, "session:": 2}
    assert (found.values["keys_seen"], found.values["keys_complete"]) == (4, True)
    assert found.values["backend_clients"] >= 1
    assert found.values["maxmemory"] == 64 * 1024 * 1024
    assert health(found, where) is Health.OK
    own.close()


def test_counting_stops_at_its_budget_and_says_so(server: OwnProcess, tmp_path: Path) -> None:
    own = redis.Redis(port=server.port, password="word")
    own.mset({f"cache:{n}": "x" for n in range(5000)})
    found = look(target(server.port, password="env:WORD", scan_budget=1000), tmp_path, WORD="word")
    assert 1000 <= found.values["keys_seen"] < 5000
    assert found.values["keys_complete"] is False
    own.delete(*(f"cache:{n}" for n in range(5000)))
    own.close()


def test_looking_changes_nothing(server: OwnProcess, tmp_path: Path) -> None:
    own = redis.Redis(port=server.port, password="word")
    before = own.info("commandstats")
    dirty = own.info("persistence")["rdb_changes_since_last_save"]
    look(target(server.port, password="env:WORD"), tmp_path, WORD="word")
    after = own.info("commandstats")
    used = {name.removeprefix("cmdstat_") for name in after if after[name] != before.get(name)}
    assert used <= {
        "ping",
        "info",
        "client|list",
        "client|setname",
        "client|setinfo",
        "config|get",
        "scan",
        "auth",
        "hello",
        "select",
    }
    assert own.info("persistence")["rdb_changes_since_last_save"] == dirty
    own.close()


@pytest.mark.parametrize("secret", [None, "wrong"])
def test_a_missing_or_wrong_password_is_unknown_and_not_repeated(
    server: OwnProcess, tmp_path: Path, secret: str | None
) -> None:
    where = target(server.port, password="env:WORD" if secret else "")
    found = look(where, tmp_path, WORD=secret or "")
    assert found.failure is not None
    assert found.failure.cause is Cause.DENIED
    assert "wrong" not in str(found)
    assert health(found, where) is Health.UNKNOWN


def test_a_frozen_server_is_silent_at_the_deadline_and_well_again_afterwards(
    server: OwnProcess, tmp_path: Path
) -> None:
    where = target(server.port, password="env:WORD")
    server.freeze()
    try:
        found = look(where, tmp_path, 1.0, WORD="word")
    finally:
        server.thaw()
    assert found.failure is not None
    assert found.failure.cause is Cause.SILENT
    assert health(found, where) is Health.CRITICAL
    assert health(look(where, tmp_path, WORD="word"), where) is Health.OK


def test_nothing_listens_is_refused(tmp_path: Path) -> None:
    found = look(target(free_port()), tmp_path)
    assert found.failure is not None
    assert (found.failure.cause, found.failure.text.text) == (Cause.REFUSED, "refused")


def test_a_host_that_never_accepts_is_unreachable_at_the_deadline(tmp_path: Path) -> None:
    with never_accepting() as port:
        found = look(target(port), tmp_path, 1.0)
    assert found.failure is not None
    assert found.failure.cause in (Cause.UNREACHABLE, Cause.SILENT)


def test_another_service_at_that_port_is_garbled(tmp_path: Path) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        program = (
            "import socket, sys\ns = socket.socket(fileno=int(sys.argv[1]))\n"
            "while True:\n c, _ = s.accept()\n c.sendall(b'SSH-2.0-OpenSSH\\r\\n')\n c.recv(100)\n c.close()"
        )
        child = subprocess.Popen(
            [sys.executable, "-c", program, str(listener.fileno())], pass_fds=[listener.fileno()]
        )
        try:
            found = look(target(listener.getsockname()[1]), tmp_path, 2.0)
        finally:
            child.kill()
            child.wait()
    assert found.failure is not None
    assert found.failure.cause is Cause.GARBLED


@pytest.mark.real_server
def test_a_redis_without_library_names_knows_the_backend_by_its_program(tmp_path: Path) -> None:
    with debian(tmp_path / "redis") as found:
        where = target(found.port)
        reading = look(where, tmp_path)
        assert reading.values["version"].startswith("7.")
        assert (reading.values["backend_clients"], reading.values["backend_known"]) == (0, True)
        node = tmp_path / "node"
        node.symlink_to(os.path.realpath(sys.executable))
        program = "import socket, sys, time\ns = socket.create_connection(('127.0.0.1', int(sys.argv[1])))\nprint('on', flush=True)\ntime.sleep(60)"
        child = subprocess.Popen([str(node), "-c", program, str(found.port)], stdout=subprocess.PIPE)
        try:
            assert child.stdout is not None
            assert child.stdout.readline() == b"on\n"
            reading = look(where, tmp_path)
            assert (reading.values["backend_clients"], reading.values["backend_known"]) == (1, True)
        finally:
            child.kill()
            child.wait()
            child.stdout.close()  # type: ignore[union-attr]


@pytest.mark.real_server
def test_debian_redis_frozen_and_refused(tmp_path: Path) -> None:
    with debian(tmp_path / "redis") as found:
        where = target(found.port)
        assert health(look(where, tmp_path), where) is Health.OK
        found.freeze()
        try:
            silent = look(where, tmp_path, 1.0)
        finally:
            found.thaw()
        assert silent.failure is not None
        assert silent.failure.cause is Cause.SILENT
    gone = look(where, tmp_path)
    assert gone.failure is not None
    assert gone.failure.cause is Cause.REFUSED
