"""What is left of an incident for its report: moments and counts, never what was said, and nothing of a person."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from medflow_tui.model.audit import Anchor
from medflow_tui.model.words import Phrase, say
from medflow_tui.rules.auditing.checkpoint import Signed
from medflow_tui.rules.auditing.words import words_of

MOST_LINES = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One line of a timeline. `kind` is alarm, run or audit; `name` is of the site file or of this program."""

    at: datetime
    kind: str
    name: str
    word: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """`damaged` journals could not be read; `is_whole` tells whether the audit is unbroken (None: there is none), `end` where
    it ended when it was read, `signed` what its signatures say."""

    moments: Sequence[Moment]
    damaged: int = 0
    is_whole: bool | None = None
    end: Anchor | None = None
    signed: Signed = Signed.UNSIGNED

    def count(self, kind: str) -> int:
        return sum(each.kind == kind for each in self.moments)


def counted(moments: Iterable[Moment]) -> dict[tuple[str, str, str], int]:
    """How often each came.

    >>> from medflow_tui.model.health import EPOCH
    >>> counted([Moment(at=EPOCH, kind="run", name="payments", word="run.done")] * 2)
    {('run', 'payments', 'run.done'): 2}
    """
    found: dict[tuple[str, str, str], int] = {}
    for each in moments:
        key = (each.kind, each.name, each.word)
        found[key] = found.get(key, 0) + 1
    return dict(sorted(found.items()))


def page(site: str, since: datetime, until: datetime, found: Timeline) -> Iterator[Phrase]:
    """The paper for the report: counts first, then the newest lines in the order of time."""
    yield say("Incident at {site}, {since:moment} to {until:moment}", site=site, since=since, until=until)
    yield say(
        "{alarms:number} changes of alarms, {runs:number} events of runs, {audits:number} records of the audit",
        alarms=found.count("alarm"),
        runs=found.count("run"),
        audits=found.count("audit"),
    )
    if found.damaged:
        yield say("{n:number} journals cannot be read: keep them as they are", n=found.damaged)
    if found.is_whole is None:
        yield say("there is no audit that can be read")
    else:
        yield (
            say("the audit is unbroken")
            if found.is_whole
            else say("the audit is broken: call the administrator")
        )
    if found.signed is Signed.UNKNOWN:
        yield say("not known whether it is signed")
    if found.is_whole and found.end is not None:
        yield say("anchor: {count}:{head}", count=str(found.end.count), head=found.end.head)
        yield say("for paper: {words}", words=words_of(found.end.head))
    for (kind, name, word), times in counted(found.moments).items():
        yield say("{n:number} times {kind} {name} {event}", n=times, kind=kind, name=name, event=word)
    newest = sorted(found.moments, key=lambda each: each.at)[-MOST_LINES:]
    for each in newest:
        yield say(
            "{at:moment} {kind} {name} {event}", at=each.at, kind=each.kind, name=each.name, event=each.word
        )
