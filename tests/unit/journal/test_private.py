"""Everything in the state folder is for us alone, whatever the umask; what others may read is taken from them."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from medflow_tui.journal.private import make_file, make_folder

WRITES_ALL = """
import os, sys
os.umask(0)
from datetime import UTC, datetime, timedelta
from pathlib import Path
from medflow_tui.journal.audit import Audit
from medflow_tui.journal.budget import SharedBudget
from medflow_tui.journal.desk import Desk
from medflow_tui.journal.history import History
from medflow_tui.journal.lives import Lives
from medflow_tui.journal.own_log import keep_own_log, write_crash_report
from medflow_tui.journal.run_log import make_folder
from medflow_tui.model.health import Acknowledgement, Health, Judgement, Reading
from medflow_tui.model.targets.redis import RedisTarget
from medflow_tui.model.words import say
from medflow_tui.rules.alerts import settle, unread
from medflow_tui.rules.restarts import Life
from medflow_tui.runner.lock import RunLock

state, now = Path(sys.argv[1]), datetime.now(UTC)
history = History(state, lambda: now)
history.start()
before = unread(RedisTarget(name="redis"))
reading = Reading(target="redis", kind="redis", observed_at=now, how=say("t"))
history.record(before, settle(before, reading, Judgement(health=Health.OK, evidence=say("e")), needed=1))
history.stop()
Desk(state).acknowledge(Acknowledgement(target="redis", who="a", why="b", at=now, until=now + timedelta(hours=1)))
SharedBudget(state).take("h", 1, 900, now)
keep_own_log(state).error("x")
write_crash_report(ValueError(), state)
Audit(state / "audit.jsonl", site="M").append("run.started", {})
Lives(state / "lives", "backend").keep((Life(first=now, last=now, started_at=now, counter=None),))
RunLock(state / "locks", ("device-sync",), lease_s=60).take(run="r", who="a")
"""


def modes(folder: Path) -> dict[str, int]:
    return {
        str(each.relative_to(folder)): stat.S_IMODE(each.lstat().st_mode)
        for each in (folder, *folder.rglob("*"))
    }


def test_with_no_umask_at_all_every_folder_is_0700_and_every_file_0600(tmp_path: Path) -> None:
    top = tmp_path / "deep" / "state"
    subprocess.run([sys.executable, "-c", WRITES_ALL, str(top)], check=True, timeout=60)
    found = modes(tmp_path / "deep")
    assert {"state/history.sqlite", "state/desk.sqlite", "state/budget.sqlite", "state/audit.jsonl"} <= set(
        found
    )
    wrong = {
        name: oct(mode)
        for name, mode in found.items()
        if mode != (0o700 if (tmp_path / "deep" / name).is_dir() else 0o600)
    }
    assert wrong == {}


def test_a_folder_that_exists_keeps_its_mode(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    make_folder(tmp_path)
    assert modes(tmp_path)["."] == 0o755


def test_a_file_of_ours_that_others_may_read_is_taken_from_them(tmp_path: Path) -> None:
    path = tmp_path / "history.sqlite"
    path.write_text("rows")
    path.chmod(0o644)
    make_file(path)
    assert (stat.S_IMODE(path.stat().st_mode), path.read_text()) == (0o600, "rows")


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("x")
    (tmp_path / "elsewhere").chmod(0o644)
    (tmp_path / "file").symlink_to(tmp_path / "elsewhere")
    make_file(tmp_path / "file")
    assert stat.S_IMODE((tmp_path / "elsewhere").stat().st_mode) == 0o644


def test_the_name_of_a_new_folder_is_made_durable_in_the_folder_above(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []
    real = os.fsync

    def note(descriptor: int) -> None:
        synced.append(str(Path(f"/proc/self/fd/{descriptor}").readlink()))
        real(descriptor)

    monkeypatch.setattr(os, "fsync", note)
    make_folder(tmp_path / "a" / "b")
    assert synced == [str(tmp_path), str(tmp_path / "a")]


def test_a_file_in_the_place_of_the_folder_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("")
    with pytest.raises(OSError, match="exists"):
        make_folder(tmp_path / "state")
