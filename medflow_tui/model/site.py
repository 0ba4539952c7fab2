"""The site: where this is, in which environment, whom to call, and what is watched there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """One site file, merged with its profile and checked.

    `price_per_mb` (of 1,000,000 bytes, in `currency`) is what the line outside costs; 0: nothing, or nobody knows.
    `budget_mb_per_month` is for probes and screens together; 0: none.
    `timezone` is an IANA name; `bell` rings on a new critical; `folder` is where relative paths start.
    """

    code: str
    name: str
    environment: str
    profile: str = "medflow"
    timezone: str = "Africa/Kinshasa"
    language: str = "auto"
    bell: bool = True
    ascii: bool = False
    price_per_mb: float = 0.0
    currency: str = "USD"
    budget_mb_per_month: float = 0.0
    folder: str = "."
    source: str = ""
    contacts: Mapping[str, Contact] = field(default_factory=lambda: MappingProxyType({}))
    targets: tuple[Target, ...] = ()
