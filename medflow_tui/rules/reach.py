"""What a playbook can do when MedFlow runs on another machine, such as a Windows server under PM2: pure."""

from __future__ import annotations

from medflow_tui.model.playbook import Playbook
from medflow_tui.model.service import Place, Verb
from medflow_tui.model.site import Site
from medflow_tui.model.targets.process import ProcessTarget
from medflow_tui.model.words import SILENCE, Phrase, say
from medflow_tui.rules.services import why_not

ON_THAT_MACHINE = ("service_here",)
"""Kinds of guards by which a playbook says that it needs the service manager of this machine."""
OF_RELEASES, OF_SECRETS = "release_", "environment_file"
"""Kinds of guards by which it needs to know where versions are kept, or the file in which the backend's secrets are."""
FROM_LINUX = say(
    "what goes over the network is done from a Linux machine that has this server in its site file"
)


def lacking(playbook: Playbook, site: Site) -> Phrase:
    """What the site file does not say and the playbook cannot do without; silence where all is there."""
    kinds = {each.kind for each in playbook.guards}
    if any(each.startswith(OF_RELEASES) for each in kinds) and not site.releases.folder:
        return say("not here: no [releases]")
    is_known = any(isinstance(each, ProcessTarget) and each.environment_file for each in site.targets)
    if OF_SECRETS in kinds and not is_known:
        return say("not here: no environment_file")
    return SILENCE


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
