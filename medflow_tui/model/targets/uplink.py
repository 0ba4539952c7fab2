"""The site's own line to the outside as a target."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from medflow_tui.model.target import CLINICS, Target


@dataclass(frozen=True, slots=True, kw_only=True)
class UplinkTarget(Target):
    """`addresses` (`host:port`) lie outside the site; any one that answers proves that the line is up.

    `tries` connections are opened at each reading, `window` of them are remembered for at most `window_s`.
    A long round trip (satellite: 600 to 700 ms) is no fault; a threshold of 0 is none.
    """

    kind: ClassVar[str] = "uplink"
    pane: ClassVar[str] = CLINICS

    label: str = "own line"
    addresses: tuple[str, ...] = ()
    contact: str = "network"
    tries: int = 2
    window: int = 20
    window_s: float = 1800.0
    loss_warning_percent: float = 10.0
    loss_critical_percent: float = 50.0
    rtt_warning_ms: float = 0.0

    @property
    def far_addresses(self) -> tuple[str, ...]:
        """All of them."""
        return self.addresses
