"""Signed checkpoints elsewhere: what the one who writes the trail and its checkpoints anew, key in hand, cannot reach."""

from __future__ import annotations

import errno
import os
import shutil
import threading
import time
from pathlib import Path

import pytest

from medflow_tui.journal import audit_reading
from medflow_tui.journal.audit_reading import anchors_of, stand
from medflow_tui.journal.auditing import checkpoints, copies
from medflow_tui.locale.language import Language
from medflow_tui.model.errors import RefusedError
from medflow_tui.rules.auditing.checkpoint import Checked, Signed
from medflow_tui.rules.auditing.standing import Standing
from medflow_tui.ui.present.audit import signed_phrases
from tests.unit.journal.test_audit_signing import a_run, audit_in, here, keys, site_in

__all__ = ["here", "keys"]
pytestmark = pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="no ssh-keygen")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder of the central server, shared by sites."""
    found = tmp_path / "central"
    found.mkdir()
    (found / "OTHER-audit-checkpoint-0000000002-0123456789ab.txt").write_text("of another site\n")
    return found


def told(standing: Standing) -> str:
    return "\n".join(map(Language().say, signed_phrases(standing)))


def standing(folder: Path, *places: Path, **given: Path) -> Standing:
    site = site_in(folder, anchors=tuple(map(str, places)))
    return stand(folder / "log" / "audit.jsonl", site, **given)  # type: ignore[arg-type]


def written_anew(folder: Path) -> None:
    """By root of this machine, with the key: another trail of the same length, its anchors and checkpoints."""
    shutil.rmtree(folder / "log")
    (folder / "log").mkdir()
    a_run(audit_in(folder))


def test_the_trail_and_its_checkpoints_written_anew_are_convicted_by_the_copy_alone(
    here: Path, place: Path
) -> None:
    a_run(audit_in(here, anchors=(str(place),)))
    first, copied = copies.found_elsewhere(place, "MATRIX")
    assert copied.read_text() == checkpoints.found(here / "log")[0].read_text()
    assert (copied.stat().st_mode & 0o777, len(list(place.iterdir()))) == (0o640, 6)
    found = standing(here, place)
    assert (found.is_sound, found.signatures.signed, found.signatures.n) == (True, Signed.SIGNED, 2)
    (place / "MATRIX-audit-anchors.jsonl").unlink()
    first.unlink()
    written_anew(here)
    assert standing(here).is_sound
    for each in (standing(here, place), standing(here, copied=place), standing(here, copied=copied)):
        assert each.is_altered
        assert each.signatures.signed is Signed.WRONG
        assert "signed, and the audit does not fit" in told(each)
    for given in (place, copied):
        anchors = anchors_of(str(given), "MATRIX")
        assert [each.count for each in anchors] == [3]
        assert not stand(here / "log" / "audit.jsonl", site_in(here), anchors).holds
    assert stand(here / "log" / "audit.jsonl", None, copied=place).is_altered


def test_of_many_copies_each_is_compared_and_few_are_asked_whether_they_are_signed(
    here: Path, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    audit, asked = audit_in(here, anchors=(str(place),)), list[str]()
    for _ in range(3):
        a_run(audit)
    real = checkpoints.check
    monkeypatch.setattr(audit_reading, "FEW", 1)

    def check(path: Path, code: str, signers: Path | None) -> Checked | None:
        asked.append(path.name)
        return real(path, code, signers)

    monkeypatch.setattr(checkpoints, "check", check)
    first, *_, last = copies.found_elsewhere(place, "MATRIX")
    assert standing(here, place).is_sound
    assert [each for each in asked if each.startswith("MATRIX")] == [last.name]
    asked.clear()
    text = first.read_text()
    first.write_text(text.replace("head ", "head 0").replace("0\ntime", "\ntime"))
    assert standing(here, place).is_altered
    twice = [first.name, last.name] * 2  # nothing is convicted by one look
    assert [each for each in asked if each.startswith("MATRIX")] == twice


def test_a_copy_that_was_changed_there_is_told_and_no_copy_takes_the_place_of_another(
    here: Path, place: Path
) -> None:
    a_run(audit_in(here, anchors=(str(place),)))
    written_anew(here)
    audit = audit_in(here, anchors=(str(place),))
    audit.drop_anchor()
    assert len(copies.found_elsewhere(place, "MATRIX")) == 3
    assert standing(here, place).is_altered
    true = checkpoints.found(here / "log")[0].read_text()
    for each in copies.found_elsewhere(place, "MATRIX"):
        each.unlink() if each.read_text() != true else each.write_text(true.replace("head ", "head 0"))
    assert "not signed by a key of this site" in told(standing(here, place))


def test_beside_a_file_of_anchors_and_later_what_was_missing(here: Path, tmp_path: Path) -> None:
    mounted, file = tmp_path / "mnt", tmp_path / "mnt" / "anchors.jsonl"
    audit = audit_in(here, anchors=(str(file),))
    a_run(audit)
    assert "could not be copied elsewhere" in told(standing(here, file))
    assert standing(here, file).is_sound
    mounted.mkdir()
    audit.drop_anchor()
    assert len(copies.found_elsewhere(file, "MATRIX")) == 1
    assert told(standing(here, file)).count("could not be copied") == 0
    assert {each.count for each in anchors_of(str(file), "MATRIX")} == {2, 3}


def test_where_a_folder_is_not_mounted_nothing_is_copied_beside_it_and_that_is_told(
    here: Path, tmp_path: Path
) -> None:
    place = tmp_path / "mnt" / "audit"
    place.parent.mkdir()
    a_run(audit_in(here, anchors=(str(place),)))
    assert place.is_file()
    assert [each.name for each in place.parent.iterdir()] == ["audit"]
    assert f"{place}: Not a directory" in told(standing(here, place)).replace("\N{NO-BREAK SPACE}", " ")


def test_a_place_that_is_full_is_told_and_nothing_torn_stays(
    here: Path, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    audit = audit_in(here, anchors=(str(place),))
    monkeypatch.setattr(copies, "replace_durably", full)
    a_run(audit)
    assert "No space left on device" in told(standing(here, place))
    assert not copies.found_elsewhere(place, "MATRIX")
    assert standing(here, place).holds


def test_a_place_that_hangs_holds_up_nobody_and_is_told(
    here: Path, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_go = threading.Event()
    monkeypatch.setattr(copies, "WITHIN_S", 0.3)
    monkeypatch.setattr(copies, "_folder_of", lambda path: let_go.wait(30) and path)
    audit = audit_in(here, anchors=(str(place),))
    began = time.monotonic()
    for _ in range(2):
        a_run(audit)
    assert time.monotonic() - began < 5.0
    assert "could not be copied elsewhere" in told(stand(audit.path, site_in(here)))
    let_go.set()
    assert audit._checkpoints._copies._sending is not None
    audit._checkpoints._copies._sending.join(10)
    audit.drop_anchor()
    assert len(copies.found_elsewhere(place, "MATRIX")) >= 1
    assert "could not" not in told(stand(audit.path, site_in(here)))


def test_a_folder_without_anything_of_this_site_is_no_anchor(place: Path) -> None:
    with pytest.raises(RefusedError):
        anchors_of(str(place), "MATRIX")
