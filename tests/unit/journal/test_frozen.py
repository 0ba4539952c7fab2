"""Records go to JSON and come back as they were."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType

import pytest

from medflow_tui.journal.frozen import freeze, thaw
from medflow_tui.model.health import Cause, Failure, Health, Judgement, Snapshot, Verdict
from medflow_tui.model.log import Level, LogLine
from medflow_tui.model.words import say

AT = datetime(2026, 1, 15, 9, 0, 3, 250000, tzinfo=UTC)
VERDICT = Verdict(
    target="redis",
    kind="redis",
    pane="services",
    label="redis",
    health=Health.CRITICAL,
    evidence=say("refused").also(say("since {at:when}", at=AT)),
    observed_at=AT,
    latency_ms=1.5,
    failure=Failure(cause=Cause.REFUSED, text=say("connection refused"), until=AT),
    judgement=Judgement(health=Health.CRITICAL, evidence=say("refused"), detail=(say("a"), say("b"))),
    values=MappingProxyType({"seen": AT, "list": (1, 2), "table": MappingProxyType({"at": "noon", "n": 1})}),
    spark=(Health.OK, None, Health.CRITICAL),
)


@pytest.mark.parametrize(
    "record",
    [
        VERDICT,
        Snapshot(at=AT, verdicts=(VERDICT,), notices=(say("no history"),)),
        LogLine(at=None, level=Level.ERROR, source="redis", text="[x] {y}", count=38, since=AT),
    ],
    ids=lambda record: type(record).__name__,
)
def test_a_record_comes_back_as_it_was(record: object) -> None:
    assert thaw(type(record), json.loads(json.dumps(freeze(record)))) == record


def test_fields_that_are_as_they_always_are_take_no_room() -> None:
    assert freeze(Snapshot()) == {}
    assert set(freeze(LogLine(at=AT, level=Level.INFO, source="", text="x"))) == {
        "at",
        "level",
        "source",
        "text",
    }


def test_what_is_no_record_is_refused() -> None:
    @dataclass
    class Odd:
        content: object = None

    with pytest.raises(TypeError, match="cannot be frozen"):
        freeze(Odd(content={1, 2}))
    with pytest.raises((KeyError, TypeError, ValueError)):
        thaw(LogLine, {"level": "very bad"})
