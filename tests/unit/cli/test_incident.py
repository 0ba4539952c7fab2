"""Incidents as commands: what is asked, what is shown, and the exit codes; the terminal is played."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from medflow_tui.cli import incident, run
from medflow_tui.cli.person import LeftError, Person
from medflow_tui.journal.incidents import FILE, Incidents
from medflow_tui.model.incident import Severity
from medflow_tui.model.performer import Login
from medflow_tui.model.words import Phrase, say
from medflow_tui.runner.origin import name_of

ME = name_of(os.getuid())
SITE = f"""[site]
code = "LAB"
name = "Lab"
environment = "lab"
[access.people.{ME}]
roles = ["admin"]
[access.people.claire]
roles = ["dba"]
[target.redis]
address = "redis://127.0.0.1:1"
"""
OPEN = ("incident", "open", "--severity", "SEV2", "--commander")


@dataclass
class Played:
    """What a person types; `code` is what stands under the last question."""

    code: str = "LAB"
    name: str = "amani"
    password: str = "hunter2-secret"
    asked: list[str] = field(default_factory=list)

    def ask(self, _: Person, question: Phrase) -> str:
        self.asked.append(question.text)
        return "the login page is down"

    def login(self, person: Person) -> Login:
        if not self.password:
            raise LeftError(say("nothing was done: no log-in was given"))
        return Login(username=self.name, password=self.password, at=datetime.now(UTC))

    def confirm(self, _: Person, question: Phrase, **more: float) -> str:
        self.asked.append(question.text)
        if not self.code:
            raise LeftError(say("left, nothing done"))
        return self.code


@pytest.fixture
def person(monkeypatch: pytest.MonkeyPatch) -> Played:
    found = Played()
    monkeypatch.setattr(incident, "need_terminal", lambda: None)
    monkeypatch.setattr(incident, "login_of", found.login)
    for name, by in (("ask", found.ask), ("confirm", found.confirm)):
        monkeypatch.setattr(Person, name, lambda *given, by=by, **more: by(*given, **more))
    return found


@pytest.fixture
def place(tmp_path: Path) -> tuple[str, ...]:
    (tmp_path / "site.toml").write_text(SITE)
    return ("--site", str(tmp_path / "site.toml"), "--state", str(tmp_path / "state"), "--lang", "en")


def test_from_opening_to_closing(
    place: tuple[str, ...], person: Played, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state = tmp_path / "state"
    assert run(["incident", "show", *place]) == 0
    assert "no incident is open" in capsys.readouterr().out
    assert run([*OPEN, "claire", "sessions are broken", *place]) == 0
    said = capsys.readouterr().out
    assert "SEV2 (P2)" in said
    assert "commander claire; opened" in said
    assert "claire has not confirmed to lead it" in said
    assert "to confirm: medflow-tui incident confirm, typed by claire" in " ".join(said.split())
    assert run(["incident", "show", *place]) == 1
    assert "sessions are broken" in capsys.readouterr().out
    assert run(["incident", "command", ME, *place]) == 0
    assert "it stands for no second person of yours, whoever leads" in " ".join(
        capsys.readouterr().out.split()
    )
    assert run(["incident", "severity", "SEV4", *place]) == 0
    assert "SEV4 (P4)" in capsys.readouterr().out
    found = Incidents(state).now_open()
    assert found is not None
    assert (found.commander, found.severity) == (ME, Severity.SEV4)
    assert run(["incident", "close", *place]) == 0
    assert "closed" in capsys.readouterr().out
    assert Incidents(state).now_open() is None
    events = [json.loads(each)["ev"] for each in (state / "audit.jsonl").read_text().splitlines()]
    assert events[1:] == [f"incident.{each}" for each in ("opened", "command", "graded", "closed")]
    assert person.password not in (state / "audit.jsonl").read_text() + (state / FILE).read_text()


def test_what_happened_is_asked_when_it_is_not_given(
    place: tuple[str, ...], person: Played, tmp_path: Path
) -> None:
    assert run([*OPEN, "claire", *place]) == 0
    found = Incidents(tmp_path / "state").now_open()
    assert found is not None
    assert found.text == "the login page is down"


@pytest.mark.parametrize(
    ("played", "words", "code"),
    [
        (Played(code="LSH-02"), ("claire", "sessions are broken"), 1),
        (Played(code=""), ("claire", "sessions are broken"), 1),
        (Played(password=""), ("claire", "sessions are broken"), 1),
        (Played(), ("stranger", "sessions are broken"), 3),
        (Played(), ("claire", "short"), 3),
    ],
)
def test_what_opens_nothing(
    place: tuple[str, ...], person: Played, tmp_path: Path, played: Played, words: tuple[str, ...], code: int
) -> None:
    person.code, person.password = played.code, played.password
    assert run([*OPEN, *words, *place]) == code
    assert not (tmp_path / "state" / FILE).exists()


def test_a_pipe_opens_nothing_and_a_damaged_file_is_told(
    place: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*OPEN, "claire", "sessions are broken", *place]) == 3
    assert "not a file or a pipe" in capsys.readouterr().err
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / FILE).write_text("{")
    assert run(["incident", "show", *place]) == 3
    assert "damaged" in capsys.readouterr().err


@pytest.mark.parametrize("words", [("close",), ("severity", "SEV1"), ("command", ME)])
def test_only_the_one_that_was_shown_is_changed(
    place: tuple[str, ...],
    person: Played,
    tmp_path: Path,
    words: tuple[str, ...],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run([*OPEN, "claire", "sessions are broken", *place]) == 0
    capsys.readouterr()

    def meanwhile(one: Person) -> Login:
        monkeypatch.setattr(incident, "login_of", person.login)
        assert run(["incident", "close", *place]) == 0
        assert run([*OPEN, "claire", "the printer is out of paper", *place]) == 0
        return person.login(one)

    monkeypatch.setattr(incident, "login_of", meanwhile)
    assert run(["incident", *words, *place]) == 3
    told = capsys.readouterr()
    assert "INC-2026" in told.out.split("sessions are broken")[0]
    assert "the incident is another one than was shown" in told.err
    found = Incidents(tmp_path / "state").now_open()
    assert found is not None
    assert (found.text, found.severity, found.commander) == (
        "the printer is out of paper",
        Severity.SEV2,
        "claire",
    )


@pytest.mark.parametrize(
    "words", [["open", "x"], ["severity", "P2"], ["open", "--severity", "SEV2", "x"], []]
)
def test_a_wrong_command_line_is_refused(place: tuple[str, ...], words: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        run(["incident", *words, *place])
    assert caught.value.code == 3
