"""A rehearsal: the plan is made and judged, and nothing is called that could change anything, log-in included."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from medflow_tui.model.performer import Crew
from medflow_tui.model.plan import Plan
from medflow_tui.model.procedure import Outcome, Playbook
from medflow_tui.model.site import Site
from medflow_tui.model.words import Phrase, say
from medflow_tui.runner.preview import NOTHING_CHOSEN, make_plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """What a run would do. `would_start` is false when a guard said no; `said` is the sentence at the end."""

    plan: Plan
    would_start: bool
    said: Phrase


def rehearse(
    playbook: Playbook,
    site: Site,
    crew: Crew,
    state: Path,
    *,
    now: datetime,
    inputs: Mapping[str, str] = NOTHING_CHOSEN,
) -> Rehearsal:
    """Make the plan with a crew that is not logged in: nothing is written here, nothing but GET is sent there."""
    plan = make_plan(playbook, site, crew, state, now=now, inputs=inputs)
    return Rehearsal(plan=plan, would_start=not plan.refusals, said=rehearsed(plan))


def rehearsed(plan: Plan) -> Phrase:
    """How a rehearsal ends: it would start, it would not, or only a log-in can tell."""
    touched = say("dry run: nothing was touched")
    no = tuple(each.said for each in plan.refusals if each.outcome is Outcome.FAIL)
    if no:
        return touched.also(say("it would not start"), *no)
    unknown = tuple(each.said for each in plan.refusals)
    if unknown and not plan.operator:
        hours = (each.said for each in plan.refusals if each.id == "window")  # which no log-in tells
        return touched.also(say("only with your log-in can it be told whether it would start"), *hours)
    if unknown:
        return touched.also(say("whether it would start is not known"), *unknown)
    return touched.also(say("it would start"))
