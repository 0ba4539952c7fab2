"""Anchors and signatures of a run: made beside its lines, whatever hangs; and what happens where they cannot be written."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from medflow_tui.journal.append_log import read_lines
from medflow_tui.journal.audit import Audit
from medflow_tui.journal.audit_reading import stand
from medflow_tui.journal.auditing import anchoring, anchors, events
from medflow_tui.journal.auditing.anchors import read_anchors
from medflow_tui.model.audit import BARE, Work
from medflow_tui.model.performer import Task
from medflow_tui.model.procedure import Mark
from medflow_tui.runner.surroundings import AUDIT
from medflow_tui.signatures import ssh_keygen
from medflow_tui.ui.present.audit import chain_phrases
from tests.unit.runner.stage import PASS, SITE, Stage
from tests.unit.runner.test_runner import on_mains, until, without

__all__ = ["on_mains"]
RUN = Work(run="20261123-081001-device-sync-7f3a", playbook="device-sync@1.0.0", risk="R2")
HANGS = """#!/bin/sh
echo $$ >> {folder}/signing
tail -qn1 {folder}/state/runs/*/journal.jsonl >> {folder}/seen
sleep 60
"""
SAYS_NO = "#!/bin/sh\necho x >> {folder}/signing\nexit 1\n"


def signer(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """A program instead of ssh-keygen, and a key for it."""
    (folder / "bin").mkdir()
    program = folder / "bin" / ssh_keygen.PROGRAM
    program.write_text(script.format(folder=folder))
    program.chmod(0o755)
    (folder / "audit_key").write_text("key")
    (folder / "audit_key").chmod(0o600)
    monkeypatch.setattr(ssh_keygen, "SEARCHED", f"{folder / 'bin'}:/usr/bin:/bin")


def asked(folder: Path) -> list[str]:
    path = folder / "signing"
    return path.read_text().split() if path.exists() else []


def stage_in(folder: Path) -> Stage:
    keeping = replace(BARE, signing_key="file:audit_key")
    return Stage(folder, without("agree", "settle"), site=replace(SITE, folder=str(folder), audit=keeping))


def test_a_signer_that_hangs_delays_no_line_and_no_step_and_is_ended_with_what_it_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ssh_keygen, "WITHIN_S", 1.0)
    monkeypatch.setattr(anchoring, "WAITS_S", 5.0)
    signer(tmp_path, monkeypatch, HANGS)
    stage, children = stage_in(tmp_path), list[psutil.Process]()

    def look(task: Task) -> None:
        until(lambda: asked(tmp_path))
        child = psutil.Process(int(asked(tmp_path)[0]))
        until(child.children)
        children.extend((child, *child.children()))
        assert stage.marks(Mark.INTENDED)[-1] == (Mark.INTENDED, "load")

    stage.services["mongo.load"].before["carry_out"] = look
    began = time.monotonic()
    assert stage.start().outcome is PASS
    assert time.monotonic() - began < 5.0
    assert len(children) == 2
    until(lambda: not any(each.is_running() and each.status() != psutil.STATUS_ZOMBIE for each in children))
    seen = (tmp_path / "seen").read_text().splitlines()
    assert len(seen) == len(asked(tmp_path))
    assert '"ev":"run.done"' in seen[-1]
    assert read_anchors(stage.state / anchors.FILE)[-1].count == len(read_lines(stage.state / AUDIT).records)


def test_the_end_of_a_run_waits_for_a_signer_that_hangs_only_so_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ssh_keygen, "WITHIN_S", 3.0)
    monkeypatch.setattr(anchoring, "WAITS_S", 0.2)
    signer(tmp_path, monkeypatch, HANGS)
    stage = stage_in(tmp_path)
    began = time.monotonic()
    assert stage.start().outcome is PASS
    assert time.monotonic() - began < 2.5
    assert stage.stand().phase.is_over


def test_where_the_list_cannot_be_written_not_every_record_signs_and_the_audit_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    signer(tmp_path, monkeypatch, SAYS_NO)
    (tmp_path / "state" / anchors.FILE).mkdir(parents=True)
    audit = Audit(tmp_path / "state" / AUDIT, site="LSH-02", key=tmp_path / "audit_key")
    for step in "abcd":
        events.run_event(audit, "step.intent", RUN, step=step)
    assert len(asked(tmp_path)) == 1
    events.run_event(audit, "run.done", RUN)
    assert len(asked(tmp_path)) == 2
    told = [each.text for each in chain_phrases(stand(audit.path, None))]
    assert any(each.startswith("not anchored yet: {n:number} runs ended") for each in told)
    monkeypatch.setattr(anchors, "AGAIN_S", 0.0)
    (tmp_path / "state" / anchors.FILE).rmdir()
    events.run_event(audit, "step.intent", RUN, step="e")
    assert len(read_anchors(tmp_path / "state" / anchors.FILE)) == 1
    found = stand(audit.path, None)
    assert (found.holds, found.unanchored) == (True, 0)


def test_an_auditors_older_anchor_is_no_reason_to_say_that_none_are_written(tmp_path: Path) -> None:
    audit = Audit(tmp_path / AUDIT, site="LSH-02")
    first = events.run_event(audit, "run.done", RUN)
    events.run_event(audit, "run.done", RUN)
    assert stand(audit.path, None, (first,)).unanchored == 0
