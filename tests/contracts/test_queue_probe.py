"""The queue probe over the real protocols: a real Valkey, and a web server that answers as the backend does."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import redis

from medflow_tui.clients.tools import Tools
from medflow_tui.journal.budget import SharedBudget
from medflow_tui.model.health import Cause, Health, Judgement, Reading
from medflow_tui.model.targets.queue import QueueTarget
from medflow_tui.probes.queue import QueueProbe, build
from medflow_tui.rules.judging import Context
from medflow_tui.rules.judging.queue import judge
from tests.contracts.scripted_web import Call, Script, ScriptedWeb, raw_server, scripted_web
from tests.servers.bad_line import bad_line
from tests.servers.mongodb import free_port
from tests.servers.process import OwnProcess
from tests.servers.readings import never_accepting, tools
from tests.servers.valkey import running

DEADLINE_S = 2.0
SLACK_S = 0.7
STATUS, LOGIN, REFRESH = "/api/devices/sync-queue/status", "/api/auth/login", "/api/auth/refresh"
SECRET = "Correct-Horse-9"
DAY_S = 86_400


class Clock:
    """A moment that a test moves on."""

    def __init__(self) -> None:
        self.at = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.at

    def pass_(self, **much: float) -> None:
        self.at += timedelta(**much)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnProcess]:
    with running(tmp_path_factory.mktemp("valkey")) as found:
        yield found


@pytest.fixture
def client(server: OwnProcess) -> Iterator[Any]:
    found = redis.Redis(port=server.port, decode_responses=True)
    assert found.info()["process_id"] == server.pid
    found.flushall()
    yield found
    found.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


def add(client: Any, name: str, age: timedelta, *, where: str = "device_sync:queue:5", **more: Any) -> None:
    """A job as the backend makes it; in no list when `where` is empty."""
    made = (datetime.now(UTC) - age).isoformat().replace("+00:00", "Z")
    record = {
        "id": name,
        "type": "patient_match",
        "data": {"folderName": "MUSTERMANN Erika"},
        "status": "pending",
        "createdAt": made,
        "attempts": [],
        **more,
    }
    client.set(f"device_sync:job:{name}", json.dumps(record), ex=max(1, DAY_S - int(age.total_seconds())))
    if where.endswith("delayed"):
        client.zadd(where, {name: time.time() * 1000 + 4000})
    elif where:
        client.lpush(where, name)


def configured(server: OwnProcess, api: str = "", **more: Any) -> QueueTarget:
    known: dict[str, Any] = {"api": api, "api_username": "grace", "api_password": "env:GRACE"} if api else {}
    return QueueTarget(name="queue", address=f"redis://127.0.0.1:{server.port}/0", **known, **more)


def around(tmp_path: Path, clock: Clock, password: str = SECRET) -> Tools:
    return replace(tools(tmp_path, GRACE=password), budget=SharedBudget(tmp_path), now=clock)


def probe_of(tmp_path: Path, target: QueueTarget, clock: Clock, **more: Any) -> QueueProbe:
    found = build(target, around(tmp_path, clock, **more))
    assert isinstance(found, QueueProbe)
    return found


def parts(readings: tuple[Reading, ...]) -> dict[str, Reading]:
    return {each.target.removeprefix("queue").removeprefix("/") or "queue": each for each in readings}


def verdicts(readings: tuple[Reading, ...], target: QueueTarget, clock: Clock) -> dict[str, Judgement]:
    return {name: judge(each, target, Context(now=clock())) for name, each in parts(readings).items()}


def status(**more: Any) -> Script:
    data = {
        "processed": 7,
        "failed": 0,
        "pending": 0,
        "startedAt": None,
        "activeJobs": 0,
        "delayed": 0,
        "failedInQueue": 0,
    }
    return Script(200, {"success": True, "data": {**data, **more}, "meta": {"timestamp": "x"}})


def welcome(call: Call) -> Script:
    if call.body != {"username": "grace", "password": SECRET}:
        return Script(401, {"success": False, "error": "Invalid credentials"})
    token = ("Set-Cookie", "accessToken=token; Max-Age=900; Path=/; HttpOnly; Secure")
    body = {"success": True, "user": {"username": "grace", "role": "admin"}}
    return Script(200, body, headers=(token,))


@pytest.fixture
def web() -> Iterator[ScriptedWeb]:
    with scripted_web() as found:
        found.answers |= {f"POST {LOGIN}": welcome, f"GET {STATUS}": status()}
        yield found


def test_all_of_the_queue_is_counted_and_nothing_of_a_job_is_kept(
    server: OwnProcess, client: Any, tmp_path: Path, clock: Clock
) -> None:
    add(client, "a", timedelta(minutes=90), where="device_sync:queue:1")
    add(client, "b", timedelta(minutes=5))
    add(
        client,
        "c",
        timedelta(minutes=1),
        where="device_sync:delayed",
        attempts=[{"startedAt": clock().isoformat()}],
    )
    add(client, "d", timedelta(hours=1), where="", status="completed", completedAt=clock().isoformat())
    client.lpush("device_sync:queue:5", "expired")
    add(client, "f", timedelta(hours=2), where="device_sync:failed", status="failed")
    client.lpush("device_sync:failed", "long-gone")
    client.set("session:other", "x")
    target = configured(server)
    readings = probe_of(tmp_path, target, clock).read(5.0)
    values = parts(readings)["queue"].values
    assert values["pending"][1] == 1
    assert values["pending"][5] == 2
    assert (values["waiting"], values["delayed"], values["gone"], values["done"]) == (4, 1, 1, 1)
    assert (values["failed"], values["failed_seen"], values["failed_gone"]) == (2, 2, 1)
    assert abs((clock() - datetime.fromisoformat(values["oldest_at"])).total_seconds() - 5400) < 5
    assert abs(values["expires_in_s"] - (DAY_S - 5400)) < 5
    assert values["complete"] is True
    assert "MUSTERMANN" not in repr(readings)


def test_looking_changes_nothing(server: OwnProcess, client: Any, tmp_path: Path, clock: Clock) -> None:
    add(client, "a", timedelta(minutes=1))
    add(client, "b", timedelta(minutes=1), where="")

    raw: Any = redis.Redis(port=server.port)
    before = {key: (raw.dump(key), raw.expiretime(key)) for key in sorted(raw.keys())}
    probe_of(tmp_path, configured(server), clock).read(5.0)
    assert {key: (raw.dump(key), raw.expiretime(key)) for key in sorted(raw.keys())} == before
    raw.close()


def test_a_job_in_no_list_is_lost_only_when_it_stays_so(
    server: OwnProcess, client: Any, tmp_path: Path, clock: Clock
) -> None:
    add(client, "taken", timedelta(minutes=1), where="")
    probe = probe_of(tmp_path, configured(server), clock)
    values = probe.read(5.0)[0].values
    assert (values["lost"], values["in_hand"]) == (0, 1)
    clock.pass_(seconds=200)
    values = probe.read(5.0)[0].values
    assert (values["lost"], values["in_hand"]) == (1, 0)
    client.lpush("device_sync:queue:5", "taken")
    assert probe.read(5.0)[0].values["lost"] == 0


def test_without_a_worker_a_job_in_no_list_is_lost_at_once(
    server: OwnProcess, client: Any, tmp_path: Path, clock: Clock, web: ScriptedWeb
) -> None:
    add(client, "taken", timedelta(minutes=1), where="")
    assert probe_of(tmp_path, configured(server, web.url), clock).read(5.0)[0].values["lost"] == 1


def test_a_budget_that_is_too_small_is_said(
    server: OwnProcess, client: Any, tmp_path: Path, clock: Clock
) -> None:
    for number in range(30):
        add(client, f"j{number}", timedelta(minutes=1))
    target = configured(server, record_budget=10)
    readings = probe_of(tmp_path, target, clock).read(5.0)
    assert parts(readings)["queue"].values["complete"] is False
    assert verdicts(readings, target, clock)["queue"].health is Health.UNKNOWN


def test_a_record_that_is_no_job_stops_nothing(
    server: OwnProcess, client: Any, tmp_path: Path, clock: Clock
) -> None:
    client.set("device_sync:job:odd", "[" * 100_000)
    client.set("device_sync:job:list", "[1]")
    client.set("device_sync:job:times", json.dumps({"status": 3, "createdAt": 5, "attempts": "x"}))
    client.lpush("device_sync:queue:2", "odd", "list", "times")
    target = configured(server)
    readings = probe_of(tmp_path, target, clock).read(5.0)
    assert readings[0].failure is None
    assert readings[0].values["waiting"] == 3
    assert verdicts(readings, target, clock)["queue"].health is Health.UNKNOWN


@pytest.mark.parametrize("made", ["", 1_790_000_000_000, "yesterday", None], ids=str)
def test_a_job_without_a_readable_date_is_as_old_as_its_id_says(
    server: OwnProcess, client: Any, tmp_path: Path, clock: Clock, made: object
) -> None:
    hours_ago = clock() - timedelta(hours=3)
    stamp = made if isinstance(made, int) else int(hours_ago.timestamp() * 1000)
    name = f"folder_sync_{int(hours_ago.timestamp() * 1000)}_k3j2h1g0f"
    add(client, name, timedelta(hours=3), createdAt=made)
    oldest = probe_of(tmp_path, configured(server), clock).read(5.0)[0].values["oldest_at"]
    assert abs(datetime.fromisoformat(oldest).timestamp() - stamp / 1000) < 1


def test_a_list_of_the_wrong_type_is_a_failure_in_words(
    server: OwnProcess, client: Any, tmp_path: Path, clock: Clock
) -> None:
    client.set("device_sync:failed", "text")
    reading = probe_of(tmp_path, configured(server), clock).read(5.0)[0]
    assert reading.failure is not None
    assert reading.failure.cause is Cause.GARBLED


def test_no_worker_and_jobs_that_wait_are_critical(
    server: OwnProcess, client: Any, tmp_path: Path, clock: Clock, web: ScriptedWeb
) -> None:
    add(client, "a", timedelta(minutes=40))
    target = configured(server, web.url)
    readings = probe_of(tmp_path, target, clock).read(5.0)
    found = verdicts(readings, target, clock)
    assert set(found) == {"queue", "worker"}
    assert (found["queue"].health, found["queue"].evidence.text) == (
        Health.CRITICAL,
        "no worker, jobs wait since {at:when}",
    )
    assert (found["worker"].health, found["worker"].evidence.text) == (Health.WARNING, "no worker")
    assert SECRET not in repr(readings)


def test_a_worker_that_runs_is_good_news(
    server: OwnProcess, client: Any, tmp_path: Path, clock: Clock, web: ScriptedWeb
) -> None:
    web.answers[f"GET {STATUS}"] = status(startedAt="2026-11-23T08:00:00.000Z")
    target = configured(server, web.url)
    found = verdicts(probe_of(tmp_path, target, clock).read(5.0), target, clock)
    assert {each.health for each in found.values()} == {Health.OK}


def test_a_backend_without_redis_is_not_a_worker(
    server: OwnProcess, client: Any, tmp_path: Path, clock: Clock, web: ScriptedWeb
) -> None:
    data = {"processed": 0, "failed": 0, "pending": 0, "startedAt": "2026-11-23T08:00:00Z", "activeJobs": 0}
    web.answers[f"GET {STATUS}"] = Script(200, {"success": True, "data": data, "meta": {}})
    add(client, "a", timedelta(minutes=40))
    target = configured(server, web.url)
    found = verdicts(probe_of(tmp_path, target, clock).read(5.0), target, clock)
    assert found["queue"].health is Health.CRITICAL
    assert found["worker"].evidence.text == "backend: no redis"


def test_the_session_is_kept_and_the_backend_is_asked_sparingly(
    server: OwnProcess, client: Any, tmp_path: Path, clock: Clock, web: ScriptedWeb
) -> None:
    probe = probe_of(tmp_path, configured(server, web.url, api_every_s=60), clock)
    for _ in range(4):
        probe.read(5.0)
        clock.pass_(seconds=31)
    assert web.paths() == [f"POST {LOGIN}", f"GET {STATUS}", f"GET {STATUS}"]


def test_a_refused_log_in_is_not_tried_again_for_a_day_by_any_run(
    server: OwnProcess, client: Any, tmp_path: Path, clock: Clock, web: ScriptedWeb
) -> None:
    target = configured(server, web.url)
    probe = probe_of(tmp_path, target, clock, password="wrong")
    for _ in range(3):
        readings = probe.read(5.0)
        probe = probe_of(tmp_path, target, clock, password="wrong")
        clock.pass_(hours=2)
    assert web.paths() == [f"POST {LOGIN}"]
    assert not any("wrong" in path.read_text() for path in tmp_path.glob("*.json"))
    probe_of(tmp_path, target, clock).read(5.0)
    assert web.paths() == [f"POST {LOGIN}", f"POST {LOGIN}", f"GET {STATUS}"]
    found = verdicts(readings, target, clock)
    assert found["queue"].health is Health.OK
    assert (found["api"].health, found["worker"].health) == (Health.UNKNOWN, Health.UNKNOWN)


def test_a_token_that_ended_costs_one_new_log_in(
    server: OwnProcess, client: Any, tmp_path: Path, clock: Clock, web: ScriptedWeb
) -> None:
    probe = probe_of(tmp_path, configured(server, web.url), clock)
    probe.read(5.0)
    refusals = iter(
        [Script(401, {"success": False, "error": "Not authorized to access this route"}), status()]
    )
    web.answers[f"GET {STATUS}"] = lambda _: next(refusals)
    clock.pass_(minutes=16)
    web.calls.clear()
    readings = probe.read(5.0)
    assert web.paths() == [f"GET {STATUS}", f"POST {LOGIN}", f"GET {STATUS}"]
    assert parts(readings)["worker"].values["api"] == "answers"


def test_a_new_token_that_is_refused_is_not_renewed_in_a_loop(
    server: OwnProcess, client: Any, tmp_path: Path, clock: Clock, web: ScriptedWeb
) -> None:
    web.answers[f"GET {STATUS}"] = Script(
        401, {"success": False, "error": "Not authorized to access this route"}
    )
    probe = probe_of(tmp_path, configured(server, web.url), clock)
    for _ in range(3):
        probe.read(5.0)
        clock.pass_(seconds=61)
    assert web.paths().count(f"POST {LOGIN}") == 1


def test_after_a_429_redis_is_still_read_and_no_call_is_made_before_the_time(
    server: OwnProcess, client: Any, tmp_path: Path, clock: Clock, web: ScriptedWeb
) -> None:
    target = configured(server, web.url, api_every_s=0)
    probe = probe_of(tmp_path, target, clock)
    probe.read(5.0)
    limited = Script(429, {"success": False, "error": "Too many"}, headers=(("Retry-After", "860"),))
    web.answers[f"GET {STATUS}"] = limited
    for _ in range(3):
        readings = probe.read(5.0)
        clock.pass_(seconds=60)
    assert web.paths().count(f"GET {STATUS}") == 2
    found = parts(readings)
    assert found["queue"].failure is None
    failure = found["api"].failure
    assert failure is not None
    assert (failure.cause, failure.text.text) == (Cause.LIMITED, "429 until {until:clock}")
    assert verdicts(readings, target, clock)["api"].health is Health.UNKNOWN
    web.answers[f"GET {STATUS}"] = status()
    clock.pass_(seconds=860)
    assert "api" not in parts(probe.read(5.0))


def test_redis_that_refuses_is_unknown_and_the_backend_is_still_asked(
    tmp_path: Path, clock: Clock, web: ScriptedWeb
) -> None:
    target = replace(
        QueueTarget(name="queue", address=f"redis://127.0.0.1:{free_port()}/0"),
        api=web.url,
        api_username="grace",
        api_password="env:GRACE",
    )
    readings = probe_of(tmp_path, target, clock).read(DEADLINE_S)
    found = verdicts(readings, target, clock)
    assert (found["queue"].health, found["queue"].evidence.text) == (Health.UNKNOWN, "cannot be read")
    assert found["worker"].evidence.text == "no worker"


def test_a_frozen_redis_and_a_frozen_backend_together_keep_to_the_deadline(
    server: OwnProcess, tmp_path: Path, clock: Clock
) -> None:
    with raw_server() as silent:
        target = configured(server, silent, deadline_s=DEADLINE_S)
        probe = probe_of(tmp_path, target, clock)
        with server.frozen():
            started = time.monotonic()
            readings = probe.read(DEADLINE_S)
            took = time.monotonic() - started
    assert took < DEADLINE_S + SLACK_S
    found = verdicts(readings, target, clock)
    assert found["queue"].evidence.text == "cannot be read"
    assert found["worker"].evidence.text == "redis unreadable"


@pytest.mark.parametrize("drip_s", [0.0, 0.2], ids=["stops", "drips"])
@pytest.mark.parametrize("after", [60, 2000, 12_000])
def test_a_redis_that_stops_or_drips_in_the_middle_leaves_the_backend_its_half_of_the_deadline(
    server: OwnProcess, client: Any, tmp_path: Path, clock: Clock, web: ScriptedWeb, after: int, drip_s: float
) -> None:
    for n in range(400):
        add(client, f"job{n}", timedelta(minutes=1))
    with bad_line(server.port, after=after, drip_s=drip_s) as port:
        target = replace(configured(server, web.url), address=f"redis://127.0.0.1:{port}/0")
        started = time.monotonic()
        readings = probe_of(tmp_path, target, clock).read(DEADLINE_S)
        assert time.monotonic() - started < DEADLINE_S / 2 + SLACK_S
    found = parts(readings)
    assert found["queue"].failure is not None
    assert found["queue"].failure.cause is Cause.SILENT
    assert found["worker"].values["api"] == "answers"


@pytest.mark.parametrize("told", [0, False, "", "soon", 1_790_000_000_000], ids=str)
def test_a_start_of_the_worker_that_is_no_moment_is_not_taken_for_no_worker(
    server: OwnProcess, client: Any, tmp_path: Path, clock: Clock, web: ScriptedWeb, told: object
) -> None:
    web.answers[f"GET {STATUS}"] = status(startedAt=told)
    target = configured(server, web.url)
    readings = probe_of(tmp_path, target, clock).read(5.0)
    assert verdicts(readings, target, clock)["api"].health is Health.UNKNOWN
    assert parts(readings)["queue"].values["worker"] == "unknown"


def test_a_redis_that_never_accepts_keeps_to_the_deadline(tmp_path: Path, clock: Clock) -> None:
    with never_accepting() as port:
        target = QueueTarget(name="queue", address=f"redis://127.0.0.1:{port}/0")
        started = time.monotonic()
        readings = probe_of(tmp_path, target, clock).read(DEADLINE_S)
        assert time.monotonic() - started < DEADLINE_S + SLACK_S
    failure = readings[0].failure
    assert failure is not None
    assert failure.cause is Cause.SILENT
