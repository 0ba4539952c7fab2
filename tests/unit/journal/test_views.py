"""The view in its file: as it was left, or as at the first start."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from medflow_tui.journal.views import Views
from medflow_tui.model.view import KeptView

VIEW = KeptView(
    words="redis",
    problems=True,
    pane="clinics",
    maximised="log",
    target="backend",
    level="warn",
    include="a|é",
    exclude="GET",
)


@pytest.fixture
def views(tmp_path: Path) -> Views:
    return Views(tmp_path, "amina", "MATRIX")


def test_what_was_written_is_read(views: Views) -> None:
    views.write(KeptView(words="before"))
    views.write(VIEW)
    assert views.read() == VIEW


def test_nothing_was_written_yet(views: Views) -> None:
    assert views.read() == KeptView()


def test_each_user_and_each_site_has_its_own(tmp_path: Path) -> None:
    Views(tmp_path, "amina", "A").write(VIEW)
    assert Views(tmp_path, "beni", "A").read() == KeptView()
    assert Views(tmp_path, "amina", "B").read() == KeptView()


def test_no_name_leads_out_of_the_folder(tmp_path: Path) -> None:
    views = Views(tmp_path, "../../etc/passwd", "..")
    views.write(VIEW)
    assert views.path.resolve().parent == (tmp_path / "views").resolve()


def test_nobody_else_may_read_it(views: Views) -> None:
    views.write(VIEW)
    assert stat.S_IMODE(views.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(views.path.parent.stat().st_mode) == 0o700
    assert [each.name for each in views.path.parent.iterdir()] == [views.path.name]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe\x00",
        b'{"words": 1, "problems": "yes", "pane": null}',
        b"[" * 9000,
        b"x" * 100_000,
    ],
)
def test_a_damaged_file_is_as_no_file(views: Views, content: bytes) -> None:
    views.path.parent.mkdir()
    views.path.write_bytes(content)
    assert views.read() == KeptView()


def test_what_is_sound_of_a_damaged_file_is_kept_and_what_is_unknown_is_passed_over(views: Views) -> None:
    views.path.parent.mkdir()
    views.path.write_text(
        json.dumps({"words": "redis", "problems": 1, "new": True, "include": "\x1b[2Jx" * 99})
    )
    found = views.read()
    assert (found.words, found.problems) == ("redis", False)
    assert "\x1b" not in found.include
    assert len(found.include) <= 200


def test_a_folder_in_its_place_is_as_no_file(views: Views) -> None:
    views.path.mkdir(parents=True)
    assert views.read() == KeptView()
    with pytest.raises(OSError, match=r"."):
        views.write(VIEW)
    assert [each.name for each in views.path.parent.iterdir()] == [views.path.name]
