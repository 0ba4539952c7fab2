"""Situations of the own line."""

from __future__ import annotations

from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

import pytest

from medflow_tui.model.health import Cause, Failure, Health, Judgement, Reading
from medflow_tui.model.targets.uplink import UplinkTarget
from medflow_tui.model.words import say
from medflow_tui.rules.judging import Context
from medflow_tui.rules.judging.uplink import judge

NOW = datetime(2026, 11, 23, 13, 0, tzinfo=UTC)


def uplink(failure: Failure | None = None, rtt_warning_ms: float = 0, **known: Any) -> Judgement:
    values = {
        "answering": ("a:443",),
        "asked": ("a:443", "b:443"),
        "loss_percent": 0.0,
        "rtt_ms": 612.0,
        "jitter_ms": 20.0,
        "knocks": 20,
        **known,
    }
    reading = Reading(
        target="uplink",
        kind="uplink",
        observed_at=NOW,
        how=say("test"),
        values=MappingProxyType(values),
        failure=failure,
    )
    return judge(reading, UplinkTarget(name="uplink", rtt_warning_ms=rtt_warning_ms), Context(now=NOW))


@pytest.mark.parametrize(
    ("known", "health", "words"),
    [
        ({}, Health.OK, "{rtt:ms}"),
        ({"rtt_ms": 1900.0}, Health.OK, "{rtt:ms}"),
        ({"rtt_ms": 1900.0, "rtt_warning_ms": 1500.0}, Health.WARNING, "slow, {rtt:ms}"),
        ({"loss_percent": 12.0}, Health.WARNING, "loss {loss:percent}, {rtt:ms}"),
        ({"loss_percent": 50.0}, Health.CRITICAL, "loss {loss:percent}, {rtt:ms}"),
        ({"loss_percent": 50.0, "knocks": 2}, Health.OK, "{rtt:ms}"),
    ],
)
def test_the_line_is_judged_by_loss_and_not_by_its_length(
    known: dict[str, Any], health: Health, words: str
) -> None:
    found = uplink(**known)
    assert (found.health, found.evidence.text) == (health, words)


@pytest.mark.parametrize(
    ("cause", "health"),
    [
        (Cause.UNREACHABLE, Health.CRITICAL),
        (Cause.UNRESOLVED, Health.CRITICAL),
        (Cause.UNSUPPORTED, Health.UNKNOWN),
    ],
)
def test_down_is_critical_and_no_address_is_unknown(cause: Cause, health: Health) -> None:
    assert uplink(failure=Failure(cause=cause, text=say("own line is down"))).health is health
