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
from tests.servers.bad_line import bad_line
from tests.servers.process import OwnProcess, own_process
from tests.servers.readings import never_accepting, tools
from tests.servers.scripted_redis import bulk, scripted_redis
from tests.servers.valkey import free_port, running

DEBIAN = shutil.which("redis-server")
INFO = bulk("redis_version:5.0.14\r\nused_memory:1000\r\nuptime_in_seconds:5\r\n")
WELL = {
    "HELLO": b"-ERR unknown command 'HELLO'\r\n",
    "PING": b"+PONG\r\n",
    "INFO": INFO,
    "CONFIG": b"*2\r\n$4\r\nsave\r\n$0\r\n\r\n",
    "CLIENT LIST": bulk("id=1 addr=127.0.0.1:1 name= lib-name=node-redis\n"),
    "SCAN": b"*2\r\n$1\r\n0\r\n*0\r\n",
}


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


@pytest.mark.parametrize("drip_s", [0.0, 0.2], ids=["stops", "drips"])
@pytest.mark.parametrize("after", [0, 40, 3000, 9000])
def test_an_answer_that_stops_or_drips_in_the_middle_is_over_at_the_deadline(
    server: OwnProcess, tmp_path: Path, after: int, drip_s: float
) -> None:
    own = redis.Redis(port=server.port, password="word")
    own.mset({f"cache:{n}": "x" for n in range(1000)})
    with bad_line(server.port, after=after, drip_s=drip_s) as port:
        where = target(port, password="env:WORD")
        found = look(where, tmp_path, 0.8, WORD="word")
    assert found.failure is not None
    assert found.failure.cause is Cause.SILENT
    own.close()


@pytest.mark.parametrize(
    ("answers", "health_of_it", "evidence"),
    [
        ({"*": b"-LOADING Redis is loading the dataset\r\n"}, Health.CRITICAL, "loading its data"),
        ({"*": b"-NOAUTH Authentication required.\r\n"}, Health.UNKNOWN, "password refused or missing"),
        ({"*": b"-ERR max number of clients reached\r\n"}, Health.CRITICAL, "all its connections are taken"),
        (WELL | {"PING": b"-MISCONF Redis is configured to save\r\n"}, Health.CRITICAL, "refuses writes"),
        (WELL | {"INFO": bulk("")}, Health.CRITICAL, "not the answer of Redis"),
        (WELL | {"INFO": bulk("used_memory:lots\r\n")}, Health.CRITICAL, "not the answer of Redis"),
        (WELL | {"INFO": b":1\r\n"}, Health.CRITICAL, "not the answer of Redis"),
        ({"*": b"*1\r\n" * 100_000}, Health.CRITICAL, "not the answer of Redis"),
        ({"*": b"$x\r\n"}, Health.CRITICAL, "not the answer of Redis"),
        ({}, Health.CRITICAL, "not the answer of Redis"),
    ],
    ids=["loading", "noauth", "full", "misconf", "no-info", "words", "number", "deep", "length", "ok"],
)
def test_a_refusal_or_a_lie_is_never_good_news_and_never_an_exception(
    tmp_path: Path, answers: dict[str, bytes], health_of_it: Health, evidence: str
) -> None:
    with scripted_redis(answers) as port:
        where = target(port)
        found = look(where, tmp_path)
    judgement = judge(found, where, Context(now=found.observed_at))
    assert (judgement.health, judgement.evidence.text) == (health_of_it, evidence)


@pytest.mark.parametrize("refused", ["CONFIG", "CLIENT LIST", "SCAN"])
def test_a_command_that_this_user_may_not_use_takes_the_rest_of_the_reading_not_away(
    tmp_path: Path, refused: str
) -> None:
    """Also a Redis before 6, which has no HELLO, as on Windows."""
    with scripted_redis(WELL | {refused: b"-NOPERM this user has no permissions\r\n"}) as port:
        where = target(port)
        found = look(where, tmp_path)
    values = found.values
    assert health(found, where) is Health.OK
    assert (values["persistence"] == "unknown") == (refused == "CONFIG")
    assert (values["clients"] is None) == (not values["backend_known"]) == (refused == "CLIENT LIST")
    assert values["keys_complete"] == (refused != "SCAN")


@pytest.mark.parametrize("address", ["", "127.0.0.1:6379", "redis://127.0.0.1:99999/0", "unix:///x"])
def test_an_address_that_is_none_is_said(tmp_path: Path, address: str) -> None:
    where = RedisTarget(name="redis", address=address)
    found = look(where, tmp_path)
    assert found.failure is not None
    assert found.failure.text.text == "the address is not redis://host:port"
    assert health(found, where) is Health.UNKNOWN


def test_a_connection_that_names_no_library_is_known_by_its_program_or_not_at_all(tmp_path: Path) -> None:
    nameless = bulk("id=1 addr=10.9.9.9:1 name= lib-name=\n")
    with scripted_redis(WELL | {"CLIENT LIST": nameless}) as port:
        found = look(target(port), tmp_path)
    assert (found.values["backend_clients"], found.values["backend_known"]) == (0, False)


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
