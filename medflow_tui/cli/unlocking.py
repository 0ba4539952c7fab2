"""`playbook unlock`: locks that a dead process left behind, shown, and taken away one at a time by a confirmation."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from medflow_tui.cli.person import LeftError, Person, hearing_hang_up, need_terminal
from medflow_tui.cli.playbook import opened
from medflow_tui.cli.speech import DONE, FAILED
from medflow_tui.journal.run_log import find
from medflow_tui.model.errors import MedflowError, RefusedError
from medflow_tui.model.procedure import Phase, RunState
from medflow_tui.model.words import SILENCE, Phrase, say
from medflow_tui.runner.at_work import any_at_work
from medflow_tui.runner.lock import Found, RunLock, names_in
from medflow_tui.runner.printed import SEALED
from medflow_tui.runner.surroundings import LOCKS, RUNS
from medflow_tui.wiring import Options

if TYPE_CHECKING:
    from medflow_tui.runner.dispatch import Dispatch

LEASE_S = 3600  # of a lock that no playbook here knows


def unlock(options: argparse.Namespace, common: Options) -> int:
    """Without a name: all locks. With one: it is released when nobody holds it. 1: left as it was, 3: refused."""
    dispatch, language = opened(common)
    locks, person = Locks(dispatch=dispatch), Person(speak=language.say)
    if not options.name:
        found = [locks.seen(name) for name in names_in(locks.folder)]
        told = [locks.said(each) for each in found if each is not None]
        person.tell(*(told or [say("no lock is held here")]))
        return DONE
    seen = locks.seen(options.name) if options.name in names_in(locks.folder) else None
    if seen is None:
        raise RefusedError(say("there is no lock {name} here", name=options.name))
    person.tell(locks.said(seen))
    locks.check(seen)
    need_terminal()
    with hearing_hang_up():
        return _release(locks, seen, person)


def _release(locks: Locks, seen: Found, person: Person) -> int:
    run = locks.run_of(seen)
    if run is not None and run.phase.can_go_on:
        person.tell(
            say(
                "That run can be gone on with, which takes this lock by itself: playbook resume {run}",
                run=run.run,
            )
        )
    if run is None or (not run.phase.is_over and (run.changed or run.holds)):
        person.tell(
            say(
                "After that, a run that has begun to change something can only be left as it stands: nothing of it is "
                "gone on with or taken back by itself"
            )
        )
    phrase = f"UNLOCK {seen.name}"
    question = say("Type  {phrase}  to release it; anything else leaves it:", phrase=phrase)
    try:
        typed = person.confirm(question)
    except LeftError:
        typed = ""
    if typed != phrase:
        person.tell(say("nothing was released"))
        return FAILED
    locks.release(seen)
    person.tell(say("released, and written down in your name"))
    return DONE


@dataclass(frozen=True, slots=True, kw_only=True)
class Locks:
    """The locks of one state folder."""

    dispatch: Dispatch

    @property
    def folder(self) -> Path:
        return self.dispatch.state / LOCKS

    def seen(self, name: str) -> Found | None:
        """One lock as it is now. Raises RefusedError."""
        return next(iter(self._lock(name).found()), None)

    def said(self, seen: Found) -> Phrase:
        """Who holds it, since when, in which run, and whether anybody still does."""
        holder = seen.holder
        if holder is None:
            return say("{lock}: cannot be read: who holds it is not known", lock=seen.name)
        if holder.is_stale:
            stands = say("stale: its process is gone")
        elif holder.process.lives:
            stands = say("held: its process works")
        else:
            stands = say("its process is gone, its lease has not run out")
        run = self.run_of(seen)
        waits = (
            say("its run waits or was interrupted") if run is not None and run.phase.can_go_on else SILENCE
        )
        return say(
            "{lock}: {who} since {since}, run {run}",
            lock=seen.name,
            who=holder.who,
            since=holder.since,
            run=holder.run,
        ).also(stands, waits)

    def check(self, seen: Found) -> None:
        """Raises RefusedError for a lock that is, or may be, of a living process, or of a program that outlived it.

        A run that waits for a second person has taken none yet, but may hold its own of before.
        """
        holder = seen.holder
        if holder is not None and holder.process.lives:
            raise RefusedError(say("the lock {name} is held: it is not released", name=seen.name))
        if not seen.may_be_released:
            raise RefusedError(
                say(
                    "the lock {name} is not stale yet: its lease of {lease:duration} has not run out",
                    name=seen.name,
                    lease=self._lease_s(seen.name),
                )
            )
        own = holder.run if holder is not None else ""
        if works := self._at_work(own):
            raise RefusedError(say("the lock {name} is held: it is not released", name=seen.name).also(works))
        for each in self.dispatch.going_on():
            if each.awaits and each.run != own:
                continue
            if seen.name in self.dispatch.follower(each.run).playbook.locks:
                raise RefusedError(
                    say("the run {run} works now and needs the lock {name}", run=each.run, name=seen.name)
                )

    def release(self, seen: Found) -> None:
        """Looked at once more, written down, then taken away, while nobody else can take it. Raises MedflowError."""
        run = seen.holder.run if seen.holder is not None else ""

        def first() -> None:
            self.check(seen)
            self.dispatch.permission.lock_releasing(run, readable=seen.holder is not None)

        self._lock(seen.name).free(seen, first)

    def run_of(self, seen: Found) -> RunState | None:
        """The run that took it, as it stands; None when that is not known."""
        if seen.holder is None:
            return None
        try:
            state = self.dispatch.follower(seen.holder.run).poll().state
        except MedflowError:
            return None
        return None if state.phase is Phase.DAMAGED else state

    def _at_work(self, run: str) -> Phrase:
        """That a program of that run outlived it, and works under its lock."""
        try:
            return any_at_work(find(self.dispatch.state / RUNS, run).path / SEALED)
        except MedflowError:
            return SILENCE

    def _lock(self, name: str) -> RunLock:
        return RunLock(self.dispatch.state / LOCKS, (name,), lease_s=self._lease_s(name))

    def _lease_s(self, name: str) -> int:
        """The longest that any playbook of this site gives it."""
        return max((each.lease_s for each in self.dispatch.playbooks if name in each.locks), default=LEASE_S)
