"""Looks at everything that a power cut leaves behind, in the order in which it must be right again; changes nothing."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence

from medflow_tui.actions.checking import MARGIN_S, Eyes, Subject
from medflow_tui.actions.handing_over import Sighting
from medflow_tui.actions.looking import Looking, broken_off
from medflow_tui.actions.power_database import NOT_HERE, performers
from medflow_tui.clients.network import Deadline, UnreachableError
from medflow_tui.clients.supervisors import look, place_of
from medflow_tui.clients.tools import Tools
from medflow_tui.model.canonical import Fact
from medflow_tui.model.errors import RefusedError
from medflow_tui.model.health import Health
from medflow_tui.model.performer import Finding, Login, Performer, Survey, Task
from medflow_tui.model.procedure import NO_FACTS, Outcome
from medflow_tui.model.service import Place
from medflow_tui.model.site import Site
from medflow_tui.model.targets.process import ProcessTarget
from medflow_tui.model.words import SILENCE, Phrase, say

LOOKED_AT = {
    "power_check.database": ("mongodb",),
    "power_check.backend": ("http",),
    "power_check.redis": ("redis",),
    "power_check.queue": ("queue",),
    "power_check.shares": ("share", "devices"),
    "power_check.backups": ("backups",),
    "power_check.clinics": ("uplink", "clinics"),
}
"""The kinds of targets that each action looks at."""
BESIDE = {"power_check.backend": ("redis", "mongodb")}
"""Kinds that are looked at with them, because the verdict depends on them."""
SHOWN, LOOK_S = 3, 10.0
BAD = (Health.CRITICAL, Health.WARNING)


class Kinds(Looking):
    """Some kinds of targets, judged by the rules of the dashboard: a trouble is a fail, what cannot be seen unknown."""

    def __init__(self, eyes: Eyes, shown: tuple[str, ...]) -> None:
        self._eyes, self._shown = eyes, shown

    def verify(self, task: Task) -> Finding:
        if not any(each.kind in self._shown for each in self._eyes.targets):
            return Finding(outcome=Outcome.PASS, said=NOT_HERE, facts={"applies": False})
        ends = time.monotonic() + max(task.step.timeout_s - MARGIN_S, 0.0)
        sight = self._eyes.look(looks=1, ends=ends, halted=task.halted)
        if task.halted():
            return broken_off()
        seen = [each for each in sight if each.target.kind in self._shown]
        if not seen:
            return Finding(outcome=Outcome.UNKNOWN, said=say("nothing was seen"), facts={"looked_at": 0})
        bad = [each for health in BAD for each in seen if each.judgement.health is health]
        unknown = [each for each in seen if each.judgement.health is Health.UNKNOWN]
        facts: dict[str, Fact] = {"looked_at": len(seen), "troubles": len(bad), "untold": len(unknown)}
        if bad:
            return Finding(outcome=Outcome.FAIL, said=told(bad), facts=facts)
        if unknown:
            return Finding(outcome=Outcome.UNKNOWN, said=told(unknown), facts=facts)
        return Finding(outcome=Outcome.PASS, said=say("{n:number} in order", n=len(seen)), facts=facts)


class Services(Looking):
    """Whether each service runs, and whether its manager would start it after the next cut."""

    def __init__(self, targets: Sequence[ProcessTarget]) -> None:
        self._targets = targets

    def verify(self, task: Task) -> Finding:
        if not self._targets:
            return Finding(outcome=Outcome.PASS, said=NOT_HERE, facts={"applies": False})
        down, left, unknown = list[str](), list[str](), list[str]()
        for each in self._targets:
            if place_of(each.runs_on, sys.platform) is Place.ELSEWHERE:
                unknown.append(each.title)  # what stands here under that name is not the one meant
                continue
            try:
                seen = look(each, Deadline.after(LOOK_S))
            except UnreachableError:
                unknown.append(each.title)
                continue
            if seen.state != "running":
                down.append(each.title)
            elif seen.at_boot is False:
                left.append(each.title)
        facts: dict[str, Fact] = {"down": tuple(down), "not_at_boot": tuple(left), "untold": tuple(unknown)}
        phrases = [
            say("does not run: {names}", names=", ".join(down)) if down else SILENCE,
            say("runs, but will not start by itself after the next cut: {names}", names=", ".join(left))
            if left
            else SILENCE,
            say("not known: {names}", names=", ".join(unknown)) if unknown else SILENCE,
        ]
        spoken = [each for each in phrases if each]
        if down or left:
            return Finding(outcome=Outcome.FAIL, said=spoken[0].also(*spoken[1:]), facts=facts)
        if unknown:
            return Finding(outcome=Outcome.UNKNOWN, said=spoken[0], facts=facts)
        return Finding(
            outcome=Outcome.PASS, said=say("{n:number} services run", n=len(self._targets)), facts=facts
        )


def told(seen: Sequence[Sighting]) -> Phrase:
    """The first of them with their evidence; the rest is counted."""
    first = [
        say("{name}", name=each.titled(each.target.title)).also(each.judgement.evidence)
        for each in seen[:SHOWN]
    ]
    more = [say("and {n:number} more", n=len(seen) - SHOWN)] if len(seen) > SHOWN else []
    return first[0].also(*first[1:], *more)


class PowerCrew:
    """What the checklist after a power cut needs: eyes only."""

    def __init__(self, site: Site, tools: Tools) -> None:
        self._site = site
        self._performers: dict[str, Performer] = {
            action: Kinds(eyes_of(site, tools, (*BESIDE.get(action, ()), *kinds)), kinds)
            for action, kinds in LOOKED_AT.items()
        } | performers(site, tools)
        services = [each for each in site.targets if isinstance(each, ProcessTarget) and each.enabled]
        self._performers["power_check.services"] = Services(services)

    def __enter__(self) -> PowerCrew:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing stays open between two looks."""

    def survey(self) -> Survey:
        """Nothing is measured beforehand: each step looks for itself."""
        names = {each.name: each.kind for each in self._site.targets if each.enabled}
        return Survey(facts={"targets": len(names)}, targets=names)

    def performer(self, action: str) -> Performer | None:
        return self._performers.get(action)


def eyes_of(site: Site, tools: Tools, kinds: tuple[str, ...]) -> Eyes:
    """Eyes for all targets of some kinds, in this order."""
    targets = tuple(each for kind in kinds for each in site.targets if each.kind == kind and each.enabled)
    subject = Subject(kinds=kinds, numbers=lambda seen: NO_FACTS, message=lambda facts: SILENCE)
    return Eyes(subject=subject, site=site, tools=tools, targets=targets)


def crew(site: Site, tools: Tools, login: Login | None) -> PowerCrew:
    """The crew at this site. Raises RefusedError when it names nothing, or this program has no eyes here."""
    if tools.probe_of is None or not site.targets:
        raise RefusedError(say("this site names nothing to look at here"))
    return PowerCrew(site, tools)
