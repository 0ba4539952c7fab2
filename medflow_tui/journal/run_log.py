"""The folder of a run: the plan as it was confirmed, the playbook as it was, and the journal."""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

from medflow_tui.journal.append_log import AppendLog, DamagedError, read_lines, unreadable, write_durably
from medflow_tui.journal.moment import moment_of, stamp
from medflow_tui.journal.private import make_folder, sync_folder
from medflow_tui.model.canonical import Facts
from medflow_tui.model.errors import RefusedError
from medflow_tui.model.plan import Plan, phrase_from, phrase_record
from medflow_tui.model.procedure import NO_FACTS, Entry, Mark, Outcome
from medflow_tui.model.words import SILENCE, Phrase, say

PLAN, PLAYBOOK, JOURNAL, OUTPUT = "plan.json", "playbook.toml", "journal.jsonl", "output.txt"
RUN_ID = re.compile(r"\d{8}-\d{6}-[a-z0-9-]{1,60}-[0-9a-f]{4}")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFolder:
    """Where one run's files are; the name of the folder is the name of the run."""

    path: Path

    @property
    def run(self) -> str:
        return self.path.name

    @property
    def journal(self) -> Path:
        return self.path / JOURNAL

    @property
    def output(self) -> Path:
        return self.path / OUTPUT

    @property
    def playbook(self) -> Path:
        return self.path / PLAYBOOK

    def plan(self) -> dict[str, Any]:
        """The plan's record. Raises DamagedError."""
        path = self.path / PLAN
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise DamagedError(say("{path} is missing or damaged", path=str(path))) from error
        if not isinstance(found, dict):
            raise DamagedError(say("{path} is missing or damaged", path=str(path)))
        return found

    def entries(self) -> tuple[Entry, ...]:
        """The journal so far, without a line that is being written. Raises DamagedError."""
        return entries_of(self.journal, read_lines(self.journal).records)


def create(runs: Path, plan: Plan, playbook_source: str, *, now: datetime | None = None) -> RunFolder:
    """A new run's folder (mode 0700) with its plan and playbook in it, durable. Raises UnwritableError, OSError.

    It gets the name of a run when it is whole: what a power cut leaves of it before is no run.
    """
    moment = (now or datetime.now(UTC)).strftime("%Y%m%d-%H%M%S")
    make_folder(runs)
    sync_folder(runs.parent)  # who made `runs` may have been killed before that
    path = runs / f"{moment}-{plan.playbook}-{secrets.token_hex(2)}"
    aside = RunFolder(path=runs / f".{path.name}")
    aside.path.mkdir(mode=0o700)
    write_durably(aside.playbook, playbook_source)
    write_durably(aside.path / PLAN, plan.written())
    aside.path.rename(path)
    sync_folder(runs)
    return RunFolder(path=path)


def all_runs(runs: Path) -> tuple[RunFolder, ...]:
    """Every run of which there is a folder, newest first. Raises DamagedError when they cannot be read."""
    try:
        names = sorted((each.name for each in runs.iterdir() if RUN_ID.fullmatch(each.name)), reverse=True)
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise unreadable(runs, error) from error
    return tuple(RunFolder(path=runs / name) for name in names)


def find(runs: Path, run: str) -> RunFolder:
    """The folder of a run by its name. Raises RefusedError when there is none, DamagedError when that cannot be seen."""
    try:
        if RUN_ID.fullmatch(run) and (runs / run).is_dir():
            return RunFolder(path=runs / run)
    except OSError as error:
        raise unreadable(runs, error) from error
    raise RefusedError(say("there is no run named {run}", run=run))


def entries_of(path: Path, records: Iterable[dict[str, Any]], *, after: int = -1) -> tuple[Entry, ...]:
    """Journal lines as entries; the numbers must follow each other without a gap. Raises DamagedError."""
    entries = []
    for number, record in enumerate(records, after + 1):
        try:
            entry = _entry(record)
        except (KeyError, ValueError, TypeError, AttributeError) as error:
            raise DamagedError(
                say("line {number} of {path} is damaged", number=str(number + 1), path=str(path))
            ) from error
        if entry.seq != number:
            raise DamagedError(
                say("line {number} of {path} is damaged", number=str(number + 1), path=str(path))
            )
        entries.append(entry)
    return tuple(entries)


def _entry(record: dict[str, Any]) -> Entry:
    facts = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in record.get("facts", {}).items()
    }
    return Entry(
        seq=record["seq"],
        at=moment_of(record),
        mark=Mark(record["ev"]),
        step=record.get("step", ""),
        outcome=Outcome(record["outcome"]) if "outcome" in record else None,
        said=phrase_from(record.get("said", {})),
        facts=MappingProxyType(facts),
    )


class Journal:
    """The journal of one run, open for its only writer."""

    def __init__(self, folder: RunFolder) -> None:
        """Take the journal: refuses a second writer, cuts a torn last line and records that.

        Raises RefusedError when another process writes it, DamagedError, UnwritableError.
        """
        self.folder = folder
        self._log = AppendLog(folder.journal)
        try:
            _take_alone(self._log.descriptor, folder.run)
            lines, torn = self._log.cut_torn_line()
            self._entries = list(entries_of(folder.journal, lines.records))
            if torn:
                self.append(Mark.REPAIRED, facts={"bytes": torn})
        except BaseException:
            self._log.close()
            raise

    @property
    def entries(self) -> tuple[Entry, ...]:
        return tuple(self._entries)

    def append(
        self,
        mark: Mark,
        *,
        step: str = "",
        outcome: Outcome | None = None,
        said: Phrase = SILENCE,
        facts: Facts = NO_FACTS,
    ) -> Entry:
        """Write one line and make it durable before returning. Raises UnwritableError."""
        record: dict[str, Any] = {"v": 1, "seq": len(self._entries), **stamp(), "ev": mark.value}
        if step:
            record["step"] = step
        if outcome is not None:
            record["outcome"] = outcome.value
        if said:
            record["said"] = phrase_record(said)
        if facts:
            record["facts"] = dict(facts)
        self._log.append(record)
        entry = _entry(record)
        self._entries.append(entry)
        return entry

    def sha256(self) -> str:
        """Of all lines so far."""
        return hashlib.sha256(self.folder.journal.read_bytes()).hexdigest()

    def close(self) -> None:
        self._log.close()


def _take_alone(descriptor: int, run: str) -> None:
    if os.name != "posix":
        return
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        raise RefusedError(say("another process works on the run {run}", run=run)) from error
