"""Each command ends with a code that its help and the README declare."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from medflow_tui.cli import run
from medflow_tui.cli.arguments import parser
from medflow_tui.cli.exits import EXITS, codes_of, told
from medflow_tui.cli.person import LeftError, Person
from medflow_tui.journal.orders import Orders
from medflow_tui.locale.language import Language
from medflow_tui.model.words import say

README = (Path(__file__).parents[3] / "README.md").read_text(encoding="utf-8")
SITE = '[site]\ncode = "LAB"\nname = "Lab"\nenvironment = "lab"\n[target.redis]\naddress = "redis://127.0.0.1:1"\n'


def table() -> str:
    """As it must stand in the README."""
    say_it = Language("en").say
    rows = ["| `medflow-tui` … | exit code |", "|---|---|"]
    for command in EXITS:
        codes = "; ".join(f"**{code}** {say_it(means)}" for code, means in codes_of(command).items())
        rows.append(f"| {f'`{command}`' if command else '(the dashboard)'} | {codes} |")
    return "\n".join(rows)


def commands(kind: argparse.ArgumentParser, words: str = "") -> Iterator[str]:
    kinds = [each for each in kind._actions if isinstance(each, argparse._SubParsersAction)]
    if not any(each.required for each in kinds):
        yield words
    for each in kinds:
        for name, below in each.choices.items():
            yield from commands(below, f"{words} {name}".strip())


def test_every_command_has_its_codes_and_the_readme_has_them_all() -> None:
    assert set(commands(parser())) - {"lab"} == set(EXITS)
    assert README.partition("<!-- exits -->")[2].partition("<!-- end exits -->")[0].strip() == table()


@pytest.mark.parametrize("command", EXITS)
def test_the_help_of_a_command_tells_its_codes(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        run([*command.split(), "--lang", "en", "--help"])
    said = " ".join(capsys.readouterr().out.split())
    assert " ".join(told(command, Language("en").say).split()) in said


@pytest.fixture
def place(tmp_path: Path) -> tuple[str, ...]:
    (tmp_path / "site.toml").write_text(SITE)
    return ("--site", str(tmp_path / "site.toml"), "--state", str(tmp_path / "state"), "--lang", "en")


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("config check", 0),
        ("config show", 0),
        ("config paths", 0),
        ("config blame", 0),
        ("check", 2),
        ("playbook list", 0),
        ("playbook list zzzz", 1),
        ("playbook show redis-sessions", 0),
        ("playbook show none-of-that", 3),
        ("playbook runs", 0),
        ("playbook lint", 0),
        ("playbook lint /dev/null", 1),
        ("playbook run redis-sessions", 3),
        ("playbook run none-of-that", 3),
        ("playbook resume none-of-that", 3),
        ("playbook unlock", 0),
        ("playbook unlock none-of-that", 3),
        ("playbook approve none-of-that", 3),
        ("playbook passive", 0),
        ("playbook passive off", 0),
        ("playbook passive on", 0),
        ("playbook overrides", 0),
        ("audit verify", 3),
        ("audit anchor", 3),
        ("incident show", 0),
        ("incident close", 3),
        ("release verify /dev/null", 2),
        ("release seal /dev/null", 3),
    ],
)
def test_a_command_ends_with_a_declared_code(words: str, code: int, place: tuple[str, ...]) -> None:
    assert run([*words.split(), *place]) == code
    command = max((each for each in EXITS if words.startswith(each)), key=len)
    assert code in codes_of(command)


@pytest.mark.parametrize("typed", ["", "APPROVE LSH-03"])
def test_a_second_person_who_types_something_else_or_leaves_has_not_agreed(
    typed: str,
    place: tuple[str, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def confirm(*_: object, **more: object) -> str:
        if not typed:
            raise LeftError(say("left, nothing done"))
        return typed

    key = str(tmp_path / "own.key")
    assert run(["playbook", "key", "--key", key, *place]) == 0
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    monkeypatch.setattr(Person, "ask", lambda *_: "3")
    monkeypatch.setattr(Person, "confirm", confirm)
    words = ("--challenge", "K7QM3XRT", "--for-site", "LAB", "--playbook", "redis-sessions")
    assert run(["playbook", "approve", *words, "--key", key, *place]) == 1
    said = capsys.readouterr().out
    assert ("not agreed" if typed else "left, nothing done") in said
    assert "read back" not in said


def test_passive_mode_and_a_waiting_review_are_1(place: tuple[str, ...], tmp_path: Path) -> None:
    orders = Orders(tmp_path / "state")
    orders.set_passive(on=True, who="beni", reason="")
    orders.open_review("a-run", playbook="p", who="amani", guards=("window",))
    assert run(["playbook", "passive", *place]) == 1
    assert run(["playbook", "overrides", *place]) == 1
    assert {1} <= set(codes_of("playbook passive")) & set(codes_of("playbook overrides"))
