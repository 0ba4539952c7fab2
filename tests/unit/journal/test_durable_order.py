"""What is promised to be written before something else is: seen from the order of writes and fsyncs."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from medflow_tui.journal.append_log import AppendLog, UnwritableError, write_durably
from medflow_tui.journal.audit import Audit
from medflow_tui.journal.small_file import replace_text


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """(what, file name) in the order in which it happened."""
    calls: list[tuple[str, str]] = []
    fsync, write, replace = os.fsync, os.write, Path.replace

    def name(descriptor: int) -> str:
        return Path(f"/proc/self/fd/{descriptor}").readlink().name

    def noted_fsync(descriptor: int) -> None:
        calls.append(("fsync", name(descriptor)))
        fsync(descriptor)

    def noted_write(descriptor: int, data: bytes) -> int:
        calls.append(("write", name(descriptor)))
        return write(descriptor, data)

    def noted_replace(self: Path, target: Path) -> Path:
        calls.append(("rename", self.name))
        return replace(self, target)

    monkeypatch.setattr(os, "fsync", noted_fsync)
    monkeypatch.setattr(os, "write", noted_write)
    monkeypatch.setattr(Path, "replace", noted_replace)
    return calls


def test_a_line_is_one_write_and_then_one_fsync_before_append_returns(
    tmp_path: Path, seen: list[tuple[str, str]]
) -> None:
    log = AppendLog(tmp_path / "journal")
    assert seen == [("fsync", tmp_path.name)]
    seen.clear()
    log.append({"n": 1, "long": "x" * 100_000})
    assert seen == [("write", "journal"), ("fsync", "journal")]
    log.close()


def test_a_whole_file_is_durable_before_it_has_its_name_and_its_name_before_it_is_reported(
    tmp_path: Path, seen: list[tuple[str, str]]
) -> None:
    write_durably(tmp_path / "plan.json", "{}")
    assert seen == [("fsync", "plan.json.partial"), ("rename", "plan.json.partial"), ("fsync", tmp_path.name)]


def test_an_empty_log_that_a_killed_process_made_gets_its_name_made_durable(
    tmp_path: Path, seen: list[tuple[str, str]]
) -> None:
    (tmp_path / "journal").touch()
    AppendLog(tmp_path / "journal").close()
    assert seen == [("fsync", tmp_path.name)]


def test_a_small_file_is_durable_before_it_has_its_name_and_its_name_before_it_is_reported(
    tmp_path: Path, seen: list[tuple[str, str]]
) -> None:
    replace_text(tmp_path / "lives.json", "[]")
    what = [each for each, _ in seen]
    assert (what, seen[-1]) == (["fsync", "rename", "fsync"], ("fsync", tmp_path.name))


def test_an_audit_record_is_durable_when_append_returns(tmp_path: Path, seen: list[tuple[str, str]]) -> None:
    audit = Audit(tmp_path / "audit.jsonl", site="M")
    audit.append("run.started", {})
    seen.clear()
    audit.append("step.intended", {"step": "start"})
    assert seen == [("write", "audit.jsonl"), ("fsync", "audit.jsonl")]


def test_a_record_whose_fsync_fails_is_not_in_the_audit_file_nor_in_its_chain(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    audit = Audit(tmp_path / "audit.jsonl", site="M")
    first = audit.append("run.started", {})

    def broken(descriptor: int) -> None:
        raise OSError(5, "input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", broken)
        with pytest.raises(UnwritableError):
            audit.append("step.intended", {"step": "start"})
    assert audit.verify().anchor == first
    assert audit.append("step.intended", {"step": "start"}).count == 3  # the record of the site stands before
    assert audit.verify().holds
