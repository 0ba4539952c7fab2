"""The monitor with plain functions for probes: nothing delays anything else, nothing is read twice at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from medflow_tui.model.health import Cause, Failure, Health, Reading, Snapshot
from medflow_tui.model.target import Target
from medflow_tui.model.targets.redis import RedisTarget
from medflow_tui.model.words import say
from medflow_tui.monitor.poller import Monitor

GOOD = {
    "version": "7", "uptime_s": 1, "used_memory": 1, "maxmemory": 0, "clients": 1, "backend_clients": 1,
    "backend_known": True, "evicted_keys": 0, "loading": False, "persistence": "off", "save_failed": False,
    "keys": {}, "keys_seen": 0, "keys_complete": True,
}  # fmt: skip


class Scripted:
    """A probe that does what it is told."""

    def __init__(self, target: Target, act: Callable[[Target], None] = lambda target: None) -> None:
        self._target, self._act = target, act

    def read(self, deadline_s: float) -> tuple[Reading, ...]:
        self._act(self._target)
        return (
            Reading(
                target=self._target.name,
                kind="redis",
                observed_at=datetime.now(UTC),
                how=say("test"),
                values=GOOD,
            ),
        )


def wait_for(claim: Callable[[], bool], seconds: float = 10.0) -> None:
    until = time.monotonic() + seconds
    while not claim():
        assert time.monotonic() < until, "did not come true in time"
        time.sleep(0.005)


def monitor_of(
    targets: list[Target], act: Callable[[Target], None] = lambda target: None, **options: object
) -> tuple[Monitor, list[Snapshot]]:
    seen: list[Snapshot] = []
    monitor = Monitor(
        tuple(targets),
        lambda target: Scripted(target, act),
        seen.append,
        now=lambda: datetime.now(UTC),
        **options,  # type: ignore[arg-type]
    )
    return monitor, seen


def healths(monitor: Monitor) -> dict[str, Health]:
    return {each.target: each.health for each in monitor.snapshot.verdicts}


def target(name: str, **options: float) -> RedisTarget:
    return RedisTarget(name=name, **{"interval_s": 30, "deadline_s": 1, **options})  # type: ignore[arg-type]


def test_everything_is_read_and_published() -> None:
    monitor, seen = monitor_of([target("a"), target("b")])
    monitor.start()
    wait_for(lambda: set(healths(monitor).values()) == {Health.OK})
    monitor.stop()
    assert seen[-1] is monitor.snapshot


def test_one_stuck_target_delays_no_other_and_is_unknown_after_its_deadline() -> None:
    release = threading.Event()
    monitor, _ = monitor_of(
        [target("stuck", deadline_s=0.2), *(target(f"t{n}", interval_s=1) for n in range(5))],
        lambda each: release.wait(20) and None if each.name == "stuck" else None,
        threads=1,
    )
    monitor.start()
    try:
        wait_for(
            lambda: (
                healths(monitor)["stuck"] is Health.UNKNOWN
                and monitor.snapshot.find("stuck").observed_at.year > 1970
            )
        )  # type: ignore[union-attr]
        wait_for(lambda: all(healths(monitor)[f"t{n}"] is Health.OK for n in range(5)))
        verdict = monitor.snapshot.find("stuck")
        assert verdict is not None
        assert verdict.failure is not None
        assert verdict.failure.cause is Cause.OVERRUN
    finally:
        release.set()
        monitor.stop()


def test_at_most_one_reading_of_a_target_is_under_way() -> None:
    inside, most = [], []

    def act(each: Target) -> None:
        inside.append(1)
        most.append(len(inside))
        time.sleep(0.02)
        inside.pop()

    monitor, _ = monitor_of([target("a", interval_s=1)], act, threads=4)
    monitor.start()
    for _ in range(20):
        monitor.read_now()
        time.sleep(0.01)
    wait_for(lambda: len(most) >= 3)
    monitor.stop()
    assert max(most) == 1


def test_a_probe_that_raises_is_an_unknown_target_and_is_reported() -> None:
    told: list[str] = []

    def act(each: Target) -> None:
        raise ValueError("patient KABONGO")

    monitor, _ = monitor_of(
        [target("a")], act, report=lambda error, where: told.append(f"{type(error).__name__} {where}")
    )
    monitor.start()
    wait_for(lambda: monitor.snapshot.verdicts[0].failure is not None)
    monitor.stop()
    failure = monitor.snapshot.verdicts[0].failure
    assert failure is not None
    assert failure.cause is Cause.OURS
    assert "KABONGO" not in str(failure)
    assert told == ["ValueError a"]


def test_a_host_that_asked_for_patience_is_not_asked_before() -> None:
    calls: list[float] = []
    until = datetime.now(UTC) + timedelta(seconds=1.5)

    class Limited(Scripted):
        def read(self, deadline_s: float) -> tuple[Reading, ...]:
            calls.append(time.monotonic())
            failure = Failure(cause=Cause.LIMITED, text=say("429"), until=until)
            return (
                Reading(
                    target="a", kind="redis", observed_at=datetime.now(UTC), how=say("t"), failure=failure
                ),
            )

    monitor = Monitor(
        (target("a", interval_s=1),), Limited, lambda snapshot: None, now=lambda: datetime.now(UTC)
    )
    monitor.start()
    wait_for(lambda: len(calls) == 1)
    wait_for(lambda: monitor.snapshot.verdicts[0].failure is not None)
    monitor.read_now()
    time.sleep(0.5)
    assert len(calls) == 1
    wait_for(lambda: len(calls) == 2)
    monitor.stop()
    assert calls[1] - calls[0] > 1.0


def test_a_thousand_targets_are_read() -> None:
    monitor, _ = monitor_of([target(f"t{n}", interval_s=60) for n in range(1000)])
    started = time.process_time()
    monitor.start()
    wait_for(lambda: all(each is Health.OK for each in healths(monitor).values()), 30)
    monitor.stop()
    assert time.process_time() - started < 15  # a minute's worth of work at 25 % of a core
