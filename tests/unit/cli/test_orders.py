"""The global stop and the review of overrides, as commands."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from medflow_tui.cli import orders, run
from medflow_tui.cli.person import Person
from medflow_tui.journal.orders import Orders
from medflow_tui.model.performer import Login

WHY = "the fire is out, all is dry"
SITE = '[site]\ncode = "LAB"\nname = "Lab"\nenvironment = "lab"\n[target.redis]\naddress = "redis://127.0.0.1:1"\n'


@pytest.fixture
def place(tmp_path: Path) -> tuple[str, ...]:
    (tmp_path / "site.toml").write_text(SITE)
    return ("--site", str(tmp_path / "site.toml"), "--state", str(tmp_path / "state"), "--lang", "en")


class Played:
    """Who sits at the terminal, and what they type."""

    password, code = "invented-secret", "LAB"

    def login(self, person: Person) -> Login:
        return Login(username="amani", password=self.password, at=datetime.now(UTC))

    def ask(self, *_: object, **more: object) -> str:
        return WHY

    def confirm(self, *_: object, **more: object) -> str:
        return self.code


@pytest.fixture
def person(monkeypatch: pytest.MonkeyPatch) -> Played:
    found = Played()
    monkeypatch.setattr(orders, "need_terminal", lambda: None)
    monkeypatch.setattr(orders, "login_of", found.login)
    monkeypatch.setattr(Person, "ask", lambda *given, **more: found.ask())
    monkeypatch.setattr(Person, "confirm", lambda *given, **more: found.confirm())
    return found


def audited(tmp_path: Path) -> list[tuple[str, str]]:
    records = [json.loads(each) for each in (tmp_path / "state/audit.jsonl").read_text().splitlines()]
    return [(each["ev"], (each["result"] or {}).get("why", "")) for each in records[1:]]


def test_nobody_lifts_it_from_a_pipe_or_with_another_code_or_in_no_role(
    place: tuple[str, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["playbook", "passive", "on", *place]) == 0
    assert run(["playbook", "passive", "off", "--reason", WHY, *place]) == 3
    assert "not a file or a pipe" in capsys.readouterr().err
    person = request.getfixturevalue("person")
    person.code = "lab"
    assert run(["playbook", "passive", "off", *place]) == 1
    assert "not the code of the site" in capsys.readouterr().out
    with (tmp_path / "site.toml").open("a") as file:
        file.write('[access.people.claire]\nroles = ["dba"]\n')
    assert run(["playbook", "passive", "off", *place]) == 3
    assert "this is for: admin, dba, clinic_lead" in capsys.readouterr().err
    assert Orders(tmp_path / "state").passive() is not None
    assert audited(tmp_path) == [
        ("passive.on", ""),
        ("attempt.denied", "confirm_wrong"),
        ("attempt.denied", "no_role"),
    ]


def test_passive_is_set_asked_and_taken_back(
    place: tuple[str, ...], tmp_path: Path, person: Played, capsys: pytest.CaptureFixture[str]
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
    assert run(["playbook", "passive", "off", *place]) == 0
    assert [each for each, _ in audited(tmp_path)] == ["passive.on", "passive.off"]
    assert person.password not in "".join(
        each.read_text() for each in (tmp_path / "state").rglob("*") if each.is_file()
    )


def test_an_override_is_closed_by_another_person_with_a_note(
    place: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = Orders(tmp_path / "state")
    files.open_review("a-run", playbook="p", who="amani (10.8.0.7)", guards=("window",))
    assert run(["playbook", "overrides", *place]) == 1
    assert "a-run  amani" in capsys.readouterr().out
    assert run(["playbook", "overrides", "a-run", "--note", "short", *place]) == 3
    assert run(["playbook", "overrides", "a-run", "--note", "it had to be done", *place]) == 0
    assert files.reviews() == ()
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
