"""Which playbooks fit what is wrong."""

from __future__ import annotations

from collections.abc import Sequence

from medflow_tui.model.health import Snapshot
from medflow_tui.model.procedure import Playbook
from medflow_tui.model.words import say

PRODUCTION = say("production: the plan and a dry run only, until the full engine with a second person stands")
"""Why nothing is started at a site in production."""


def fitting(playbooks: Sequence[Playbook], snapshot: Snapshot, target: str = "") -> tuple[Playbook, ...]:
    """Those that mend a kind of target that is in trouble now (or the named target's kind), in their own order."""
    kinds = {
        each.kind
        for each in snapshot.verdicts
        if each.health.is_trouble and (not target or each.target == target)
    }
    return tuple(each for each in playbooks if kinds.intersection(each.fits))
