"""Programs of a site, run by a step: what they print is sealed, and a redacted copy laid beside it for people."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from medflow_tui.clients.tools import Tools
from medflow_tui.journal.run_log import find
from medflow_tui.journal.small_file import replace_text
from medflow_tui.model.errors import MedflowError
from medflow_tui.model.performer import Finding, Task
from medflow_tui.model.playbook import Expect
from medflow_tui.model.procedure import Outcome
from medflow_tui.model.words import Phrase, say
from medflow_tui.rules.cleaning import clean
from medflow_tui.rules.redaction import redact
from medflow_tui.runner.printed import OUT, SEALED, WIDEST, lay_copy
from medflow_tui.runner.program import Program
from medflow_tui.runner.stepping import EXPECTATION

RUNS = "runs"


def run_folder(tools: Tools, task: Task) -> Path:
    """Raises MedflowError when the step does not name its run, or there is none of that name."""
    return find(tools.state / RUNS, str(task.step.args.get("run", ""))).path


def write_whole(tools: Tools, task: Task, name: str, text: str) -> None:
    """A text to be read before it is agreed to: every line to its end, long ones folded. Raises OSError, MedflowError."""
    lines = [part for each in text.splitlines() for part in _folded(redact(clean(each)))]
    replace_text(run_folder(tools, task) / OUT / name, "\n".join(lines) + "\n")


def _folded(line: str) -> Iterator[str]:
    """
    >>> list(_folded("a" * (WIDEST + 1)))[1]
    'a'
    """
    yield line[:WIDEST]
    for at in range(WIDEST, len(line), WIDEST):
        yield line[at : at + WIDEST]


def run(tools: Tools, task: Task, argv: tuple[str, ...], within: Path, expect: Expect, name: str) -> Finding:
    """Run a program; its promise (`expect`) stands in the facts. Never raises for the world."""
    step = replace(task.step, id=name, run=argv, expect=expect)
    try:
        folder = run_folder(tools, task)
        found = Program(argv, folder / SEALED, within=within).carry_out(replace(task, step=step))
        lay_copy(folder, name)
    except (OSError, MedflowError) as error:
        return Finding(outcome=Outcome.UNKNOWN, said=unwritable(error))
    return replace(found, facts={**found.facts, EXPECTATION: found.outcome.value})


def unwritable(error: OSError | MedflowError) -> Phrase:
    why = error.strerror if isinstance(error, OSError) else None
    return say("what it printed cannot be written: {why}", why=why or "?")
