"""A folder becomes a version by a command: what the actions read afterwards is whole, and what is no version is refused."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medflow_tui.cli import run
from medflow_tui.clients import release_seal
from medflow_tui.clients.releases import MANIFEST, READY, SUMS, glance
from medflow_tui.rules.release_sealing import lines_of
from medflow_tui.rules.releases import sums_of
from tests.servers.releases_site import COMMIT, Clinic

SAID = ("--commit", COMMIT, "--node", ">=18", "--reads", "2,3", "--writes", "3")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A version as somebody makes it: not sealed, not installed."""
    place = Clinic.at(tmp_path / "site").release("2.4.0")
    for each in (MANIFEST, SUMS):
        (place / each).unlink()
    (place / ".env.example").write_text("JWT_SECRET=\n")
    (place / "backend" / "scripts" / "migrate.js").write_text("console.log('12 documents changed')")
    return place


def seal(folder: Path, *words: str) -> int:
    return run(["release", "seal", str(folder), "--lang", "en", *words])


def verify(folder: Path) -> int:
    return run(["release", "verify", str(folder), "--lang", "en"])


def test_what_is_sealed_is_what_the_actions_read(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert seal(folder, *SAID, "--script", "migrate=backend/scripts/migrate.js") == 0
    found = glance(folder)
    assert (found.fault, found.manifest is not None) == ("", True)
    assert found.manifest
    assert (found.manifest.commit, found.manifest.reads, found.manifest.writes) == (COMMIT, (2, 3), 3)
    assert found.manifest.scripts == {"migrate": "backend/scripts/migrate.js"}
    assert verify(folder) == 0
    assert "each as written down" in capsys.readouterr().out
    done = subprocess.run(["sha256sum", "--check", "--quiet", SUMS], cwd=folder, check=False, timeout=20)
    assert done.returncode == 0, "a technician without this program can verify it too"


def test_without_words_about_data_it_says_that_nobody_can_use_it_yet(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert seal(folder, *SAID[:4]) == 0
    assert "does not say which data" in capsys.readouterr().out


def outside(folder: Path) -> None:
    (folder / "uploads").symlink_to("/etc")


def outside_file(folder: Path) -> None:
    (folder / "passwd.txt").symlink_to("/etc/passwd")


def key(folder: Path) -> None:
    (folder / "tls.pem").write_text("-----BEGIN PRIVATE KEY-----\n")


def token(folder: Path) -> None:
    (folder / ".npmrc").write_text("//registry.example/:_authToken=abc\n")


FOLDERS: dict[str, tuple[Callable[[Path], object], str]] = {
    "a link to a folder elsewhere": (outside, "leads out"),
    "a link to a file elsewhere": (outside_file, "leads out"),
    "a link to nothing": (lambda folder: (folder / "x").symlink_to("gone"), "leads out"),
    "secrets of a site": (lambda folder: (folder / "backend" / ".env").write_text("A=B"), "secrets"),
    "secrets of production": (lambda folder: (folder / ".env.production").write_text("A=B"), "secrets"),
    "a private key": (key, "secrets"),
    "a token": (token, "secrets"),
    "no lock file": (lambda folder: (folder / "backend/package-lock.json").unlink(), "package-lock"),
    "packages beside the locked ones": (
        lambda folder: (folder / "frontend/package.json").write_text('{"dependencies": {"a": "1"}}'),
        "package-lock.json for: frontend",
    ),
    "a package.json that is none": (
        lambda folder: (folder / "backend/package.json").write_text("{"),
        "understood",
    ),
    "a pipe": (lambda folder: os.mkfifo(folder / "pipe"), "no plain file"),
    "a name of two lines": (lambda folder: (folder / "a\nb").touch(), "every system"),
    "a name that Windows has not": (lambda folder: (folder / "a:b").touch(), "every system"),
    "installed here": (lambda folder: (folder / READY).write_text("{}"), "installed"),
    "sealed already": (lambda folder: (folder / SUMS).write_text(""), "--again"),
}


@pytest.mark.parametrize("name", FOLDERS)
def test_what_is_no_version_is_refused_and_left_as_it_was(
    folder: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    spoil, why = FOLDERS[name]
    spoil(folder)
    before = sorted(each.name for each in folder.iterdir())
    assert seal(folder, *SAID) == 3
    assert why in capsys.readouterr().err
    assert sorted(each.name for each in folder.iterdir()) == before


WORDS: dict[str, tuple[str, ...]] = {
    "no commit": ("--node", ">=18"),
    "a commit that is none": ("--commit", "HEAD~1", "--node", ">=18"),
    "no Node": ("--commit", COMMIT),
    "a Node that nobody can read": ("--commit", COMMIT, "--node", "latest"),
    "reads and does not write": (*SAID[:4], "--reads", "3"),
    "writes what it cannot read": (*SAID[:4], "--reads", "3", "--writes", "4"),
    "a script that is not there": (*SAID, "--script", "migrate=backend/gone.js"),
    "a script elsewhere": (*SAID, "--script", "migrate=../../etc/passwd"),
    "a script without a name": (*SAID, "--script", "backend/scripts/migrate.js"),
    "a script that seeds": (*SAID, "--script", "seed=backend/scripts/seedUsers.js"),
    "a script that empties": (*SAID, "--script", "clean=backend/scripts/clean.js"),
}


@pytest.mark.parametrize("name", WORDS)
def test_words_that_do_not_fit_are_refused(folder: Path, name: str) -> None:
    (folder / "backend" / "scripts" / "seedUsers.js").write_text("")
    (folder / "backend" / "scripts" / "clean.js").write_text("User.deleteMany({})")
    assert seal(folder, *WORDS[name]) == 3
    assert not (folder / SUMS).exists()
    assert not (folder / MANIFEST).exists()


def test_a_folder_that_is_not_there_or_not_named_like_a_version_is_refused(tmp_path: Path) -> None:
    (tmp_path / "my version").mkdir()
    assert seal(tmp_path / "gone", *SAID) == 3
    assert seal(tmp_path / "my version", *SAID) == 3


def test_a_git_checkout_tells_its_commit_and_must_be_clean(folder: Path) -> None:
    git = ("git", "-C", str(folder), "-c", "user.name=a", "-c", "user.email=a@b")
    for words in (("init", "-q"), ("add", "-A"), ("commit", "-q", "-m", "one")):
        subprocess.run([*git, *words], check=True, timeout=20)
    assert seal(folder, *SAID[2:]) == 0
    told = json.loads((folder / MANIFEST).read_text())
    head = subprocess.run([*git, "rev-parse", "HEAD"], check=True, timeout=20, capture_output=True, text=True)
    assert told["commit"] == head.stdout.strip()
    (folder / "backend" / "server.py").write_text("# changed\n")
    assert seal(folder, *SAID[2:], "--again") == 3
    assert seal(folder, *SAID, "--again") == 3, "nor by another commit than the one that is there"


SPOILT: dict[str, tuple[Callable[[Path], object], str]] = {
    "changed": (lambda folder: (folder / "backend/VERSION").write_text("9"), "backend/VERSION"),
    "half copied": (lambda folder: (folder / "backend/VERSION").unlink(), "in part only"),
    "renamed": (lambda folder: folder.rename(folder.with_name("2.5.0")), "another version"),
    "list cut": (lambda folder: (folder / SUMS).write_text((folder / SUMS).read_text()[:-9]), "SHA256SUMS"),
}


@pytest.mark.parametrize("name", SPOILT)
def test_what_is_not_whole_is_told(folder: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    assert seal(folder, *SAID) == 0
    spoil, why = SPOILT[name]
    spoil(folder)
    place = folder if folder.exists() else folder.with_name("2.5.0")
    assert verify(place) == 2
    assert why in capsys.readouterr().out


def test_a_file_that_nobody_listed_is_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert seal(folder, *SAID) == 0
    (folder / "backend" / "new.js").touch()
    assert verify(folder) == 0
    assert "backend/new.js" in capsys.readouterr().out


@pytest.mark.parametrize("count", [1, 2])
def test_cut_off_in_the_middle_it_is_no_version_and_may_be_sealed_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    assert seal(folder, *SAID) == 0
    (folder / "backend" / "VERSION").write_text("2.4.0 mended")
    real, calls = release_seal.replace_shared, []

    def gone(path: Path, text: str) -> None:
        calls.append(path)
        if len(calls) == count:
            raise OSError(28, "No space left on device")
        real(path, text)

    with monkeypatch.context() as patch:
        patch.setattr(release_seal, "replace_shared", gone)
        assert seal(folder, *SAID, "--again") == 3
    assert glance(folder).fault == "no-sums"
    assert seal(folder, *SAID, "--again") == 0
    assert verify(folder) == 0


@given(st.dictionaries(st.text(max_size=8), st.just("0" * 64), max_size=4))
def test_any_names_are_written_so_that_they_are_read_back_or_not_at_all(sums: dict[str, str]) -> None:
    text = lines_of(sums)
    assert text is None or sums_of(text) == sums
