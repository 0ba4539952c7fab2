"""An audit that is read while others write to it is not convicted; what was tampered with is, also then."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from medflow_tui.actions.incident import Sources
from medflow_tui.clients.tools import Tools
from medflow_tui.journal import audit_reading
from medflow_tui.journal.audit import Audit
from medflow_tui.journal.audit_reading import stand
from medflow_tui.journal.auditing import events, segments
from medflow_tui.journal.auditing.anchors import Anchors, read_anchors
from medflow_tui.journal.auditing.signing import key_of
from medflow_tui.model.audit import BARE, Anchor, Keeping, Work
from medflow_tui.model.site import Site
from medflow_tui.rules.auditing.chain import Segment
from medflow_tui.rules.auditing.checkpoint import Signed
from medflow_tui.ui.present.audit import chain_phrases
from tests.servers.readings import Unlimited

RUN = Work(run="20261123-081001-device-sync-7f3a", playbook="device-sync@1.0.0", risk="R2")
SITE = Site(code="LSH", name="Lubumbashi", environment="production")
SIGNED = replace(BARE, signing_key="file:key", signers="signers")
SMALL = replace(SIGNED, segment_kb=1)


def site_in(folder: Path, keeping: Keeping = BARE) -> Site:
    """With a key that signs for it, where one is to be named."""
    if keeping.signing_key:
        if shutil.which("ssh-keygen") is None:
            pytest.skip("no ssh-keygen")
        key = folder / "key"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
        (folder / "signers").write_text(f"LSH {key.with_suffix('.pub').read_text()}")
        (folder / "signers").chmod(0o644)
    return replace(SITE, folder=str(folder), audit=keeping)


def audit_of(site: Site) -> Audit:
    path = Path(site.folder) / "audit.jsonl"
    return Audit(path, site=site.code, keeping=site.audit, key=key_of(site))


def a_run(audit: Audit) -> Anchor:
    events.run_event(audit, "run.start", RUN)
    return events.run_event(audit, "run.done", RUN)


def meanwhile(monkeypatch: pytest.MonkeyPatch, name: str, work: Callable[[], object], times: int = 1) -> None:
    """It is done behind each of the first calls of a function that reads files of the audit."""
    real, left, working = getattr(segments, name), [times], list[bool]()

    def read(path: Path) -> object:
        found = real(path)
        if left[0] and not working:
            left[0] -= 1
            working.append(True)
            work()
            working.clear()
        return found

    monkeypatch.setattr(segments, name, read)


@pytest.mark.parametrize("keeping", [BARE, SIGNED], ids=["anchors", "signatures"])
def test_a_run_that_ends_while_its_audit_is_read_convicts_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, keeping: Keeping
) -> None:
    site = site_in(tmp_path, keeping)
    audit = audit_of(site)
    end = a_run(audit)

    def another() -> None:
        a_run(audit)
        if keeping is SIGNED:
            audit.anchors.path.unlink()

    if keeping is SIGNED:
        audit.anchors.path.unlink()
    meanwhile(monkeypatch, "read", another, times=9)
    found = stand(audit.path, site)
    assert not found.is_altered, (found.why, found.signatures)
    assert found.end == end
    tools = Tools(site=site, secret=str, budget=Unlimited(), state=tmp_path)
    told = Sources(site, tools).timeline(datetime.now(UTC) - timedelta(hours=1))
    assert told.is_whole is True
    assert found.signatures.signed is (Signed.SIGNED if keeping is SIGNED else Signed.UNSIGNED)


def test_what_was_anchored_and_signed_between_two_readings_covers_the_end(tmp_path: Path) -> None:
    """The anchors are read first: a run may end and leave its own before the chain is read."""
    site = site_in(tmp_path, SIGNED)
    audit = audit_of(site)
    a_run(audit)
    real = segments.read
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(segments, "read", lambda path: (a_run(audit), real(path))[1])
        found = stand(audit.path, site)
    assert (found.is_sound, found.unanchored, found.uncovered) == (True, 0, 0)


def test_a_file_that_is_closed_while_the_audit_is_read_is_not_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = site_in(tmp_path, replace(BARE, segment_kb=2))
    audit = audit_of(site)

    def closing() -> None:
        before = len(list(tmp_path.glob("audit-0*.jsonl")))
        while len(list(tmp_path.glob("audit-0*.jsonl"))) == before:
            events.run_event(audit, "step.intent", RUN)

    closing()
    meanwhile(monkeypatch, "closed", closing, times=2)
    found = stand(audit.path, site)
    assert found.holds, (found.where, found.why)
    assert found.files == len(list(tmp_path.glob("audit-0*.jsonl"))) + 1 > 2


def test_only_what_convicts_again_while_nobody_can_write_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = site_in(tmp_path)
    audit = audit_of(site)
    a_run(audit)
    real, held = segments.read, list[bool]()

    def torn_at_first(path: Path) -> tuple[Segment, ...]:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            held.append(False)
        except OSError:
            held.append(True)
        finally:
            os.close(descriptor)
        (found,) = real(path)
        return (found,) if held[-1] else (replace(found, lines=[*found.lines[:-1], b"{}"]),)

    monkeypatch.setattr(segments, "read", torn_at_first)
    assert stand(audit.path, site).holds
    assert held == [False, True]


@pytest.mark.parametrize("way", ["edited", "cut", "unlocked"])
def test_what_was_tampered_with_is_convicted_beside_a_writer_and_one_that_never_lets_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    monkeypatch.setattr(audit_reading, "STILL_S", 0.1)
    site = site_in(tmp_path)
    audit = audit_of(site)
    a_run(audit)
    lines = audit.path.read_text().splitlines(keepends=True)
    if way == "cut":
        audit.path.write_text("".join(lines[:-1]))
    else:
        audit.path.write_text("".join(lines).replace('"R2"', '"R1"', 1))
    over = threading.Event()

    def write() -> None:
        while not over.wait(0.005):
            events.run_event(audit, "step.intent", RUN)

    if way == "unlocked":
        descriptor = os.open(audit.path, os.O_RDONLY)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        try:
            assert not stand(audit.path, site).holds
        finally:
            os.close(descriptor)
        return
    thread = threading.Thread(target=write)
    thread.start()
    try:
        assert all(not stand(audit.path, site).holds for _ in range(5))
    finally:
        over.set()
        thread.join()


@pytest.mark.parametrize("by", ["any record", "a record in the next file", "an anchor"])
def test_what_a_killed_run_did_not_anchor_is_told_as_late_and_anchored_by_the_next_one(
    tmp_path: Path, by: str
) -> None:
    site = site_in(tmp_path, SIGNED)
    audit = audit_of(site)
    for event in ("run.start", "step.intent", "step.done"):
        events.run_event(audit, event, RUN)
    events.run_event(audit_of(site).deferring(), "run.done", RUN)
    killed = stand(audit.path, site)
    assert (killed.is_altered, killed.is_sound, killed.unanchored) == (False, False, 1)
    assert [each.text for each in chain_phrases(killed)][-1].startswith("not anchored yet")
    later = audit_of(replace(site, audit=SMALL) if by == "a record in the next file" else site)
    if by == "an anchor":
        later.drop_anchor()
    else:
        events.passive_on(later)
        events.passive_off(later)
    found = stand(audit.path, site)
    assert (found.is_sound, found.unanchored) == (True, 0)
    assert (found.files > 1) is (by == "a record in the next file")
    assert len(read_anchors(audit.anchors.path)) == 2, "the record after that one leaves no more"


def test_while_an_anchor_is_owed_or_being_left_no_other_is_due(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    audit = audit_of(site_in(tmp_path)).deferring()
    real, begun, door = Anchors.drop, threading.Event(), threading.Event()

    def drop(self: Anchors, *given: object) -> None:
        begun.set()
        door.wait(20)
        real(self, *given)  # type: ignore[arg-type]

    monkeypatch.setattr(Anchors, "drop", drop)
    events.run_event(audit, "run.start", RUN)
    for _ in range(3):
        events.run_event(audit, "step.intent", RUN)
        audit.drop_anchor_if_due()
    assert begun.wait(20)
    door.set()
    audit.wait()
    assert [each.count for each in read_anchors(audit.anchors.path)] == [2]


def test_what_was_anchored_as_the_end_of_the_chain_is_not_anchored_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    audit = audit_of(site_in(tmp_path)).deferring()
    real = Audit.drop_anchor

    def drop_behind_the_end(self: Audit, *given: object, **more: object) -> Anchor | None:
        events.run_event(audit, "run.done", RUN)
        return real(self, *given, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(Audit, "drop_anchor", drop_behind_the_end)
    audit.drop_anchor_if_due()
    audit.wait()
    assert len(audit.anchors.path.read_text().splitlines()) == 1
