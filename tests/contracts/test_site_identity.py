"""The identity planted in a server: another server at the configured address is never acted on; real Valkey and MongoDB."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import redis

from medflow_tui.actions.redis_sessions import Keys
from medflow_tui.actions.site_identity import told_by, told_facts
from medflow_tui.clients import mongodb, planting
from medflow_tui.clients.expected import IDENTITY, IDENTITY_KEY, Expected
from medflow_tui.clients.network import Deadline, UnreachableError
from medflow_tui.clients.tools import Tools
from medflow_tui.config.load import load
from medflow_tui.journal.run_log import RunFolder
from medflow_tui.model.health import Cause
from medflow_tui.model.performer import Login
from medflow_tui.model.procedure import Mark, Outcome, Phase
from medflow_tui.model.targets.mongodb import MongodbTarget
from medflow_tui.model.targets.redis import RedisTarget
from medflow_tui.runner.dispatch import Dispatch
from medflow_tui.runner.follow import Follower
from medflow_tui.wiring import tools_for
from medflow_tui.wiring.acting import dispatch_for
from tests.servers.mongodb import MongodbServer
from tests.servers.mongodb import running as mongod
from tests.servers.process import OwnProcess
from tests.servers.runs import Bench, Crashed, crashing
from tests.servers.valkey import running as valkey

ROOT = Path(__file__).parents[2]
SITE = '[site]\ncode = "LAB"\nname = "Lab"\nenvironment = "lab"\n[target.redis]\nkind = "redis"\naddress = "{address}"\n'


@pytest.fixture(scope="module")
def valkeys(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[OwnProcess, OwnProcess]]:
    with (
        valkey(tmp_path_factory.mktemp("one")) as one,
        valkey(tmp_path_factory.mktemp("two")) as two,
    ):
        yield one, two


@pytest.fixture(scope="module")
def mongods(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[MongodbServer, MongodbServer]]:
    with (
        mongod(tmp_path_factory.mktemp("one")) as one,
        mongod(tmp_path_factory.mktemp("two")) as two,
    ):
        yield one, two


@pytest.fixture
def clients(valkeys: tuple[OwnProcess, OwnProcess]) -> Iterator[tuple[redis.Redis, redis.Redis]]:
    one, two = (redis.Redis(port=each.port, decode_responses=True) for each in valkeys)
    for each in (one, two):
        for name in each.scan_iter():
            each.unlink(name)
        each.set("session:1", "x")
    with one, two:
        yield one, two


@pytest.fixture
def bench(
    valkeys: tuple[OwnProcess, OwnProcess], mongods: tuple[MongodbServer, MongodbServer], tmp_path: Path
) -> Bench:
    with mongods[0].database() as database:
        database.drop_collection(IDENTITY)
    targets = (
        RedisTarget(name="redis", address=f"redis://127.0.0.1:{valkeys[0].port}"),
        MongodbTarget(name="mongodb", address=mongods[0].address),
    )
    return Bench(name="plant-identity", targets=targets, state=tmp_path / "state")


def marked(client: redis.Redis) -> dict[str, str]:
    found: dict[str, str] = json.loads(client.get(IDENTITY_KEY) or "{}")  # type: ignore[arg-type]
    return found


def documents(server: MongodbServer) -> list[dict[str, Any]]:
    with server.database() as database:
        return list(database[IDENTITY].find({}))


def test_both_databases_are_marked_once(
    bench: Bench, clients: tuple[redis.Redis, redis.Redis], mongods: Any
) -> None:
    plan = bench.plan()
    assert (plan.facts["databases"], plan.facts["unmarked"]) == (2, 2)
    assert plan.steps[1].calls == ("SET medflow_tui:site_identity NX", "insert site_identity")
    assert bench.run(bench.order()).outcome is Outcome.PASS
    (document,), key = documents(mongods[0]), marked(clients[0])
    assert (key["site"], key["env"], key["random"]) == ("LAB", "lab", document["random"])
    assert datetime.fromisoformat(key["created"]).tzinfo is not None
    assert bench.run(bench.order()).outcome is Outcome.PASS
    assert marked(clients[0]) == key
    assert documents(mongods[0]) == [document]


def test_the_mark_of_another_site_is_never_written_over(bench: Bench, clients: Any, mongods: Any) -> None:
    other = {"site": "LSH-03", "env": "lab", "created": "x", "random": "9f"}
    clients[0].set(IDENTITY_KEY, json.dumps(other))
    move = bench.run(bench.order())
    assert move.outcome is not Outcome.PASS
    assert marked(clients[0]) == other
    assert documents(mongods[0]) == []


@pytest.mark.parametrize("line", range(4, 16))
def test_a_crash_at_any_line_marks_once(bench: Bench, clients: Any, mongods: Any, line: int) -> None:
    order = bench.order()
    for moment in ("before", "after"):
        with crashing(line, moment):
            try:
                bench.run(order)
            except Crashed:
                continue
    assert bench.run(order).outcome is Outcome.PASS
    assert len(documents(mongods[0])) == 1
    assert marked(clients[0])["site"] == "LAB"


def test_one_marked_of_two_is_not_told_as_nothing_changed(
    bench: Bench, clients: Any, mongods: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut(*_: object) -> None:
        raise Crashed

    for at, changed in (("plant_in_redis", False), ("plant_in_mongodb", True)):
        with monkeypatch.context() as patch:
            patch.setattr(planting, at, cut)
            order = bench.order()
            with pytest.raises(Crashed):
                bench.run(order)
        bench.run(replace(order, mandate=replace(order.mandate, stop="pause")))
        assert bench.entries(order)[-2].mark is Mark.RECONCILED
        assert Follower(RunFolder(path=order.folder)).poll().state.changed is changed
        if not changed:
            bench.run(replace(order, mandate=replace(order.mandate, stop="leave")))
    assert bench.run(order).outcome is Outcome.PASS
    assert len(documents(mongods[0])) == 1


def expected(bench: Bench, **told: str) -> Tools:
    return replace(bench.tools, expected=Expected(site="LAB", environment="lab", told=told))


def test_each_connection_of_a_run_asks_first_who_answers(
    bench: Bench, clients: tuple[redis.Redis, redis.Redis], valkeys: Any, mongods: Any
) -> None:
    assert bench.run(bench.order()).outcome is Outcome.PASS
    cache, documents_of = bench.targets
    assert isinstance(cache, RedisTarget)
    assert isinstance(documents_of, MongodbTarget)
    told = {each.name: told_by(each, bench.tools) for each in bench.targets}
    tools = expected(bench, **told)
    assert Keys(cache, tools).count().under["session:"] == 1
    with mongodb.connected(documents_of, tools, Deadline.after(5)) as server:
        assert server.ping() >= 0
    elsewhere = replace(cache, address=f"redis://127.0.0.1:{valkeys[1].port}")
    for mark in (None, {**marked(clients[0]), "random": "00"}, {**marked(clients[0]), "site": "LSH-03"}):
        clients[1].delete(IDENTITY_KEY)
        if mark:
            clients[1].set(IDENTITY_KEY, json.dumps(mark))
        with pytest.raises(UnreachableError) as caught:
            Keys(elsewhere, tools).clear()
        assert caught.value.failure.cause is Cause.UNTRUSTED
    assert clients[1].exists("session:1")
    other = replace(documents_of, address=mongods[1].address)
    with pytest.raises(UnreachableError) as caught, mongodb.connected(other, tools, Deadline.after(5)):
        raise AssertionError("it was let in")
    assert caught.value.failure.cause is Cause.UNTRUSTED


def test_two_marks_in_one_database_are_none(bench: Bench, clients: Any, mongods: Any) -> None:
    assert bench.run(bench.order()).outcome is Outcome.PASS
    with mongods[0].database() as database:
        database[IDENTITY].insert_one({"_id": "x", "site": "LAB", "env": "lab", "random": "x"})
    assert told_facts(bench.site, bench.tools, (bench.targets[1].address,)) == {"planted.mongodb": "?"}


def test_a_database_that_is_down_says_nothing(bench: Bench) -> None:
    gone = replace(bench, targets=(RedisTarget(name="redis", address="redis://127.0.0.1:1"),))
    assert told_facts(gone.site, gone.tools, ("redis://127.0.0.1:1",)) == {}


def ended(here: Dispatch, run: str, within_s: float = 40.0) -> Phase:
    follower, ends = here.follower(run), time.monotonic() + within_s
    while not (state := follower.poll().state).phase.is_over:
        assert time.monotonic() < ends, state
        time.sleep(0.05)
    return state.phase


def desk(path: Path, state: Path) -> Dispatch:
    site = load(path).site
    found = dispatch_for(site, state, tools_for(site, state))
    assert found is not None
    return found


def test_another_server_of_the_same_name_is_refused(
    clients: tuple[redis.Redis, redis.Redis], valkeys: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    path, state = tmp_path / "site.toml", tmp_path / "state"
    path.write_text(SITE.format(address=f"redis://127.0.0.1:{valkeys[0].port}"))
    for number, each in enumerate(clients):
        record = {"site": "LAB", "env": "lab", "created": "x", "random": f"9{number}"}
        each.set(IDENTITY_KEY, json.dumps(record))
    here = desk(path, state)
    book = next(each for each in here.playbooks if each.id == "redis-sessions")
    login = Login(username="amani", password="x", at=datetime.now(UTC))
    plan = here.plan(book, login)
    assert plan.facts["planted.redis"] == "LAB/lab/90"
    assert not plan.refusals
    path.write_text(path.read_text().replace(str(valkeys[0].port), str(valkeys[1].port)))
    order = {"who": "amani", "reason": "asked for by the clinic", "typed": plan.confirm}
    folder = here.start(book, plan, login=login, **order)
    assert ended(here, folder.run) is Phase.REFUSED
    asked = next(each for each in folder.entries() if each.mark is Mark.GUARDED)
    assert asked.facts["planted"] == "fail"
    assert asked.facts["identity"] != "pass"
    assert all(each.exists("session:1") for each in clients)
