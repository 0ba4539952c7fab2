"""A rehearsal: the plan is made and judged, and nothing is called that could change anything, log-in included."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from medflow_tui.model.performer import Crew
from medflow_tui.model.plan import Plan
from medflow_tui.model.procedure import Playbook
from medflow_tui.model.site import Site
from medflow_tui.model.words import Phrase, say
from medflow_tui.runner.preview import make_plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """What a run would do. `would_start` is false when a guard said no; `said` is the sentence at the end."""

    plan: Plan
    would_start: bool
    said: Phrase


def rehearse(playbook: Playbook, site: Site, crew: Crew, state: Path, *, now: datetime) -> Rehearsal:
    """Make the plan with a crew that is not logged in: nothing is written here, nothing but GET is sent there."""
    plan = make_plan(playbook, site, crew, state, now=now)
    stopped = tuple(each.said for each in plan.refusals)
    if stopped:
        return Rehearsal(plan=plan, would_start=False, said=say("it would not start").also(*stopped))
    return Rehearsal(plan=plan, would_start=True, said=say("dry run: nothing was touched"))
