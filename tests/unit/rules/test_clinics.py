"""Situations of clinics and of the queue to the central server, as the field has them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

import pytest

from medflow_tui.model.health import Cause, Failure, Health, Judgement, Reading
from medflow_tui.model.targets.clinics import Clinic, ClinicsTarget
from medflow_tui.model.words import SILENCE, say
from medflow_tui.rules.judging import Context
from medflow_tui.rules.judging.clinics import judge

NOW = datetime(2026, 11, 23, 13, 0, tzinfo=UTC)  # Monday, 14:00 in Kinshasa
MATADI = Clinic(id="MATADI_KC", every_s=1800)
TARGET = ClinicsTarget(
    name="clinics", own="MATRIX_KIN", uplink="uplink", clinic=(MATADI, Clinic(id="MATRIX_KIN", every_s=600))
)


def minutes_ago(minutes: float) -> datetime:
    return NOW - timedelta(minutes=minutes)


def reading(name: str, at: datetime, values: dict[str, Any]) -> Reading:
    return Reading(
        target=name, kind="clinics", observed_at=at, how=say("test"), values=MappingProxyType(values)
    )


def clinic(now: datetime = NOW, readings: dict[str, Reading] | None = None, **known: Any) -> Judgement:
    values = {
        "label": "MATADI",
        "listed": True,
        "status": "active",
        "zone": "Africa/Kinshasa",
        "central_known": True,
        "seen_at": minutes_ago(12),
        "waiting": 0,
        "given_up": 0,
        "oldest_at": None,
        "address": "",
        "answered": None,
        "refused": False,
        "answered_at": None,
        "knocks": 0,
        "loss_percent": 0.0,
        "rtt_ms": None,
        "jitter_ms": None,
        **known,
    }
    return judge(reading("clinics/MATADI_KC", now, values), TARGET, Context(now=now, readings=readings or {}))


def reached(**known: Any) -> dict[str, Any]:
    return {
        "address": "10.8.0.4:443",
        "answered": True,
        "answered_at": NOW,
        "knocks": 20,
        "rtt_ms": 640.0,
        "jitter_ms": 30.0,
        **known,
    }


def unreached(last: datetime | None, **known: Any) -> dict[str, Any]:
    return reached(answered=False, answered_at=last, rtt_ms=None, jitter_ms=None, loss_percent=100.0, **known)


def queue(readings: dict[str, Reading] | None = None, **known: Any) -> Judgement:
    values = {
        "clinics": 4,
        "own": "MATRIX_KIN",
        "own_zone": "Africa/Kinshasa",
        "own_seen": minutes_ago(6),
        "registry_failure": SILENCE,
        "central_failure": SILENCE,
        "queue_failure": SILENCE,
        "waiting": 0,
        "given_up": 0,
        "by_status": {},
        "oldest_at": None,
        "oldest_of": "",
        "unlisted": 0,
        **known,
    }
    return judge(reading("clinics", NOW, values), TARGET, Context(now=NOW, readings=readings or {}))


def uplink(cause: Cause | None, at: datetime = NOW) -> dict[str, Reading]:
    failure = None if cause is None else Failure(cause=cause, text=say("own line is down"))
    return {
        "uplink": Reading(target="uplink", kind="uplink", observed_at=at, how=say("test"), failure=failure)
    }


@pytest.mark.parametrize(
    ("silent_minutes", "health"),
    [
        (6, Health.OK),  # isOnline of the central server says false from 5 minutes on
        (31, Health.OK),
        (62, Health.OK),
        (63, Health.WARNING),
        (121, Health.WARNING),
        (123, Health.CRITICAL),
    ],
)
def test_a_clinic_that_syncs_every_half_hour_is_judged_by_its_own_interval(
    silent_minutes: int, health: Health
) -> None:
    found = clinic(seen_at=minutes_ago(silent_minutes))
    assert found.health is health
    assert found.evidence.text == ("seen {at:when}" if health is Health.OK else "silent {at:when}")


def test_a_closed_clinic_is_expected_offline_until_it_opens() -> None:
    evening = datetime(2026, 11, 23, 19, 0, tzinfo=UTC)
    found = clinic(now=evening, seen_at=evening - timedelta(hours=4), **unreached(None))
    assert (found.health, found.evidence.text) == (Health.EXPECTED_OFFLINE, "opens {at}")
    assert found.evidence.values["at"] == "07:30"
    assert found.resumes_at == datetime(2026, 11, 24, 6, 30, tzinfo=UTC)


def test_on_saturday_evening_the_day_of_the_opening_is_named() -> None:
    evening = datetime(2026, 11, 28, 19, 0, tzinfo=UTC)
    found = clinic(now=evening, seen_at=evening - timedelta(hours=4))
    assert dict(found.evidence.values) == {"day": "Mon", "at": "07:30"}


def test_a_clinic_closed_for_a_time_by_the_registry_is_expected_offline() -> None:
    found = clinic(status="temporarily_closed", seen_at=NOW - timedelta(days=30))
    assert found.health is Health.EXPECTED_OFFLINE


MORNING = datetime(2026, 11, 24, 6, 45, tzinfo=UTC)  # 07:45 in Kinshasa, a quarter of an hour after opening
LAST_NIGHT = datetime(2026, 11, 23, 15, 50, tzinfo=UTC)


def test_in_the_morning_a_clinic_that_was_well_last_night_is_given_its_interval() -> None:
    found = clinic(now=MORNING, seen_at=LAST_NIGHT)
    assert (found.health, found.evidence.text) == (Health.EXPECTED_OFFLINE, "due {at:clock}")
    assert found.resumes_at == datetime(2026, 11, 24, 7, 32, tzinfo=UTC)
    assert clinic(now=MORNING, seen_at=LAST_NIGHT, **reached()).health is Health.OK


def test_in_the_morning_a_clinic_that_was_silent_all_yesterday_is_a_warning_and_critical_an_hour_later() -> (
    None
):
    silent_since = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
    assert clinic(now=MORNING, seen_at=silent_since).health is Health.WARNING
    assert clinic(now=MORNING + timedelta(hours=1), seen_at=silent_since).health is Health.CRITICAL


def test_a_satellite_line_is_slow_and_well() -> None:
    found = clinic(**reached(rtt_ms=1400.0))
    assert (found.health, dict(found.evidence.values)) == (Health.OK, {"rtt": 1400.0})


@pytest.mark.parametrize(
    ("loss", "knocks", "health"),
    [(9, 20, Health.OK), (12, 20, Health.WARNING), (60, 20, Health.CRITICAL), (50, 2, Health.OK)],
)
def test_loss_is_judged_over_enough_tries(loss: float, knocks: int, health: Health) -> None:
    assert clinic(**reached(loss_percent=loss, knocks=knocks)).health is health


@pytest.mark.parametrize(
    ("known", "health"),
    [
        (unreached(minutes_ago(3)), Health.WARNING),  # synced 12 minutes ago, line dropped just now
        (unreached(minutes_ago(31)), Health.CRITICAL),  # without a line for longer than its interval
        (unreached(None), Health.CRITICAL),
        (unreached(minutes_ago(3), seen_at=minutes_ago(70)), Health.CRITICAL),
        (unreached(minutes_ago(3), central_known=None, seen_at=None), Health.CRITICAL),
        (reached(refused=True), Health.WARNING),
        (reached(refused=True, seen_at=minutes_ago(200)), Health.CRITICAL),
    ],
)
def test_a_line_that_does_not_answer_counts_with_the_last_sync(known: dict[str, Any], health: Health) -> None:
    assert clinic(**known).health is health


@pytest.mark.parametrize(
    ("known", "words"),
    [
        ({"central_known": None, "seen_at": None}, "last sync unknown"),
        ({"central_known": None, "seen_at": None, **reached()}, "last sync unknown"),
        ({"central_known": False, "seen_at": None}, "unknown to central"),
        ({"seen_at": NOW + timedelta(hours=1)}, "clocks disagree"),
        ({"listed": False}, "not in the registry"),
        ({"zone": "Africa/Matadi"}, "hours: {word}?"),
    ],
)
def test_what_cannot_be_known_is_unknown_and_never_green(known: dict[str, Any], words: str) -> None:
    found = clinic(**known)
    assert (found.health, found.evidence.text) == (Health.UNKNOWN, words)


def test_without_an_address_reachability_is_said_to_be_unknown_and_the_last_sync_decides() -> None:
    found = clinic()
    assert found.health is Health.OK
    assert any("no address" in each.text for each in found.detail)


def test_a_clinic_that_was_never_seen_is_a_warning() -> None:
    assert clinic(seen_at=None).health is Health.WARNING


@pytest.mark.parametrize(
    "known", [unreached(None), {"seen_at": minutes_ago(600)}, {"central_known": None, "seen_at": None}]
)
def test_with_the_own_line_down_nothing_is_said_of_a_clinic(known: dict[str, Any]) -> None:
    found = clinic(readings=uplink(Cause.UNREACHABLE), **known)
    assert (found.health, found.evidence.text) == (Health.UNKNOWN, "own line is down")


def test_a_clinic_that_answers_does_not_need_the_own_line() -> None:
    assert clinic(readings=uplink(Cause.UNREACHABLE), **reached()).health is Health.OK


@pytest.mark.parametrize(
    "readings", [uplink(None), uplink(Cause.OURS), uplink(Cause.UNREACHABLE, minutes_ago(30)), {}]
)
def test_an_own_line_that_is_up_or_not_known_excuses_nobody(readings: dict[str, Reading]) -> None:
    assert clinic(readings=readings, **unreached(None)).health is Health.CRITICAL


def test_closed_is_closed_with_the_own_line_down() -> None:
    evening = datetime(2026, 11, 23, 19, 0, tzinfo=UTC)
    found = clinic(now=evening, readings=uplink(Cause.UNREACHABLE, evening), seen_at=LAST_NIGHT)
    assert found.health is Health.EXPECTED_OFFLINE


@pytest.mark.parametrize(
    ("known", "health", "words"),
    [
        ({"waiting": 14, "oldest_at": minutes_ago(20)}, Health.OK, "{n:number} wait, {lost:number} given up"),
        ({"waiting": 14, "oldest_at": minutes_ago(121)}, Health.WARNING, "{n:number} wait since {at:when}"),
        ({"waiting": 14, "oldest_at": minutes_ago(1441)}, Health.CRITICAL, "{n:number} wait since {at:when}"),
        (
            {"waiting": 2, "given_up": 1, "oldest_at": NOW},
            Health.WARNING,
            "{n:number} wait, {lost:number} given up",
        ),
        ({"waiting": 14, "oldest_at": None}, Health.UNKNOWN, "{n:number} wait, no date"),
        ({"waiting": 14, "oldest_at": NOW + timedelta(days=1)}, Health.UNKNOWN, "clocks disagree"),
        (
            {"waiting": 2, "given_up": 1, "oldest_at": minutes_ago(1441)},
            Health.CRITICAL,
            "{n:number} wait since {at:when}",
        ),
        ({"given_up": 20}, Health.CRITICAL, "{n:number} wait, {lost:number} given up"),
        ({}, Health.OK, "all sent {at:when}"),
        ({"own_seen": None}, Health.UNKNOWN, "empty, unconfirmed"),
        ({"own_seen": minutes_ago(23)}, Health.UNKNOWN, "empty, unconfirmed"),
        ({"own_seen": NOW + timedelta(hours=1)}, Health.UNKNOWN, "empty, unconfirmed"),
        ({"own": "", "own_seen": None}, Health.UNKNOWN, "empty, unconfirmed"),
        ({"own_zone": "Nowhere"}, Health.UNKNOWN, "empty, unconfirmed"),
        ({"queue_failure": say("no such collection")}, Health.UNKNOWN, "queue unreadable"),
    ],
)
def test_the_queue_is_judged_by_age_and_an_empty_one_needs_a_witness(
    known: dict[str, Any], health: Health, words: str
) -> None:
    found = queue(**known)
    assert (found.health, found.evidence.text) == (health, words)


def test_an_empty_queue_with_the_own_line_down_is_no_good_news() -> None:
    assert queue(readings=uplink(Cause.UNREACHABLE)).health is Health.UNKNOWN


def test_a_central_server_that_cannot_be_read_is_said_with_its_reason() -> None:
    (line,) = [
        each
        for each in queue(central_failure=say("refused")).detail
        if each.text.startswith("central server cannot")
    ]
    assert line.parts == (say("refused"),)
