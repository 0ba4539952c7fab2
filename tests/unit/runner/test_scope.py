"""With systemd a run is a unit of its own, no part of the log-in; without it, or when it does not answer, it runs all the same."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

import pytest

from medflow_tui.runner import detached
from medflow_tui.runner.detached import scope_of

RUN = "20261123-140000-device-sync-failure-7f3a"


@pytest.fixture
def systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program of that name which writes down its words and runs what follows the options."""
    monkeypatch.setattr(detached, "SYSTEMD", tmp_path)
    monkeypatch.setattr(os, "getuid", lambda: 0)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    program = tmp_path / "systemd-run"
    program.write_text(
        f'#!/bin/sh\necho "$@" >> {tmp_path}/asked\n'
        'while case "$1" in --*) true;; *) false;; esac; do shift; done\nexec "$@"\n'
    )
    program.chmod(0o755)
    return program


def test_a_run_is_started_as_a_scope_of_its_own(systemd: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    command = scope_of(RUN)
    assert command[:2] == (str(systemd), "--scope")
    assert command[-1].startswith(f"--unit=medflow-run-{RUN}-")


def test_a_users_own_manager_is_used_only_while_it_outlives_the_log_in(
    systemd: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(detached, "LINGER", systemd.parent / "linger")
    monkeypatch.setattr(os, "getuid", lambda: pwd.getpwnam("nobody").pw_uid)
    assert scope_of(RUN) == ()
    (systemd.parent / "linger").mkdir()
    (systemd.parent / "linger" / "nobody").touch()
    assert scope_of(RUN)[:3] == (str(systemd), "--user", "--scope")


def test_one_that_refuses_is_not_used(systemd: Path) -> None:
    systemd.write_text("#!/bin/sh\nexit 1\n")
    assert scope_of(RUN) == ()


def test_without_systemd_nothing_is_put_before(systemd: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(detached, "SYSTEMD", systemd.parent / "none")
    assert scope_of(RUN) == ()
    assert not (systemd.parent / "asked").exists()
