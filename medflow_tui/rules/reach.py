"""What a playbook can do when MedFlow runs on another machine, such as a Windows server under PM2: pure."""

from __future__ import annotations

from medflow_tui.model.playbook import Playbook
from medflow_tui.model.service import Place, Verb
from medflow_tui.model.words import SILENCE, Phrase
from medflow_tui.rules.services import why_not

ON_THAT_MACHINE = ("service_here",)
"""Kinds of guards by which a playbook says that it needs the service manager of this machine."""


def is_bound(playbook: Playbook) -> bool:
    """True when it works only on the machine on which the service runs."""
    return any(each.kind in ON_THAT_MACHINE for each in playbook.guards)


def refusal(playbook: Playbook, place: Place, manager: str = "pm2") -> Phrase:
    """Why it refuses at that place, of a service under that manager; silence where it works.

    On Windows this program looks and does not act: no playbook is offered there. Elsewhere what goes over the network
    works, and what needs the service manager is refused.
    """
    if place is Place.WINDOWS or is_bound(playbook):
        return why_not(manager, Verb.RESTART, place)
    return SILENCE
