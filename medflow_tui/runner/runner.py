"""The loop: ask what comes next, write down the intent, do it, write down the result, ask again."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, assert_never

from medflow_tui.journal.append_log import DamagedError, UnwritableError
from medflow_tui.journal.audit import Audit
from medflow_tui.journal.run_log import Journal
from medflow_tui.model.canonical import Facts
from medflow_tui.model.errors import RefusedError
from medflow_tui.model.performer import Crew, Finding, Performer, Survey, Task
from medflow_tui.model.procedure import NO_FACTS, Act, Mark, Move, Outcome, Playbook, Step
from medflow_tui.model.site import Site
from medflow_tui.model.words import SILENCE, Phrase, say
from medflow_tui.rules.guards import evaluate_all
from medflow_tui.rules.procedure import next_move, past_of
from medflow_tui.runner.alive import myself
from medflow_tui.runner.lock import RunLock
from medflow_tui.runner.preview import Agreed, guard_facts
from medflow_tui.runner.recorder import Recorder
from medflow_tui.runner.surroundings import AUDIT, LOCKS

CONCLUSION = {Outcome.PASS: Mark.VERIFIED, Outcome.FAIL: Mark.FAILED, Outcome.UNKNOWN: Mark.DOUBTED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mandate:
    """Who wants this run, why, and which plan they confirmed by typing what."""

    who: str
    reason: str
    typed: str
    plan_hash: str


class Runner:
    """One run, from its journal as it stands to its end, or to where a person must decide.

    The crew and the journal are given; nothing else acts. `should_stop` is asked between steps.
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
        should_stop: Callable[[], bool] = lambda: False,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._journal, self._playbook, self._plan, self._mandate = journal, playbook, plan, mandate
        self._site, self._crew, self._state = site, crew, state
        self._should_stop, self._now = should_stop, now
        self._recorder = Recorder(journal, Audit(state / AUDIT, site=site.code), playbook, plan)
        self._lock = RunLock(state / LOCKS, playbook.locks, lease_s=playbook.lease_s)
        self._run = journal.folder.run

    def run(self) -> Move:
        """Work until the run is over or a person must decide; the last move is the answer.

        Raises UnwritableError when something could not be written down (it was then not done), DamagedError.
        """
        before = next_move(self._playbook, self._journal.entries)
        if before.act is Act.FINISH and self._is_over():
            self._give_back()
            return before
        self._open()
        refusal = self._integrity() or self._take_lock() or self._guards_refuse()
        if refusal:
            return self._leave(refusal)
        fresh = True
        while True:
            move = next_move(self._playbook, self._journal.entries)
            match move.act:
                case Act.FINISH:
                    return self._end(move.outcome, move.why)
                case Act.PAUSE:
                    return self._pause(move.why)
                case Act.START:
                    step = self._step(move)
                    refusal = self._why_not_start(step, fresh=fresh)
                    if refusal:
                        return self._leave(refusal)
                    self._start(step)
                case Act.VERIFY:
                    self._verify(self._step(move))
                case Act.RECONCILE:
                    self._reconcile(self._step(move))
                case _:
                    assert_never(move.act)
            fresh = False

    def _open(self) -> None:
        me = myself()
        facts: dict[str, Any] = {
            "pid": me.pid,
            "started": me.started,
            "boot": me.boot,
            "who": self._mandate.who,
        }
        if any(each.mark is Mark.RUN_STARTED for each in self._journal.entries):
            self._write(Mark.RESUMED, facts=facts)
            return
        facts |= {
            "playbook": f"{self._playbook.id}@{self._playbook.version}",
            "plan_hash": self._plan.hash,
            "reason": self._mandate.reason,
            "operator": self._plan.operator,
        }
        self._write(Mark.RUN_STARTED, facts=facts)
        self._write(Mark.CONFIRMED, facts={"typed": self._mandate.typed})

    def _integrity(self) -> Phrase:
        """What is to be done must be what was confirmed, at the site for which it was confirmed."""
        if self._plan.hash != self._mandate.plan_hash:
            return say("the plan is not the one that was confirmed")
        if self._mandate.typed != self._plan.confirm:
            return say("what was typed is not what the plan asks for")
        if len(self._mandate.reason.strip()) < self._playbook.reason_min_chars:
            return say(
                "the reason is too short: {n:number} letters at least", n=self._playbook.reason_min_chars
            )
        if self._playbook.sha256 != self._plan.playbook_sha256:
            return say("the playbook is not the one in the plan")
        if (self._site.code, self._site.environment) != (self._plan.site, self._plan.environment):
            return say("the plan was made for another site or environment")
        for step in self._playbook.steps:
            performer = self._crew.performer(step.action)
            if performer is None:
                return say("there is no action {action} in this version", action=step.action)
            if performer.calls != self._plan.calls.get(step.id):
                return say("the step {step} would make other calls than the plan says", step=step.id)
        return SILENCE

    def _take_lock(self) -> Phrase:
        try:
            replaced = self._lock.take(run=self._run, who=self._mandate.who)
        except RefusedError as error:
            return error.phrase
        except OSError as error:
            return say("the lock cannot be written: {why}", why=error.strerror or "?")
        facts = {f"stale.{each.run}": f"{each.who} since {each.since}" for each in replaced}
        self._write(Mark.LOCKED, facts=facts)
        return SILENCE

    def _guards_refuse(self, step: str = "") -> Phrase:
        survey = self._survey()
        facts = guard_facts(
            self._playbook,
            self._site,
            survey,
            self._state,
            now=self._now(),
            plan=self._plan_as_of_now(),
            run=self._run,
        )
        results = evaluate_all(self._playbook.guards, facts)
        stopping = tuple(each.said for each in results if each.stops)
        said = say("a guard says no").also(*stopping) if stopping else SILENCE
        self._write(
            Mark.GUARDED,
            step=step,
            outcome=Outcome.FAIL if stopping else Outcome.PASS,
            said=said,
            facts={each.id: each.outcome.value for each in results},
        )
        return said

    def _survey(self) -> Survey:
        """What is measured now; a fault of our own measures nothing, and guards say that they do not know."""
        try:
            return self._crew.survey()
        except Exception:
            return Survey()

    def _plan_as_of_now(self) -> Agreed:
        """The age of a plan counts until the run starts; from then on the run itself may take its time."""
        started = next(each for each in self._journal.entries if each.mark is Mark.RUN_STARTED)
        return replace(self._plan, measured_at=self._plan.measured_at + (self._now() - started.at))

    def _why_not_start(self, step: Step, *, fresh: bool) -> Phrase:
        if self._should_stop():
            return say("stopped between two steps, as asked")
        if step.effect.changes and not fresh:
            return self._guards_refuse(step.id)
        return SILENCE

    def _start(self, step: Step) -> None:
        performer = self._performer(step)
        prepared = self._ask(lambda: performer.prepare(self._task(step)))
        if prepared.outcome is not Outcome.PASS:
            self._conclude(step, prepared)
            return
        self._write(Mark.INTENDED, step=step.id, facts=prepared.facts)
        if step.effect.changes:
            found = self._ask(lambda: performer.carry_out(self._task(step)))
            self._write(
                Mark.CARRIED_OUT, step=step.id, outcome=found.outcome, said=found.said, facts=found.facts
            )
        else:
            self._verify(step)

    def _verify(self, step: Step) -> None:
        performer = self._performer(step)
        self._conclude(step, self._ask(lambda: performer.verify(self._task(step))))

    def _reconcile(self, step: Step) -> None:
        performer = self._performer(step)
        found = self._ask(lambda: performer.reconcile(self._task(step)))
        self._write(Mark.RECONCILED, step=step.id, outcome=found.outcome, said=found.said, facts=found.facts)

    def _conclude(self, step: Step, found: Finding) -> None:
        self._write(
            CONCLUSION[found.outcome], step=step.id, outcome=found.outcome, said=found.said, facts=found.facts
        )

    def _ask(self, question: Callable[[], Finding]) -> Finding:
        """A performer's answer; a fault of our own is not knowing, and only its type is told (no content leaks)."""
        try:
            return question()
        except (UnwritableError, DamagedError):
            raise
        except Exception as error:  # whatever it is, the world may have been changed
            return Finding(
                outcome=Outcome.UNKNOWN,
                said=say("a fault of this program: {type}", type=type(error).__name__),
            )

    def _task(self, step: Step) -> Task:
        def tell(said: Phrase, facts: Facts = NO_FACTS) -> None:
            self._write(Mark.PROGRESSED, step=step.id, said=said, facts=facts)

        return Task(step=step, past=past_of(self._journal.entries), tell=tell)

    def _performer(self, step: Step) -> Performer:
        performer = self._crew.performer(step.action)
        assert performer is not None  # looked at before the start
        return performer

    def _step(self, move: Move) -> Step:
        step = self._playbook.step(move.step)
        assert step is not None
        return step

    def _is_over(self) -> bool:
        return any(each.mark is Mark.RUN_ENDED for each in self._journal.entries)

    def _leave(self, why: Phrase) -> Move:
        """A no before anything was started ends the run; later it waits for a person."""
        if any(each.mark is Mark.INTENDED for each in self._journal.entries):
            return self._pause(why)
        return self._end(Outcome.FAIL, why)

    def _pause(self, why: Phrase) -> Move:
        self._write(Mark.PAUSED, said=why)
        return Move(act=Act.PAUSE, why=why)

    def _end(self, outcome: Outcome, why: Phrase) -> Move:
        self._write(Mark.RUN_ENDED, outcome=outcome, said=why)
        self._give_back()
        return Move(act=Act.FINISH, outcome=outcome, why=why)

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
