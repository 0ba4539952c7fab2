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
from medflow_tui.runner.lock import RunLock


class Clock:
    def __init__(self) -> None:
        self.now = 1_795_420_751.0

    def __call__(self) -> float:
        return self.now


def lock(folder: Path, clock: Clock) -> RunLock:
    return RunLock(folder, ("device-sync",), lease_s=60, clock=clock)


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
    assert first.holder() is None
    assert lock(tmp_path, clock).take(run="two", who="grace") == ()


def test_a_release_leaves_the_lock_of_another_run_alone(tmp_path: Path) -> None:
    clock = Clock()
    lock(tmp_path, clock).take(run="one", who="amani")
    lock(tmp_path, clock).release(run="two")
    assert lock(tmp_path, clock).holder() is not None


def test_a_living_holder_is_never_stale_however_long_it_was_silent(tmp_path: Path) -> None:
    clock = Clock()
    lock(tmp_path, clock).take(run="one", who="amani")
    clock.now += 86_400
    holder = lock(tmp_path, clock).holder()
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


def test_after_a_restart_of_the_machine_no_old_lock_counts(tmp_path: Path) -> None:
    clock = Clock()
    lock(tmp_path, clock).take(run="one", who="amani")
    left_behind(tmp_path, boot="another")
    holder = lock(tmp_path, clock).holder()
    assert holder is not None
    assert holder.is_stale


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
    holder = held.holder()
    assert holder is not None
    assert not holder.is_stale


def test_an_unreadable_lock_is_not_overruled(tmp_path: Path) -> None:
    (tmp_path / "device-sync.lock").write_text("{")
    with pytest.raises(RefusedError):
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
