"""Joins what acting needs: the desk of a site, the crew of its playbooks, and the process of a run."""

from __future__ import annotations

import os
import sys
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

from medflow_tui.clients.tools import Tools, utc_now
from medflow_tui.model.errors import RefusedError
from medflow_tui.model.site import Site
from medflow_tui.model.words import say
from medflow_tui.wiring import RUN_COMMAND, tools_for

if TYPE_CHECKING:
    from medflow_tui.actions.medflow_queue import QueueCrew
    from medflow_tui.model.performer import Crew, Login
    from medflow_tui.model.procedure import Playbook
    from medflow_tui.runner.dispatch import Dispatch


def dispatch_for(site: Site, state: Path, tools: Tools) -> Dispatch | None:
    """The desk for acting at this site; None where nothing is watched that a playbook could mend."""
    from medflow_tui.playbooks.load import load_all, shipped
    from medflow_tui.runner.dispatch import Dispatch

    playbooks = tuple(
        each for each in load_all(shipped()) if {target.kind for target in site.targets} & set(each.fits)
    )
    if not playbooks or os.name != "posix":
        return None

    def crew_for(playbook: Playbook, login: Login | None) -> AbstractContextManager[Crew]:
        return crew_of(site, tools, login)

    command = (sys.executable, "-m", "medflow_tui", RUN_COMMAND)
    return Dispatch(
        site=site, state=state.resolve(), playbooks=playbooks, crew_for=crew_for, command=command, now=utc_now
    )


def crew_of(site: Site, tools: Tools, login: Login | None) -> QueueCrew:
    """The crew of the device sync playbook at this site. Raises RefusedError."""
    from medflow_tui.actions.medflow_queue import Place, QueueCrew
    from medflow_tui.model.targets.http import BACKEND, HttpTarget
    from medflow_tui.model.targets.queue import QueueTarget

    backend = next(
        (each for each in site.targets if isinstance(each, HttpTarget) and each.role == BACKEND), None
    )
    queue = next((each for each in site.targets if isinstance(each, QueueTarget)), None)
    if backend is None or queue is None:
        raise RefusedError(say("this site names no backend and no device queue: there is nothing to act on"))
    place = Place(
        backend=queue.api or backend.address,
        redis=queue.address,
        redis_password=queue.password,
        ca_file=queue.ca_file or backend.ca_file,
    )
    return QueueCrew(place, tools, login)


def run_order() -> int:
    """The process of a run: the order comes through standard input (see `runner.process`)."""
    from medflow_tui.config.load import load
    from medflow_tui.runner.process import Assembly, Order, run_from_pipe

    def assemble(order: Order) -> Assembly:
        site = load(Path(order.site_file)).site
        return Assembly(site=site, crew=crew_of(site, tools_for(site, order.state), order.login))

    return run_from_pipe(assemble)
