"""A run in this very process: real journal, audit, lock and socket; services that are a dictionary."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from medflow_tui.journal.audit import Audit
from medflow_tui.journal.run_log import Journal, RunFolder, create
from medflow_tui.model.canonical import Facts
from medflow_tui.model.performer import Finding, Survey, Task
from medflow_tui.model.plan import Plan
from medflow_tui.model.playbook import NO_FACTS, Playbook
from medflow_tui.model.procedure import Entry, Mark, Move, Outcome, RunState
from medflow_tui.model.site import Site
from medflow_tui.playbooks.load import parse
from medflow_tui.rules.permits import override_phrase
from medflow_tui.rules.standing import state_of
from medflow_tui.runner.agreeing import Agreeing
from medflow_tui.runner.channel import Channel
from medflow_tui.runner.mandate import Mandate
from medflow_tui.runner.preview import Agreed, agreed, make_plan
from medflow_tui.runner.recorder import Recorder
from medflow_tui.runner.runner import Runner
from medflow_tui.runner.wishes import Stopping
from tests.unit.playbooks.books import FULL

PASS, FAIL, UNKNOWN = Outcome.PASS, Outcome.FAIL, Outcome.UNKNOWN
SITE = Site(code="LAB", name="Lab", environment="lab", opens="07:30", closes="17:00")
NIGHT = datetime(2026, 11, 23, 22, 0, tzinfo=UTC)


@dataclass
class Service:
    """One action: what it is asked is counted; `says` overrides an answer, `before` runs in the middle of it."""

    name: str
    stage: Stage
    effect: Callable[[], None] | None = None
    is_done: Callable[[], bool] | None = None
    calls: tuple[str, ...] = ()
    says: dict[str, Finding | Outcome] = field(default_factory=dict)
    before: dict[str, Callable[[Task], None]] = field(default_factory=dict)
    facts: Facts = field(default_factory=lambda: NO_FACTS)

    def prepare(self, task: Task) -> Finding:
        return self._answer("prepare", task, PASS)

    def carry_out(self, task: Task) -> Finding:
        found = self._answer("carry_out", task, PASS)
        if found.outcome is not FAIL and self.effect is not None:
            self.effect()
        return found

    def verify(self, task: Task) -> Finding:
        return self._answer("verify", task, self._told(PASS))

    def reconcile(self, task: Task) -> Finding:
        return self._answer("reconcile", task, self._told(UNKNOWN))

    def _told(self, otherwise: Outcome) -> Outcome:
        return otherwise if self.is_done is None else PASS if self.is_done() else FAIL

    def _answer(self, what: str, task: Task, otherwise: Outcome) -> Finding:
        self.stage.asked[f"{self.name} {what}"] += 1
        self.stage.tasks[f"{self.name} {what}"] = task
        if what in self.before:
            self.before[what](task)
        said = self.says.get(what, otherwise)
        if isinstance(said, Finding):
            return said
        return Finding(outcome=said, facts=self.facts if what in ("carry_out", "verify") else NO_FACTS)


class Stage:
    """One run of a playbook (that which uses everything, when none is named), as often as it is gone on with."""

    def __init__(self, folder: Path, source: str = FULL, *, site: Site = SITE, now: datetime = NIGHT) -> None:
        self.state, self.source, self.site, self.time = folder / "state", source, site, now
        self.state.mkdir(parents=True, exist_ok=True)
        self.playbook: Playbook = parse(source, "test.toml")
        self.asked: Counter[str] = Counter()
        self.tasks: dict[str, Task] = {}
        self.true: set[str] = set()
        self.survey_facts: dict[str, int | str | bool] = {
            "users": 3,
            "documents": 5,
            "identity.same_queue": True,
            "power": "mains",
        }
        self.services = {name: Service(name, self) for name in self.playbook.actions()}
        for name, thing in (("load", "staging"), ("switch", "switched")):
            self._change(f"mongo.{name}", thing, on=True)
        self._change("mongo.switch_back", "switched", on=False)
        self._change("mongo.drop_staging", "staging", on=False)
        self._change("service.stop", "stopped", on=True)
        self._change("service.start", "stopped", on=False)
        self.services["service.is_stopped"].is_done = lambda: "stopped" in self.true
        if "mongo.load" in self.services:
            self.services["mongo.load"].facts = {"failed_documents": 0, "restored": 5, "exit": 0}
        self.run_with = self.playbook
        self.plan: Plan | None = None
        self.folder: RunFolder | None = None
        self.stopping = Stopping()
        self.approvals: int | None = 1
        self.login_age_s = 0

    def _change(self, name: str, thing: str, *, on: bool) -> None:
        if name not in self.services:
            return
        each = self.services[name]
        each.calls = (f"CALL {name}",)
        each.effect = lambda: (self.true.add if on else self.true.discard)(thing)
        each.is_done = lambda: (thing in self.true) is on

    def survey(self) -> Survey:
        return Survey(facts=self.survey_facts, identity="lab 1", operator="Amani", role="dba")

    def performer(self, action: str) -> Service | None:
        return self.services.get(action)

    def start(self, **more: str) -> Move:
        """Plan, confirm, run."""
        inputs = {each.id: "backup-1" for each in self.playbook.inputs}
        self.plan = make_plan(self.playbook, self.site, self, self.state, now=self.time, inputs=inputs)
        self.folder = create(self.state / "runs", self.plan, self.source, now=self.time)
        return self.go_on(**more)

    def go_on(self, *, alone: bool = False, skip: str = "", **more: str) -> Move:
        """One process's life of the run; `skip` is a step that a person has left out before."""
        assert self.folder is not None
        assert self.plan is not None
        promise = agreed(self.folder.plan())
        given = {"who": "amani", "session": "one", "reason": "data is damaged", **more}
        typed = override_phrase(self.plan.confirm) if given.get("override") else self.plan.confirm
        mandate = Mandate(
            typed=typed, plan_hash=self.plan.hash, alone=alone, login_age_s=self.login_age_s, **given
        )
        journal, runner = Journal(self.folder), None
        if skip:
            journal.append(Mark.SKIPPED, step=skip, facts={"who": "amani", "reason": "data is damaged"})
        try:
            runner = Runner(
                journal=journal,
                playbook=self.run_with,
                plan=promise,
                mandate=mandate,
                site=self.site,
                crew=self,
                state=self.state,
                stopping=self.stopping,
                approvals=lambda: self.approvals,
                agreeing=self._agreeing(journal, promise, mandate) if self.site.access.people else None,
                now=lambda: self.time,
            )
            with Channel(self.folder.path, runner.hearing):
                return runner.run()
        finally:
            journal.close()
            if runner is not None:
                runner.hearing.recorder.wait()

    def _agreeing(self, journal: Journal, plan: Agreed, mandate: Mandate) -> Agreeing:
        """At a site that names people a second one is waited for; their verifiers are the names of them."""
        return Agreeing(
            journal=journal,
            recorder=Recorder(journal, Audit.of(self.site, self.state), self.playbook, plan),
            playbook=self.playbook,
            plan=plan,
            mandate=mandate,
            site=self.site,
            state=self.state,
            secret=lambda reference: reference.encode().hex(),
            now=lambda: self.time,
        )

    def in_background(self, **more: str) -> Background:
        return Background(lambda: self.start(**more))

    @property
    def entries(self) -> tuple[Entry, ...]:
        assert self.folder is not None
        return self.folder.entries()

    def marks(self, *wanted: Mark) -> list[tuple[Mark, str]]:
        return [(each.mark, each.step) for each in self.entries if not wanted or each.mark in wanted]

    def stand(self) -> RunState:
        assert self.folder is not None
        return state_of(self.playbook, self.folder.run, self.entries, alive=False)


class Background:
    """A run in a thread; `result` waits for it."""

    def __init__(self, work: Callable[[], Move]) -> None:
        self._found: list[Move] = []
        self._error: list[BaseException] = []

        def live() -> None:
            try:
                self._found.append(work())
            except BaseException as error:
                self._error.append(error)

        self._thread = threading.Thread(target=live, daemon=True)
        self._thread.start()

    def result(self, within_s: float = 20.0) -> Move:
        self._thread.join(within_s)
        if self._error:
            raise self._error[0]
        assert self._found, "the run goes on"
        return self._found[0]
