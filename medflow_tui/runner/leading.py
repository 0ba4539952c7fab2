"""Which incident stands for the second person now: read anew each time, and none when that is not known."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from medflow_tui.journal.append_log import DamagedError
from medflow_tui.journal.incidents import Incidents
from medflow_tui.model.access import Origin
from medflow_tui.model.incident import Incident
from medflow_tui.model.playbook import Playbook
from medflow_tui.model.site import Site
from medflow_tui.rules.approving import needed
from medflow_tui.runner.origin import acting


def led(
    playbook: Playbook,
    site: Site,
    state: Path,
    now: datetime,
    *,
    planned: tuple[str, str] | None = None,
    seat: Origin | None = None,
) -> Incident | None:
    """The open incident in which this playbook needs nobody else; of a plan only the one that it names, led by whom it
    names (`planned`: both, empty without one). `seat` is the log-in of the one who acts, where that is not the one of this process."""
    if not needed(playbook, site.environment):
        return None
    try:
        found = Incidents(state).now_open()
    except DamagedError:
        return None
    if found is None or found.commander not in site.access.people:
        return None
    if planned is not None and planned != (found.id, found.commander):
        return None
    is_needed = needed(playbook, site.environment, found, acting=acting(seat), now=now)
    return None if is_needed else found
