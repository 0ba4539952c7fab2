"""The audit in a folder of its own: everything follows it there, and one that others could change is refused."""

from __future__ import annotations

import grp
import os
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from medflow_tui.actions.incident import Sources
from medflow_tui.clients.tools import Tools
from medflow_tui.journal.append_log import UnwritableError
from medflow_tui.journal.audit import Audit, verify
from medflow_tui.journal.audit_reading import stand
from medflow_tui.journal.auditing import attributes, segments
from medflow_tui.journal.auditing.place import audit_file, why_not_there
from medflow_tui.model.audit import Keeping
from medflow_tui.model.errors import RefusedError
from medflow_tui.model.procedure import Outcome
from medflow_tui.model.site import Site
from medflow_tui.runner.passivity import GlobalStop
from medflow_tui.runner.permission import Permission
from tests.crashes.staged import Counted
from tests.servers.readings import Unlimited
from tests.unit.runner.stage import NIGHT, SITE

MINE = grp.getgrgid(os.getgid()).gr_name
RUN = {"run": "20261123-081001-restore-7f3a"}
root_only = pytest.mark.skipif(os.name != "posix" or os.getuid() != 0, reason="only root can give files away")


def site_in(folder: Path | str, **more: object) -> Site:
    return replace(SITE, audit=replace(Keeping(syslog=False), folder=str(folder), **more))  # type: ignore[arg-type]


def audit_in(folder: Path, **more: object) -> Audit:
    return Audit.of(site_in(folder, **more), folder.parent / "state")


def test_the_site_file_decides_and_without_a_word_it_is_the_state_folder(tmp_path: Path) -> None:
    assert audit_file(None, tmp_path) == audit_file(SITE, tmp_path) == tmp_path / "audit.jsonl"
    assert audit_file(site_in("/var/log/medflow"), tmp_path) == Path("/var/log/medflow/audit.jsonl")
    assert audit_file(site_in("audit"), tmp_path) == tmp_path / "audit" / "audit.jsonl"


def test_a_run_and_all_who_read_it_follow_the_folder(tmp_path: Path) -> None:
    stage = Counted(tmp_path)
    stage.site = site_in(tmp_path / "log", anchors=("../elsewhere.jsonl",))
    assert stage.start().outcome is Outcome.PASS
    assert not list(stage.state.glob("audit*"))
    assert verify(tmp_path / "log" / "audit.jsonl").holds
    assert (tmp_path / "elsewhere.jsonl").exists()
    GlobalStop(site=stage.site, state=stage.state, now=lambda: NIGHT, prove=lambda login: True).set(
        who="amani", reason="a storm"
    )
    records = stand(audit_file(stage.site, stage.state), stage.site).records
    assert [each["ev"] for each in records][-2:] == ["run.done", "passive.on"]
    tools = Tools(site=stage.site, secret=str, budget=Unlimited(), state=stage.state)
    found = Sources(stage.site, tools).timeline(datetime.now(UTC) - timedelta(hours=1))
    assert found.is_whole
    assert found.count("audit") == len(records)


def test_it_is_made_for_the_auditors_and_they_may_read_all_of_it(tmp_path: Path) -> None:
    audit_in(tmp_path / "log", group=MINE).append("run.done", RUN)
    modes = {each.name: stat.S_IMODE(each.stat().st_mode) for each in (tmp_path / "log").iterdir()}
    assert modes == {"audit.jsonl": 0o640, "audit-anchors.jsonl": 0o640}
    assert stat.S_IMODE((tmp_path / "log").stat().st_mode) == 0o750
    audit_in(tmp_path / "own").append("run.done", RUN)
    assert stat.S_IMODE((tmp_path / "own").stat().st_mode) == 0o700
    with pytest.raises(UnwritableError, match="log"):
        audit_in(tmp_path / "none" / "log").append("run.done", RUN)


@pytest.mark.parametrize(
    ("mode", "auditors", "said"),
    [
        (0o777, "", "everybody can write into the audit folder"),
        (0o1777, "", "everybody can write into the audit folder"),
        (0o770, "", "a group can write into the audit folder"),
        (0o2770, MINE, "a group can write into the audit folder"),
    ],
)
def test_where_others_could_write_nothing_is_started(
    tmp_path: Path, mode: int, auditors: str, said: str
) -> None:
    stage = Counted(tmp_path)
    folder = tmp_path / "log"
    stage.site = site_in(folder, group=auditors)
    folder.mkdir()
    os.chown(folder, -1, os.getgid())
    folder.chmod(mode)
    with pytest.raises(UnwritableError) as caught:
        stage.start()
    assert said in caught.value.phrase.text
    assert said in why_not_there(stage.site, stage.state).text
    assert not stage.made
    assert not list(folder.iterdir())
    permission = Permission(site=stage.site, state=stage.state, now=lambda: NIGHT)
    assert stage.plan is not None
    with pytest.raises(RefusedError) as denied:
        permission.let_start(replace(stage.playbook, reauth_s=0), stage.plan, None)
    assert said in denied.value.phrase.text
    folder.chmod(0o750)
    assert stage.go_on().outcome is Outcome.PASS


def test_above_it_nobody_may_put_another_in_its_place(tmp_path: Path) -> None:
    (tmp_path / "open" / "log").mkdir(parents=True)
    (tmp_path / "open").chmod(0o777)
    found = audit_in(tmp_path / "open" / "log").why_not()
    assert found.values["above"] == str(tmp_path / "open")
    (tmp_path / "open").chmod(0o1777)
    assert not audit_in(tmp_path / "open" / "log").why_not()


AS_COLLEAGUE = """
import grp, os, sys, tempfile
from pathlib import Path
from medflow_tui.journal.append_log import UnwritableError
from medflow_tui.journal.audit import Audit
from medflow_tui.model.audit import Keeping
from medflow_tui.journal.auditing.segments import closed
folder, group, times = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
keeping = Keeping(folder=str(folder), syslog=False, reserve_mb=0, segment_kb=2)
with tempfile.TemporaryDirectory() as name:  # imports all, while the interpreter's own files can still be read
    Audit(Path(name) / "a.jsonl", site="X", keeping=keeping).anchors.drop(
        Audit(Path(name) / "a.jsonl", site="X").append("run.done", {}))
os.setgroups([]); os.setgid(group); os.setuid(65534)
audit = Audit(folder / "audit.jsonl", site="M", keeping=keeping)
try:
    for _ in range(times):
        audit.append("step.intent", {"step": "x"})
    print("written", len(closed(audit.path)))
except UnwritableError as error:
    print(error.phrase.text)
"""


@pytest.fixture
def anywhere() -> Iterator[Path]:
    """A folder that other users reach."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


def as_colleague(folder: Path, group: int, times: int = 1) -> str:
    words = [sys.executable, "-c", AS_COLLEAGUE, str(folder), str(group), str(times)]
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip()


@root_only
def test_operators_share_it_and_whoever_is_none_of_them_is_told_why(anywhere: Path) -> None:
    folder = anywhere / "log"
    assert "cannot be used" in as_colleague(folder, 65533)
    folder.mkdir(mode=0o750)
    assert "cannot be written" in as_colleague(folder, 65533)
    os.chown(folder, 0, 65533)
    folder.chmod(0o2770)
    assert as_colleague(folder, 65533) == "written 0"
    audit_in(folder).append("run.done", RUN)
    assert as_colleague(folder, 65533) == "written 0"
    assert verify(folder / "audit.jsonl").holds
    os.chown(folder, 65534, 65533)
    folder.chmod(0o750)
    assert "belongs to somebody else" in audit_in(folder).why_not().text


@root_only
def test_a_file_that_only_grows_is_closed_by_root_and_goes_on_growing_for_others(anywhere: Path) -> None:
    folder = anywhere / "log"
    folder.mkdir()
    os.chown(folder, 0, 65533)
    folder.chmod(0o2770)
    path = folder / "audit.jsonl"
    assert as_colleague(folder, 65533) == "written 0"
    try:
        with path.open("rb") as file:
            if not attributes.set_append_only(file.fileno(), on=True):
                pytest.skip("no append-only attribute here")
        assert as_colleague(folder, 65533, 12) == "written 0"
        found = verify(path)
        assert found.holds
        assert [each["ev"] for each in found.records].count("audit.closed") == 0
        keeping = Keeping(folder=str(folder), syslog=False, reserve_mb=0, segment_kb=2)
        Audit(path, site="M", keeping=keeping).append("run.start", {})
        assert len(segments.closed(path)) == 1
        assert verify(path).holds
    finally:
        for each in (path, *segments.closed(path)):
            with each.open("rb") as file:
                attributes.set_append_only(file.fileno(), on=False)
