"""A monitor that goes on from what another process knew: nothing is forgotten, nothing is believed for ever."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

from medflow_tui.model.health import Acknowledgement, Cause, Failure, Health, Reading, Snapshot
from medflow_tui.model.targets.redis import RedisTarget
from medflow_tui.model.words import say
from medflow_tui.monitor.knowledge import Knowledge

NOW = datetime(2026, 1, 15, 9, 0, tzinfo=UTC)
REDIS = RedisTarget(name="redis", address="redis://127.0.0.1:1", confirm=2)


def failing(at: datetime) -> Reading:
    failure = Failure(cause=Cause.REFUSED, text=say("refused"))
    return Reading(target="redis", kind="redis", observed_at=at, how=say("PING"), failure=failure)


def known() -> Snapshot:
    """What the collector saw: refused once, not yet firm, and somebody is on it."""
    first = Knowledge((REDIS,))
    first.absorb("redis", (good(NOW),), NOW)
    first.absorb("redis", (failing(NOW + timedelta(seconds=30)),), NOW)
    entry = Acknowledgement(target="redis", who="amani", why="x", at=NOW, until=NOW + timedelta(hours=1))
    first.acknowledged = {"redis": entry}
    return first.snapshot(NOW + timedelta(seconds=31))


def good(at: datetime) -> Reading:
    values = {
        "version": "8",
        "uptime_s": 9,
        "used_memory": 1,
        "maxmemory": 0,
        "evicted_keys": 0,
        "loading": False,
        "persistence": "off",
        "save_failed": False,
        "clients": 1,
        "backend_clients": 1,
        "backend_known": True,
        "keys": MappingProxyType({}),
        "keys_seen": 0,
        "keys_complete": True,
    }
    return Reading(
        target="redis", kind="redis", observed_at=at, how=say("PING"), values=MappingProxyType(values)
    )


def test_what_was_seen_once_by_the_other_is_firm_when_it_is_seen_again() -> None:
    before = known()
    assert before.verdicts[0].soft
    own = Knowledge((REDIS,))
    own.take_over(before, NOW)
    own.absorb("redis", (failing(NOW + timedelta(seconds=40)),), NOW)
    (found,) = own.snapshot(NOW + timedelta(seconds=40)).verdicts
    assert (found.health, found.soft) == (Health.CRITICAL, False)


def test_what_is_not_read_again_grows_old() -> None:
    own = Knowledge((REDIS,))
    own.take_over(known(), NOW)
    (found,) = own.snapshot(NOW + timedelta(minutes=10)).verdicts
    assert found.health is Health.STALE


def test_people_come_from_the_desk_and_not_from_the_other() -> None:
    own = Knowledge((REDIS,))
    own.take_over(known(), NOW)
    assert own.snapshot(NOW).verdicts[0].acknowledged is None


def test_a_target_that_is_not_watched_here_and_one_never_read_are_left_as_they_are() -> None:
    own = Knowledge((REDIS,))
    own.take_over(Snapshot(verdicts=(replace(known().verdicts[0], target="other"),)), NOW)
    own.take_over(Knowledge((REDIS,)).snapshot(NOW), NOW)
    assert own.snapshot(NOW) == Knowledge((REDIS,)).snapshot(NOW)
