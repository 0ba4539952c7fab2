"""The hash chain finds what was edited, deleted, moved or cut off."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from medflow_tui.journal.append_log import DamagedError, UnwritableError
from medflow_tui.journal.audit import Audit, verify


def chain(path: Path, length: int = 5) -> Audit:
    audit = Audit(path, site="LAB")
    for number in range(length):
        audit.append("step.done", {"step": f"s{number}"})
    return audit


def test_an_untouched_chain_holds(tmp_path: Path) -> None:
    chain(tmp_path / "a")
    found = verify(tmp_path / "a")
    assert found.holds
    assert found.anchor.count == 6  # the record of the site, and five


@pytest.mark.parametrize("place", range(5))
def test_an_edited_field_is_found_at_its_record(tmp_path: Path, place: int) -> None:
    path = tmp_path / "a"
    chain(path)
    lines = path.read_text().splitlines()
    record = json.loads(lines[place])
    record["step"] = "other"
    lines[place] = json.dumps(record)
    path.write_text("\n".join(lines) + "\n")
    assert verify(path).broken_at == place


def test_a_deleted_and_a_swapped_line_are_found(tmp_path: Path) -> None:
    path = tmp_path / "a"
    chain(path)
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines[:2], *lines[3:]]) + "\n")
    assert verify(path).broken_at == 2
    path.write_text("\n".join([lines[0], lines[2], lines[1], *lines[3:]]) + "\n")
    assert verify(path).broken_at == 1


def test_an_end_that_was_cut_off_is_found_with_an_anchor_only(tmp_path: Path) -> None:
    path = tmp_path / "a"
    chain(path)
    anchor = verify(path).anchor
    path.write_text("\n".join(path.read_text().splitlines()[:3]) + "\n")
    assert verify(path).holds
    assert not verify(path, anchor).holds


def test_a_chain_written_anew_does_not_pass_the_anchor_of_the_old_one(tmp_path: Path) -> None:
    chain(tmp_path / "a")
    anchor = verify(tmp_path / "a").anchor
    chain(tmp_path / "b", 6)
    assert not verify(tmp_path / "b", anchor).holds


def test_nothing_is_appended_to_a_chain_whose_end_was_changed(tmp_path: Path) -> None:
    path = tmp_path / "a"
    audit = chain(path)
    path.write_text(path.read_text().replace('"step":"s4"', '"step":"s9"'))
    with pytest.raises(DamagedError):
        audit.append("run.start", {})


def test_a_torn_last_record_is_cut_and_that_is_recorded(tmp_path: Path) -> None:
    path = tmp_path / "a"
    audit = chain(path)
    path.write_bytes(path.read_bytes()[:-10])
    audit.append("run.start", {})
    events = [json.loads(each)["ev"] for each in path.read_text().splitlines()]
    assert events[-2:] == ["audit.repaired", "run.start"]
    assert verify(path).holds


def test_several_writers_make_one_chain(tmp_path: Path) -> None:
    path = tmp_path / "a"
    with ThreadPoolExecutor(4) as pool:
        for future in [pool.submit(Audit(path, site="LAB").append, "x", {"n": n}) for n in range(20)]:
            future.result()
    found = verify(path)
    assert found.holds
    assert found.anchor.count == 21


def test_a_folder_that_is_not_there_is_not_writable(tmp_path: Path) -> None:
    with pytest.raises(UnwritableError):
        Audit(tmp_path / "none" / "a", site="LAB").append("x", {})
