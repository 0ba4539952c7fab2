"""Programs that end with 0 and did little or nothing (`backup-and-restore.md`, B.2 and B.3), run as a step runs them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from medflow_tui.model.performer import Task
from medflow_tui.model.playbook import Effect, Expect, Step, Text
from medflow_tui.model.procedure import Outcome
from medflow_tui.rules.outcome import compare
from medflow_tui.runner import program
from medflow_tui.runner.program import Program

EXPECTED = 50_000
LAST = "{} document(s) restored successfully. {} document(s) failed to restore."
RESTORE = Expect(
    stdout_require=(
        r"(?P<restored>\d+) document\(s\) restored successfully\. (?P<failed>\d+) document\(s\) failed",
    ),
    stderr_forbid=(r"Failed:", r"don't know what to do with", r"dry run completed"),
    numbers={"failed": 0, "restored": "plan.documents"},
)
PSQL = Expect(stderr_forbid=(r"^(psql:.*)?(ERROR|FATAL):",))
PG_RESTORE = Expect(exit=(0, 1), stderr_forbid=(r"errors ignored on restore: [1-9]",))
ROWS = {
    "inserts only": (RESTORE, LAST.format(0, EXPECTED)),
    "unique index violated": (RESTORE, LAST.format(EXPECTED - 2, 2)),
    "--dryRun": (RESTORE, "dry run completed\n" + LAST.format(0, 0)),
    "directory format, cut on a document boundary": (RESTORE, LAST.format(EXPECTED - 1, 0)),
    "database in the URI": (RESTORE, "don't know what to do with subdirectory\n" + LAST.format(0, 0)),
    "--nsInclude typo": (RESTORE, LAST.format(0, 0)),
    "the summary line is not a measurement": (RESTORE, LAST.format(14_993, 0)),
    "no summary line": (RESTORE, ""),
    "plain dump + psql": (PSQL, 'psql:a.sql:9: ERROR:  relation "patients" already exists'),
    "pg_restore default": (PG_RESTORE, "pg_restore: warning: errors ignored on restore: 199"),
}


def told(folder: Path, expect: Expect, words: str, script: str = "") -> Outcome:
    fake = folder / "fake.py"
    fake.write_text(script or f"import sys\nsys.stderr.write({words!r} + '\\n')\n")
    step = Step(
        id="s",
        title=Text(),
        action="program",
        effect=Effect.STAGING,
        run=(sys.executable, str(fake)),
        expect=expect,
    )
    task = Task(step=step, past={}, tell=lambda said, facts: None)
    found = Program(step.run, folder / "output").carry_out(task)
    if found.outcome is not Outcome.PASS:
        return found.outcome
    return compare(expect, found.facts, {"documents": EXPECTED}, {}).outcome


@pytest.mark.parametrize("row", ROWS)
def test_a_program_that_ends_with_0_and_has_failed_does_not_pass(row: str, tmp_path: Path) -> None:
    assert told(tmp_path, *ROWS[row]) in (Outcome.FAIL, Outcome.UNKNOWN)


def test_one_that_kept_its_promise_passes(tmp_path: Path) -> None:
    assert told(tmp_path, RESTORE, LAST.format(EXPECTED, 0)) is Outcome.PASS


def test_an_error_after_more_output_than_is_read_is_no_pass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(program, "MOST_READ", 1024)
    assert told(tmp_path, PSQL, "COPY 5\n" * 500 + "ERROR:  no") is not Outcome.PASS
