"""The desk of incidents of a site, with what proves a log-in and an answer over the phone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from medflow_tui.clients.tools import utc_now
from medflow_tui.model.site import Site
from medflow_tui.wiring import tools_for

if TYPE_CHECKING:
    from medflow_tui.runner.incidents import IncidentDesk


def incident_desk(site: Site, state: Path) -> IncidentDesk:
    """For the command line and the dashboard."""
    from medflow_tui.config.secrets import read_secret
    from medflow_tui.runner.incidents import IncidentDesk
    from medflow_tui.wiring.proving import prover

    return IncidentDesk(
        site=site,
        state=state,
        now=utc_now,
        prove=prover(site, tools_for(site, state)),
        secret=lambda reference: read_secret(reference, Path(site.folder)),
    )
