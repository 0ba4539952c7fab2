"""Situations of a process under its service manager."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any

import pytest

from medflow_tui.model.errors import SettingsError
from medflow_tui.model.health import Cause, Failure, Health, Judgement, Reading
from medflow_tui.model.targets.process import ProcessTarget
from medflow_tui.model.words import say
from medflow_tui.rules.judging import Context
from medflow_tui.rules.judging.process import judge

NOW = datetime(2026, 11, 23, 13, 0, tzinfo=UTC)
MIB = 1024 * 1024
TARGET = ProcessTarget(name="backend process", manager="pm2", unit="medflow-backend")


def process(failure: Failure | None = None, **known: Any) -> Judgement:
    values = {
        "state": "running",
        "word": "online",
        "pid": 4711,
        "started_at": NOW - timedelta(days=3),
        "exit_code": None,
        "instances": 1,
        "online": 1,
        "restarts": 0,
        "known_since": NOW - timedelta(days=1),
        "memory": 335 * MIB,
        "memory_limit": 500 * MIB,
        "cpu_percent": 3.0,
        **known,
    }
    reading = Reading(
        target=TARGET.name,
        kind="process",
        observed_at=NOW,
        how=say("test"),
        values=MappingProxyType({} if failure else values),
        failure=failure,
    )
    return judge(reading, TARGET, Context(now=NOW))


@pytest.mark.parametrize(
    ("known", "health", "words"),
    [
        ({}, Health.OK, "runs, {used:bytes}"),
        ({"memory": None}, Health.OK, "running"),
        ({"memory": 399 * MIB}, Health.OK, "runs, {used:bytes}"),
        ({"memory": 400 * MIB}, Health.WARNING, "{used:bytes} of {limit:bytes}"),
        ({"memory": 4000 * MIB, "memory_limit": None}, Health.OK, "runs, {used:bytes}"),
        ({"restarts": 1}, Health.OK, "runs, {used:bytes}"),
        ({"restarts": 2}, Health.WARNING, "{n:number} restarts in 24 h"),
        ({"restarts": 10}, Health.CRITICAL, "{n:number} restarts in 24 h"),
        ({"instances": 4, "online": 3}, Health.WARNING, "{n:number} of {all:number} run"),
        ({"state": "starting"}, Health.WARNING, "starting"),
        ({"state": "restarting", "pid": None, "memory": None}, Health.CRITICAL, "falls, starts again"),
        ({"state": "stopped", "pid": None, "memory": None}, Health.CRITICAL, "stopped"),
        (
            {"state": "failed", "pid": None, "memory": None, "exit_code": 1},
            Health.CRITICAL,
            "{state:word}, code {code}",
        ),
    ],
)
def test_a_process_is_judged_by_state_restarts_and_memory(
    known: dict[str, Any], health: Health, words: str
) -> None:
    found = process(**known)
    assert (found.health, found.evidence.text) == (health, words)
    assert bool(found.means) is health.is_trouble


@pytest.mark.parametrize(
    ("cause", "health"),
    [
        (Cause.UNSUPPORTED, Health.UNKNOWN),  # no such service manager on this machine
        (Cause.FORBIDDEN, Health.UNKNOWN),
        (Cause.REFUSED, Health.CRITICAL),  # PM2 itself does not run
        (Cause.ABSENT, Health.CRITICAL),
    ],
)
def test_a_manager_that_is_not_here_says_nothing(cause: Cause, health: Health) -> None:
    assert (
        process(
            failure=Failure(cause=cause, text=say("not applicable here: no {program}", program="PM2"))
        ).health
        is health
    )


def test_a_manager_that_nobody_knows_is_refused_with_the_known_ones() -> None:
    with pytest.raises(SettingsError, match="systemd, pm2"):
        ProcessTarget(name="backend", manager="upstart")
