"""The loop: ask what comes next, write down the intent, do it, write down the result, ask again."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from medflow_tui.journal.audit import Audit
from medflow_tui.journal.run_log import Journal
from medflow_tui.model.canonical import Facts
from medflow_tui.model.errors import MedflowError, RefusedError
from medflow_tui.model.performer import Crew
from medflow_tui.model.playbook import Playbook, Step
from medflow_tui.model.procedure import NO_FACTS, Act, End, Mark, Move, Outcome, Then
from medflow_tui.model.site import Site
from medflow_tui.model.words import SILENCE, Phrase, say
from medflow_tui.rules.holds import Grip, holds_of, kept
from medflow_tui.rules.locks import lost
from medflow_tui.rules.procedure import next_move
from medflow_tui.rules.trace import may_have_changed, stop_of
from medflow_tui.rules.undoing import reason_to_undo
from medflow_tui.runner.agreeing import Agreeing
from medflow_tui.runner.alive import myself
from medflow_tui.runner.cast import Cast
from medflow_tui.runner.gate import Gate
from medflow_tui.runner.lock import LOCK_LOST
from medflow_tui.runner.mandate import Mandate
from medflow_tui.runner.preview import Agreed
from medflow_tui.runner.recorder import Recorder
from medflow_tui.runner.stepping import Stepping
from medflow_tui.runner.surroundings import lock_of
from medflow_tui.runner.wishes import Hearing, Stopping, nobody_asked

LOOK_EVERY_S = 1.0
STOPPED = say("stopped between two steps, as asked")
BACK = (Act.UNDO, Act.UNDO_RECONCILE)


class Runner:
    """One run, from its journal as it stands to its end, or to where a person must decide.

    The crew and the journal are given; nothing else acts. `stopping` is asked between steps; `hearing` takes the orders
    of people while it goes on; `agreeing` waits for a second person and counts who agreed, `renew` makes the crew anew
    after that; without it `approvals` counts (None: not known), and nobody is waited for.
    """

    def __init__(
        self,
        *,
        journal: Journal,
        playbook: Playbook,
        plan: Agreed,
        mandate: Mandate,
        site: Site,
        crew: Crew,
        state: Path,
        stopping: Stopping | None = None,
        approvals: Callable[[], int | None] = lambda: None,
        agreeing: Agreeing | None = None,
        renew: Callable[[], None] = lambda: None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._journal, self._playbook, self._plan, self._mandate = journal, playbook, plan, mandate
        self._stopping, self._now = stopping or Stopping(), now
        self._agreeing, self._renew_crew = agreeing, renew
        self._recorder = (
            agreeing.recorder if agreeing else Recorder(journal, Audit.of(site, state), playbook, plan)
        )
        self._lock, self._is_lost = lock_of(state, playbook), False
        self._run = journal.folder.run
        cast = Cast(playbook, crew, journal.folder.path)
        self._gate = Gate(
            journal=journal,
            recorder=self._recorder,
            playbook=playbook,
            plan=plan,
            mandate=mandate,
            site=site,
            crew=crew,
            cast=cast,
            state=state,
            now=now,
            approvals=agreeing.count if agreeing else approvals,
        )
        facts = {**plan.facts, "run_id": self._run, "environment": plan.environment, "site_code": plan.site}
        self._stepping = Stepping(
            journal=journal,
            recorder=self._recorder,
            playbook=playbook,
            cast=cast,
            facts=facts,
            wants_end=lambda: self._stopping.now,
            renew=self._renew,
        )
        self._news = threading.Event()
        self.hearing = Hearing(
            journal=journal,
            recorder=self._recorder,
            playbook=playbook,
            stopping=self._stopping,
            right_answer=self._stepping.right_answer,
            news=self._news.set,
            agree=agreeing.take if agreeing else nobody_asked,
            access=site.access,
        )

    def run(self) -> Move:
        """Work until the run is over or a person must decide; the last move is the answer.

        Raises UnwritableError when something could not be written down (it was then not done), DamagedError.
        """
        before = self._next()
        if before.act is Act.FINISH and any(each.mark is Mark.RUN_ENDED for each in self._journal.entries):
            self._give_back()
            return before
        self._open()
        wants_end = stop_of(self._journal.entries) is not None
        back = wants_end or reason_to_undo(self._playbook, self._journal.entries) is not None
        refusal = self._denied("not_as_confirmed", self._gate.integrity())
        refusal = refusal or self._denied("passive", self._gate.passive())
        refusal = refusal or (SILENCE if back else self._agreement())
        if refusal and (move := self._next()).act is Act.FINISH and self._is_to_stop():
            return self._end(move)
        refusal = refusal or self._take_lock() or self._gate.refusal(back=back)
        if refusal:
            return self._leave(refusal)
        self._look_at_holds()
        fresh = True
        while True:
            move = self._next()
            if move.act is Act.FINISH:
                return self._end(move)
            if move.act is Act.PAUSE:
                return self._pause(move)
            refusal = self._why_not(move, fresh=fresh)
            if refusal:
                return self._leave(refusal)
            if move.act is Act.WAIT:
                if not self._wait(move):
                    return self._pause(Move(act=Act.PAUSE, step=move.step, why=say("nobody has answered")))
                continue
            if move.act is Act.START and self._lost_a_hold(self._step(move)):
                continue
            self._make(move)
            self._renew()
            fresh = False

    def _next(self) -> Move:
        """What comes next; nothing is given back, and the run is not over, while a program of it works unheard."""
        entries = self._journal.entries
        move = next_move(self._playbook, entries, self._now())
        if move.act not in (Act.FINISH, Act.RELEASE) or any(each.mark is Mark.RUN_ENDED for each in entries):
            return move
        if not (works := self._stepping.at_work()):
            return move
        role = self._playbook.limits.escalate_to or self._playbook.owner
        why = say("not over yet: wait for its end, or call {role}", role=role).also(works)
        return Move(act=Act.PAUSE, step=move.step, why=why, call=role)

    def _make(self, move: Move) -> None:
        works: dict[Act, Callable[[Step], None]] = {
            Act.START: self._stepping.start,
            Act.VERIFY: self._stepping.verify,
            Act.RECONCILE: self._stepping.reconcile,
            Act.CLEAN: self._stepping.clean,
            Act.UNDO: self._stepping.undo,
            Act.UNDO_VERIFY: self._stepping.undo_verify,
            Act.UNDO_RECONCILE: self._stepping.undo_reconcile,
        }
        if move.act in works:
            works[move.act](self._step(move))
        else:
            self._stepping.hold(move.hold, move.step, taking=move.act is Act.ACQUIRE)

    def _open(self) -> None:
        me, mandate = myself(), self._mandate
        facts: dict[str, Any] = {"pid": me.pid, "started": me.started, "boot": me.boot, "who": mandate.who}
        facts |= {"uid": os.getuid(), "audit_session": mandate.origin.audit_session}
        if mandate.session:
            facts["session"] = mandate.session
        if not any(each.mark is Mark.RUN_STARTED for each in self._journal.entries):
            facts |= {
                "playbook": f"{self._playbook.id}@{self._playbook.version}",
                "plan_hash": self._plan.hash,
                "reason": mandate.reason,
                "operator": self._plan.operator,
            }
            self._write(Mark.RUN_STARTED, facts=facts)
            self._write(Mark.CONFIRMED, facts={"typed": mandate.typed})
            return
        self._write(Mark.RESUMED, facts=facts)
        if not any(each.mark is Mark.CONFIRMED for each in self._journal.entries):
            self._write(Mark.CONFIRMED, facts={"typed": mandate.typed})
        if mandate.stop:
            self._write(Mark.STOP_ASKED, facts={"then": mandate.stop, "who": mandate.who})

    def _agreement(self) -> Phrase:
        """Nothing when enough people have agreed, or it may be done without; else why not."""
        agreeing = self._agreeing
        if agreeing is None or agreeing.count() >= agreeing.needed or self._gate.may_pass_over("approval"):
            return SILENCE

        def pause(seconds: float) -> None:
            self._news.wait(seconds)
            self._news.clear()

        passive = self._gate.passive
        why = passive() or agreeing.wait(lambda: self._is_to_stop() or bool(passive()), pause)
        why = passive() or why
        if not why:
            try:
                self._renew_crew()
            except MedflowError as error:
                return error.phrase
        return why

    def _is_to_stop(self) -> bool:
        return self._stopping.asked or stop_of(self._journal.entries) is not None

    def _renew(self) -> None:
        """Say that this run lives: in its lock, and where the audit is anchored."""
        self._lock.renew()
        self._recorder.keep_anchor()

    def _take_lock(self) -> Phrase:
        role = self._playbook.limits.escalate_to or self._playbook.owner
        must_hold = lost(role) if self._has_acted() else SILENCE
        try:
            replaced = self._lock.take(run=self._run, who=self._mandate.who, lost=must_hold)
        except RefusedError as error:
            self._is_lost = error.cause == LOCK_LOST
            if self._is_lost:
                return self._denied(LOCK_LOST, error.phrase)
            self._recorder.locked_out(error.phrase.values)
            return error.phrase
        except OSError as error:
            return say("the lock cannot be written: {why}", why=error.strerror or "?")
        facts = {f"stale.{each.run}": f"{each.who} since {each.since}" for each in replaced}
        self._write(Mark.LOCKED, facts=facts)
        return SILENCE

    def _has_acted(self) -> bool:
        """Under its lock, which it holds until it is over: without it, others may have acted since."""
        entries, playbook = self._journal.entries, self._playbook
        has_changed = any(may_have_changed(each, entries) for each in playbook.steps)
        is_locked = any(each.mark is Mark.LOCKED for each in entries)
        return is_locked and (has_changed or bool(kept(playbook, entries)))

    def _denied(self, why: str, said: Phrase) -> Phrase:
        if said:
            self._recorder.denied(why)
        return said

    def _look_at_holds(self) -> None:
        """After an interruption: what was held may have been let go, and what was lost may be held again."""
        for name, trace in holds_of(self._playbook, self._journal.entries).items():
            if trace.grip not in (Grip.HELD, Grip.LOST):
                continue
            outcome = self._stepping.probe(name)
            if trace.grip is Grip.HELD and outcome is not Outcome.PASS:
                self._write(Mark.HOLD_LOST, outcome=outcome, facts={"hold": name})
            elif trace.grip is Grip.LOST and outcome is Outcome.PASS:
                self._write(Mark.HOLD_ACQUIRED, outcome=outcome, facts={"hold": name})

    def _lost_a_hold(self, step: Step) -> bool:
        """Looks at what the step requires, just before it."""
        for name in step.requires:
            outcome = self._stepping.probe(name)
            if outcome is not Outcome.PASS:
                self._write(Mark.HOLD_LOST, step=step.id, outcome=outcome, facts={"hold": name})
                return True
        return False

    def _why_not(self, move: Move, *, fresh: bool) -> Phrase:
        if move.act not in (Act.START, Act.WAIT, Act.CLEAN, *BACK):
            return SILENCE
        if self._stopping.asked:
            return STOPPED
        if passive := self._gate.passive() if move.act is not Act.UNDO_RECONCILE else SILENCE:
            return passive
        if move.act in BACK:
            return SILENCE if fresh or move.act is not Act.UNDO else self._gate.refusal(move.step, back=True)
        if (
            move.act is Act.START
            and self._step(move).effect.changes
            and not (fresh and not self._special(move))
        ):
            return self._gate.refusal(move.step)
        return SILENCE

    def _special(self, move: Move) -> bool:
        """Whether a guard was written for this very step: then it was not asked at the start."""
        return any(each.before == move.step for each in self._playbook.guards)

    def _wait(self, move: Move) -> bool:
        """Until people have answered, or asked to stop; false when nobody did in the time that the step gives."""
        ends = time.monotonic() + self._step(move).timeout_s
        while time.monotonic() < ends:
            if self._stopping.asked or self._next() != move or self._gate.passive():
                return True
            self._news.wait(LOOK_EVERY_S)
            self._news.clear()
            self._renew()
        return False

    def _step(self, move: Move) -> Step:
        step = self._playbook.step(move.step)
        assert step is not None
        return step

    def _leave(self, why: Phrase) -> Move:
        """A no before anything was started ends the run; later it waits for a person.

        One whose lock is lost is ended as it stands when that is asked for, unless a program of it works: nothing is
        looked at or given back.
        """
        if self._is_lost:
            move, works = self._next(), self._stepping.at_work()
            if move.act is not Act.FINISH and not works and stop_of(self._journal.entries) is Then.LEAVE:
                move = Move(act=Act.FINISH, outcome=Outcome.UNKNOWN, end=End.STOPPED, why=why)
            if move.act is Act.FINISH:
                return self._end(move)
            why = why.also(works) if works else why
        if any(each.mark is Mark.INTENDED for each in self._journal.entries):
            return self._pause(Move(act=Act.PAUSE, why=why))
        return self._end(Move(act=Act.FINISH, outcome=Outcome.FAIL, why=why))

    def _pause(self, move: Move) -> Move:
        facts: dict[str, Any] = {}
        if move.call:
            facts = {"call": move.call, "asks_release": move.asks_release}
        self._write(Mark.PAUSED, said=move.why, facts=facts)
        return move

    def _end(self, move: Move) -> Move:
        self._write(Mark.RUN_ENDED, outcome=move.outcome, said=move.why, facts={"end": move.end.value})
        self._give_back()
        return move

    def _give_back(self) -> None:
        with suppress(RefusedError):
            self._lock.release(run=self._run)

    def _write(
        self,
        mark: Mark,
        *,
        step: str = "",
        outcome: Outcome | None = None,
        said: Phrase = SILENCE,
        facts: Facts = NO_FACTS,
    ) -> None:
        self._recorder.write(mark, step=step, outcome=outcome, said=said, facts=facts)
        self._lock.renew()


__all__ = ["Mandate", "Runner"]
