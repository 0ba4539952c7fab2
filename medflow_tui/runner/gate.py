"""What must be true before a run begins, goes on, or changes something: the plan, the actions, the guards."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from medflow_tui.journal.orders import Orders, passive_said, tell_elsewhere
from medflow_tui.journal.run_log import Journal
from medflow_tui.model.canonical import Fact
from medflow_tui.model.performer import Crew, Survey
from medflow_tui.model.playbook import Guard, Playbook
from medflow_tui.model.procedure import Mark, Outcome
from medflow_tui.model.site import Site
from medflow_tui.model.words import SILENCE, Phrase, say
from medflow_tui.rules.guards import evaluate_all
from medflow_tui.rules.permits import (
    DISRUPTIVE,
    is_old,
    overridden,
    override_phrase,
    passable,
    permits_of,
    why_no_override,
)
from medflow_tui.rules.procedure import may_resume_alone
from medflow_tui.rules.trace import may_have_changed
from medflow_tui.runner.cast import Cast
from medflow_tui.runner.leading import led
from medflow_tui.runner.mandate import Mandate
from medflow_tui.runner.origin import name_of
from medflow_tui.runner.preview import Agreed, guard_facts
from medflow_tui.runner.recorder import Recorder

ON_THE_WAY_BACK = ("environment", "identity", "role", "nobody_else", "journal", "disk", "passive", "planted")
"""Kinds of guards that also stop an undo; the others say when to begin, not when to take back."""
WHEN_TO_BEGIN = ("window", "limits", "backup_first")
MOST_NAMED = 12  # guards in one record of the audit


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """Says no, with the reason, or nothing."""

    journal: Journal
    recorder: Recorder
    playbook: Playbook
    plan: Agreed
    mandate: Mandate
    site: Site
    crew: Crew
    cast: Cast
    state: Path
    now: Callable[[], datetime]
    approvals: Callable[[], int | None]

    def integrity(self) -> Phrase:
        """What is to be done must be what was confirmed, at the site for which it was confirmed."""
        plan, mandate, playbook = self.plan, self.mandate, self.playbook
        if plan.hash != mandate.plan_hash:
            return say("the plan is not the one that was confirmed")
        if mandate.typed != (override_phrase(plan.confirm) if mandate.override else plan.confirm):
            return say("what was typed is not what the plan asks for")
        if not mandate.alone and is_old(playbook, mandate.login_age_s):
            return say(
                "log in again: that is asked for when it was {limit:duration} ago", limit=playbook.reauth_s
            )
        if len(mandate.reason.strip()) < playbook.reason_min_chars:
            return say("the reason is too short: {n:number} letters at least", n=playbook.reason_min_chars)
        if playbook.sha256 != plan.playbook_sha256:
            return say("the playbook is not the one in the plan")
        if (self.site.code, self.site.environment) != (plan.site, plan.environment):
            return say("the plan was made for another site or environment")
        if mandate.alone and self._was_begun() and not may_resume_alone(playbook):
            return say("class {risk}: only a person goes on with it", risk=playbook.risk)
        missing = self.cast.missing()
        if missing:
            return say("there is no action {action} in this version", action=missing)
        for name, calls in self.cast.calls(self.plan.facts).items():
            if calls != plan.calls.get(name, ()):
                return say("the step {step} would make other calls than the plan says", step=name)
        return SILENCE

    def may_pass_over(self, name: str) -> bool:
        """Whether the one who asks may do without this guard, and says so."""
        if not self.mandate.override or name not in passable(self.playbook):
            return False
        return not why_no_override(self.playbook, self.mandate.override, self._roles(self._survey().role))

    def passive(self) -> Phrase:
        """Why nothing more is started, when everything is to be left alone."""
        found = Orders(self.state).passive() if self.playbook.risk in DISRUPTIVE else None
        return passive_said(found) if found is not None else SILENCE

    def refusal(self, step: str = "", *, back: bool = False) -> Phrase:
        """What the guards say now, written down. Windows and limits are asked until something was changed."""
        survey = self._survey()
        facts = guard_facts(
            self.playbook,
            self.site,
            survey,
            self.state,
            now=self.now(),
            plan=self._as_of_now(),
            run=self._run,
            approvals=self.approvals(),
            incident=led(
                *(self.playbook, self.site, self.state, self.now()),
                planned=(self.plan.incident, self.plan.commander),
                seat=self.mandate.origin,
            ),
        )
        results = evaluate_all(self._guards(back=back), facts, step)
        passed_over = overridden(self.playbook, results, self.mandate.override, self._roles(survey.role))
        against = [each for each in results if each.stops and each not in passed_over]
        stopping = tuple(each.said for each in against)
        unrecordable = self.recorder.why_not() if self.playbook.risk != "R0" else SILENCE
        stopping = (*stopping, *((unrecordable,) if unrecordable else ()))
        if passed_over and not stopping:
            self._pass_over(tuple(each.id for each in passed_over))
        said = say("a guard says no").also(*stopping) if stopping else SILENCE
        self.recorder.write(
            Mark.GUARDED,
            step=step,
            outcome=Outcome.FAIL if stopping else Outcome.PASS,
            said=said,
            facts={each.id: each.outcome.value for each in results},
        )
        if against:
            self.recorder.denied("guard", guards=",".join(each.id for each in against[:MOST_NAMED]))
        return said

    def _pass_over(self, names: tuple[str, ...]) -> None:
        """Written down three times over before it counts: here, in the audit, and as a task that stays until closed."""
        if set(names) <= self._were_overridden():
            return
        who, playbook = self.mandate.who, self.playbook
        self.recorder.override(names, self.mandate.override)
        Orders(self.state).open_review(
            self._run, playbook=playbook.id, who=who, guards=names, uid=os.getuid()
        )
        record = {"ev": "override.used", "site": self.site.code, "run": self._run, "playbook": playbook.id}
        told = tell_elsewhere(
            self.site.access.notices,
            {**record, "who": who, "guards": ",".join(names), "notify": ",".join(playbook.override.notify)},
        )
        facts: dict[str, Fact] = {
            "guards": names,
            "who": who,
            "why": self.mandate.override,
            "told_elsewhere": told,
        }
        self.recorder.write(Mark.OVERRIDDEN, facts=facts)

    def _roles(self, role: str) -> tuple[str, ...]:
        """Of the one who asks: in the site file, and in MedFlow."""
        return (*self.site.access.roles_of(name_of(os.getuid())), *((role,) if role else ()))

    @property
    def _run(self) -> str:
        return self.journal.folder.run

    def _guards(self, *, back: bool) -> tuple[Guard, ...]:
        if back:
            found = (*self.playbook.guards, *permits_of(self.playbook, self.site.environment))
            return tuple(each for each in found if each.kind in ON_THE_WAY_BACK)
        found = (*self.playbook.guards, *permits_of(self.playbook, self.site.environment))
        if any(may_have_changed(each, self.journal.entries) for each in self.playbook.steps):
            return tuple(each for each in found if each.kind not in WHEN_TO_BEGIN)
        return found

    def _was_begun(self) -> bool:
        return any(each.mark is Mark.INTENDED for each in self.journal.entries)

    def _were_overridden(self) -> set[str]:
        found = [
            each.facts.get("guards", ()) for each in self.journal.entries if each.mark is Mark.OVERRIDDEN
        ]
        return {name for each in found if isinstance(each, tuple) for name in each}

    def _survey(self) -> Survey:
        """What is measured now; a fault of our own measures nothing, and guards say that they do not know."""
        try:
            return self.crew.survey()
        except Exception:
            return Survey()

    def _as_of_now(self) -> Agreed:
        """The age of a plan counts until the run starts; from then on the run itself may take its time."""
        started = next(each for each in self.journal.entries if each.mark is Mark.RUN_STARTED)
        return replace(self.plan, measured_at=self.plan.measured_at + (self.now() - started.at))
