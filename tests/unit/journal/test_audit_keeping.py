"""The audit over several files, on a full disk, without rights, with other processes, and with anchors elsewhere."""

from __future__ import annotations

import errno
import grp
import json
import os
import shutil
import socket
import stat
import subprocess
import sys
import tempfile
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from medflow_tui.journal import append_log
from medflow_tui.journal import audit as audits
from medflow_tui.journal.append_log import UnwritableError
from medflow_tui.journal.audit import Audit, verify
from medflow_tui.journal.audit_reading import anchors_of, stand
from medflow_tui.journal.auditing import anchors as anchoring
from medflow_tui.journal.auditing import attributes, events, segments
from medflow_tui.journal.auditing.anchors import Anchors, read_anchors
from medflow_tui.journal.auditing.reserve import SLICE, Reserve
from medflow_tui.journal.auditing.segments import UnreadableError
from medflow_tui.model.audit import BARE, Actor, Anchor, Keeping, Work
from medflow_tui.model.canonical import canonical, digest
from medflow_tui.model.errors import RefusedError
from medflow_tui.model.health import EPOCH
from medflow_tui.model.incident import Incident, Severity
from tests.servers.lab import until

RUN = Work(
    run="20261123-081001-restore-7f3a",
    playbook="restore-mongodb@1.3.0",
    plan_hash="b1946ac9" * 8,
    risk="R4",
    incident="INC-2026-031",
    system="mongodb",
    database="medflow",
    identity="site:LSH-02/rs0",
)
SMALL = Keeping(append_only=False, syslog=False, reserve_mb=0, segment_kb=2)
SECRET, PATIENT = "Canary-S3cret!7Q", "Kabila Marie-Josée"


def kept(folder: Path, keeping: Keeping = BARE) -> Audit:
    folder.mkdir(exist_ok=True)
    return Audit(folder / "audit.jsonl", site="LSH-02", keeping=keeping)


def steps(audit: Audit, length: int) -> Anchor:
    for number in range(length):
        end = events.run_event(audit, "step.done", RUN, step=f"s{number}", outcome="pass")
    return end


def records(path: Path) -> list[dict[str, Any]]:
    return [json.loads(each) for each in path.read_text(encoding="utf-8").splitlines()]


def test_a_record_says_all_that_the_form_asks_for(tmp_path: Path) -> None:
    actor = Actor(uid=1004, name="tech1", role="technician", via="ssh", origin="10.8.0.7", auth="reauth+otp")
    events.run_event(
        kept(tmp_path), "step.done", RUN, step="switch", outcome="pass", result={"renames": 154}, actor=actor
    )
    genesis, record = records(tmp_path / "audit.jsonl")
    assert genesis["ev"] == "audit.genesis"
    assert genesis["prev"] == "0" * 64
    assert genesis["target"]["identity"] == "site:LSH-02"
    told = {
        name: record[name]
        for name in ("v", "seq", "site", "run", "playbook", "ev", "step", "class", "incident")
    }
    assert told == {
        "v": 1,
        "seq": 1,
        "site": "LSH-02",
        "run": RUN.run,
        "playbook": RUN.playbook,
        "ev": "step.done",
        "step": "switch",
        "class": "R4",
        "incident": "INC-2026-031",
    }
    assert record["actor"] == {
        "uid": 1004,
        "name": "tech1",
        "role": "technician",
        "via": "ssh",
        "from": "10.8.0.7",
        "auth": "reauth+otp",
    }
    assert record["target"] == {"system": "mongodb", "database": "medflow", "identity": "site:LSH-02/rs0"}
    assert record["result"] == {"renames": 154, "outcome": "pass"}
    assert record["override"] is None
    assert record["prev"] == genesis["hash"]
    assert isinstance(record["clock_synced"], bool)
    assert {"ts", "mono_ns", "boot", "host", "plan_hash"} <= set(record)
    assert record["hash"] == digest("medflow-audit-v1", {k: v for k, v in record.items() if k != "hash"})


def test_each_line_is_the_canonical_form(tmp_path: Path) -> None:
    steps(kept(tmp_path), 2)
    for line in (tmp_path / "audit.jsonl").read_text(encoding="utf-8").splitlines():
        assert line == canonical(json.loads(line))


def test_what_can_be_recorded_is_recorded_and_no_secret_and_no_patient(tmp_path: Path) -> None:
    audit = kept(tmp_path)
    bad = f"{SECRET} {PATIENT}"
    dirty = Work(**dict.fromkeys(Work.__slots__, bad))
    actor = Actor(uid=1, name=bad, role=bad, via=bad, origin=bad, auth=bad)
    for work in (RUN, dirty):
        events.run_event(audit, "step.failed", work, step=bad, result={"stderr": bad, bad: bad}, actor=actor)
        events.attempt_denied(audit, bad, work, guard=bad)
        events.approval_given(audit, work, actor=actor)
        events.approval_refused(audit, "self", work, actor=actor)
        events.plan_opened(audit, work)
        events.plan_cancelled(audit, work, why=bad)
        events.identifiable_viewed(audit, bad, step=bad, work=work)
        events.passive_on(audit, reason=bad)
        events.passive_off(audit, actor=actor)
        events.override_used(audit, (bad, "window"), bad, work)
        events.control_taken(audit, work, from_uid=1004)
        incident = Incident(
            id=bad, severity=Severity.SEV1, commander=bad, opened_by=bad, opened_at=EPOCH, text=bad
        )
        events.incident_changed(audit, "opened", incident, actor=actor)
        events.review_signed(audit, {"overrides": 1, bad: 2}, whole=True, actor=actor)
        events.run_event(audit, "run.done", work, outcome="fail")
    for path in tmp_path.rglob("*"):
        text = path.read_bytes()
        assert SECRET.encode() not in text
        assert "Kabila" not in text.decode()
    found = audit.verify()
    assert found.holds
    assert found.anchor.count == 29
    said = {each["ev"] for each in found.records}
    assert {"passive.on", "override.used", "approve.refused", "identifiable.viewed", "control.taken"} <= said
    assert "incident.opened" in said


def test_a_file_is_closed_when_it_is_large_and_its_head_begins_the_next_one(tmp_path: Path) -> None:
    audit = kept(tmp_path, SMALL)
    end = steps(audit, 12)
    names = [each.name for each in segments.closed(audit.path)]
    assert names[0] == "audit-0000000000.jsonl"
    assert len(names) > 2
    before, after = records(tmp_path / names[0]), records(tmp_path / names[1])
    assert before[-1]["ev"] == "audit.closed"
    assert after[0]["ev"] == "audit.opened"
    assert after[0]["result"] == {"segment": names[0], "count": len(before), "head": before[-1]["hash"]}
    assert audit.verify().holds
    assert audit.verify().anchor == end


@pytest.mark.parametrize("lost", [0, 1, -1])
def test_a_closed_file_that_is_missing_is_named(tmp_path: Path, lost: int) -> None:
    audit = kept(tmp_path, SMALL)
    steps(audit, 14)
    missing = segments.closed(audit.path)[lost]
    first = records(missing)[0]["seq"]
    missing.unlink()
    found = audit.verify()
    assert found.broken_at == first
    assert found.why is not None
    assert found.why.values["name"] == missing.name


def test_an_edit_in_a_closed_file_is_found_there(tmp_path: Path) -> None:
    audit = kept(tmp_path, SMALL)
    steps(audit, 12)
    path = segments.closed(audit.path)[1]
    number = records(path)[2]["seq"]
    path.write_text(path.read_text().replace('"outcome":"pass"', '"outcome":"fail"', 1))
    found = audit.verify()
    assert found.broken_at in (number - 1, number)
    assert found.where.startswith(path.name)


def test_a_power_cut_between_the_two_files_costs_nothing(tmp_path: Path) -> None:
    audit = kept(tmp_path, SMALL)
    steps(audit, 12)
    last = segments.closed(audit.path)[-1]
    audit.path.unlink()
    end = events.passive_on(audit)
    assert records(audit.path)[0]["result"]["segment"] == last.name
    assert audit.verify().holds
    assert audit.verify().anchor == end


def old_chain(path: Path, length: int) -> Anchor:
    """As the first version of this program wrote it: no genesis record, fewer fields."""
    head = "0" * 64
    lines = []
    for seq in range(length):
        record = {
            "v": 1,
            "seq": seq,
            "ts": "2026-11-01T08:00:00.000Z",
            "mono_ns": seq,
            "boot": "b",
            "site": "LSH-02",
            "ev": "step.done",
            "prev": head,
            "outcome": "pass",
            "actor": {"uid": 0, "name": "root", "as": "a"},
        }
        head = digest("medflow-audit-v1", record)
        lines.append(canonical({**record, "hash": head}) + "\n")
    path.write_text("".join(lines), encoding="utf-8")
    return Anchor(count=length, head=head)


def test_a_file_of_the_first_version_holds_and_is_carried_on(tmp_path: Path) -> None:
    audit = kept(tmp_path)
    before = old_chain(audit.path, 4)
    assert audit.verify().anchor == before
    assert steps(audit, 2).count == 6
    assert audit.verify(before).holds
    assert records(audit.path)[4]["prev"] == before.head


def test_a_torn_line_that_cannot_be_cut_off_is_ended_and_told_from_a_changed_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    audit = kept(tmp_path)
    steps(audit, 2)
    with audit.path.open("ab") as file:
        file.write(b'{"torn":')

    def refused(descriptor: int, size: int) -> None:
        raise PermissionError(errno.EPERM, "append only")

    with monkeypatch.context() as patch:
        patch.setattr(os, "ftruncate", refused)
        events.passive_on(audit)
    assert audit.verify().holds
    audit.path.write_bytes(audit.path.read_bytes().replace(b'{"torn":', b'{"term":'))
    assert audit.verify().broken_at == 3


def test_a_full_disk_is_met_from_the_reserve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    audit = kept(tmp_path, Keeping(append_only=False, syslog=False, reserve_mb=3))
    steps(audit, 1)
    reserve = tmp_path / "audit.reserve"
    assert reserve.stat().st_size == 3 * SLICE
    assert reserve.stat().st_blocks * 512 >= 3 * SLICE
    write, needed = os.write, 2 * SLICE

    def full(descriptor: int, line: bytes) -> int:
        if line.startswith(b"{") and reserve.stat().st_size > 3 * SLICE - needed:
            raise OSError(errno.ENOSPC, "no space left on device")
        return write(descriptor, line)

    monkeypatch.setattr(append_log.os, "write", full)
    monkeypatch.setattr(Reserve, "keep", lambda self: None)
    steps(audit, 2)
    assert reserve.stat().st_size == SLICE
    assert audit.verify().holds


def test_what_a_full_disk_tore_in_an_append_only_file_is_repaired_by_the_next_try(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    audit = kept(tmp_path, Keeping(append_only=False, syslog=False, reserve_mb=3))
    steps(audit, 2)
    write, torn = os.write, list[int]()

    def half(descriptor: int, line: bytes) -> int:
        if line.startswith(b"{") and not torn:
            torn.append(write(descriptor, line[:40]))
            raise OSError(errno.ENOSPC, "no space left on device")
        return write(descriptor, line)

    def refused(descriptor: int, size: int) -> None:
        raise PermissionError(errno.EPERM, "append only")

    with monkeypatch.context() as patch:
        patch.setattr(append_log.os, "write", half)
        patch.setattr(append_log.os, "ftruncate", refused)
        patch.setattr(Reserve, "keep", lambda self: None)
        steps(audit, 1)
    assert torn == [40]
    assert audit.verify().holds
    assert steps(audit, 1).count == audit.verify().anchor.count
    assert audit.verify().holds


@pytest.mark.parametrize("name", ["rename", "sync_folder"])
def test_a_file_that_cannot_get_its_closed_name_goes_on_in_one_chain(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    audit = kept(tmp_path, SMALL)

    def fails(*_: object) -> None:
        raise OSError(errno.EIO, "input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(Path if name == "rename" else segments, name, fails)
        steps(audit, 12)
        assert audit.verify().holds
    steps(audit, 12)
    assert audit.verify().holds


def test_without_any_space_left_it_says_so_and_the_chain_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    audit = kept(tmp_path, Keeping(append_only=False, syslog=False, reserve_mb=1))
    end = steps(audit, 1)

    def full(descriptor: int, line: bytes) -> int:
        raise OSError(errno.ENOSPC, "no space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(append_log.os, "write", full)
        with pytest.raises(UnwritableError):
            steps(audit, 1)
    assert audit.verify().anchor == end
    assert steps(audit, 1).count == end.count + 1


LIMITED = """
import resource, signal, sys
from pathlib import Path
from medflow_tui.journal.audit import Audit
from medflow_tui.journal.append_log import UnwritableError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
audit = Audit(Path(sys.argv[1]), site="LSH-02")
audit.append("passive.on", {})
resource.setrlimit(resource.RLIMIT_FSIZE, (audit.path.stat().st_size + 100,) * 2)
try:
    audit.append("passive.off", {})
except UnwritableError as error:
    print(error)
"""


def test_a_record_that_fits_only_in_part_is_not_there(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(path)], capture_output=True, text=True, check=True
    )
    assert "cannot be written" in done.stdout
    assert verify(path).holds
    assert verify(path).anchor.count == 2


def test_a_small_disk_that_is_full_refuses_before_anything_starts(tmp_path: Path) -> None:
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("no right to mount a small disk here")
    try:
        audit = kept(folder)
        steps(audit, 1)
        assert audit.why_not().values["n"] == 0
        with pytest.raises(OSError, match="space"):
            (folder / "ballast").write_bytes(bytes(300_000))
        with pytest.raises(UnwritableError):
            steps(audit, 50)
        assert audit.verify().holds
    finally:
        subprocess.run(["umount", str(folder)], check=True)


AS_NOBODY = """
import os, sys
from pathlib import Path
from medflow_tui.journal.audit import Audit
from medflow_tui.journal.append_log import UnwritableError
audit = Audit(Path(sys.argv[1]), site="LSH-02")
os.setgid(65534); os.setuid(65534)
print(audit.why_not().text)
try:
    audit.append("passive.on", {})
except UnwritableError as error:
    print(error)
"""


@pytest.mark.skipif(os.name != "posix" or os.getuid() != 0, reason="only root can become nobody")
@pytest.mark.parametrize("mode", [0o755, 0o700])
def test_without_rights_it_says_so(mode: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        audit = kept(Path(name))
        steps(audit, 1)
        Path(name).chmod(mode)
        words = [sys.executable, "-c", AS_NOBODY, str(audit.path)]
        done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert done.stdout.count("cannot be written") == 2


def test_nothing_may_start_when_the_end_was_changed(tmp_path: Path) -> None:
    audit = kept(tmp_path)
    assert not audit.why_not()
    steps(audit, 2)
    assert not audit.why_not()
    audit.path.write_text(audit.path.read_text().replace('"s1"', '"s9"'))
    assert "was changed" in audit.why_not().text
    assert Audit(tmp_path / "none" / "a.jsonl", site="X").why_not()


def test_a_process_that_does_not_let_go_is_not_waited_for_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    audit = kept(tmp_path)
    steps(audit, 1)
    monkeypatch.setattr(audits, "WITHIN_S", 0.05)
    with segments.taken(audit.path, 1.0), pytest.raises(UnwritableError, match="does not let go"):
        steps(audit, 1)
    steps(audit, 1)


MANY = """
import sys
from pathlib import Path
from medflow_tui.journal.audit import Audit
from medflow_tui.model.audit import Keeping
keeping = Keeping(append_only=False, syslog=False, reserve_mb=0, segment_kb=4)
audit = Audit(Path(sys.argv[1]), site="LSH-02", keeping=keeping)
for number in range(40):
    audit.append("step.done", {"step": f"s{number}"})
"""


def test_processes_that_write_at_once_make_one_chain_over_many_files(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    writers = [subprocess.Popen([sys.executable, "-c", MANY, str(path)]) for _ in range(3)]
    assert [each.wait(60) for each in writers] == [0, 0, 0]
    found = verify(path)
    assert found.holds
    assert sum(each["ev"] == "step.done" for each in found.records) == 120
    assert len(segments.closed(path)) > 5


def test_order_is_by_number_also_when_the_clock_goes_back(tmp_path: Path) -> None:
    audit = kept(tmp_path)
    for year in (2026, 2031, 1970, 2026):
        audit.append("passive.on", {}, now=datetime(year, 1, 1, tzinfo=UTC))
    found = audit.verify()
    assert found.holds
    assert [each["seq"] for each in found.records] == [0, 1, 2, 3, 4]
    assert [each["ts"][:4] for each in found.records] == ["2026", "2026", "2031", "1970", "2026"]


def test_the_file_is_append_only_where_system_and_rights_allow_it(tmp_path: Path) -> None:
    probe = tmp_path / "probe"
    with probe.open("w") as file:
        allowed = attributes.set_append_only(file.fileno(), on=True)
        attributes.set_append_only(file.fileno(), on=False)
    if not allowed:
        pytest.skip("no append-only attribute here")
    audit = kept(tmp_path, Keeping(syslog=False, reserve_mb=0, segment_kb=2))
    try:
        steps(audit, 12)
        for path in (audit.path, *segments.closed(audit.path)):
            with pytest.raises(PermissionError):
                path.write_text("")
        assert audit.verify().holds
    finally:
        for path in (audit.path, *segments.closed(audit.path)):
            with path.open("rb") as file:
                attributes.set_append_only(file.fileno(), on=False)


def test_a_group_may_read_it_and_nobody_else(tmp_path: Path) -> None:
    group = grp.getgrgid(os.getgid()).gr_name
    audit = kept(tmp_path, Keeping(append_only=False, syslog=False, reserve_mb=0, group=group))
    steps(audit, 1)
    assert stat.S_IMODE(audit.path.stat().st_mode) == 0o640
    bare = kept(tmp_path / "bare")
    steps(bare, 1)
    assert stat.S_IMODE(bare.path.stat().st_mode) == 0o600


AS_COLLEAGUE = """
import os, sys, tempfile
from pathlib import Path
from medflow_tui.journal.audit import Audit
with tempfile.TemporaryDirectory() as name:  # imports all, while the interpreter's own files can still be read
    Audit(Path(name) / "a.jsonl", site="X").append("run.done", {"run": "20261123-081001-restore-7f3a"})
os.setgroups([]); os.setgid(int(sys.argv[2])); os.setuid(65534)
audit = Audit(Path(sys.argv[1]), site="LSH-02")
assert not audit.why_not(), audit.why_not()
print(audit.append("run.done", {"run": "20261123-081001-restore-7f3a"}).count)
"""


@pytest.mark.skipif(os.name != "posix" or os.getuid() != 0, reason="only root can become a colleague")
def test_in_a_shared_folder_every_operator_of_the_group_writes_the_same_audit() -> None:
    group = 65533
    with tempfile.TemporaryDirectory() as name:
        os.chown(name, -1, group)
        Path(name).chmod(0o2770)
        audit = kept(Path(name))
        steps(audit, 1)
        words = [sys.executable, "-c", AS_COLLEAGUE, str(audit.path), str(group)]
        done = subprocess.run(words, capture_output=True, text=True, check=True)
        assert done.stdout == "3\n"
        assert len(read_anchors(audit.anchors.path)) == 2
        assert audit.verify().holds


def test_the_end_of_a_run_drops_an_anchor_here_elsewhere_and_in_the_system_log(tmp_path: Path) -> None:
    line = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    line.bind(str(tmp_path / "log"))
    line.settimeout(5)
    (tmp_path / "state").mkdir()
    central = tmp_path / "central"
    central.mkdir()
    keeping = Keeping(append_only=False, reserve_mb=0, anchors=("../other.jsonl", str(central)))
    audit = Audit(tmp_path / "state" / "audit.jsonl", site="LSH-02", keeping=keeping, syslog=tmp_path / "log")
    with closing(line):
        steps(audit, 1)
        first = line.recv(1000).decode()
        end = events.run_event(audit, "run.done", RUN, outcome="pass")
        told = line.recv(1000).decode()
    assert first != told
    assert f"site=LSH-02 count={end.count} head={end.head}" in told
    assert told.startswith("<38>medflow-tui[")
    for path in (tmp_path / "other.jsonl", central / "LSH-02-audit-anchors.jsonl"):
        assert read_anchors(path, "LSH-02")[-1] == end
    (tmp_path / "journald.txt").write_text(f"Nov 23 srv1 {told}\n")
    assert anchors_of(str(tmp_path / "journald.txt"), "LSH-02") == (end,)


def test_what_could_not_be_sent_waits_and_is_sent_later(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    keeping = Keeping(
        append_only=False, syslog=False, reserve_mb=0, anchors=(str(tmp_path / "far" / "a.jsonl"),)
    )
    audit = Audit(tmp_path / "state" / "audit.jsonl", site="LSH-02", keeping=keeping)
    ends = []
    for _ in range(2):
        steps(audit, 1)
        ends.append(events.run_event(audit, "run.done", RUN))
    (tmp_path / "far").mkdir()
    ends.append(events.run_event(audit, "run.done", RUN))
    found = read_anchors(tmp_path / "far" / "a.jsonl", "LSH-02")
    assert set(ends) <= set(found)
    audit.anchors.send_on()
    assert read_anchors(tmp_path / "far" / "a.jsonl", "LSH-02") == found


def test_a_place_that_hangs_holds_up_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import threading

    monkeypatch.setattr(anchoring, "WITHIN_S", 0.05)
    release = threading.Event()
    monkeypatch.setattr(Anchors, "_send", lambda self, rows, place: release.wait(30))
    audit = kept(tmp_path, Keeping(append_only=False, syslog=False, reserve_mb=0, anchors=("x.jsonl",)))
    events.run_event(audit, "run.done", RUN)
    assert audit.verify().holds
    release.set()


def test_while_something_runs_there_is_an_anchor_every_quarter_of_an_hour(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    audit = kept(tmp_path)
    steps(audit, 3)
    assert len(read_anchors(audit.anchors.path)) == 1
    audit.drop_anchor_if_due()
    assert len(read_anchors(audit.anchors.path)) == 1
    monkeypatch.setattr(anchoring, "EVERY_S", 0)
    audit.drop_anchor_if_due()
    until(lambda: len(read_anchors(audit.anchors.path)) == 2, "another anchor")


def test_a_cut_end_is_found_by_the_anchor_elsewhere_and_without_one_it_says_what_it_cannot_know(
    tmp_path: Path,
) -> None:
    audit = kept(tmp_path)
    steps(audit, 4)
    end = events.run_event(audit, "run.done", RUN)
    assert stand(audit.path, None).holds
    audit.path.write_text("".join(audit.path.read_text().splitlines(keepends=True)[:3]))
    found = stand(audit.path, None)
    assert not found.holds
    assert found.why.values["missing"] == end.count - 3
    audit.anchors.path.unlink()
    assert stand(audit.path, None).holds
    assert stand(audit.path, None).uncovered == 3
    assert not stand(audit.path, None, (end,)).holds


def test_an_anchor_is_a_file_a_count_and_head_or_words(tmp_path: Path) -> None:
    head = "ab" * 32
    assert anchors_of(f"7:{head}") == (Anchor(count=7, head=head),)
    for wrong in ("7:ab", "accent tango", str(tmp_path / "none"), "kinshasa " + "tango " * 7):
        with pytest.raises(RefusedError):
            anchors_of(wrong)
    (tmp_path / "empty").write_text("nothing\n")
    with pytest.raises(RefusedError):
        anchors_of(str(tmp_path / "empty"))


def test_an_audit_that_is_not_there_or_cannot_be_read_is_not_whole(tmp_path: Path) -> None:
    with pytest.raises(UnreadableError):
        stand(tmp_path / "audit.jsonl", None)
    (tmp_path / "audit.jsonl").mkdir()
    with pytest.raises(UnreadableError):
        stand(tmp_path / "audit.jsonl", None)
    shutil.rmtree(tmp_path / "audit.jsonl")
