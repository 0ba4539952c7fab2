"""The clinics of the network, and what waits to be sent to the central server, as one target."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from medflow_tui.model.site import Hours, hours_given
from medflow_tui.model.target import CLINICS, Target

USUAL = Hours()


@dataclass(frozen=True, slots=True, kw_only=True)
class Clinic:
    """What the registry does not know of a clinic: `id` is its `clinicId` (e.g. MATADI_KC).

    `address` (`host:port`) answers a TCP connection when the clinic's line is up; without one only the age of the
    last sync is known. `every_s` is how often it syncs by design; `timezone` is empty for the registry's.
    """

    id: str
    label: str = ""
    address: str = ""
    every_s: float = 900.0
    opens: str = USUAL.opens
    closes: str = USUAL.closes
    days: tuple[str, ...] = USUAL.days
    timezone: str = ""

    def __post_init__(self) -> None:
        hours_given(self.opens, self.closes, self.days)

    @property
    def hours(self) -> Hours:
        """Its opening hours."""
        return Hours(opens=self.opens, closes=self.closes, days=self.days)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClinicsTarget(Target):
    """`address` is the mongodb:// URI of the registry (reached as a MongoDB target is), `central` the base URL of the

    central server, of which only the open `/api/dashboard` is asked. `own` is the `clinicId` of this site (empty:
    the one that the site's code names). `uplink` is the name of the target that watches the own line.
    A clinic is overdue after `2 * every_s + grace_s` of opening hours (one interval may be missed without a
    fault), critically after `critical_intervals * every_s + grace_s`.
    `waiting_warning_s` and `waiting_critical_s` are ages of the oldest change that waits (the backend itself gives up
    after about two hours); one change given up is a warning, `given_up_critical` are critical.
    `hours_file` is the path of a JSON file `{clinicId: {"opens", "closes", "days"}}` looked at each time, whose hours
    go before those of `clinic` (empty: none).
    """

    kind: ClassVar[str] = "clinics"
    pane: ClassVar[str] = CLINICS

    interval_s: float = 60.0
    deadline_s: float = 6.0
    address: str = ""
    username: str = ""
    password: str = ""
    auth_source: str = "admin"
    database: str = "medflow"
    central: str = ""
    own: str = ""
    uplink: str = ""
    contact: str = "network"
    clinic: tuple[Clinic, ...] = ()
    hours_file: str = ""
    grace_s: float = 120.0
    critical_intervals: float = 4.0
    tries: int = 2
    window: int = 20
    window_s: float = 1800.0
    loss_warning_percent: float = 10.0
    loss_critical_percent: float = 50.0
    waiting_warning_s: float = 7200.0
    waiting_critical_s: float = 86400.0
    given_up_critical: int = 20

    @property
    def far_addresses(self) -> tuple[str, ...]:
        """The central server, and the clinics."""
        return (self.central, *(each.address for each in self.clinic))

    def settings(self, clinic: str) -> Clinic:
        """The site file's word on a clinic, or what is usual."""
        return next((each for each in self.clinic if each.id == clinic), Clinic(id=clinic))

    def overdue_s(self, clinic: Clinic) -> float:
        """Seconds of opening hours after which its silence is a fault."""
        return 2 * clinic.every_s + self.grace_s
