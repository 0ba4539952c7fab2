"""Builds the plan: exact calls, what they act on, how far they reach as measured now, and which guards hold."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from medflow_tui.journal.orders import Orders
from medflow_tui.model.canonical import Fact, Facts, digest
from medflow_tui.model.errors import RefusedError
from medflow_tui.model.incident import Incident
from medflow_tui.model.performer import Crew, Survey, Task
from medflow_tui.model.plan import PURPOSE, GuardResult, Plan, PlannedStep
from medflow_tui.model.procedure import Effect, Input, Outcome, Playbook, Step
from medflow_tui.model.site import Site
from medflow_tui.model.words import say
from medflow_tui.rules.access_guards import PLANTED
from medflow_tui.rules.approving import approvers
from medflow_tui.rules.guards import evaluate_all
from medflow_tui.rules.inputs import fault
from medflow_tui.rules.permits import QUIET, permits_of, span_facts
from medflow_tui.runner.cast import Cast
from medflow_tui.runner.leading import led
from medflow_tui.runner.origin import name_of
from medflow_tui.runner.surroundings import look_around

OWN = (
    *("approvals", "window.", "runs.", "lock.", "journal.", "plan.", "environment"),
    *("playbook.", "access.", "passive.", "incident.", "site_code", "input_"),
)
NOTHING_CHOSEN: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreed:
    """What a plan that was confirmed promised; read back from `plan.json`. `incident` is the one that it relies on, under this
    `commander`."""

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
    incident: str = ""
    commander: str = ""


def agreed(record: Mapping[str, Any]) -> Agreed:
    """The promise in a plan's record. Raises KeyError or ValueError when it is no plan."""
    return Agreed(
        hash=digest(PURPOSE, record),
        measured_at=datetime.fromisoformat(record["measured_at"]),
        identity=str(record["identity"]),
        facts=record["facts"],
        playbook_sha256=str(record["playbook_sha256"]),
        operator=str(record["operator"]),
        calls={each["id"]: tuple(each["calls"]) for each in record["steps"]}
        | {name: tuple(calls) for name, calls in record.get("further_calls", {}).items()},
        site=str(record["site"]),
        environment=str(record["environment"]),
        confirm=str(record["confirm"]),
        incident=str(record["incident"]["id"]) if "incident" in record else "",
        commander=str(record["incident"]["commander"]) if "incident" in record else "",
    )


def make_plan(
    playbook: Playbook,
    site: Site,
    crew: Crew,
    state: Path,
    *,
    now: datetime,
    inputs: Mapping[str, str] = NOTHING_CHOSEN,
) -> Plan:
    """The plan as of now: the survey of the crew (reads only) and a look at this machine.

    Raises RefusedError for an input that its playbook does not take.
    """
    wrong = fault(playbook, inputs)
    if wrong:
        raise RefusedError(wrong)
    survey = crew.survey()
    chosen = {f"input_{name}": value for name, value in inputs.items()}
    incident = led(playbook, site, state, now)
    facts = {**guard_facts(playbook, site, survey, state, now=now, incident=incident), **chosen}
    measured: Facts = {
        **survey.facts,
        **chosen,
        "site_code": site.code,
        "site_name": site.name,
        "operator": survey.operator,
        "role": survey.role,
    }
    calls = Cast(playbook, crew, state).calls(measured)
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
        steps=tuple(_planned(step, calls) for step in playbook.steps),
        guards=_results(playbook, site.environment, facts),
        facts=measured,
        targets=survey.targets,
        identity=survey.identity,
        operator=survey.operator,
        role=survey.role,
        notes=survey.notes,
        further_calls={name: each for name, each in calls.items() if " " in name and each},
        led=incident,
    )


def options_of(playbook: Playbook, given: Input, crew: Crew) -> tuple[str, ...]:
    """What an input's action finds now: the fact `options` of what it looks at. Raises RefusedError with its reason."""
    performer = crew.performer(given.options_from)
    if performer is None:
        raise RefusedError(say("there is no action {action} in this version", action=given.options_from))
    step = replace(playbook.steps[0], id=given.id, action=given.options_from, effect=Effect.READ, args={})
    found = performer.verify(Task(step=step, past={}, tell=lambda said, facts: None))
    options = found.facts.get("options", ())
    if found.outcome is not Outcome.PASS or not isinstance(options, tuple) or not options:
        raise RefusedError(say("there is nothing to choose from").also(found.said))
    return options


def guard_facts(
    playbook: Playbook,
    site: Site,
    survey: Survey,
    state: Path,
    *,
    now: datetime,
    plan: Agreed | None = None,
    run: str = "",
    approvals: int | None = None,
    incident: Incident | None = None,
) -> dict[str, Fact]:
    """All that guards may look at. Without a plan, the survey itself is what is being agreed on.

    `incident` is the one that stands for a second person.

    What is about this program and not about the services never comes from a survey.
    """
    facts: dict[str, Fact] = {
        **{name: each for name, each in survey.facts.items() if not name.startswith(OWN)},
        **({} if approvals is None else {"approvals": approvals}),
        **look_around(state, site, playbook, run=run, now=now),
        **_power(survey),
        **span_facts(playbook, site, now),
        "environment": site.environment,
        "site_code": site.code,
        "playbook.risk": playbook.risk,
        "playbook.approvals": playbook.approval.count,
        **_access(playbook, site, survey),
        **_passive(state),
        **_led(incident),
        "identity.now": survey.identity,
        "operator.role": survey.role,
        "plan.age_s": 0,
    }
    if plan is None:
        return facts
    facts["identity.planned"] = plan.identity
    facts |= {
        f"plan.{name}": each for name, each in plan.facts.items() if name.startswith((PLANTED, "version_now"))
    }
    facts |= {name: each for name, each in plan.facts.items() if name.startswith("input_")}
    facts["plan.age_s"] = int((now - plan.measured_at).total_seconds())
    if isinstance(plan.facts.get("expired"), int):
        facts["plan.expired"] = int(plan.facts["expired"])
    reach = [plan.facts.get(name) for name in ("failed", "waiting", "delayed")]
    if all(isinstance(each, int) for each in reach):
        facts["plan.reach"] = sum(int(each or 0) for each in reach)
    return facts


def _results(playbook: Playbook, environment: str, facts: Facts) -> tuple[GuardResult, ...]:
    permits = permits_of(playbook, environment, planning=True)
    quiet = {each.id for each in permits if each.kind in QUIET}
    return tuple(
        each
        for each in evaluate_all((*playbook.guards, *permits), facts)
        if each.id not in quiet or each.outcome is not Outcome.PASS
    )


def _power(survey: Survey) -> dict[str, Fact]:
    """On what the server runs, by a survey that could ask a UPS: what it could not tell is not known, whatever else says."""
    names = {"supply": "power", "supply.says": "power.says"}
    return {name: survey.facts[told] for told, name in names.items() if told in survey.facts}


def _access(playbook: Playbook, site: Site, survey: Survey) -> dict[str, Fact]:
    user = name_of(os.getuid())
    roles = (*site.access.roles_of(user), *((survey.role,) if survey.role else ()))
    others = len(approvers(playbook, site.access, user))
    return {"access.known": bool(site.access.people), "access.roles": roles, "access.approvers": others}


def _passive(state: Path) -> dict[str, Fact]:
    found = Orders(state).passive()
    if found is None:
        return {"passive.since": ""}
    return {"passive.since": found.since.isoformat(), "passive.who": found.who}


def _led(incident: Incident | None) -> dict[str, Fact]:
    if incident is None:
        return {}
    return {
        "incident.id": incident.id,
        "incident.severity": incident.severity.value,
        "incident.commander": incident.commander,
        "incident.confirmed_at": incident.confirmed_at.isoformat(),
    }


def _planned(step: Step, calls: Mapping[str, tuple[str, ...]]) -> PlannedStep:
    return PlannedStep(
        id=step.id,
        title=step.title,
        say=step.say,
        undo=step.undo_text,
        changes=step.effect.changes,
        calls=calls[step.id],
        timeout_s=step.timeout_s,
    )
