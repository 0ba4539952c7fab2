"""After an incident: a timeline of counts and times out of this program's own files, and each lesson has an owner."""

from __future__ import annotations

import stat
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from medflow_tui.journal.audit_reading import anchors_of
from medflow_tui.journal.auditing import segments
from medflow_tui.journal.history_rows import open_history
from medflow_tui.journal.phrases import to_json
from medflow_tui.model.errors import RefusedError
from medflow_tui.model.procedure import Act, Mark, Outcome
from medflow_tui.model.targets.redis import RedisTarget
from medflow_tui.model.words import Phrase
from medflow_tui.rules.auditing.chain import follow
from medflow_tui.rules.auditing.words import words_of
from tests.servers.releases_run import run_answered
from tests.servers.runs import Bench, Crashed, crashing

LINES = 24
PATIENT = "KABONGO MARIE"
ANSWERS = {
    "read.item1": "2",
    "read.item2": "0",
    "report": "written",
    "runbook": "known",
    "watch": "told",
    "meeting": "date",
}


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that was crashed while it heard an answer never says so."""
    monkeypatch.setattr("medflow_tui.runner.channel.WITHIN_S", 0.5)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """A history with two alarms; what was seen then names a patient."""
    state = tmp_path / "state"
    state.mkdir()
    at = datetime.now(UTC).timestamp()
    database = open_history(state / "history.sqlite")
    with database:
        for health in ("critical", "ok"):
            database.execute(
                "INSERT INTO change (target, at, health, soft, evidence) VALUES (?, ?, ?, 0, ?)",
                ("redis", at - 60, health, to_json(Phrase(text=PATIENT))),
            )
    database.close()
    target = RedisTarget(name="redis", address="redis://127.0.0.1:9/0")
    return Bench(name="post-incident", targets=(target,), state=state, inputs={"hours": "6"})


def test_the_timeline_is_written_read_and_answered_for(bench: Bench) -> None:
    order = bench.order()
    assert run_answered(bench, order, ANSWERS).outcome is Outcome.PASS
    paper = order.folder / "incident.txt"
    text = paper.read_text()
    assert "redis critical" in text
    assert "Incident à Lab" in text
    (told,) = {each.partition(": ")[2] for each in text.splitlines() if each.startswith("anchor: ")}
    (anchor,) = anchors_of(told)
    heads = follow(segments.read(bench.state / "audit.jsonl")).heads
    assert heads[anchor.count] == anchor.head
    assert f"for paper: {words_of(anchor.head)}" in text
    assert stat.S_IMODE(paper.stat().st_mode) == 0o600
    chosen = {each.step: each.facts["choice"] for each in bench.entries(order) if "choice" in each.facts}
    assert chosen == {"report": "written", "runbook": "known", "watch": "told", "meeting": "date"}


def test_nothing_of_a_patient_comes_from_what_was_seen(bench: Bench) -> None:
    run_answered(bench, bench.order(), ANSWERS)
    written = b"".join(each.read_bytes() for each in (bench.state / "runs").rglob("*") if each.is_file())
    assert PATIENT.encode() not in written


def test_the_runs_of_that_time_are_in_it_and_a_damaged_journal_is_counted(bench: Bench) -> None:
    first = bench.order()
    run_answered(bench, first, ANSWERS)
    second = bench.order()
    (second.folder / "journal.jsonl").write_text("{broken\n{broken\n")
    third = bench.order()
    told = len([each for each in bench.entries(first) if each.mark in (Mark.RUN_STARTED, Mark.RUN_ENDED)])
    assert run_answered(bench, third, {**ANSWERS, "read.item2": str(told)}).outcome is Outcome.PASS
    found = next(each for each in bench.entries(third) if each.mark is Mark.CARRIED_OUT)
    assert found.facts["journals_damaged"] == 1
    assert found.facts["audit_whole"] is True


def test_who_has_not_read_the_file_does_not_go_on(bench: Bench) -> None:
    order = bench.order()
    assert run_answered(bench, order, {**ANSWERS, "read.item1": "7"}).act is Act.PAUSE


def test_a_file_that_was_changed_afterwards_is_no_record(bench: Bench) -> None:
    order = bench.order()
    assert run_answered(bench, order, {**ANSWERS, "meeting": "later"}).outcome is not Outcome.PASS
    order = bench.order()
    told = "2"  # the beginning and the end of the first run
    with pytest.raises(Crashed), crashing(14, "after"):
        run_answered(bench, order, {**ANSWERS, "read.item2": told})
    (order.folder / "incident.txt").write_text("nothing happened")
    assert run_answered(bench, order, {**ANSWERS, "read.item2": told}).outcome is not Outcome.PASS


@pytest.mark.parametrize("hours", ["0", "999", "-1", "x"])
def test_a_number_of_hours_that_is_none_is_refused(bench: Bench, hours: str) -> None:
    try:
        other = replace(bench, inputs={"hours": hours})
        order = other.order()
    except RefusedError:
        return
    assert run_answered(other, order, ANSWERS).outcome is Outcome.FAIL


def test_the_plan_writes_nothing(bench: Bench) -> None:
    before = {each: each.read_bytes() for each in bench.state.rglob("*") if each.is_file()}
    assert not bench.plan().refusals
    now = {each: each.read_bytes() for each in bench.state.rglob("*") if each.is_file()}
    assert {each: now[each] for each in before} == before
    assert not (bench.state / "runs").exists()


@pytest.mark.parametrize("line", range(LINES))
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_crashed_at_any_line_one_resume_ends_it(bench: Bench, line: int) -> None:
    order, moment = bench.order(), "after" if line % 2 else "before"
    move = bench.run_over_crash(order, line, moment, lambda order: run_answered(bench, order, ANSWERS))
    assert move.outcome is Outcome.PASS, move
    assert bench.entries(order)[-1].mark is Mark.RUN_ENDED
