"""Which incident stands for the second person now: read anew each time, and none when that is not known."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from medflow_tui.journal.append_log import DamagedError
from medflow_tui.journal.incidents import Incidents
from medflow_tui.model.incident import Incident
from medflow_tui.model.playbook import Playbook
from medflow_tui.model.site import Site
from medflow_tui.rules.approving import needed
from medflow_tui.runner.origin import acting


def led(
    playbook: Playbook, site: Site, state: Path, now: datetime, *, planned: str | None = None
) -> Incident | None:
    """The open incident in which this playbook needs nobody else; of a plan only the one that it names (`planned`)."""
    if not needed(playbook, site.environment):
        return None
    try:
        found = Incidents(state).now_open()
    except DamagedError:
        return None
    if found is None or found.commander not in site.access.people or planned not in (None, found.id):
        return None
    is_needed = needed(playbook, site.environment, found, acting=acting(), now=now)
    return None if is_needed else found
