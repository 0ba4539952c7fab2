"""The global stop and the review of overrides, as commands."""

from __future__ import annotations

import json
import os
import pwd
from datetime import UTC, datetime
from pathlib import Path

import pytest

from medflow_tui.cli import orders, run
from medflow_tui.cli.person import Person
from medflow_tui.journal.orders import PASSIVE, Orders
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


def test_where_it_cannot_be_recorded_it_is_set_all_the_same_and_both_are_said(
    place: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "state" / "audit.jsonl").mkdir(parents=True)
    assert run(["playbook", "passive", "on", *place]) == 2
    shown = capsys.readouterr()
    assert "passive since" in shown.out
    assert "it stands, but it is not in the audit" in shown.err
    assert "audit.jsonl cannot be written" in shown.err
    stop = tmp_path / "state" / PASSIVE
    stop.unlink()
    stop.mkdir()
    assert run(["playbook", "passive", "on", *place]) == 3
    assert "it stands" not in capsys.readouterr().err


def test_whoever_says_to_be_another_is_known_by_the_user_they_are(
    place: tuple[str, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    me, files = pwd.getpwuid(os.getuid()).pw_name, Orders(tmp_path / "state")
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "claire")
    files.open_review("by-name", playbook="p", who=f"{me} (10.8.0.7)", guards=("window",))
    files.open_review("by-uid", playbook="p", who="amani", guards=("window",), uid=os.getuid())
    for each in ("by-name", "by-uid"):
        assert run(["playbook", "overrides", each, "--note", "it had to be done", *place]) == 3
        assert "their own override" in capsys.readouterr().err
    assert len(files.reviews()) == 2
    assert run(["playbook", "passive", "on", *place]) == 0
    found = files.passive()
    assert found is not None
    assert found.who.partition(" ")[0] == me
    records = [json.loads(each) for each in (tmp_path / "state/audit.jsonl").read_text().splitlines()]
    assert {each["actor"]["name"] for each in records} == {me}


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
