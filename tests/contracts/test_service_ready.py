"""When a service counts as ready, and what a restart would hit: against web servers, MongoDB's protocol and Valkey."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from medflow_tui.actions.service_blast import of_backend, of_mongodb, of_redis, of_service
from medflow_tui.actions.service_ready import backend_ready, mongodb_ready, redis_ready
from medflow_tui.clients.network import Deadline
from medflow_tui.clients.supervisors import supervisor
from medflow_tui.model.procedure import Outcome
from medflow_tui.model.targets.mongodb import MongodbTarget
from medflow_tui.model.targets.process import ProcessTarget
from medflow_tui.model.targets.redis import RedisTarget
from tests.contracts.scripted_web import NOWHERE, Script, ScriptedWeb, scripted_web
from tests.servers import mongodb, valkey
from tests.servers.readings import tools

ASKED = 1_795_416_132_000
READY = Script(200, {"ready": True, "timestamp": "2026-11-23T08:00:00Z"})


@pytest.fixture
def web() -> Iterator[ScriptedWeb]:
    with scripted_web() as found:
        found.answers["GET /health"] = Script(200, {"status": "ok"})
        yield found


def within() -> Deadline:
    return Deadline.after(8.0)


def metrics(started: float, requests: int = 0) -> Script:
    lines = [
        f"medflow_process_start_time_seconds {started}",
        f'medflow_http_requests_total{{method="GET",route="/",status_code="200"}} {requests}',
        'medflow_http_requests_total{method="GET",route="/ready",status_code="200"} 4000',
    ]
    return Script(200, "\n".join(lines).encode())


@pytest.mark.parametrize(
    ("ready", "outcome"),
    [
        (READY, Outcome.PASS),
        (Script(200, {"status": "ready"}), Outcome.PASS),
        (Script(503, {"ready": False, "mongoState": "disconnected"}), Outcome.FAIL),
        (Script(503, {"status": "not_ready"}), Outcome.FAIL),
        (Script(200, {"status": "ok"}), Outcome.UNKNOWN),  # what /health says whatever is down
        (
            Script(200, b"<!DOCTYPE html><html></html>", "text/html"),
            Outcome.FAIL,
        ),  # the front end answers for it
        (NOWHERE, Outcome.FAIL),
    ],
)
def test_ready_is_ready_with_its_database(web: ScriptedWeb, ready: Script, outcome: Outcome) -> None:
    web.answers["GET /health/ready"] = ready
    assert backend_ready(web.url)(0, within())[0] is outcome
    assert "GET /health" not in web.paths()


@pytest.mark.parametrize(("shift_s", "outcome"), [(3.0, Outcome.PASS), (-600.0, Outcome.FAIL)])
def test_an_older_process_that_answers_is_not_the_one_that_was_started(
    web: ScriptedWeb, shift_s: float, outcome: Outcome
) -> None:
    web.answers["GET /health/ready"] = READY
    web.answers["GET /metrics"] = metrics(ASKED / 1000 + shift_s)
    assert backend_ready(web.url)(ASKED, within())[0] is outcome
    assert backend_ready(web.url)(0, within())[0] is Outcome.PASS


def test_a_backend_that_is_away_is_not_ready() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert backend_ready(f"http://127.0.0.1:{port}")(0, within())[0] is Outcome.FAIL


def test_requests_a_minute_are_counted_without_those_to_the_health_pages(web: ScriptedWeb) -> None:
    counts = iter((1000, 1012))
    web.answers["GET /metrics"] = lambda call: metrics(5.0, next(counts))
    found = of_backend(web.url, 0, over_s=3.0, pause=lambda seconds: None)
    assert found.facts == {"blast.requests_per_min": 240}
    assert len(found.untold) == 2


def test_a_backend_that_started_anew_in_between_has_no_rate(web: ScriptedWeb) -> None:
    starts = iter((5.0, 9.0))
    web.answers["GET /metrics"] = lambda call: metrics(next(starts), 12)
    assert of_backend(web.url, 0, pause=lambda seconds: None).facts == {}


def test_connections_are_those_that_came_to_the_port_of_the_process(web: ScriptedWeb) -> None:
    own = of_backend(web.url, os.getpid(), pause=lambda seconds: None)
    before = own.facts["blast.connections"]
    port = int(web.url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port)):
        more = of_backend(web.url, os.getpid(), pause=lambda seconds: None)
    assert isinstance(before, int)
    assert more.facts["blast.connections"] == before + 1
    assert more.facts["blast.addresses"] == 1


def test_mongodb_is_ready_when_it_takes_writes_and_tells_what_a_restart_would_hit(tmp_path: Path) -> None:
    with mongodb.running(tmp_path) as server:
        target = MongodbTarget(name="mongodb", address=f"mongodb://127.0.0.1:{server.port}")
        assert mongodb_ready(target, tools(tmp_path))(0, within())[0] is Outcome.PASS
        found = of_mongodb(target, server.port, tools(tmp_path))
        assert found.facts["blast.role"] in ("primary", "standalone")
        assert isinstance(found.facts["blast.connections"], int)
    assert mongodb_ready(target, tools(tmp_path))(0, Deadline.after(2.0))[0] is Outcome.FAIL
    assert of_mongodb(target, server.port, tools(tmp_path)).facts == {}


def test_redis_is_ready_when_it_takes_writes_and_tells_its_connections(tmp_path: Path) -> None:
    with valkey.running(tmp_path) as server:
        address = f"redis://127.0.0.1:{server.port}"
        target = RedisTarget(name="redis", address=address)
        assert redis_ready(target, tools(tmp_path))(0, within())[0] is Outcome.PASS
        assert of_redis(address, "").facts == {"blast.connections": 0, "blast.saving": False}
    assert redis_ready(target, tools(tmp_path))(0, Deadline.after(2.0))[0] is Outcome.FAIL


def test_how_a_service_stands_with_its_manager_is_told_to_the_guards(tmp_path: Path) -> None:
    target = ProcessTarget(name="backend", manager="pidfile", pid_file=str(tmp_path / "none.pid"))
    found = of_service("backend", target, supervisor(target), tools(tmp_path))
    assert (found.facts["service.backend.applies"], found.facts["service.backend.state"]) == (True, "stopped")
    away = ProcessTarget(name="backend", manager="pm2", unit="x", runs_on="serveur")
    told = of_service("backend", away, supervisor(away), tools(tmp_path))
    assert told.facts == {"service.backend.applies": False, "service.backend.manager": "pm2"}
    assert "another machine" in told.untold[0].text
