"""No command of this program can hit more than it names: argument lists and client calls, not texts."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from medflow_tui.model.words import SILENCE
from medflow_tui.playbooks.load import load_all, shipped
from medflow_tui.rules.argv import fault

PACKAGE = Path(__file__).parents[2] / "medflow_tui"
ACTING = ("actions", "clients", "runner", "probes", "journal", "monitor", "wiring", "cli", "config")
WORDS = {"pkill", "killall", "flushdb", "flushall"}
PROGRAMS = {"kubectl", "helm", "curl", "sh", "bash"}
RULES = Path("rules/argv.py")


def faults(source: str) -> Iterator[str]:
    """What a module's calls and argument lists do wrong."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            yield from of_call(node)
        elif isinstance(node, ast.List | ast.Tuple):
            words = [word_of(each) for each in node.elts]
            if words and words[0] in PROGRAMS and fault(words):
                yield f"{words}: {fault(words).text}"
            yield from (f"{each}" for each in words if each.casefold() in WORDS)


def of_call(node: ast.Call) -> Iterator[str]:
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    for each in node.keywords:
        if each.arg == "shell" and not (isinstance(each.value, ast.Constant) and each.value.value is False):
            yield "shell=True"
    if name in {"system", "popen"} and isinstance(node.func, ast.Attribute):
        yield f"os.{name}"
    if name.casefold() in WORDS or name == "create_subprocess_shell" or name == "getoutput":
        yield name
    first = node.args[0] if node.args else None
    if isinstance(first, ast.Constant) and isinstance(first.value, str):
        command = first.value.casefold().split()
        if name in {"execute_command", "command", "send_command", "ask", "call"} and command[:1] in (
            ["keys"],
            ["flushdb"],
            ["flushall"],
        ):
            yield f"{name}({first.value})"
        if name == "keys" and isinstance(node.func, ast.Attribute):
            yield "keys(pattern)"


def word_of(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else "{}"


def modules() -> list[Path]:
    found = [each for room in ACTING for each in (PACKAGE / room).rglob("*.py")]
    assert len(found) > 60
    return found


def test_no_module_runs_what_hits_more_than_it_names() -> None:
    wrong = {str(each.relative_to(PACKAGE)): list(faults(each.read_text())) for each in modules()}
    assert {name: found for name, found in wrong.items() if found} == {}


def test_no_program_of_a_shipped_playbook_does() -> None:
    for playbook in load_all(shipped()):
        for step in playbook.steps:
            assert not step.run or fault(step.run) == SILENCE


@pytest.mark.parametrize(
    "source",
    [
        "subprocess.run('x', shell=True)",
        "os.system('x')",
        "run(['pkill', 'node'])",
        "run(('killall', 'node'))",
        "redis.flushdb()",
        "redis.execute_command('FLUSHALL')",
        "redis.execute_command('KEYS *')",
        "redis.keys('sess:*')",
        "run(['kubectl', '--context', 'x', 'get', 'pods'])",
        "run(['kubectl', '-n', 'x', 'get', 'pods'])",
        "run(['helm', 'rollback', 'medflow'])",
        "run(['helm', 'rollback', 'medflow', '0'])",
        "run(['curl', '-X', 'POST', url])",
        "run(['bash', '-c', line])",
    ],
)
def test_the_search_finds(source: str) -> None:
    assert list(faults(source))


@pytest.mark.parametrize(
    "source",
    [
        "mapping.keys()",
        "run(['kubectl', '--context', x, '--namespace', y, 'get', 'pods'])",
        "run(['helm', 'rollback', 'medflow', '7', '--wait'])",
        "run(['pm2', 'restart', name])",
        "redis.execute_command('SCAN')",
    ],
)
def test_the_search_lets_pass(source: str) -> None:
    assert not list(faults(source))


@pytest.mark.parametrize(
    "argv",
    [
        [],
        ["flyway", "-password=x", "migrate"],
        ["mongodump", "--uri", "mongodb://u:p@h/db"],
        ["redis-cli", "KEYS", "*"],
        ["tool", "--api-key", "x"],
        ["/bin/sh", "-c", "x"],
        ["PKILL", "node"],
        ["helm", "rollback", "r", "previous"],
    ],
)
def test_a_command_with_a_fault_is_refused(argv: list[str]) -> None:
    assert fault(argv)
