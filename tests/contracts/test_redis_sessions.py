"""Session keys are removed from a real Valkey, and nothing else is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import redis

from medflow_tui.clients import redis_keys
from medflow_tui.clients.network import Deadline
from medflow_tui.journal.run_log import RunFolder
from medflow_tui.model.procedure import Mark, Outcome
from medflow_tui.model.targets.redis import RedisTarget
from medflow_tui.runner.follow import Follower
from tests.servers.process import OwnProcess
from tests.servers.runs import Bench, Crashed
from tests.servers.valkey import running as valkey

OTHERS = {
    "device_sync:pending": "list",
    "device_sync:job:1": "hash",
    "2fa:used:abc": "mark",
    "lock:daily": "mark",
    "rl:auth:10.8.0.7": "mark",
    "cache:patients:1": "mark",
    "_kombu.binding.celery": "mark",
    "sessionx": "mark",
    "asession:1": "mark",
}
LINES = 20


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnProcess]:
    with valkey(tmp_path_factory.mktemp("valkey")) as found:
        yield found


@pytest.fixture
def client(server: OwnProcess) -> Iterator[redis.Redis]:
    with redis.Redis(port=server.port, decode_responses=True) as found:
        for name in found.scan_iter():
            found.unlink(name)
        for name in OTHERS:
            found.set(name, "KABONGO MARIE")
        for number in range(1_200):
            found.set(f"session:{number}", "CANARY-TOKEN")
        yield found


@pytest.fixture
def bench(server: OwnProcess, tmp_path: Path) -> Bench:
    target = RedisTarget(name="redis", address=f"redis://127.0.0.1:{server.port}")
    return Bench(name="redis-sessions", targets=(target,), state=tmp_path / "state")


def kept(client: redis.Redis) -> set[str]:
    return {str(each) for each in client.scan_iter()}


def test_sessions_go_and_everything_else_stays(bench: Bench, client: redis.Redis) -> None:
    order = bench.order()
    move = bench.run(order)
    assert move.outcome is Outcome.PASS
    assert kept(client) == set(OTHERS)
    said = " ".join(each.said.text for each in bench.entries(order))
    assert "FLUSHDB would also destroy" in said


def test_without_a_session_nothing_is_sent(bench: Bench, client: redis.Redis) -> None:
    for name in client.scan_iter("session:*"):
        client.unlink(name)
    before = client.info("commandstats").get("cmdstat_unlink", {}).get("calls")
    assert bench.run(bench.order()).outcome is Outcome.PASS
    assert client.info("commandstats").get("cmdstat_unlink", {}).get("calls") == before


def test_the_plan_changes_nothing_and_names_what_it_would_send(bench: Bench, client: redis.Redis) -> None:
    before = {name: client.get(name) for name in client.scan_iter()}
    plan = bench.plan()
    assert {name: client.get(name) for name in client.scan_iter()} == before
    assert (plan.facts["sessions"], plan.facts["keys"]) == (1_200, len(before)), "as a direct count says"
    assert any("UNLINK" in call for step in plan.steps for call in step.calls)
    assert not any(word in str(plan) for word in ("FLUSHDB", "KEYS"))


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("line", range(LINES))
def test_crashed_at_any_line_one_resume_ends_it(
    bench: Bench, client: redis.Redis, line: int, moment: str
) -> None:
    order = bench.order()
    move = bench.run_over_crash(order, line, moment)
    assert move.outcome is Outcome.PASS, move
    assert kept(client) == set(OTHERS)
    assert bench.entries(order)[-1].mark is Mark.RUN_ENDED


@pytest.mark.parametrize("gone", [0, 1])
def test_that_some_are_gone_after_a_crash_is_not_told_as_nothing_changed(
    bench: Bench, client: redis.Redis, monkeypatch: pytest.MonkeyPatch, gone: int
) -> None:
    """Whoever had one of those is logged out."""

    def cut(*_: object) -> int:
        for number in range(gone):
            client.unlink(f"session:{number}")
        raise Crashed

    order = bench.order()
    with monkeypatch.context() as patch:
        patch.setattr(redis_keys, "unlink", cut)
        with pytest.raises(Crashed):
            bench.run(order)
    bench.run(replace(order, mandate=replace(order.mandate, stop="pause")))
    assert bench.entries(order)[-2].mark is Mark.RECONCILED
    assert Follower(RunFolder(path=order.folder)).poll().state.changed is bool(gone)
    assert bench.run(order).outcome is Outcome.PASS
    assert kept(client) == set(OTHERS)


def test_neither_names_nor_contents_of_keys_are_written_down(bench: Bench, client: redis.Redis) -> None:
    bench.run(bench.order())
    written = b"".join(each.read_bytes() for each in bench.state.rglob("*") if each.is_file())
    assert b"KABONGO" not in written
    assert b"CANARY" not in written


@pytest.mark.parametrize("prefix", ["", ":", "se", "*", "??:"])
def test_a_prefix_that_could_mean_everything_is_refused(client: redis.Redis, prefix: str) -> None:
    with pytest.raises(ValueError, match="prefix"):
        redis_keys.unlink(client, prefix, Deadline.after(5))
    assert len(kept(client)) == 1_200 + len(OTHERS)
