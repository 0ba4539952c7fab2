"""Builds the plan: exact calls, what they act on, how far they reach as measured now, and which guards hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from medflow_tui.model.canonical import Fact, Facts, digest
from medflow_tui.model.performer import Crew, Survey
from medflow_tui.model.plan import PURPOSE, Plan, PlannedStep
from medflow_tui.model.procedure import Playbook, Step
from medflow_tui.model.site import Site
from medflow_tui.rules.guards import evaluate_all
from medflow_tui.runner.surroundings import look_around


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreed:
    """What a plan that was confirmed promised; read back from `plan.json`."""

    hash: str
    measured_at: datetime
    identity: str
    facts: Mapping[str, Any]
    playbook_sha256: str
    operator: str
    calls: Mapping[str, tuple[str, ...]]
    site: str
    environment: str
    confirm: str


def agreed(record: Mapping[str, Any]) -> Agreed:
    """The promise in a plan's record. Raises KeyError or ValueError when it is no plan."""
    return Agreed(
        hash=digest(PURPOSE, record),
        measured_at=datetime.fromisoformat(record["measured_at"]),
        identity=str(record["identity"]),
        facts=record["facts"],
        playbook_sha256=str(record["playbook_sha256"]),
        operator=str(record["operator"]),
        calls={each["id"]: tuple(each["calls"]) for each in record["steps"]},
        site=str(record["site"]),
        environment=str(record["environment"]),
        confirm=str(record["confirm"]),
    )


def make_plan(playbook: Playbook, site: Site, crew: Crew, state: Path, *, now: datetime) -> Plan:
    """The plan as of now: the survey of the crew (reads only) and a look at this machine."""
    survey = crew.survey()
    facts = guard_facts(playbook, site, survey, state, now=now)
    measured: Facts = {
        **survey.facts,
        "site_code": site.code,
        "site_name": site.name,
        "operator": survey.operator,
        "role": survey.role,
    }
    return Plan(
        playbook=playbook.id,
        version=playbook.version,
        playbook_sha256=playbook.sha256,
        title=playbook.title,
        summary=playbook.summary,
        blast=playbook.blast,
        way_back=playbook.way_back,
        site=site.code,
        site_name=site.name,
        environment=site.environment,
        measured_at=now,
        confirm=playbook.phrase.replace("{site_code}", site.code).replace("{site_name}", site.name),
        reason_min_chars=playbook.reason_min_chars,
        arm_after_ms=playbook.arm_after_ms,
        steps=tuple(_planned(step, crew) for step in playbook.steps),
        guards=evaluate_all(playbook.guards, facts),
        facts=measured,
        targets=survey.targets,
        identity=survey.identity,
        operator=survey.operator,
        role=survey.role,
        notes=survey.notes,
    )


def guard_facts(
    playbook: Playbook,
    site: Site,
    survey: Survey,
    state: Path,
    *,
    now: datetime,
    plan: Agreed | None = None,
    run: str = "",
) -> dict[str, Fact]:
    """All that guards may look at. Without a plan, the survey itself is what is being agreed on."""
    facts: dict[str, Fact] = {
        **survey.facts,
        **look_around(state, playbook, run=run),
        "environment": site.environment,
        "identity.now": survey.identity,
        "operator.role": survey.role,
        "plan.age_s": 0,
    }
    if plan is None:
        return facts
    facts["identity.planned"] = plan.identity
    facts["plan.age_s"] = int((now - plan.measured_at).total_seconds())
    if isinstance(plan.facts.get("expired"), int):
        facts["plan.expired"] = int(plan.facts["expired"])
    reach = [plan.facts.get(name) for name in ("failed", "waiting", "delayed")]
    if all(isinstance(each, int) for each in reach):
        facts["plan.reach"] = sum(int(each or 0) for each in reach)
    return facts


def _planned(step: Step, crew: Crew) -> PlannedStep:
    performer = crew.performer(step.action)
    return PlannedStep(
        id=step.id,
        title=step.title,
        say=step.say,
        undo=step.undo_text,
        changes=step.effect.changes,
        calls=performer.calls if performer is not None else (),
        timeout_s=step.timeout_s,
    )
