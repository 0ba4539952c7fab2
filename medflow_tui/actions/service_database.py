"""What MongoDB holds before and after a restart: names of collections and exact counts, never a document."""

from __future__ import annotations

from collections.abc import Mapping

from medflow_tui.actions.looking import Looking
from medflow_tui.clients.mongodb import connected
from medflow_tui.clients.network import Deadline, UnreachableError
from medflow_tui.clients.tools import Tools
from medflow_tui.model.canonical import Fact, Facts
from medflow_tui.model.errors import SecretError
from medflow_tui.model.performer import Finding, Task
from medflow_tui.model.procedure import NO_FACTS, Outcome
from medflow_tui.model.targets.mongodb import MongodbTarget
from medflow_tui.model.words import Phrase, say
from medflow_tui.rules.collections import Difference, compare

MARGIN_S, MOST = 5.0, 100_000_000
NO_DATABASE = say("not applicable here: this site names no MongoDB")


class Counted:
    """Raises UnreachableError and SecretError."""

    def __init__(self, target: MongodbTarget, tools: Tools) -> None:
        self._target, self._tools = target, tools

    def counts(self, seconds: float) -> tuple[dict[str, int], tuple[str, ...]]:
        """Documents by collection, counted one by one, and the collections that delete documents by themselves."""
        with connected(self._target, self._tools, Deadline.after(seconds)) as server:
            names = sorted(each for each in server.collections() if not each.startswith("system."))
            counts = {name: server.count(name, {}, MOST) for name in names}
            fading = tuple(
                name for name in names if any("expireAfterSeconds" in each for each in server.indexes(name))
            )
        return counts, fading


class Collections(Looking):
    """Counts what is there. A server that does not answer has nothing to compare with: that is said, and no fail."""

    def __init__(self, target: MongodbTarget | None, tools: Tools) -> None:
        self._target, self._tools = target, tools

    def verify(self, task: Task) -> Finding:
        if self._target is None:
            return Finding(outcome=Outcome.FAIL, said=NO_DATABASE)
        try:
            counts, fading = Counted(self._target, self._tools).counts(_seconds(task))
        except UnreachableError as error:
            said = say("nothing to compare with afterwards: MongoDB does not answer").also(error.failure.text)
            return Finding(outcome=Outcome.PASS, said=said, facts={"counted": False})
        except SecretError as error:
            return Finding(outcome=Outcome.UNKNOWN, said=error.phrase)
        return Finding(outcome=Outcome.PASS, said=_summary(counts), facts=_facts(counts, fading))


class SameCollections(Looking):
    """Every collection that was there is there, with no fewer documents; what must exist exists."""

    def __init__(self, target: MongodbTarget | None, tools: Tools) -> None:
        self._target, self._tools = target, tools

    def verify(self, task: Task) -> Finding:
        if self._target is None:
            return Finding(outcome=Outcome.FAIL, said=NO_DATABASE)
        try:
            counts, fading = Counted(self._target, self._tools).counts(_seconds(task))
        except UnreachableError as error:
            return Finding(outcome=Outcome.FAIL, said=error.failure.text)
        except SecretError as error:
            return Finding(outcome=Outcome.UNKNOWN, said=error.phrase)
        before = task.past.get(str(task.step.args.get("before", "before")), NO_FACTS)
        found = compare(
            counts_in(before),
            counts,
            fading=fading,
            expected=self._target.collections,
            never_empty=self._target.never_empty,
        )
        facts = _facts(counts, fading)
        if found:
            return Finding(outcome=Outcome.FAIL, said=_told(found), facts=facts)
        if before.get("counted") is not True:
            said = say("not compared: it did not answer before").also(_summary(counts))
            return Finding(outcome=Outcome.PASS, said=said, facts=facts)
        return Finding(outcome=Outcome.PASS, said=say("as before").also(_summary(counts)), facts=facts)


def counts_in(facts: Facts) -> dict[str, int]:
    """Counts as they were written down.

    >>> counts_in({"counts": ("clinics=4", "odd=name=2")})
    {'clinics': 4, 'odd=name': 2}
    """
    told = facts.get("counts", ())
    pairs = (each.rpartition("=") for each in told) if isinstance(told, tuple) else ()
    return {name: int(number) for name, _, number in pairs}


def _facts(counts: Mapping[str, int], fading: tuple[str, ...]) -> dict[str, Fact]:
    return {
        "counted": True,
        "collections": len(counts),
        "documents": sum(counts.values()),
        "counts": tuple(f"{name}={number}" for name, number in counts.items()),
        "fading": fading,
    }


def _summary(counts: Mapping[str, int]) -> Phrase:
    return say(
        "{n:number} collections, {documents:number} documents", n=len(counts), documents=sum(counts.values())
    )


def _told(found: tuple[Difference, ...]) -> Phrase:
    phrases = [
        say("{name}: missing", name=each.collection)
        if each.now is None
        else say(
            "{name}: {now:number} documents, before {before:number}",
            name=each.collection,
            now=each.now,
            before=each.before,
        )
        if each.before is not None
        else say("{name}: empty", name=each.collection)
        for each in found[:4]
    ]
    first = say("data is missing: mend nothing, call the person in charge of the database")
    return first.also(*phrases)


def _seconds(task: Task) -> float:
    return max(task.step.timeout_s - MARGIN_S, MARGIN_S)
