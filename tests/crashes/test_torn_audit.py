"""Records of an audit torn by power cuts, also while the one before is repaired: the chain holds, and goes on."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from medflow_tui.journal.append_log import AppendLog, UnwritableError
from medflow_tui.journal.audit import FILE, Audit, verify
from medflow_tui.journal.audit_reading import stand
from medflow_tui.journal.auditing import attributes, segments
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


def begun(path: Path) -> bytes:
    audit = Audit(path, site="M")
    audit.append("run.start", {})
    audit.append("step.intent", {"step": "x"})
    return path.read_bytes()


def repaired(path: Path, content: bytes) -> bytes:
    path.write_bytes(content)
    Audit(path, site="M").append("run.resume", {})
    assert verify(path).holds
    return path.read_bytes()


@pytest.mark.parametrize("first", [1, 60, -1])
def test_cut_again_anywhere_while_it_is_repaired_and_once_more(tmp_path: Path, how: str, first: int) -> None:
    path = tmp_path / FILE
    whole = begun(path)
    sound = whole[: whole[:-1].rfind(b"\n") + 1]
    torn = whole[:first] if first < 0 else whole[: len(sound) + first]
    once = repaired(path, torn)
    start = len(torn) if how == "closed" else len(sound)
    for second in range(start, len(once), 41):
        if once[:second].endswith(b"\n"):
            continue
        twice = repaired(path, once[:second])
        for third in range(second if how == "closed" else start, len(twice), 307):
            repaired(path, twice[:third])
            events = [each["ev"] for each in stand(path, None).records]
            assert events[:2] == ["audit.genesis", "run.start"]
            assert events[-1] == "run.resume"
            assert "audit.repaired" in events or third == start == len(sound)


def test_the_genesis_torn_twice(tmp_path: Path, how: str) -> None:
    path = tmp_path / FILE
    whole = begun(path)
    once = repaired(path, whole[:50])
    for second in range(51, len(once), 97):
        repaired(path, once[:second])


def test_what_was_torn_and_could_not_be_cut_off_cannot_be_changed_later(tmp_path: Path, how: str) -> None:
    path = tmp_path / FILE
    found = repaired(path, begun(path)[:-9])
    if how == "closed":
        assert b'"step":"x","target":null,"ts"' in found
        path.write_bytes(found.replace(b'"step":"x"', b'"step":"y"'))
        assert verify(path).broken_at == 2


@pytest.fixture
def grown(tmp_path: Path) -> Iterator[Path]:
    """An audit file on which the kernel itself allows nothing but growing."""
    path = tmp_path / FILE
    path.write_bytes(begun(path)[:-40])
    with path.open("rb") as file:
        if not attributes.set_append_only(file.fileno(), on=True):
            pytest.skip("no append-only attribute here")
    yield path
    with path.open("rb") as file:
        attributes.set_append_only(file.fileno(), on=False)


def test_the_same_on_a_file_that_really_only_grows(grown: Path) -> None:
    audit = Audit(grown, site="M")
    audit.append("run.resume", {})
    with grown.open("ab") as file:
        file.write(b'{"actor":{"auth":"","from":"",')
    with grown.open("ab") as file:
        file.write(b'{"actor":{"au')
    audit.append("run.done", {"outcome": "pass"})
    found = verify(grown)
    assert found.holds
    assert [each["ev"] for each in found.records][-4:] == [
        "audit.repaired",
        "run.resume",
        "audit.repaired",
        "run.done",
    ]
    assert subprocess.run(
        ["sh", "-c", '> "$1"', "sh", str(grown)], check=False, capture_output=True
    ).returncode
