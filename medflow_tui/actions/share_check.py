"""Looks at the shares of the devices: the host, the share, the newest file, and the folder where it is mounted."""

from __future__ import annotations

from collections.abc import Sequence
from shlex import quote

from medflow_tui.actions.checking import CheckCrew, Subject, check_crew
from medflow_tui.actions.handing_over import Named, Sighting
from medflow_tui.actions.names import SHARE_CHECK as ACTIONS
from medflow_tui.clients.tools import Tools
from medflow_tui.model.canonical import Facts
from medflow_tui.model.performer import Login
from medflow_tui.model.site import Site
from medflow_tui.model.target import Target
from medflow_tui.model.targets.share import ShareTarget
from medflow_tui.model.words import Phrase, say

STALE = "stale"


def numbers(seen: Sequence[Sighting]) -> Facts:
    """Shares, and those whose mounted folder does not answer."""
    mounts = [each.reading.values.get("mount") for each in seen]
    return {"shares": len(seen), "stale": mounts.count(STALE), "absent": mounts.count("absent")}


def message(facts: Facts) -> Phrase:
    """What to say to the person in charge."""
    stale, shares = (
        value if isinstance(value := facts.get(name), int) else None for name in ("stale", "shares")
    )
    return say(
        "of {shares:number} shares {stale:number} are mounted and do not answer; nothing was unmounted",
        shares=shares,
        stale=stale,
    )


def named(target: Target, tools: Tools) -> tuple[Named, ...]:
    """What the person who may mount has to type on the machine of the backend."""
    assert isinstance(target, ShareTarget)
    if not target.mount or not target.address:
        return ()
    place = quote(target.mount)
    return (
        Named(
            label=say("If {name} is stale, as root on the machine of the backend:", name=target.title),
            fact="",
            ids=(f"umount -f {place} || umount -l {place}", f"mount {place}", f"ls {place}"),
        ),
    )


SUBJECT = Subject(kinds=("share",), numbers=numbers, message=message, named=named)


def crew(site: Site, tools: Tools, login: Login | None) -> CheckCrew:
    """The crew at this site. Raises RefusedError when it names no share."""
    return check_crew(SUBJECT, site, tools, ACTIONS)
