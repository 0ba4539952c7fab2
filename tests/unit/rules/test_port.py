"""Situations of a port."""

from __future__ import annotations

from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

import pytest

from medflow_tui.model.health import Cause, Failure, Health, Judgement, Reading
from medflow_tui.model.targets.port import PortTarget
from medflow_tui.model.words import say
from medflow_tui.rules.judging import Context
from medflow_tui.rules.judging.port import judge

NOW = datetime(2026, 11, 23, 13, 0, tzinfo=UTC)


def port(expected: str = "", failure: Failure | None = None, **values: Any) -> Judgement:
    reading = Reading(
        target="port",
        kind="port",
        observed_at=NOW,
        how=say("test"),
        values=MappingProxyType(values),
        failure=failure,
    )
    return judge(
        reading, PortTarget(name="port", address="127.0.0.1:5002", listener=expected), Context(now=NOW)
    )


@pytest.mark.parametrize(
    ("expected", "found", "health", "words"),
    [
        ("", "node", Health.OK, "open, {name}"),
        ("node", "node", Health.OK, "open, {name}"),
        ("node", "node.exe", Health.OK, "open, {name}"),
        (
            "node",
            "python3",
            Health.CRITICAL,
            "taken by {name}",
        ),  # 5002: the face service took the backend's port
        ("node", None, Health.UNKNOWN, "open, owner unseen"),
        ("", None, Health.OK, "open"),
    ],
)
def test_a_port_is_judged_by_who_listens(
    expected: str, found: str | None, health: Health, words: str
) -> None:
    judgement = port(expected, port=5002, listener=found, pid=7 if found else None)
    assert (judgement.health, judgement.evidence.text) == (health, words)


def test_an_open_port_says_how_little_it_proves() -> None:
    assert any("does not prove" in each.text for each in port(port=5002, listener="node", pid=7).detail)


def test_a_closed_port_is_critical_with_what_people_notice() -> None:
    found = port(failure=Failure(cause=Cause.REFUSED, text=say("refused")))
    assert found.health is Health.CRITICAL
    assert found.means
