"""From judgement to standing verdict."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from medflow_tui.model.health import EPOCH, Health, Judgement, Reading, Verdict
from medflow_tui.model.targets.redis import RedisTarget
from medflow_tui.model.words import say
from medflow_tui.rules.alerts import aged, exit_code, settle, unread

START = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
TARGET = RedisTarget(name="redis", interval_s=10, confirm=3)
OK, WARN, CRIT, UNK = Health.OK, Health.WARNING, Health.CRITICAL, Health.UNKNOWN


def after(*healths: Health) -> list[Verdict]:
    """The verdict after each reading, ten seconds apart."""
    verdict, found = unread(TARGET), []
    for index, health in enumerate(healths):
        at = START + timedelta(seconds=10 * index)
        reading = Reading(target="redis", kind="redis", observed_at=at, how=say("test"))
        verdict = settle(verdict, reading, Judgement(health=health, evidence=say("x")), needed=TARGET.confirm)
        found.append(verdict)
    return found


def test_nobody_looked_yet_is_unknown() -> None:
    assert unread(TARGET).health is UNK
    assert unread(TARGET).observed_at == EPOCH


@pytest.mark.parametrize(
    ("healths", "shown", "soft"),
    [
        ([CRIT], [CRIT], [False]),
        ([OK, CRIT], [OK, WARN], [False, True]),
        ([OK, CRIT, CRIT], [OK, WARN, WARN], [False, True, True]),
        ([OK, CRIT, CRIT, CRIT], [OK, WARN, WARN, CRIT], [False, True, True, False]),
        ([OK, CRIT, CRIT, CRIT, OK], [OK, WARN, WARN, CRIT, OK], [False, True, True, False, False]),
        ([OK, CRIT, OK, CRIT], [OK, WARN, OK, WARN], [False, True, False, True]),
        ([OK, UNK, UNK, UNK], [OK, WARN, WARN, UNK], [False, True, True, False]),
        ([OK, WARN], [OK, WARN], [False, False]),
    ],
)
def test_a_new_trouble_is_soft_until_it_was_seen_often_enough(
    healths: list[Health], shown: list[Health], soft: list[bool]
) -> None:
    found = after(*healths)
    assert [each.health for each in found] == shown
    assert [each.soft for each in found] == soft


def test_since_is_when_the_health_changed_and_does_not_move() -> None:
    found = after(OK, OK, CRIT, CRIT, CRIT, CRIT)
    assert found[1].since == START
    assert found[2].since == found[3].since == START + timedelta(seconds=20)
    assert found[4].since == found[5].since == START + timedelta(seconds=40)


def test_judging_the_same_reading_again_confirms_nothing() -> None:
    verdict = after(OK, CRIT)[-1]
    reading = Reading(target="redis", kind="redis", observed_at=verdict.observed_at, how=say("test"))
    again = settle(verdict, reading, Judgement(health=CRIT, evidence=say("x")), needed=3)
    assert (again.seen, again.soft) == (1, True)


def test_a_reading_older_than_twice_its_interval_is_stale_and_says_since_when() -> None:
    verdict = after(OK)[-1]
    assert aged(verdict, START + timedelta(seconds=25)) is verdict
    old = aged(verdict, START + timedelta(seconds=26))
    assert old.health is Health.STALE
    assert old.evidence.values["at"] == START
    assert aged(unread(TARGET), START).health is UNK


@pytest.mark.parametrize(
    ("healths", "code"),
    [
        ((), 0),
        ((OK, Health.EXPECTED_OFFLINE, Health.MAINTENANCE), 0),
        ((OK, WARN), 1),
        ((WARN, UNK), 3),
        ((WARN, Health.STALE), 3),
        ((UNK, CRIT, WARN), 2),
    ],
)
def test_exit_codes_by_the_worst(healths: tuple[Health, ...], code: int) -> None:
    assert exit_code(healths) == code
