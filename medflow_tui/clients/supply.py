"""Whether the server runs on mains or on a battery, and who says so: the UPS that the site names, else what Linux lists."""

from __future__ import annotations

from pathlib import Path

from medflow_tui.clients import nut
from medflow_tui.clients.host import POWER, supply_seen
from medflow_tui.clients.network import Deadline, UnreachableError
from medflow_tui.model.canonical import Facts
from medflow_tui.model.power import Power
from medflow_tui.model.words import SILENCE, Phrase

ASK_S = 2.0
SUPPLY, SAYS = (
    "supply",
    "supply.says",
)  # facts of a survey: mains, battery or unknown; and by what that is known


def supply(power: Power, folder: Path = POWER, within_s: float = ASK_S) -> Facts:
    """What a guard of power goes by. A UPS that is named and does not tell is unknown; nothing is said where nothing is seen."""
    if power.ups is None:
        source, _, name = supply_seen(folder)
        return {SUPPLY: source, SAYS: name} if source != "unknown" else {}
    try:
        words = nut.status(power.ups, Deadline.after(within_s))
    except UnreachableError:
        return {SUPPLY: "unknown", SAYS: power.nut}
    return {SUPPLY: nut.power_of(words), SAYS: f"{power.nut} ({' '.join(words)})"}


def why_untold(power: Power, within_s: float = ASK_S) -> Phrase:
    """Why the UPS that the site names does not tell; nothing when it does, or none is named."""
    if power.ups is None:
        return SILENCE
    try:
        nut.status(power.ups, Deadline.after(within_s))
    except UnreachableError as error:
        return error.failure.text
    return SILENCE
