"""A site's own playbooks: used when nobody else can have written them, else refused with the reason."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from medflow_tui.playbooks.load import load_all, shipped
from medflow_tui.playbooks.shelf import Shelf, folders_of, stock
from tests.unit.playbooks.books import SOUND, book


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    found = tmp_path / "playbooks"
    found.mkdir(mode=0o755)
    return found


def put(folder: Path, source: str = SOUND, *, name: str = "own.toml", mode: int = 0o644) -> Path:
    path = folder / name
    path.write_text(source)
    path.chmod(mode)
    return path


def why(shelf: Shelf) -> str:
    [refused] = shelf.refused
    return " ".join(each.text for each in (refused.why, *refused.why.parts))


def test_what_only_i_can_have_written_is_used(folder: Path) -> None:
    put(folder)
    shelf = stock((folder,))
    assert shelf.refused == ()
    assert shelf.named("restore-clinic") is not None
    assert [each.id for each in shelf.playbooks][-1] == "restore-clinic"


@pytest.mark.parametrize("mode", [0o664, 0o646, 0o666])
def test_what_others_may_write_is_refused(folder: Path, mode: int) -> None:
    put(folder, mode=mode)
    shelf = stock((folder,))
    assert shelf.named("restore-clinic") is None
    assert "others may write it" in why(shelf)


def test_a_folder_in_which_others_may_put_another_file_is_refused(folder: Path) -> None:
    put(folder)
    folder.chmod(0o777)
    assert "others may replace it" in why(stock((folder,)))


@pytest.mark.skipif(os.geteuid() != 0, reason="giving a file away needs root")
def test_what_belongs_to_somebody_else_is_refused(folder: Path) -> None:
    os.chown(put(folder), 12345, 12345)
    assert "belongs to neither root nor you" in why(stock((folder,)))


@pytest.mark.skipif(os.geteuid() != 0, reason="giving a folder away needs root")
def test_a_folder_of_somebody_else_is_refused(folder: Path) -> None:
    put(folder)
    os.chown(folder, 12345, 12345)
    assert "others may replace it" in why(stock((folder,)))


def test_a_link_and_a_pipe_are_not_followed(folder: Path, tmp_path: Path) -> None:
    (folder / "link.toml").symlink_to(put(tmp_path, name="elsewhere.toml"))
    assert "cannot be read" in why(stock((folder,)))
    (folder / "link.toml").unlink()
    os.mkfifo(folder / "pipe.toml", 0o644)
    assert "not a file" in why(stock((folder,)))


def test_a_site_cannot_take_the_name_of_a_shipped_playbook(folder: Path) -> None:
    put(folder, book(r'^id = "restore-clinic"', 'id = "device-sync-failure"', SOUND))
    shelf = stock((folder,))
    assert "there is already a playbook" in why(shelf)
    assert shelf.playbooks == load_all(shipped())


def test_one_that_does_not_load_leaves_the_others(folder: Path) -> None:
    put(folder, "schema = 9", name="a.toml")
    put(folder, name="b.toml")
    shelf = stock((folder,))
    assert "must be 1" in why(shelf)
    assert shelf.named("restore-clinic") is not None


def test_the_folders_of_a_site_are_the_systems_and_the_one_beside_its_file(tmp_path: Path) -> None:
    assert folders_of("") == (Path("/etc/medflow_tui/playbooks"),)
    assert folders_of(str(tmp_path / "site.toml"))[1] == tmp_path / "playbooks"
