"""Where the power of the server comes from, and who is asked: the table `[power]` of the site file."""

from __future__ import annotations

import re
from dataclasses import dataclass

from medflow_tui.model.errors import UnfitError
from medflow_tui.model.words import say

NUT_PORT = 3493
_UPS = re.compile(
    r"(?P<name>[A-Za-z0-9_.-]{1,64})@(?P<host>[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]+\])(?::(?P<port>\d{1,5}))?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ups:
    """One UPS of an `upsd` (Network UPS Tools), as `upsc` names it."""

    name: str
    host: str
    port: int = NUT_PORT


@dataclass(frozen=True, slots=True, kw_only=True)
class Power:
    """`nut` names the UPS that the server hangs on: `ups@127.0.0.1`, or with a port; empty: what Linux itself sees counts."""

    nut: str = ""

    def __post_init__(self) -> None:
        if self.nut and self.ups is None:
            text = say("{file}: {key} names a UPS, as ups@127.0.0.1 or ups@host:3493", file="", key="nut")
            raise UnfitError("nut", text)

    @property
    def ups(self) -> Ups | None:
        """The UPS that is named.

        >>> Power(nut="ups@10.8.0.2:3500").ups
        Ups(name='ups', host='10.8.0.2', port=3500)
        """
        found = _UPS.fullmatch(self.nut)
        port = int(found["port"] or NUT_PORT) if found else 0
        if found is None or not 0 < port < 65536:
            return None
        return Ups(name=found["name"], host=found["host"], port=port)


NO_POWER = Power()
