"""The first record of an audit, or of one of its files, torn by a power cut: cut off or ended, and the chain holds."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from medflow_tui.journal.append_log import AppendLog, UnwritableError
from medflow_tui.journal.audit import FILE, Audit, verify
from medflow_tui.journal.auditing import segments
from medflow_tui.model.audit import BARE
from medflow_tui.model.words import say

SMALL = replace(BARE, segment_kb=2)


@pytest.fixture(params=["cut", "closed"])
def how(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """What becomes of a torn line: `closed` where the file can only grow."""
    if request.param == "closed":

        def refused(self: AppendLog, size: int) -> None:
            raise UnwritableError(say("the file only grows"))

        monkeypatch.setattr(AppendLog, "cut_to", refused)
    return str(request.param)


def events(path: Path) -> list[str]:
    return [str(each["ev"]) for each in verify(path).records]


def test_the_very_first_record_torn_anywhere_leaves_a_chain_that_holds(tmp_path: Path, how: str) -> None:
    whole = tmp_path / FILE
    Audit(whole, site="M").append("run.start", {})
    first = whole.read_bytes().split(b"\n")[0]
    for size in range(1, len(first) + 1, 23):
        path = tmp_path / str(size) / FILE
        path.parent.mkdir()
        path.write_bytes(first[:size])
        Audit(path, site="M").append("run.start", {})
        assert verify(path).holds, size
        wanted = ["audit.genesis", "audit.repaired"] if how == "cut" else ["audit.repaired", "audit.genesis"]
        assert events(path) == [*wanted, "run.start"]


def test_the_first_record_of_a_later_file_torn_leaves_a_chain_that_holds_and_that_file_is_closed_in_its_time(
    tmp_path: Path, how: str
) -> None:
    path = tmp_path / FILE
    audit = Audit(path, site="M", keeping=SMALL)
    while not segments.closed(path):
        audit.append("step.intent", {"step": "x"})
    opened = path.read_bytes().split(b"\n")[0]
    path.write_bytes(opened[:100])
    audit.append("run.start", {})
    assert verify(path).holds
    assert "audit.repaired" in events(path)
    while len(segments.closed(path)) < 2:
        audit.append("step.intent", {"step": "x"})
    assert verify(path).holds
