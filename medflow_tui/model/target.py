"""A target: what is watched, with its address, deadline, interval and thresholds, as the site file declares it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

SERVICES, CLINICS, DEVICES, BACKUPS, LOG = "services", "clinics", "devices", "backups", "log"
PANES = (SERVICES, CLINICS, DEVICES, BACKUPS, LOG)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What every kind of target has. One subclass a kind stands in `model/targets/`, with its own thresholds.

    Times are seconds. `confirm` readings in a row must agree on a trouble before it is firm (soft until then);
    `contact` names the kind of problem in `[contacts]` whose person is shown on the detail screen.
    `paid` says whether its probe uses a line that is paid by the megabyte (left out: when `far_addresses` does).
    """

    kind: ClassVar[str] = ""
    pane: ClassVar[str] = SERVICES

    name: str
    label: str = ""
    enabled: bool = True
    interval_s: float = 30.0
    deadline_s: float = 4.0
    confirm: int = 2
    contact: str = ""
    paid: bool | None = None

    @property
    def title(self) -> str:
        """What people call it."""
        return self.label or self.name

    @property
    def far_addresses(self) -> tuple[str, ...]:
        """Addresses outside the site that its probe speaks to."""
        return ()

    @property
    def depends_on(self) -> tuple[str, ...]:
        """Names of the targets whose readings the verdict on this one looks at."""
        return tuple(name for name in (getattr(self, "redis", ""), getattr(self, "uplink", "")) if name)
