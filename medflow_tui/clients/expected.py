"""Which server must answer: by the identity that was planted in it, whatever its address says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from medflow_tui.clients.network import UnreachableError
from medflow_tui.model.health import Cause, Failure
from medflow_tui.rules.access_guards import NONE, UNREAD, why_not_ours

IDENTITY, IDENTITY_KEY = "site_identity", "medflow_tui:site_identity"


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What the servers of a site must say on each connection of a run; `told` is what they said in the plan, by target.

    A run that `only_looks` also reads one that says nothing; never one that says that it is another.
    """

    site: str
    environment: str
    told: Mapping[str, str]
    only_looks: bool = False

    def demand(self, target: object, told: str) -> None:
        """Raises UnreachableError when another server answers."""
        name = str(getattr(target, "name", "?"))
        before = self.told.get(name, told)
        why = why_not_ours(name, told, before, site=self.site, environment=self.environment)
        is_silent = told == UNREAD or told == NONE == before
        if why and not (self.only_looks and is_silent):
            raise UnreachableError(Failure(cause=Cause.UNTRUSTED, text=why))


def told_in(record: Mapping[str, Any]) -> str:
    """What an identity says; `?` when it is none."""
    words = [record.get(name) for name in ("site", "env", "random")]
    if all(isinstance(each, str) and 0 < len(each) <= 64 and "/" not in each for each in words):
        return "/".join(str(each) for each in words)
    return "?"
