"""Looks at the backups of the day: whether they are there, whole, and on a second disk."""

from __future__ import annotations

from collections.abc import Sequence

from medflow_tui.actions.checking import CheckCrew, Subject, check_crew
from medflow_tui.actions.handing_over import Sighting
from medflow_tui.actions.names import BACKUP_CHECK as ACTIONS
from medflow_tui.clients.tools import Tools
from medflow_tui.model.canonical import Facts
from medflow_tui.model.health import Reading
from medflow_tui.model.performer import Login
from medflow_tui.model.site import Site
from medflow_tui.model.words import Phrase, say

UNFINISHED = ("checking", "waiting")


def numbers(seen: Sequence[Sighting]) -> Facts:
    """Sets looked at, and how many of them are proved by their checksum (level L1)."""
    values = [each.reading.values for each in seen if "level" in each.reading.values]
    return {"sets": len(values), "proved": sum(each["level"] == "L1" for each in values)}


def message(facts: Facts) -> Phrase:
    """What to say to the person in charge."""
    sets, proved = (
        value if isinstance(value := facts.get(name), int) else None for name in ("sets", "proved")
    )
    return say(
        "of {sets:number} series of backups {proved:number} have a newest one that matches its checksum; "
        "nobody has restored it; what is not in order is in the list",
        sets=sets,
        proved=proved,
    )


def settled(readings: Sequence[Reading]) -> bool:
    """Every newest backup was read to its end."""
    return not any(each.values.get("state") in UNFINISHED for each in readings)


SUBJECT = Subject(kinds=("backups",), numbers=numbers, message=message, settled=settled)


def crew(site: Site, tools: Tools, login: Login | None) -> CheckCrew:
    """The crew at this site. Raises RefusedError when it names no backups."""
    return check_crew(SUBJECT, site, tools, ACTIONS)
