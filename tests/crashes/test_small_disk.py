"""A real disk that is full: nothing is started on it, what runs ends its step and waits, and one resume ends it."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from medflow_tui.journal.append_log import UnwritableError
from medflow_tui.journal.audit import Audit
from medflow_tui.journal.auditing.reserve import SLICE, Reserve
from medflow_tui.journal.run_log import Journal
from medflow_tui.model.audit import BARE
from medflow_tui.model.procedure import Mark
from medflow_tui.runner.preview import agreed
from medflow_tui.runner.recorder import Recorder
from tests.crashes.staged import Counted

ROOT = Path(__file__).parents[2]
ALL_OF_IT = {"mongo.load": 1, "service.stop": 1, "mongo.switch": 1, "service.start": 1}


def on_a_disk(folder: Path, size: str, *words: str) -> dict[str, Any]:
    """In a mount namespace of its own, so that nobody else sees the disk and nothing is left of it."""
    if shutil.which("unshare") is None or subprocess.run(["unshare", "-m", "true"], check=False).returncode:
        pytest.skip("this machine gives no disk of its own (unshare)")
    done = subprocess.run(
        [
            *("unshare", "-m", "--propagation", "private", "sh", "-c"),
            'mount -t tmpfs -o size="$2" tmpfs "$1" && shift 2 && exec "$@"',
            *("sh", str(folder), size, sys.executable, "-m", "tests.crashes.small_disk", str(folder), *words),
        ],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        timeout=60,
    )
    if "permission denied" in done.stderr:
        pytest.skip("no right to mount a small disk here")
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_on_a_disk_of_a_few_hundred_kilobytes_nothing_is_started_and_that_is_recorded(tmp_path: Path) -> None:
    full = on_a_disk(tmp_path, "300k", "64")["full"]
    assert (full["ended"], full["phase"], full["begun"], full["made"]) == ("finish fail", "refused", [], {})
    assert "the disk of the audit is full: make room; {n:bytes} of its reserve are left" in full["said"]
    assert full["audited"] == ["run.done"]
    assert full["holds"]


@pytest.mark.parametrize("moment", ["mongo.load carry_out", "mongo.switch carry_out", "mongo.switch verify"])
@pytest.mark.parametrize("reserve", ["1", "0"])
def test_full_in_the_middle_of_a_step_it_waits_and_one_resume_ends_it(
    tmp_path: Path, reserve: str, moment: str
) -> None:
    found = on_a_disk(tmp_path, "12m", reserve, *moment.split())
    full, after = found["full"], found["gone on"]
    assert full["holds"]
    assert "service.start" not in full["made"]
    assert full["begun"][-1] in ("load", "check_live")
    if reserve == "1":
        assert (full["ended"], full["phase"], full["last"]) == ("pause unknown", "paused", "run.paused")
        assert full["audited"] == ["run.paused"]
        assert full["reserve"] < SLICE
        assert after["reserve"] == SLICE
    else:
        assert full["ended"] == "UnwritableError"
        assert full["phase"] in ("paused", "interrupted")
    assert (after["ended"], after["phase"]) == ("finish pass", "succeeded")
    assert (after["made"], after["wrong"], after["true"]) == (ALL_OF_IT, [], ["staging", "switched"])
    assert after["audited"] == ["run.done"]
    assert after["holds"]


def test_the_reserve_is_also_for_the_journal_on_the_same_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = Counted(tmp_path)
    stage.start()
    assert stage.folder is not None
    audit = Audit(stage.state / "audit.jsonl", site="LAB", keeping=replace(BARE, reserve_mb=3))
    audit.append("passive.off", {})
    reserve, write = stage.state / "audit.reserve", os.write

    def full(descriptor: int, line: bytes) -> int:
        path = str(Path(f"/proc/self/fd/{descriptor}").readlink())
        if path.endswith("journal.jsonl") and reserve.stat().st_size > SLICE:
            raise OSError(errno.ENOSPC, "no space left on device")
        return write(descriptor, line)

    monkeypatch.setattr(os, "write", full)
    monkeypatch.setattr(Reserve, "keep", lambda self: None)
    journal = Journal(stage.folder)
    try:
        recorder = Recorder(journal, audit, stage.playbook, agreed(stage.folder.plan()))
        recorder.write(Mark.PAUSED)
    finally:
        journal.close()
    assert reserve.stat().st_size == SLICE
    assert stage.entries[-1].mark is Mark.PAUSED
    no_room = UnwritableError(audit.why_not())
    no_room.__cause__ = OSError(errno.ENOSPC, "no space left on device")
    elsewhere = Path("/dev/shm")
    if elsewhere.is_dir() and elsewhere.stat().st_dev != stage.state.stat().st_dev:
        assert not audit.make_room(no_room, elsewhere)
    assert audit.make_room(no_room, stage.folder.path)
    assert not audit.make_room(no_room, stage.folder.path)
