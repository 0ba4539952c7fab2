"""A signature beside a playbook vouches for its very content, if root has named whose signature counts; real ssh-keygen."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from medflow_tui.model.site import Site
from medflow_tui.playbooks import shelf as shelves
from medflow_tui.playbooks import signed
from medflow_tui.playbooks.shelf import Shelf, shelf_of, stock
from medflow_tui.playbooks.signed import NAMESPACE, signature_of
from tests.unit.playbooks.books import SOUND

pytestmark = [
    pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="needs ssh-keygen"),
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away"),
]
SOMEBODY = 12345


class Signers:
    """A folder with one key, and the file in which root names it."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.file, self.key, self.other = folder / "signers", folder / "key", folder / "other"
        for key in (self.key, self.other):
            subprocess.run(("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)), check=True)
        self.file.write_text(f"vendor {self.key.with_suffix('.pub').read_text()}")

    def sign(self, path: Path, key: Path | None = None, namespace: str = NAMESPACE) -> None:
        words = ("-Y", "sign", "-f", str(key or self.key), "-n", namespace, str(path))
        signature_of(path).unlink(missing_ok=True)
        subprocess.run(("ssh-keygen", *words), check=True, capture_output=True)


@pytest.fixture
def signers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Signers:
    found = Signers(tmp_path / "signers")
    monkeypatch.setattr(signed, "SIGNERS", found.file)
    return found


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A playbook that an operator has written."""
    folder = tmp_path / "playbooks"
    folder.mkdir(mode=0o755)
    found = folder / "own.toml"
    found.write_text(SOUND)
    found.chmod(0o644)
    os.chown(found, SOMEBODY, SOMEBODY)
    return found


def why(shelf: Shelf) -> str:
    [refused] = shelf.refused
    return " ".join(each.text for each in (refused.why, *refused.why.parts))


def test_signed_by_one_whom_root_names_it_is_used_whoever_owns_it(path: Path, signers: Signers) -> None:
    assert "belongs to neither root nor you" in why(stock((path.parent,)))
    signers.sign(path)
    for strict in (False, True):
        assert stock((path.parent,), strict=strict).named("restore-clinic") is not None


def test_one_byte_more_and_it_is_refused(path: Path, signers: Signers) -> None:
    signers.sign(path)
    path.write_text(SOUND + "\n")
    assert "not for this content" in why(stock((path.parent,)))


def test_the_signature_of_a_stranger_and_one_made_for_something_else_count_for_nothing(
    path: Path, signers: Signers
) -> None:
    signers.sign(path, signers.other)
    assert "nobody's who is named" in why(stock((path.parent,)))
    signers.sign(path, namespace="medflow-audit")
    assert "not for this content" in why(stock((path.parent,)))
    signature_of(path).write_text("-----BEGIN SSH SIGNATURE-----\nnone\n")
    assert "nobody's who is named" in why(stock((path.parent,)))


def test_where_others_than_root_may_name_signers_no_signature_counts(path: Path, signers: Signers) -> None:
    signers.sign(path)
    signers.file.chmod(0o664)
    assert "others than root may write" in why(stock((path.parent,)))
    signers.file.chmod(0o644)
    os.chown(signers.file, SOMEBODY, SOMEBODY)
    assert "others than root may write" in why(stock((path.parent,)))
    signers.file.unlink()
    assert "names nobody" in why(stock((path.parent,)))


def test_a_file_that_a_group_may_write_is_refused_although_it_is_signed(path: Path, signers: Signers) -> None:
    signers.sign(path)
    path.chmod(0o664)
    assert "others may write it" in why(stock((path.parent,)))


def test_in_production_what_an_operator_wrote_counts_only_when_it_is_signed(
    path: Path, signers: Signers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "getuid", lambda: SOMEBODY)
    monkeypatch.setattr(shelves, "SYSTEM", path.parent / "none")
    lab = Site(code="LAB", name="Lab", environment="lab", source=str(path.parents[1] / "site.toml"))
    at_work = Site(code="LAB", name="Lab", environment="production", source=lab.source)
    assert shelf_of(lab).named("restore-clinic") is not None
    assert "production: it does not belong to root" in why(shelf_of(at_work))
    signers.sign(path)
    assert shelf_of(at_work).named("restore-clinic") is not None
