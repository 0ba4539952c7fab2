"""Who a server is, asked on the connection over which it is then changed: another one gets nothing; real servers."""

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
import redis

from medflow_tui.actions.medflow_queue_place import Place, QueueView
from medflow_tui.actions.service_redis import at_redis
from medflow_tui.clients import failed_jobs
from medflow_tui.clients.expected import IDENTITY_KEY, Expected
from medflow_tui.clients.network import Deadline, UnreachableError
from medflow_tui.clients.redis import connected, ours
from medflow_tui.clients.tools import Tools
from medflow_tui.model.health import Cause
from medflow_tui.model.performer import Login
from medflow_tui.model.targets.redis import RedisTarget
from medflow_tui.wiring import probe_of
from tests.servers.process import OwnProcess
from tests.servers.readings import tools
from tests.servers.sync_backend import PASSWORD, START, USER, SyncBackend
from tests.servers.sync_backend import running as backend_of
from tests.servers.valkey import running as valkey


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnProcess]:
    with valkey(tmp_path_factory.mktemp("redis")) as found:
        yield found


@pytest.fixture
def target(server: OwnProcess) -> Iterator[RedisTarget]:
    with redis.Redis(port=server.port) as client:
        record = {"site": "LAB", "env": "lab", "created": "x", "random": "9f"}
        client.set(IDENTITY_KEY, json.dumps(record))
        client.lpush("device_sync:queue:1", "a", "b")
        yield RedisTarget(name="redis", address=f"redis://127.0.0.1:{server.port}")
        for name in client.scan_iter():
            client.unlink(name)


def in_a_run(folder: Path, *, random: str = "9f", site: str = "LAB") -> Tools:
    """The tools of a run whose plan has found this random word in Redis."""
    found = replace(
        tools(folder),
        expected=Expected(site=site, environment="lab", told={"redis": f"{site}/lab/{random}"}),
    )
    return replace(found, probe_of=probe_of(found))


def test_the_queue_is_read_only_where_the_plan_was_made(target: RedisTarget, tmp_path: Path) -> None:
    deadline = Deadline.after(5)
    assert failed_jobs.look(target, in_a_run(tmp_path), deadline).waiting == 2
    assert failed_jobs.waiting(target, in_a_run(tmp_path), deadline) == (2, 0)
    for strange in (in_a_run(tmp_path, random="00"), in_a_run(tmp_path, site="LSH-03")):
        for look in (failed_jobs.look, failed_jobs.waiting):
            with pytest.raises(UnreachableError) as caught:
                look(target, strange, deadline)
            assert caught.value.failure.cause is Cause.UNTRUSTED


def test_whether_the_backend_is_at_redis_is_asked_of_the_redis_of_the_plan(
    target: RedisTarget, tmp_path: Path
) -> None:
    assert at_redis(target, in_a_run(tmp_path))["redis.answers"] is True
    assert at_redis(target, in_a_run(tmp_path, random="00"))["redis.answers"] is False


def test_a_connection_that_is_lost_is_not_opened_again(target: RedisTarget, tmp_path: Path) -> None:
    """The library would open another one, to whoever has the port by then."""

    def lose_and_change() -> None:
        with ours(target, in_a_run(tmp_path), Deadline.after(5)) as client:
            with connected(target.address, "", Deadline.after(5)) as other:
                other.client_kill_filter(_type="normal", skipme=True)
            client.unlink("device_sync:queue:1")

    with pytest.raises(UnreachableError) as caught:
        lose_and_change()
    assert caught.value.failure.text.text == "connection cut by the other side"
    with connected(target.address, "", Deadline.after(5)) as client:
        assert client.llen("device_sync:queue:1") == 2


@pytest.fixture
def backend(server: OwnProcess) -> Iterator[tuple[SyncBackend, str]]:
    with backend_of(server.port) as found:
        yield found


def view(url: str, target: RedisTarget, folder: Path) -> QueueView:
    found = QueueView(Place(backend=url, redis=target.address), in_a_run(folder))
    found.log_in(Login(username=USER, password=PASSWORD))
    return found


def test_a_change_is_sent_to_the_backend_that_the_guards_have_found(
    backend: tuple[SyncBackend, str], target: RedisTarget, tmp_path: Path
) -> None:
    found = view(backend[1], target, tmp_path)
    assert found.survey().identity
    found.session().post(START)
    assert backend[0].posts[START] == 1


def test_another_backend_at_the_same_address_gets_nothing(
    backend: tuple[SyncBackend, str], target: RedisTarget, tmp_path: Path
) -> None:
    found = view(backend[1], target, tmp_path)
    found.survey()
    backend[0].process_started += 60
    with pytest.raises(UnreachableError) as caught:
        found.session().post(START)
    assert caught.value.failure.cause is Cause.UNTRUSTED
    assert not backend[0].posts


@dataclass
class Closing:
    """A server that ends each connection after its answer, and says so."""

    asked: list[str] = field(default_factory=list)


@contextmanager
def closing(found: Closing) -> Iterator[str]:
    class Answers(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            line = self.rfile.readline().decode()
            length = 0
            while (header := self.rfile.readline().strip().lower()) not in (b"", b"\r\n"):
                length = int(header.partition(b":")[2]) if header.startswith(b"content-length") else length
            self.rfile.read(length)
            found.asked.append(" ".join(line.split()[:2]))
            path, cookies = line.split()[1], "Set-Cookie: XSRF-TOKEN=x; Path=/\r\n"
            body = "medflow_process_start_time_seconds 7\n" if path == "/metrics" else '{"success": true}'
            if path == "/api/auth/login":
                body = json.dumps({"success": True, "user": {"username": USER, "role": "admin"}})
                cookies = "Set-Cookie: accessToken=t; Path=/\r\n"
            head = f"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {len(body)}\r\n{cookies}\r\n"
            self.wfile.write(head.encode() + body.encode())

    class Server(socketserver.ThreadingTCPServer):
        allow_reuse_address, daemon_threads = True, True

    with Server(("127.0.0.1", 0), Answers) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def test_over_a_connection_that_has_ended_since_nothing_is_sent(target: RedisTarget, tmp_path: Path) -> None:
    """It may be another one that has the port a moment later."""
    told = Closing()
    with closing(told) as url:
        found = view(url, target, tmp_path)
        found.survey()
        with pytest.raises(UnreachableError) as caught:
            found.session().post(START)
        assert caught.value.failure.cause is Cause.UNTRUSTED
        assert told.asked[-1] == "GET /metrics"
        assert f"POST {START}" not in told.asked
