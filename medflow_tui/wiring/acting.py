"""Joins what acting needs: the desk of a site, the crew of its playbooks, and the process of a run."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from medflow_tui.clients.tools import Tools, utc_now
from medflow_tui.model.site import Site
from medflow_tui.model.words import Phrase, say
from medflow_tui.wiring import RUN_COMMAND, tools_for

POWER = "power"  # the guard that wants to know on what the server runs
LOOK_S = 2.0  # for what a playbook that only looks asks of a server that may hang

if TYPE_CHECKING:
    from medflow_tui.clients.expected import Expected
    from medflow_tui.model.performer import Crew, Login, Performer, Survey
    from medflow_tui.model.procedure import Playbook
    from medflow_tui.runner.dispatch import Dispatch
    from medflow_tui.wiring.crews import JoinedCrew


def dispatch_for(site: Site, state: Path, tools: Tools) -> Dispatch | None:
    """The desk for acting at this site; None where nothing is watched that a playbook could mend."""
    from medflow_tui.playbooks.shelf import shelf_of
    from medflow_tui.runner.dispatch import Dispatch
    from medflow_tui.wiring.proving import prover

    shelf = shelf_of(site)
    playbooks = tuple(
        each
        for each in shelf.playbooks
        if not each.fits or {target.kind for target in site.targets} & set(each.fits)
    )
    if not any(each.fits for each in playbooks) or os.name != "posix":
        return None

    def crew_for(playbook: Playbook, login: Login | None) -> AbstractContextManager[Crew]:
        return crew_of(playbook, site, tools, login)

    command = (sys.executable, "-m", "medflow_tui", RUN_COMMAND)
    return Dispatch(
        site=site,
        state=state.resolve(),
        playbooks=playbooks,
        crew_for=crew_for,
        command=command,
        now=utc_now,
        prove=prover(site, tools),
        prove_to_act=prover(site, tools, is_to_act=True),
    )


def why_no_dispatch() -> Phrase:
    """Why `dispatch_for` has none for a site."""
    from medflow_tui.model.service import Place, Verb
    from medflow_tui.rules.reach import FROM_LINUX
    from medflow_tui.rules.services import why_not

    if os.name != "posix":
        return why_not("pm2", Verb.RESTART, Place.WINDOWS).also(FROM_LINUX)
    return say("no playbook mends anything that this site watches")


def crew_of(playbook: Playbook, site: Site, tools: Tools, login: Login | None) -> IdentifiedCrew:
    """The crew of a playbook. Raises RefusedError."""
    from medflow_tui.wiring.crews import JoinedCrew

    return IdentifiedCrew(JoinedCrew(playbook, site, tools, login), playbook, site, tools)


class IdentifiedCrew:
    """A crew that also asks each database that it acts on, or only reads, which site it belongs to."""

    def __init__(self, crew: JoinedCrew, playbook: Playbook, site: Site, tools: Tools) -> None:
        self._crew, self._playbook, self._site, self._tools = crew, playbook, site, tools

    def __enter__(self) -> IdentifiedCrew:
        return self

    def __exit__(self, *_: object) -> None:
        self._crew.__exit__()

    def survey(self) -> Survey:
        from medflow_tui.actions.site_identity import ASK_S, told_facts
        from medflow_tui.clients.supply import supply
        from medflow_tui.rules.permits import DISRUPTIVE

        found = self._crew.survey()
        named = {
            str(getattr(each, "address", "")) for each in self._site.targets if each.name in found.targets
        }
        addresses = {*found.targets.values(), *named} - {""}
        within_s = ASK_S if self._playbook.risk in DISRUPTIVE else LOOK_S
        told = told_facts(self._site, self._tools, addresses, within_s)
        is_asked = any(each.kind == POWER for each in self._playbook.guards)
        power = supply(self._site.power) if is_asked else {}
        return replace(found, facts={**found.facts, **told, **power})

    def performer(self, action: str) -> Performer | None:
        return self._crew.performer(action)


def expected_by(plan: Mapping[str, Any], playbook: Playbook, site: Site) -> Expected | None:
    """What the servers must say while this plan is carried out."""
    from medflow_tui.clients.expected import Expected
    from medflow_tui.rules.access_guards import PLANTED
    from medflow_tui.rules.permits import DISRUPTIVE, MARKS

    if MARKS in playbook.actions():  # it looks for itself, before and after
        return None
    told = {
        name.removeprefix(PLANTED): str(each)
        for name, each in plan.get("facts", {}).items()
        if name.startswith(PLANTED)
    }
    only_looks = playbook.risk not in DISRUPTIVE
    return Expected(site=site.code, environment=site.environment, told=told, only_looks=only_looks)


def run_order() -> int:
    """The process of a run: the order comes through standard input (see `runner.process`)."""
    from medflow_tui.config.load import load
    from medflow_tui.journal.run_log import RunFolder
    from medflow_tui.playbooks.load import parse
    from medflow_tui.runner.process import Assembly, Order, run_from_pipe

    def assemble(order: Order) -> Assembly:
        site, folder = load(Path(order.site_file)).site, RunFolder(path=order.folder)
        playbook = parse(folder.playbook.read_text(encoding="utf-8"), str(folder.playbook))
        tools = replace(tools_for(site, order.state), expected=expected_by(folder.plan(), playbook, site))
        return Assembly(site=site, crew=crew_of(playbook, site, tools, order.login))

    return run_from_pipe(assemble)
