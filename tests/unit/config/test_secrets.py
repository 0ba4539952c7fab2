"""Credentials by reference: who may read them decides, and content is never in a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from medflow_tui.config.secrets import read_secret
from medflow_tui.model.errors import SecretError

WORD = "hunter2-very-secret"


def test_a_file_for_us_alone_is_read(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text(WORD + "\n")
    path.chmod(0o600)
    assert read_secret("file:secret", tmp_path) == WORD


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660])
def test_a_file_that_others_may_read_is_refused_with_the_remedy(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "secret"
    path.write_text(WORD)
    path.chmod(mode)
    with pytest.raises(SecretError, match="chmod 600") as caught:
        read_secret(f"file:{path}", tmp_path)
    assert WORD not in str(caught.value)


def test_the_environment_gives_it(tmp_path: Path) -> None:
    assert read_secret("env:NAME", tmp_path, {"NAME": WORD}) == WORD
    with pytest.raises(SecretError, match="NAME is not set"):
        read_secret("env:NAME", tmp_path, {})


@pytest.mark.parametrize("reference", [WORD, f"plain:{WORD}", f":{WORD}"])
def test_a_secret_in_the_site_file_is_refused_and_not_repeated(tmp_path: Path, reference: str) -> None:
    with pytest.raises(SecretError, match="env:NAME or file:PATH") as caught:
        read_secret(reference, tmp_path)
    assert WORD not in str(caught.value)


def test_missing_empty_and_binary_files_have_their_own_sentences(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    for name in ("empty", "binary"):
        (tmp_path / name).chmod(0o600)
    for name, words in (("none", "does not exist"), ("empty", "is empty"), ("binary", "not UTF-8")):
        with pytest.raises(SecretError, match=words):
            read_secret(f"file:{name}", tmp_path)
