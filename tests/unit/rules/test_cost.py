"""What looking costs on a line that is paid by the megabyte."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

import pytest

from medflow_tui.locale.language import Language
from medflow_tui.model.health import EMPTY, Health, Snapshot, Verdict
from medflow_tui.model.site import Site
from medflow_tui.model.target import Target
from medflow_tui.model.targets.clinics import Clinic, ClinicsTarget
from medflow_tui.model.targets.http import BACKEND, CENTRAL, HttpTarget
from medflow_tui.model.targets.redis import RedisTarget
from medflow_tui.model.targets.uplink import UplinkTarget
from medflow_tui.model.words import SILENCE
from medflow_tui.rules.cost import a_month, is_paid, told
from medflow_tui.rules.line import Knock, bytes_of

UPLINK = UplinkTarget(name="uplink", addresses=("1.1.1.1:443",), interval_s=60)
CENTRAL_SERVER = HttpTarget(name="central", role=CENTRAL, address="https://central.example", interval_s=300)


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        (UPLINK, True),
        (replace(UPLINK, addresses=("127.0.0.1:443", "localhost:80")), False),
        (replace(UPLINK, addresses=("127.0.0.1:443",), paid=True), True),
        (replace(UPLINK, paid=False), False),
        (CENTRAL_SERVER, True),
        (replace(CENTRAL_SERVER, address="http://[::1]:4000"), False),
        (HttpTarget(name="backend", role=BACKEND, address="http://192.168.1.10:5001"), False),
        (HttpTarget(name="backend", role=BACKEND, address="http://10.8.0.1:5001", paid=True), True),
        (ClinicsTarget(name="clinics", central="https://central.example"), True),
        (ClinicsTarget(name="clinics", clinic=(Clinic(id="MATADI", address="10.8.0.4:443"),)), True),
        (ClinicsTarget(name="clinics"), False),
        (RedisTarget(name="redis", address="redis://127.0.0.1:6379"), False),
    ],
)
def test_what_leaves_the_site_is_paid_unless_the_site_file_says_otherwise(
    target: Target, expected: bool
) -> None:
    assert is_paid(target) is expected


@pytest.mark.parametrize(
    ("knock", "expected"),
    [
        (Knock(sent=1, lost=0, rtt_ms=600.0), 420),
        (Knock(sent=3, lost=2, rtt_ms=600.0), 540),
        (Knock(sent=1, lost=0, rtt_ms=600.0, refused=True), 120),
        (Knock(sent=2, lost=2), 120),
    ],
)
def test_a_knock_costs_its_packets(knock: Knock, expected: int) -> None:
    assert bytes_of(knock) == expected


def seen(target: Target, counted: int | None) -> Verdict:
    values = {} if counted is None else {"bytes": counted}
    return Verdict(
        target=target.name,
        kind=target.kind,
        pane=target.pane,
        label=target.name,
        health=Health.OK,
        evidence=SILENCE,
        values=MappingProxyType(values),
    )


def site(*targets: Target, **more: float) -> Site:
    return replace(Site(code="M", name="M", environment="lab", targets=targets), **more)  # type: ignore[arg-type]


def lines(place: Site, name: str, snapshot: Snapshot) -> list[str]:
    return [Language("en").say(each) for each in told(place, name, snapshot)]


def test_the_detail_tells_bytes_money_and_the_budget() -> None:
    place = site(UPLINK, CENTRAL_SERVER, price_per_mb=0.05, budget_mb_per_month=50)
    snapshot = Snapshot(verdicts=(seen(UPLINK, 840), seen(CENTRAL_SERVER, 6000)))
    assert lines(place, "uplink", snapshot) == [
        "paid line: 840 B a reading, 1.2 MB a day, 1.8 USD a month",
        "all probes: 89 MB a month of 50 MB, more than the budget",
    ]


def test_without_a_price_and_a_budget_only_bytes_are_told() -> None:
    place = site(UPLINK)
    assert lines(place, "uplink", Snapshot(verdicts=(seen(UPLINK, 840),))) == [
        "paid line: 840 B a reading, 1.2 MB a day",
        "all probes: 37 MB a month",
    ]


def test_what_is_not_counted_is_not_told_as_nothing() -> None:
    redis = RedisTarget(name="redis", address="redis://10.8.0.1:6379", paid=True)
    assert lines(site(redis), "redis", Snapshot(verdicts=(seen(redis, None),))) == [
        "paid line: what this reading costs is not counted"
    ]


def test_what_costs_nothing_is_not_spoken_of() -> None:
    backend = HttpTarget(name="backend", address="http://127.0.0.1:5001")
    place = site(backend, UPLINK)
    snapshot = Snapshot(verdicts=(seen(backend, 9000),))
    assert told(place, "backend", snapshot) == ()
    assert told(place, "uplink", EMPTY) == ()
    assert told(place, "clinics/MATADI", snapshot) == ()
    assert a_month(place, snapshot) == 0


LASTS = "what the probes leave of the budget lasts for 20 h of it in a month"


def test_the_screen_takes_from_the_same_budget() -> None:
    place = site(UPLINK, price_per_mb=0.05, budget_mb_per_month=50)
    snapshot = Snapshot(verdicts=(seen(UPLINK, 840),))
    told_of = [Language("en").say(each) for each in told(place, "uplink", snapshot, 650_000.0)]
    assert told_of[1:] == [
        "all probes: 37 MB a month of 50 MB",
        f"this screen: 650 kB an hour, 0.03 USD an hour, {LASTS}",
    ]


@pytest.mark.parametrize(("screen", "expected"), [(None, None), (0.0, "this screen: 0 B an hour")])
def test_a_screen_that_is_not_counted_is_not_told_and_one_that_rests_costs_nothing(
    screen: float | None, expected: str | None
) -> None:
    place = site(UPLINK, budget_mb_per_month=50)
    texts = [
        Language("en").say(each)
        for each in told(place, "uplink", Snapshot(verdicts=(seen(UPLINK, 840),)), screen)
    ]
    assert texts[2:] == ([] if expected is None else [expected])
