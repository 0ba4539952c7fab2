"""What looking costs on a line that is paid by the megabyte."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from medflow_tui.model.health import Snapshot
from medflow_tui.model.site import Site
from medflow_tui.model.target import Target
from medflow_tui.model.words import Phrase, say

DAY_S, MONTH_DAYS = 86_400.0, 30.4
MEGABYTE = 1_000_000


def is_paid(target: Target) -> bool:
    """Whether its probe uses the paid line: as the site file says, else when an address lies outside and not here."""
    if target.paid is not None:
        return target.paid
    return any(not is_here(each) for each in target.far_addresses if each)


def is_here(address: str) -> bool:
    """Whether an address (`host:port` or a URL) is this machine itself.

    >>> is_here("http://127.0.0.1:5001"), is_here("[::1]:80"), is_here("10.8.0.4:443")
    (True, True, False)
    """
    try:
        host = urlsplit(address if "://" in address else f"//{address}").hostname or ""
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def a_day(target: Target, values: Mapping[str, Any]) -> float | None:
    """Bytes a day on the paid line; None when its probe does not count them, or its last reading failed."""
    counted = values.get("bytes")
    return None if not isinstance(counted, int) else counted * DAY_S / target.interval_s


def a_month(site: Site, snapshot: Snapshot) -> float:
    """Bytes a month of all probes that use the paid line, as far as they are counted."""
    paid = {each.name: each for each in site.targets if is_paid(each)}
    days = (a_day(paid[each.target], each.values) for each in snapshot.verdicts if each.target in paid)
    return MONTH_DAYS * sum(each for each in days if each is not None)


def told(site: Site, name: str, snapshot: Snapshot, screen: float | None = None) -> tuple[Phrase, ...]:
    """For the detail of a target: what its probe costs, and all probes and this screen against the budget of the site.

    `screen` is bytes an hour, None when they are not known. Empty for a part of a target, and where the paid line is
    not used.
    """
    verdict = snapshot.find(name)
    target = next((each for each in site.targets if each.name == name), None)
    if verdict is None or target is None or not is_paid(target):
        return ()
    daily = a_day(target, verdict.values)
    if daily is None:
        return (say("paid line: what this reading costs is not counted"), *_screen(site, snapshot, screen))
    month = MONTH_DAYS * daily
    own = say(
        "paid line: {reading:bytes} a reading, {day:bytes} a day", reading=verdict.values["bytes"], day=daily
    )
    if site.price_per_mb:
        own = own.also(
            say("{price:number} {currency} a month", price=price(site, month), currency=site.currency)
        )
    whole = a_month(site, snapshot)
    told_of_screen = _screen(site, snapshot, screen)
    if not site.budget_mb_per_month:
        return (own, say("all probes: {month:bytes} a month", month=whole), *told_of_screen)
    budget = site.budget_mb_per_month * MEGABYTE
    together = say("all probes: {month:bytes} a month of {budget:bytes}", month=whole, budget=budget)
    together = together.also(say("more than the budget")) if whole > budget else together
    return (own, together, *told_of_screen)


def _screen(site: Site, snapshot: Snapshot, hourly: float | None) -> tuple[Phrase, ...]:
    """What this screen takes from the same budget, and for how long the probes leave it something."""
    if hourly is None:
        return ()
    told = say("this screen: {hour:bytes} an hour", hour=hourly)
    if site.price_per_mb:
        told = told.also(
            say("{price:number} {currency} an hour", price=price(site, hourly), currency=site.currency)
        )
    left = site.budget_mb_per_month * MEGABYTE - a_month(site, snapshot)
    if left <= 0 or hourly <= 0 or left / hourly >= MONTH_DAYS * 24:
        return (told,)
    return (
        told.also(
            say(
                "what the probes leave of the budget lasts for {time:duration} of it in a month",
                time=left / hourly * 3600,
            )
        ),
    )


def price(site: Site, number: float) -> float:
    """What so many bytes cost at this site.

    >>> price(Site(code="M", name="M", environment="lab", price_per_mb=0.02), 12_500_000)
    0.25
    """
    return round(number / MEGABYTE * site.price_per_mb, 2)
