"""Collects what the report of an incident needs from journals, audit and history: counts and times in one file."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from medflow_tui.actions.looking import Looking
from medflow_tui.actions.names import INCIDENT as ACTIONS
from medflow_tui.clients.tools import Tools
from medflow_tui.journal.audit_reading import stand
from medflow_tui.journal.auditing.place import audit_file
from medflow_tui.journal.history import HistoryReader
from medflow_tui.journal.run_log import all_runs, find
from medflow_tui.journal.small_file import replace_text
from medflow_tui.locale.language import Language
from medflow_tui.model.canonical import Fact
from medflow_tui.model.errors import MedflowError
from medflow_tui.model.performer import Finding, Login, Performer, Survey, Task
from medflow_tui.model.procedure import Mark, Outcome
from medflow_tui.model.site import Site
from medflow_tui.model.words import say
from medflow_tui.rules.auditing.standing import Standing
from medflow_tui.rules.incident import Moment, Timeline, page

RUNS, FILE, SHA = "runs", "incident.txt", "sha256"
LANGUAGES, MOST_CHANGES, LONGEST_H = ("fr", "en"), 2_000, 14 * 24
TOLD = {
    Mark.RUN_STARTED,
    Mark.RUN_ENDED,
    Mark.FAILED,
    Mark.DOUBTED,
    Mark.OVERRIDDEN,
    Mark.UNDONE,
    Mark.RESUMED,
}


class Sources:
    """Where this program wrote down what happened."""

    def __init__(self, site: Site, tools: Tools) -> None:
        self.site, self.tools = site, tools

    def timeline(self, since: datetime, but: str = "") -> Timeline:
        """Everything since a moment, but for one run. Raises OSError."""
        moments, damaged = list(self._alarms(since)), 0
        for folder in all_runs(self.tools.state / RUNS):
            if folder.run == but:
                continue
            try:
                moments += [
                    Moment(at=each.at, kind="run", name=folder.run[16:-5], word=each.mark.value)
                    for each in folder.entries()
                    if each.at >= since and each.mark in TOLD
                ]
            except MedflowError:
                damaged += 1
        try:
            standing = stand(audit_file(self.site, self.tools.state), self.site, newest=1)
        except MedflowError:
            return Timeline(moments=moments, damaged=damaged)
        return Timeline(
            moments=[*moments, *_audited(standing, since)],
            damaged=damaged,
            is_whole=not standing.is_altered,
            end=standing.end,
            signed=standing.signatures.signed,
        )

    def _alarms(self, since: datetime) -> Iterator[Moment]:
        reader = HistoryReader(self.tools.state)
        for target in self.site.targets:
            for each in reader.changes(target.name, MOST_CHANGES):
                if each.at >= since and not each.soft:
                    yield Moment(at=each.at, kind="alarm", name=target.name, word=each.health.value)


def _audited(standing: Standing, since: datetime) -> Iterator[Moment]:
    for each in standing.records:
        at = _moment(each.get("ts"))
        if at is not None and at >= since:
            name = str(each.get("playbook", "")).partition("@")[0] or "-"
            yield Moment(at=at, kind="audit", name=name[:40], word=str(each.get("ev", "?"))[:40])


def _moment(text: object) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(text).replace("Z", "+00:00"))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


class Collect:
    """Writes `incident.txt` into the folder of the run; doing it again replaces it."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self.calls: tuple[str, ...] = (f"write {FILE}",)

    def prepare(self, task: Task) -> Finding:
        hours = str(task.step.args.get("hours", ""))
        if not hours.isdecimal() or not 1 <= int(hours) <= LONGEST_H:
            return Finding(outcome=Outcome.FAIL, said=say("hours: 1 to {most:number}", most=LONGEST_H))
        return Finding(outcome=Outcome.PASS)

    def carry_out(self, task: Task) -> Finding:
        now, run = self._sources.tools.now(), str(task.step.args.get("run", ""))
        since = now - timedelta(hours=int(str(task.step.args["hours"])))
        site = self._sources.site
        try:
            found = self._sources.timeline(since, but=run)
            pages = [
                "\n".join(
                    Language(code, site.timezone).say(each, now)
                    for each in page(site.name, since, now, found)
                )
                for code in LANGUAGES
            ]
            text = "\n\n".join(pages) + "\n"
            replace_text(paper(self._sources.tools, run), text)
        except (OSError, MedflowError) as error:
            why = (error.strerror if isinstance(error, OSError) else None) or "?"
            return Finding(outcome=Outcome.FAIL, said=say("the timeline cannot be written: {why}", why=why))
        return Finding(outcome=Outcome.PASS, facts={**counts(found), SHA: _digest(text.encode())})

    def verify(self, task: Task) -> Finding:
        return read_back(self._sources.tools, task, task.own().get(SHA))

    def reconcile(self, task: Task) -> Finding:
        """Whether or not it was written before, it is written again: nobody but this run reads it yet."""
        return Finding(outcome=Outcome.FAIL, said=say("it is collected again"))


class ReadBack(Looking):
    """The file is as it was written when people answered."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources

    def verify(self, task: Task) -> Finding:
        return read_back(self._sources.tools, task, task.past.get("collect", {}).get(SHA))


def read_back(tools: Tools, task: Task, wanted: object) -> Finding:
    """Whether the file on the disk is the one that was collected."""
    try:
        found = _digest(paper(tools, str(task.step.args.get("run", ""))).read_bytes())
    except (OSError, MedflowError):
        return Finding(outcome=Outcome.FAIL, said=say("{file} is not there", file=FILE))
    if found != wanted:
        return Finding(outcome=Outcome.FAIL, said=say("{file} is not what was collected", file=FILE))
    return Finding(outcome=Outcome.PASS, said=say("{file} lies in the folder of this run", file=FILE))


def paper(tools: Tools, run: str) -> Path:
    """Raises MedflowError when there is no such run."""
    return find(tools.state / RUNS, run).path / FILE


def counts(found: Timeline) -> dict[str, Fact]:
    return {
        "alarms": found.count("alarm"),
        "run_events": found.count("run"),
        "audit_records": found.count("audit"),
        "journals_damaged": found.damaged,
        "audit_whole": found.is_whole is True,
    }


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


class IncidentCrew:
    """What the playbook after an incident needs: this program's own files."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        performers: tuple[Performer, Performer] = (Collect(sources), ReadBack(sources))
        self._performers = dict(zip(ACTIONS, performers, strict=True))

    def __enter__(self) -> IncidentCrew:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing stays open."""

    def survey(self) -> Survey:
        runs = len(all_runs(self._sources.tools.state / RUNS))
        return Survey(facts={"runs_known": runs}, targets={"journals": str(self._sources.tools.state)})

    def performer(self, action: str) -> Performer | None:
        return self._performers.get(action)


def crew(site: Site, tools: Tools, login: Login | None) -> IncidentCrew:
    """The crew at this site: it always has something to look at."""
    return IncidentCrew(Sources(site, tools))
