"""One who acts at a time, and locks that know when they are stale."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from medflow_tui.model.errors import RefusedError
from medflow_tui.runner.alive import Identity, myself, started
from medflow_tui.runner.lock import Holder, RunLock


class Clock:
    def __init__(self) -> None:
        self.now = 1_795_420_751.0

    def __call__(self) -> float:
        return self.now


def lock(folder: Path, clock: Clock, *, is_over: bool | None = True) -> RunLock:
    return RunLock(folder, ("device-sync",), lease_s=60, is_over=lambda run: is_over, clock=clock)


def holder_of(lock: RunLock) -> Holder | None:
    found = lock.found()
    return found[0].holder if found else None


def left_behind(folder: Path, *, boot: str | None = None) -> None:
    """What a process leaves behind that took the lock and was killed."""
    ended = subprocess.Popen([sys.executable, "-c", "pass"])
    ended.wait()
    path = folder / "device-sync.lock"
    record = json.loads(path.read_text())
    record |= {"pid": ended.pid, "started": "ticks-1", "boot": boot or record["boot"]}
    times = path.stat().st_mtime
    path.write_text(json.dumps(record))
    os.utime(path, (times, times))


def test_a_second_run_is_told_who_acts(tmp_path: Path) -> None:
    clock = Clock()
    lock(tmp_path, clock).take(run="one", who="amani")
    with pytest.raises(RefusedError, match="amani is acting here since 2026-11-23T07:59:11Z, run one"):
        lock(tmp_path, clock).take(run="two", who="grace")


def test_a_lock_is_free_again_after_its_release(tmp_path: Path) -> None:
    clock = Clock()
    first = lock(tmp_path, clock)
    first.take(run="one", who="amani")
    first.release(run="one")
    assert holder_of(first) is None
    assert lock(tmp_path, clock).take(run="two", who="grace") == ()


def test_a_release_leaves_the_lock_of_another_run_alone(tmp_path: Path) -> None:
    clock = Clock()
    lock(tmp_path, clock).take(run="one", who="amani")
    lock(tmp_path, clock).release(run="two")
    assert holder_of(lock(tmp_path, clock)) is not None


def test_a_living_holder_is_never_stale_however_long_it_was_silent(tmp_path: Path) -> None:
    clock = Clock()
    lock(tmp_path, clock).take(run="one", who="amani")
    clock.now += 86_400
    holder = holder_of(lock(tmp_path, clock))
    assert holder is not None
    assert not holder.is_stale


def test_a_dead_holder_is_believed_until_its_lease_ran_out(tmp_path: Path) -> None:
    clock = Clock()
    lock(tmp_path, clock).take(run="one", who="amani")
    left_behind(tmp_path)
    with pytest.raises(RefusedError):
        lock(tmp_path, clock).take(run="two", who="grace")
    clock.now += 61
    replaced = lock(tmp_path, clock).take(run="two", who="grace")
    assert [each.run for each in replaced] == ["one"]


def test_after_a_restart_of_the_machine_every_old_lock_is_stale(tmp_path: Path) -> None:
    clock = Clock()
    lock(tmp_path, clock).take(run="one", who="amani")
    left_behind(tmp_path, boot="another")
    holder = holder_of(lock(tmp_path, clock))
    assert holder is not None
    assert holder.is_stale
    assert [each.run for each in lock(tmp_path, clock).take(run="two", who="grace")] == ["one"]


@pytest.mark.parametrize(
    ("is_over", "why"),
    [(False, "which is not over: go on with it or end it, or release its lock"), (None, "is not known")],
)
def test_a_stale_lock_of_a_run_that_may_be_half_way_is_a_persons_to_release(
    tmp_path: Path, is_over: bool | None, why: str
) -> None:
    clock = Clock()
    lock(tmp_path, clock).take(run="one", who="amani")
    left_behind(tmp_path, boot="another")
    other = lock(tmp_path, clock, is_over=is_over)
    for _ in range(2):
        with pytest.raises(RefusedError, match=why) as refused:
            other.take(run="two", who="grace")
        told = str(refused.value)
        assert told.startswith("stale, held by amani since 2026-11-23T07:59:11Z, run one")
        assert told.endswith(": playbook unlock device-sync")
    (seen,) = other.found()
    other.free(seen, lambda: None)
    assert other.take(run="two", who="grace") == ()


def test_the_run_that_left_it_takes_it_back_after_a_restart_of_the_machine(tmp_path: Path) -> None:
    clock = Clock()
    lock(tmp_path, clock).take(run="one", who="amani")
    left_behind(tmp_path, boot="another")
    assert lock(tmp_path, clock, is_over=False).take(run="one", who="neema") == ()


def test_of_several_locks_none_is_taken_when_one_is_not_free(tmp_path: Path) -> None:
    clock = Clock()
    lock(tmp_path, clock).take(run="one", who="amani")
    left_behind(tmp_path, boot="another")
    both = RunLock(tmp_path, ("backend", "device-sync"), lease_s=60, is_over=lambda run: False, clock=clock)
    with pytest.raises(RefusedError, match="not over"):
        both.take(run="two", who="grace")
    assert [each.name for each in both.found()] == ["device-sync"]


def test_ones_own_lock_hides_none_of_another_and_what_stands_most_against_it_comes_first(
    tmp_path: Path,
) -> None:
    clock = Clock()
    lock(tmp_path, clock).take(run="left", who="amani")
    left_behind(tmp_path, boot="another")
    for name, run in (("backend", "own"), ("redis", "living")):
        RunLock(tmp_path, (name,), lease_s=60, clock=clock).take(run=run, who="grace")
    names = ("backend", "device-sync", "redis")
    found = RunLock(tmp_path, names, lease_s=60, is_over=lambda run: True, clock=clock).others("own")
    assert [(each.run, each.lives) for each in found] == [("living", True), ("left", False)]


def test_nobody_who_was_refused_keeps_the_lock_of_a_dead_holder_alive(tmp_path: Path) -> None:
    clock = Clock()
    lock(tmp_path, clock).take(run="one", who="amani")
    left_behind(tmp_path)
    newcomer = lock(tmp_path, clock)
    for _ in range(4):
        clock.now += 20
        newcomer.renew()
    assert [each.run for each in newcomer.take(run="two", who="grace")] == ["one"]
    clock.now += 50
    newcomer.renew()
    left_behind(tmp_path)
    clock.now += 50
    with pytest.raises(RefusedError, match="has not run out"):
        lock(tmp_path, clock).take(run="three", who="neema")


def test_what_another_has_taken_over_since_is_not_renewed(tmp_path: Path) -> None:
    clock = Clock()
    first = lock(tmp_path, clock)
    first.take(run="one", who="amani")
    left_behind(tmp_path, boot="another")
    lock(tmp_path, clock).take(run="two", who="grace")
    before = (tmp_path / "device-sync.lock").stat().st_mtime_ns
    clock.now += 50
    first.renew()
    assert (tmp_path / "device-sync.lock").stat().st_mtime_ns == before


def test_a_run_that_died_takes_its_own_lock_back_at_once(tmp_path: Path) -> None:
    clock = Clock()
    lock(tmp_path, clock).take(run="one", who="amani")
    left_behind(tmp_path)
    assert lock(tmp_path, clock).take(run="one", who="amani") == ()


def test_a_renewed_lease_does_not_run_out(tmp_path: Path) -> None:
    clock = Clock()
    held = lock(tmp_path, clock)
    held.take(run="one", who="amani")
    clock.now += 50
    held.renew()
    left_behind(tmp_path)
    clock.now += 50
    holder = holder_of(held)
    assert holder is not None
    assert not holder.is_stale


def test_an_unreadable_lock_is_not_overruled(tmp_path: Path) -> None:
    (tmp_path / "device-sync.lock").write_text("{")
    with pytest.raises(RefusedError, match="then release it: playbook unlock device-sync"):
        lock(tmp_path, Clock()).take(run="one", who="amani")


def test_another_process_with_the_same_number_is_not_the_same(tmp_path: Path) -> None:
    me = myself()
    assert me.lives
    assert not Identity(pid=me.pid, started="ticks-1", boot=me.boot).lives
    assert not Identity(pid=me.pid, started=me.started, boot="another").lives


def test_a_process_that_ended_and_waits_for_its_parent_is_gone() -> None:
    child = subprocess.Popen([sys.executable, "-c", "pass"], stdout=subprocess.PIPE)
    assert child.stdout is not None
    child.stdout.read()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert started(child.pid) == ""
    child.wait()
