"""The one way to ssh-keygen: the real program signs and judges; made ones show what happens when it does not answer."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

import psutil
import pytest

from medflow_tui.signatures import ssh_keygen
from medflow_tui.signatures.ssh_keygen import Answer, UntoldError, Verdict, sign, signers_named, verify

pytestmark = pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="no ssh-keygen")
SPACE, CONTENT = "medflow-audit", "text\n"


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key, the file that names it, and its signature of the content."""
    folder = tmp_path_factory.mktemp("keys")
    key = folder / "key"
    subprocess.run(("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)), check=True)
    (folder / "signers").write_text(f"vendor {key.with_suffix('.pub').read_text()}")
    (folder / "sig").write_text(sign(key, SPACE, CONTENT))
    return folder


def asked(keys: Path, **other: object) -> Answer:
    given: dict[str, object] = {
        "signers": keys / "signers",
        "signer": "vendor",
        "namespace": SPACE,
        "content": CONTENT.encode(),
        "signature": keys / "sig",
    }
    return verify(**{**given, **other})  # type: ignore[arg-type]


def put_before(folder: Path, script: str) -> None:
    program = folder / ssh_keygen.PROGRAM
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)


def test_three_answers(keys: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    good, bad = Answer(verdict=Verdict.GOOD), Answer(verdict=Verdict.BAD)
    assert asked(keys) == good
    assert signers_named(keys / "signers", keys / "sig") == ("vendor",)
    others: tuple[dict[str, object], ...] = ({"content": b"x"}, {"namespace": "other"}, {"signer": "x"})
    assert [asked(keys, **each) for each in others] == [bad] * 3
    for name in ("signers", "signature"):
        assert asked(keys, **{name: tmp_path / "none"}) == Answer(verdict=Verdict.UNTOLD, why="unreadable")
    put_before(tmp_path, "kill -9 $$")
    monkeypatch.setattr(ssh_keygen, "SEARCHED", f"{tmp_path}:/usr/bin:/bin")
    assert asked(keys) == Answer(verdict=Verdict.UNTOLD, why="broken_off")
    with pytest.raises(UntoldError, match="broken_off"):
        signers_named(keys / "signers", keys / "sig")
    monkeypatch.setattr(ssh_keygen, "SEARCHED", str(tmp_path / "nothing"))
    assert asked(keys) == Answer(verdict=Verdict.UNTOLD, why="no_program")
    with pytest.raises(UntoldError, match="no_program"):
        sign(keys / "key", SPACE, CONTENT)


def test_a_program_that_this_user_put_into_the_way_is_never_asked(
    keys: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_before(tmp_path, f"touch {tmp_path}/asked; exit 0")
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert asked(keys, content=b"forged").verdict is Verdict.BAD
    assert sign(keys / "key", SPACE, CONTENT).startswith(ssh_keygen.BEGINS)
    assert not (tmp_path / "asked").exists()


def test_what_is_signed_is_in_no_argument_and_little_else_is_handed_on(
    keys: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_before(
        tmp_path, f'echo "$*" > {tmp_path}/words; env > {tmp_path}/env; cat > {tmp_path}/given; exit 1'
    )
    monkeypatch.setattr(ssh_keygen, "SEARCHED", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setenv("MEDFLOW_SECRET", "hunter2")
    monkeypatch.setenv("SSH_AUTH_SOCK", "/tmp/agent")
    assert asked(keys, content=b"PATIENT").verdict is Verdict.BAD
    assert "PATIENT" not in (tmp_path / "words").read_text()
    assert (tmp_path / "given").read_text() == "PATIENT"
    names = {line.partition("=")[0] for line in (tmp_path / "env").read_text().splitlines()}
    assert names - {"PWD", "SHLVL", "_", "OLDPWD"} == {"PATH", "LC_ALL", "SSH_ASKPASS_REQUIRE"}


def test_one_that_hangs_is_ended_in_time_with_what_it_started(
    keys: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_before(tmp_path, f"sleep 60 & echo $! > {tmp_path}/child; wait")
    monkeypatch.setattr(ssh_keygen, "SEARCHED", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr(ssh_keygen, "WITHIN_S", 0.5)
    began = time.monotonic()
    assert asked(keys) == Answer(verdict=Verdict.UNTOLD, why="timeout")
    assert time.monotonic() - began < 3.0
    child = int((tmp_path / "child").read_text())
    assert not psutil.pid_exists(child) or psutil.Process(child).status() == psutil.STATUS_ZOMBIE
