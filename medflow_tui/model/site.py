"""The site: where this is, in which environment, whom to call, and what is watched there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from medflow_tui.model.access import Access
from medflow_tui.model.audit import Keeping
from medflow_tui.model.fitting import refuse_negative, refuse_no_clock, refuse_no_days
from medflow_tui.model.power import NO_POWER, Power
from medflow_tui.model.releases import Deployment
from medflow_tui.model.target import Target

ENVIRONMENTS = ("production", "drill", "lab")


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Whom to call for a kind of problem (database, network, devices, security, vendor, assistance)."""

    role: str
    name: str = ""
    phone: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """Opening hours of a place on the days named (mon … sun), `HH:MM` in its own time zone."""

    opens: str = "07:30"
    closes: str = "17:00"
    days: tuple[str, ...] = ("mon", "tue", "wed", "thu", "fri", "sat")


def hours_given(opens: str, closes: str, days: tuple[str, ...]) -> Hours | None:
    """The hours that a record names, with what is usual for the rest; None when it names nothing.

    Raises UnfitError for what is no time or no day.
    """
    if not (opens or closes or days):
        return None
    usual = Hours()
    hours = Hours(opens=opens or usual.opens, closes=closes or usual.closes, days=days or usual.days)
    refuse_no_clock("opens", hours.opens)
    refuse_no_clock("closes", hours.closes, ends=True)
    refuse_no_days("days", hours.days)
    return hours


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One site file, merged with its profile and checked.

    `price_per_mb` (of 1,000,000 bytes, in `currency`) is what the line outside costs; 0: nothing, or nobody knows.
    `budget_mb_per_month` is for probes and screens together; 0: none. Over `budget_bytes_per_s` or
    `budget_mb_per_session` a screen saves by itself (`rules.thrift`); 0: none. `low_data` is the mode in which it begins.
    `opens`, `closes` and `days` are the hours in which devices are worked with (none: ages of files are counted day and
    night). `timezone` is an IANA name; `bell` rings on a new critical; `folder` is where relative paths start; `keys` are
    the keys of commands, as they are written (`ui.keymap` understands them).
    """

    code: str
    name: str
    environment: str
    profile: str = "medflow"
    timezone: str = "Africa/Kinshasa"
    opens: str = ""
    closes: str = ""
    days: tuple[str, ...] = ()
    language: str = "auto"
    bell: bool = True
    ascii: bool = False
    price_per_mb: float = 0.0
    currency: str = "USD"
    budget_mb_per_month: float = 0.0
    budget_bytes_per_s: float = 0.0
    budget_mb_per_session: float = 0.0
    low_data: bool = False
    folder: str = "."
    source: str = ""
    keys: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    contacts: Mapping[str, Contact] = field(default_factory=lambda: MappingProxyType({}))
    targets: tuple[Target, ...] = ()
    audit: Keeping = field(default_factory=Keeping)
    releases: Deployment = field(default_factory=Deployment)
    access: Access = field(default_factory=Access)
    power: Power = NO_POWER

    def __post_init__(self) -> None:
        hours_given(self.opens, self.closes, self.days)
        for key in ("price_per_mb", "budget_mb_per_month", "budget_bytes_per_s", "budget_mb_per_session"):
            refuse_negative(key, getattr(self, key))

    @property
    def hours(self) -> Hours | None:
        """Its opening hours, or None when the site file says nothing of them."""
        return hours_given(self.opens, self.closes, self.days)
