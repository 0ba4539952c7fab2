"""What is known of the newest backup without reading any: which one was verified before, by whom ever, and how old it is."""

from __future__ import annotations

from medflow_tui.actions.backup_vault import Vault
from medflow_tui.clients.tools import Tools
from medflow_tui.model.performer import Login, Performer, Survey
from medflow_tui.model.site import Site
from medflow_tui.rules.backup_guards import facts_of


class KnownCrew:
    """Measures for guards of kind `verified_backup` and `backup_first`; it has no actions."""

    def __init__(self, site: Site, tools: Tools) -> None:
        self._tools = tools
        self._vault = Vault(site=site, tools=tools, only=site.releases.backup_set, reads=False)

    def __enter__(self) -> KnownCrew:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing stays open between two looks."""

    def survey(self) -> Survey:
        return Survey(facts=facts_of(self._vault.look(), self._tools.now()))

    def performer(self, action: str) -> Performer | None:
        return None


def crew(site: Site, tools: Tools, login: Login | None) -> KnownCrew:
    """The crew at this site; one that watches no backups knows of none."""
    return KnownCrew(site, tools)
