"""The global stop and the review of overrides, as commands."""

from __future__ import annotations

from pathlib import Path

import pytest

from medflow_tui.cli import run
from medflow_tui.journal.orders import Orders

SITE = '[site]\ncode = "LAB"\nname = "Lab"\nenvironment = "lab"\n[target.redis]\naddress = "redis://127.0.0.1:1"\n'


@pytest.fixture
def place(tmp_path: Path) -> tuple[str, ...]:
    (tmp_path / "site.toml").write_text(SITE)
    return ("--site", str(tmp_path / "site.toml"), "--state", str(tmp_path / "state"), "--lang", "en")


def test_passive_is_set_asked_and_taken_back(
    place: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["playbook", "passive", *place]) == 0
    assert run(["playbook", "passive", "on", "--reason", "fire", *place]) == 0
    assert run(["playbook", "passive", *place]) == 1
    assert "passive since" in capsys.readouterr().out
    found = Orders(tmp_path / "state").passive()
    assert found is not None
    assert found.reason == "fire"
    assert run(["playbook", "passive", "off", *place]) == 0
    assert Orders(tmp_path / "state").passive() is None


def test_an_override_is_closed_by_another_person_with_a_note(
    place: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    orders = Orders(tmp_path / "state")
    orders.open_review("a-run", playbook="p", who="amani (10.8.0.7)", guards=("window",))
    assert run(["playbook", "overrides", *place]) == 1
    assert "a-run  amani" in capsys.readouterr().out
    assert run(["playbook", "overrides", "a-run", "--note", "short", *place]) == 3
    assert run(["playbook", "overrides", "a-run", "--note", "it had to be done", *place]) == 0
    assert orders.reviews() == ()
    assert run(["playbook", "overrides", "a-run", "--note", "it had to be done", *place]) == 3


def test_nobody_agrees_from_a_pipe_and_a_code_has_eight_letters(
    place: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key = str(tmp_path / "own.key")
    assert run(["playbook", "key", "--key", key, *place]) == 0
    for code in ("K7QM3XR", "K7QM3XR0", "K7QM-3XRT-2"):
        assert run(["playbook", "approve", "--challenge", code, "--key", key, *place]) == 3
    assert "8 letters and digits" in capsys.readouterr().err
    (tmp_path / "own.key").chmod(0o644)
    words = ("--challenge", "K7QM3XRT", "--for-site", "LAB", "--playbook", "redis-sessions")
    assert run(["playbook", "approve", *words, "--key", key, *place]) == 3
    assert "chmod 600" in capsys.readouterr().err
