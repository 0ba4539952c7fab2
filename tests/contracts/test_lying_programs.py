"""Programs that end with 0 and did little or nothing, each as a step of a whole run: it fails or is not known.

One fake program at least for each row of B.2 and B.3 of `backup-and-restore.md` (the acceptance test of G13).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from medflow_tui.locale.language import Language
from medflow_tui.model.procedure import Entry, Mark, Outcome
from medflow_tui.playbooks.load import load
from medflow_tui.playbooks.reading import PlaybookError
from medflow_tui.runner import lookout, program
from tests.servers import lying_mongodb as mongodb
from tests.servers import lying_postgresql as postgresql
from tests.servers.lying import Fake, conclusion, run, write_playbook
from tests.servers.lying_promises import MONGO_RESTORE

TOPICS = {  # the rows of the two tables of exact semantics in the design of backup and restore, by their names there
    "B.2": (
        "inserts only",
        "`--drop`",
        "with `admin` in the dump and `--drop`",
        "indexes",
        "`--stopOnError`",
        "`--objcheck`",
        "`--dryRun` (also with `--archive`)",
        "directory format",
        "`--archive`",
        "`--gzip`",
        "database in the URI (`…/medflow`)",
        "`--nsInclude` typo",
        "empty folder",
        "`--nsFrom/--nsTo`",
        "`--oplog`",
        "users and roles",
        "exit codes",
        "exit 0 while nothing or little was done",
        "the summary line is not a measurement",
        "what failed input says (exit 1)",
        "so a restore or dump is good only when",
        "messages",
        "progress",
        "signals",
        "`*.metadata.json`",
        "`prelude.json`",
        "passwords",
        "PHI in messages",
    ),
    "B.3": (
        "plain dump + `psql <`",
        "`psql -X -v ON_ERROR_STOP=1 -1 -f`",
        "truncated plain dump into an empty database",
        "`\\restrict` / `\\unrestrict` lines",
        "`pg_restore --list`",
        "`pg_restore -f /dev/null file`",
        "`pg_restore` default",
        "`-1` (single transaction)",
        "default mode killed",
        "`--exit-on-error` with `-j`",
        "not in a database dump",
        "exact manifest of a live dump",
        "`ALTER DATABASE RENAME`",
        "`ALLOW_CONNECTIONS false`",
        "renamed-away database keeps `ALLOW_CONNECTIONS false`",
        "progress",
        "statistics",
        "after OS upgrade",
        "base backups",
    ),
}
STEPS = ("manifest", "work", "read_back")
TABLES = {"B.2": mongodb.ROWS, "B.3": postgresql.ROWS}
NO_WAY_TO_END_WITH_0 = {"exit codes"}
HONEST = (*mongodb.HONEST, *postgresql.HONEST)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program, "LOOK_EVERY_S", 0.004)
    monkeypatch.setattr(lookout, "GRACE_S", 0.0)


def fakes() -> Iterator[object]:
    for table, rows in TABLES.items():
        for row, found in rows.items():
            if not isinstance(found, str):
                yield from (
                    pytest.param(each, id=f"{table} {row} {number}") for number, each in enumerate(found, 1)
                )


def begun(entries: tuple[Entry, ...]) -> set[str]:
    return {each.step for each in entries if each.mark is Mark.INTENDED}


@pytest.mark.parametrize("fake", fakes())
def test_what_did_not_do_its_work_does_not_pass(fake: Fake, tmp_path: Path) -> None:
    move, entries = run(tmp_path, fake)
    place = STEPS.index(fake.at)
    ended = conclusion(entries, fake.at)
    assert ended is not None
    assert ended.outcome in (Outcome.FAIL, Outcome.UNKNOWN)
    assert ended.mark in (Mark.FAILED, Mark.DOUBTED)
    assert fake.why in Language("en").say(ended.said), "it fails, but not for the right reason"
    assert move.outcome is ended.outcome
    for name in STEPS[:place]:
        before = conclusion(entries, name)
        assert before is not None
        assert before.mark is Mark.VERIFIED
    assert not begun(entries) & set(STEPS[place + 1 :])


@pytest.mark.parametrize(
    "fake", HONEST, ids=lambda each: " ".join((each.promise.name, *each.promise.args[:2]))
)
def test_one_that_kept_its_promise_passes(fake: Fake, tmp_path: Path) -> None:
    move, entries = run(tmp_path, fake)
    assert move.outcome is Outcome.PASS
    for name in STEPS:
        ended = conclusion(entries, name)
        assert ended is not None
        assert ended.mark is Mark.VERIFIED


def test_each_row_has_a_fake_that_ends_with_0_or_says_why_not() -> None:
    for rows in TABLES.values():
        for row, found in rows.items():
            if isinstance(found, str):
                assert len(found) > 40
            elif row not in NO_WAY_TO_END_WITH_0:
                assert any(each.code == 0 and not each.signal for each in found), row


def test_each_promise_has_an_honest_keeper() -> None:
    broken = {
        each.promise
        for rows in TABLES.values()
        for found in rows.values()
        for each in found
        if isinstance(each, Fake)
    }
    assert broken == {each.promise for each in HONEST}


@pytest.mark.parametrize("table", TABLES)
def test_every_row_of_the_document_is_there(table: str) -> None:
    assert tuple(TABLES[table]) == TOPICS[table]


def test_values_of_patients_stay_in_the_sealed_files(tmp_path: Path) -> None:
    found = mongodb.ROWS["PHI in messages"][0]
    assert isinstance(found, Fake)
    run(tmp_path, found)
    holding = [
        each
        for each in (tmp_path / "state").rglob("*")
        if each.is_file() and mongodb.CANARY.encode() in each.read_bytes()
    ]
    assert [(each.parent.name, each.name) for each in holding] == [("sealed", "work.err")]
    assert holding[0].stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "argument",
    [
        "-p",
        "-phunter2",
        "--password=hunter2",
        "mongodb://medflow:hunter2@db/",
        "--uri=mongodb://medflow:hunter2@db/",
        "--dbname=postgresql://medflow:hunter2@db/hospital",
        "--dbname=host=db password=hunter2",
    ],
)
def test_a_password_in_the_argument_list_is_no_playbook(argument: str, tmp_path: Path) -> None:
    """The row `passwords`."""
    promise = replace(MONGO_RESTORE, args=(argument, *MONGO_RESTORE.args))
    write_playbook(tmp_path / "shelf", promise, Path("/usr/bin/mongorestore"))
    with pytest.raises(PlaybookError) as refused:
        load(tmp_path / "shelf" / "lying.toml")
    assert "a secret does not belong in a command" in Language("en").say(refused.value.phrase)


def test_an_error_after_more_output_than_is_read_is_no_pass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(program, "MOST_READ", 1024)
    good = postgresql.HONEST[0]
    _, entries = run(tmp_path, replace(good, out=good.out + "SET\n" * 500, error="\n" * 2000 + "ERROR:  no"))
    ended = conclusion(entries, "work")
    assert ended is not None
    assert ended.mark is Mark.DOUBTED
