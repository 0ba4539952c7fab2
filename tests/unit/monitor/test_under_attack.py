"""The monitor when everything goes wrong at once: probes that lie, hang or raise, clocks that jump, news nobody takes."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from medflow_tui.model.health import Acknowledgement, Cause, Failure, Health, Reading, Snapshot, Verdict
from medflow_tui.model.target import Target
from medflow_tui.model.targets.redis import RedisTarget
from medflow_tui.model.words import Phrase, say
from medflow_tui.monitor.knowledge import Knowledge
from medflow_tui.monitor.poller import Monitor
from medflow_tui.monitor.round import read_once
from medflow_tui.monitor.timekeeper import Gap, Timekeeper

GOOD = {
    "version": "7", "uptime_s": 1, "used_memory": 1, "maxmemory": 0, "clients": 1, "backend_clients": 1,
    "backend_known": True, "evicted_keys": 0, "loading": False, "persistence": "off", "save_failed": False,
    "keys": {}, "keys_seen": 0, "keys_complete": True,
}  # fmt: skip

Read = Callable[[Target], Any]


def target(name: str, **options: float) -> RedisTarget:
    return RedisTarget(name=name, **{"interval_s": 30, "deadline_s": 1, **options})  # type: ignore[arg-type]


def good(name: str, at: datetime | None = None, **values: object) -> Reading:
    return Reading(
        target=name,
        kind="redis",
        observed_at=at or datetime.now(UTC),
        how=say("test"),
        values={**GOOD, **values},
    )


def refused(name: str, at: datetime, until: datetime | None = None) -> Reading:
    failure = Failure(cause=Cause.REFUSED, text=say("refused"), until=until)
    return Reading(target=name, kind="redis", observed_at=at, how=say("test"), failure=failure)


class Probed:
    def __init__(self, each: Target, read: Read) -> None:
        self._target, self._read = each, read

    def read(self, deadline_s: float) -> Any:
        return self._read(self._target)


def probes(read: Read) -> Callable[[Target], Probed]:
    return lambda each: Probed(each, read)


def wait_for(claim: Callable[[], bool], seconds: float = 10.0) -> None:
    until = time.monotonic() + seconds
    while not claim():
        assert time.monotonic() < until, "did not come true in time"
        time.sleep(0.005)


class Watch:
    """A monitor that is ended with the test."""

    def __init__(self, targets: list[RedisTarget], read: Read, **options: Any) -> None:
        self.faults: list[str] = []
        self.published: list[Snapshot] = []
        options.setdefault("publish", self.published.append)
        options.setdefault("now", lambda: datetime.now(UTC))
        self.monitor = Monitor(
            tuple(targets),
            probes(read),
            options.pop("publish"),
            report=lambda error, where: self.faults.append(f"{type(error).__name__} {where}"),
            **options,
        )

    def __enter__(self) -> Watch:
        self.monitor.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.monitor.stop()

    def verdict(self, name: str) -> Verdict:
        found = self.monitor.snapshot.find(name)
        assert found is not None
        return found

    def is_read(self, name: str) -> bool:
        return self.verdict(name).observed_at.year > 1970


UNSOUND: dict[str, Read] = {
    "nothing": lambda each: (),
    "none": lambda each: None,
    "a generator": lambda each: (good(each.name) for _ in "x"),
    "no readings": lambda each: ("x",),
    "another target": lambda each: (good("victim"),),
    "a part of another target": lambda each: (good(each.name), good("victim/part")),
    "another target as a part": lambda each: (good(each.name), good("victim")),
    "a name that only begins alike": lambda each: (good(each.name), good(f"{each.name}s/part")),
    "one part twice": lambda each: (good(each.name), good("liar/a"), good("liar/a")),
    "only parts": lambda each: (good("liar/a"),),
}


@pytest.mark.parametrize("what", UNSOUND)
def test_a_probe_that_breaks_the_protocol_is_unknown_and_harms_no_other(what: str) -> None:
    def read(each: Target) -> Any:
        return UNSOUND[what](each) if each.name == "liar" else (good(each.name, used_memory=7),)

    with Watch([target("victim"), target("liar")], read) as watch:
        wait_for(lambda: watch.is_read("liar") and watch.is_read("victim"))
        assert watch.verdict("liar").health is Health.UNKNOWN
        assert watch.verdict("liar").failure is not None
        assert watch.verdict("victim").health is Health.OK
        assert watch.verdict("victim").values["used_memory"] == 7
        assert [each.target for each in watch.monitor.snapshot.verdicts] == ["victim", "liar"]
        assert watch.faults == ["UnsoundError liar"]
    once = read_once((target("victim"), target("liar")), probes(read), lambda: datetime.now(UTC))
    assert {each.target: each.health for each in once.verdicts} == {
        "victim": Health.OK,
        "liar": Health.UNKNOWN,
    }


@pytest.mark.parametrize("error", [SystemExit, KeyboardInterrupt, MemoryError, RecursionError])
def test_what_ends_a_program_ends_no_reading_thread(error: type[BaseException]) -> None:
    calls: list[str] = []

    def read(each: Target) -> Any:
        calls.append(each.name)
        raise error

    with Watch([target("a", interval_s=1), target("b", interval_s=1)], read, threads=1) as watch:
        wait_for(lambda: calls.count("a") >= 2 and calls.count("b") >= 2)
        assert watch.verdict("a").health is Health.UNKNOWN


def test_a_rule_that_fails_is_unknown_and_not_as_it_was_before(monkeypatch: pytest.MonkeyPatch) -> None:
    at = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    told: list[str] = []
    knowledge = Knowledge((target("a"),), report=lambda error, where: told.append(where))
    knowledge.absorb("a", (good("a", at),), at)
    assert knowledge.snapshot(at).verdicts[0].health is Health.OK
    broken = Reading(target="a", kind="redis", observed_at=at + timedelta(seconds=30), how=say("t"))
    for _ in range(2):
        broken = Reading(
            target="a", kind="redis", observed_at=broken.observed_at + timedelta(seconds=30), how=say("t")
        )
        knowledge.absorb("a", (broken,), broken.observed_at)
    verdict = knowledge.snapshot(broken.observed_at).verdicts[0]
    assert verdict.health is Health.UNKNOWN
    assert told == ["a", "a"]


def test_forty_dead_hosts_delay_no_other_target() -> None:
    release = threading.Event()
    dead = [target(f"dead{n}", deadline_s=20) for n in range(40)]

    def read(each: Target) -> Any:
        if each.name.startswith("dead"):
            release.wait(60)
        return (good(each.name),)

    with Watch([*dead, *(target(f"well{n}") for n in range(10))], read, threads=2) as watch:
        try:
            wait_for(lambda: all(watch.is_read(f"well{n}") for n in range(10)), 8)
        finally:
            release.set()


def test_targets_that_hang_for_ever_use_up_no_thread_of_the_others() -> None:
    """More of them than there are threads: each is overdue, and another thread takes its place."""
    release = threading.Event()
    hanging = [target(f"hangs{n}", deadline_s=0.2) for n in range(70)]
    reads: list[str] = []

    def read(each: Target) -> Any:
        if each.name.startswith("hangs"):
            release.wait(120)
        reads.append(each.name)
        return (good(each.name),)

    with Watch([*hanging, target("well", interval_s=1)], read) as watch:
        try:
            wait_for(lambda: all(watch.verdict(each.name).failure is not None for each in hanging), 60)
            before = reads.count("well")
            wait_for(lambda: reads.count("well") >= before + 2, 10)
            assert {watch.verdict(each.name).health for each in hanging} == {Health.UNKNOWN}
        finally:
            release.set()


def test_readings_that_were_late_again_and_again_leave_no_thread_behind_and_take_none_away() -> None:
    def read(each: Target) -> Any:
        time.sleep(1.0)
        return (good(each.name),)

    with Watch([target("late", interval_s=1, deadline_s=0.01)], read, threads=2) as watch:
        wait_for(lambda: watch.is_read("late"))
        before = threading.active_count()
        for _ in range(4):
            watch.monitor.read_now("late")
            time.sleep(1.1)
        assert threading.active_count() <= before + 1


def test_news_that_cannot_be_published_are_told_again() -> None:
    taken: list[Snapshot] = []
    refusing = threading.Event()

    def publish(snapshot: Snapshot) -> None:
        if not refusing.is_set():
            refusing.set()
            raise RuntimeError("no screen yet")
        taken.append(snapshot)

    with Watch([target("a")], lambda each: (good(each.name),), publish=publish) as watch:
        wait_for(lambda: bool(taken) and taken[-1].verdicts[0].health is Health.OK)
        assert watch.faults == ["RuntimeError announce"]


def test_a_storm_of_reading_now_reads_one_after_another_and_ends() -> None:
    inside, most, reads = [0], [0], [0]
    lock = threading.Lock()

    def read(each: Target) -> Any:
        with lock:
            inside[0] += 1
            reads[0] += 1
            most[0] = max(most[0], inside[0])
        time.sleep(0.002)
        with lock:
            inside[0] -= 1
        return (good(each.name),)

    with Watch([target("a", interval_s=600)], read) as watch:
        storm = [
            threading.Thread(target=lambda: [watch.monitor.read_now() for _ in range(500)]) for _ in range(4)
        ]
        for each in storm:
            each.start()
        for each in storm:
            each.join()
        wait_for(lambda: inside[0] == 0 and reads[0] > 0)
        time.sleep(0.3)
        settled = reads[0]
        time.sleep(0.3)
        assert (most[0], reads[0]) == (1, settled)


def test_a_target_that_is_being_read_when_people_ask_is_read_once_more() -> None:
    begun, release, reads = threading.Event(), threading.Event(), []

    def read(each: Target) -> Any:
        reads.append(1)
        begun.set()
        release.wait(10)
        return (good(each.name),)

    with Watch([target("a", interval_s=600, deadline_s=30)], read) as watch:
        assert begun.wait(10)
        watch.monitor.read_now("a")
        release.set()
        wait_for(lambda: len(reads) == 2)


class Clocks:
    """Three clocks that a test moves by hand."""

    def __init__(self) -> None:
        self.wall = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
        self.elapsed = self.awake = 1000.0

    def keeper(self) -> Timekeeper:
        return Timekeeper(lambda: self.wall, elapsed=lambda: self.elapsed, awake=lambda: self.awake)

    def pass_(self, seconds: float, *, asleep: float = 0.0) -> None:
        self.wall += timedelta(seconds=seconds + asleep)
        self.elapsed += seconds + asleep
        self.awake += seconds


def test_the_timekeeper_tells_a_clock_that_was_set_from_a_machine_that_slept() -> None:
    clocks = Clocks()
    keeper = clocks.keeper()
    clocks.pass_(2)
    assert not keeper.look()
    clocks.pass_(2)
    clocks.wall -= timedelta(hours=5)
    assert keeper.look() == Gap(set_by=timedelta(hours=-5))
    clocks.pass_(2, asleep=7200)
    assert keeper.look() == Gap(slept=timedelta(hours=2))
    clocks.pass_(2)
    clocks.wall += timedelta(days=20_000)
    assert keeper.look() == Gap(set_by=timedelta(days=20_000))
    assert not keeper.look()


@pytest.mark.parametrize("hours", [-5, 5, -26, 17_520])
def test_since_when_stays_true_when_the_clock_is_set(hours: int) -> None:
    at = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    knowledge = Knowledge((target("a", confirm=1), target("b", confirm=1)))
    knowledge.absorb("a", (refused("a", at),), at)
    later = at + timedelta(minutes=10)
    knowledge.absorb("a", (refused("a", later),), later)
    set_to = later + timedelta(seconds=1, hours=hours)
    knowledge.absorb("b", (good("b", set_to),), set_to)  # was read after the clock was set
    knowledge.clock_was_set(timedelta(hours=hours), set_to)
    a, b = knowledge.snapshot(set_to).verdicts
    assert a.health is Health.CRITICAL
    assert set_to - a.since == timedelta(minutes=10, seconds=1)
    assert set_to - a.observed_at == timedelta(seconds=1)
    assert (b.health, b.observed_at, b.since) == (Health.OK, set_to, set_to)


def test_all_is_read_anew_when_the_clock_was_set_or_the_machine_slept() -> None:
    clocks, reads = Clocks(), []

    def read(each: Target) -> Any:
        reads.append(each.name)
        return (good(each.name, clocks.wall),)

    with Watch([target("a", interval_s=3600)], read, now=lambda: clocks.wall, timekeeper=clocks.keeper()):
        wait_for(lambda: len(reads) == 1)
        clocks.wall -= timedelta(hours=5)
        wait_for(lambda: len(reads) == 2)
        clocks.pass_(0, asleep=3000)
        wait_for(lambda: len(reads) == 3)


def test_a_host_that_asked_for_patience_is_read_in_time_although_the_clock_was_set_back() -> None:
    clocks, reads = Clocks(), []

    def read(each: Target) -> Any:
        reads.append(time.monotonic())
        return (refused(each.name, clocks.wall, until=clocks.wall + timedelta(seconds=2)),)

    with Watch(
        [target("a", interval_s=1)], read, now=lambda: clocks.wall, timekeeper=clocks.keeper()
    ) as watch:
        wait_for(lambda: len(reads) == 1)
        clocks.wall -= timedelta(hours=5)
        watch.monitor.read_now("a")
        wait_for(lambda: len(reads) == 2, 6)
        assert reads[1] - reads[0] >= 1.9


def test_a_wait_of_years_is_not_believed() -> None:
    reads: list[float] = []
    far = datetime(9999, 1, 1, tzinfo=UTC)

    def read(each: Target) -> Any:
        reads.append(time.monotonic())
        return (refused(each.name, datetime.now(UTC), until=far),)

    with Watch([target("a")], read) as watch:
        wait_for(lambda: watch.is_read("a"))
        assert watch.verdict("a").due_every_s <= 86_400


def test_the_last_minutes_are_drawn_at_once_after_a_jump_of_half_a_century() -> None:
    knowledge = Knowledge((target("a"),))
    for at in (datetime(1970, 1, 2, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC)):
        knowledge.absorb("a", (good("a", at),), at)
    assert knowledge.snapshot(at).verdicts[0].spark == (None, None, None, Health.OK)


def test_a_trouble_that_lasts_is_not_stale_because_it_is_read_more_rarely() -> None:
    at = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    knowledge = Knowledge((target("a", confirm=1),))
    knowledge.absorb("a", (refused("a", at),), at)
    knowledge.expect("a", 132.0)
    assert knowledge.snapshot(at + timedelta(seconds=140)).verdicts[0].health is Health.CRITICAL
    assert knowledge.snapshot(at + timedelta(seconds=300)).verdicts[0].health is Health.STALE
    knowledge.absorb("a", (good("a", at),), at)
    knowledge.expect("a", 10.0)
    assert knowledge.snapshot(at).verdicts[0].due_every_s == 30


def test_what_is_gone_is_forgotten() -> None:
    at = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    knowledge = Knowledge((target("a"),))
    for n in range(50):
        knowledge.absorb("a", (good("a", at), good(f"a/backup-{n}", at)), at)
    assert len(knowledge._readings) == len(knowledge._cells) == 2


def test_who_is_on_it_is_learnt_from_another_process() -> None:
    entry = Acknowledgement(
        target="a",
        who="neema",
        why="cable",
        at=datetime.now(UTC),
        until=datetime.now(UTC) + timedelta(hours=1),
    )
    desk: list[Any] = []
    with Watch(
        [target("a")], lambda each: (good(each.name),), people=lambda now: desk.pop() if desk else None
    ) as watch:
        wait_for(lambda: watch.is_read("a"))
        desk.append(({"a": entry}, ()))
        wait_for(lambda: watch.verdict("a").acknowledged is entry)
        assert watch.verdict("a").health is Health.OK


def test_the_label_of_a_part_has_no_character_that_a_terminal_would_obey() -> None:
    at = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    knowledge = Knowledge((target("a"),))
    knowledge.absorb("a", (good("a", at), good("a/x", at, label="OCT \x1b[2J[bold]\x9b1m")), at)
    assert knowledge.snapshot(at).verdicts[1].label == "OCT [bold]"


def test_a_round_in_which_all_hang_ends_with_the_longest_deadline() -> None:
    """Far more targets than threads to begin with: each gets its own time, none is called late without having begun."""
    release = threading.Event()
    targets = tuple(target(f"t{n}", deadline_s=0.5 + (n % 3) / 2) for n in range(120))

    def read(each: Target) -> Any:
        release.wait(60)
        return (good(each.name),)

    began = time.monotonic()
    snapshot = read_once(targets, probes(read), lambda: datetime.now(UTC))
    took = time.monotonic() - began
    release.set()
    assert took < 1.5 + 3
    assert {each.health for each in snapshot.verdicts} == {Health.UNKNOWN}
    assert {each.failure.cause for each in snapshot.verdicts if each.failure} == {Cause.OVERRUN}


def test_a_thousand_targets_that_answer_are_read_in_one_round() -> None:
    targets = tuple(target(f"t{n}") for n in range(1000))
    snapshot = read_once(targets, probes(lambda each: (good(each.name),)), lambda: datetime.now(UTC))
    assert {each.health for each in snapshot.verdicts} == {Health.OK}
    assert [each.target for each in snapshot.verdicts] == [each.name for each in targets]


PROGRAM = """
import sys, threading, time
from datetime import UTC, datetime
from medflow_tui.model.targets.redis import RedisTarget
from medflow_tui.monitor.{module} import {name}

class Hangs:
    def __init__(self, target): pass
    def read(self, deadline_s):
        while True:
            time.sleep(3600)

targets = tuple(RedisTarget(name=f"t{{n}}", deadline_s=0.1) for n in range(20))
now = lambda: datetime.now(UTC)
{body}
print("ended", flush=True)
"""
MONITOR = """
monitor = Monitor(targets, Hangs, lambda snapshot: None, now=now)
monitor.start()
while any(each.failure is None for each in monitor.snapshot.verdicts):
    time.sleep(0.05)
monitor.stop()
"""
ROUND = "assert all(each.failure for each in read_once(targets, Hangs, now).verdicts)"


@pytest.mark.parametrize(
    ("module", "name", "body"),
    [("poller", "Monitor", MONITOR), ("round", "read_once", ROUND)],
    ids=["monitor", "round"],
)
def test_a_process_with_readings_that_hang_for_ever_ends(module: str, name: str, body: str) -> None:
    program = PROGRAM.format(module=module, name=name, body=body)
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "ended\n", "")


def test_notices_that_fail_do_not_end_the_news() -> None:
    calls = [0]

    def notices() -> tuple[Phrase, ...]:
        calls[0] += 1
        if calls[0] == 1:
            raise OSError("no such thing")
        return ()

    with Watch([target("a")], lambda each: (good(each.name),), notices=notices) as watch:
        wait_for(lambda: watch.verdict("a").health is Health.OK)
