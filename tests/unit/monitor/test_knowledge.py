"""What is known: dependents are judged again, parts come and go, people's marks stay."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import MappingProxyType

from medflow_tui.model.health import Acknowledgement, Cause, Failure, Health, Maintenance, Reading
from medflow_tui.model.targets.http import HttpTarget
from medflow_tui.model.targets.redis import RedisTarget
from medflow_tui.model.targets.uplink import UplinkTarget
from medflow_tui.model.words import say
from medflow_tui.monitor.knowledge import Knowledge
from tests.unit.monitor.test_poller import GOOD

NOW = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
REDIS = RedisTarget(name="redis", confirm=3)
OCR = HttpTarget(name="ocr", role="ocr", redis="redis", confirm=3)


def good(at: datetime = NOW) -> Reading:
    return Reading(target="redis", kind="redis", observed_at=at, how=say("t"), values=GOOD)


def bad(at: datetime = NOW, name: str = "redis", kind: str = "redis") -> Reading:
    failure = Failure(cause=Cause.REFUSED, text=say("refused"))
    return Reading(target=name, kind=kind, observed_at=at, how=say("t"), failure=failure)


def health(knowledge: Knowledge, name: str, now: datetime = NOW) -> Health:
    verdict = knowledge.snapshot(now).find(name)
    assert verdict is not None
    return verdict.health


def test_in_one_round_nothing_is_soft_even_when_it_is_judged_again() -> None:
    knowledge = Knowledge((REDIS, OCR), at_once=True)
    knowledge.absorb("ocr", (bad(name="ocr", kind="http"),), NOW)
    knowledge.absorb("redis", (good(),), NOW)
    knowledge.absorb("redis", (bad(),), NOW)
    assert health(knowledge, "redis") is health(knowledge, "ocr") is Health.CRITICAL


def test_a_change_of_one_target_judges_those_that_depend_on_it_again() -> None:
    knowledge = Knowledge((REDIS, OCR))
    knowledge.absorb("ocr", (bad(name="ocr", kind="http"),), NOW)
    changed = knowledge.absorb("redis", (good(),), NOW)
    assert [after.target for _, after in changed] == ["redis", "ocr"]


def part(name: str, at: datetime = NOW) -> Reading:
    values = MappingProxyType({**GOOD, "label": name.upper()})
    return Reading(target=f"redis/{name}", kind="redis", observed_at=at, how=say("t"), values=values)


def test_parts_have_their_own_rows_and_go_when_they_are_gone() -> None:
    knowledge = Knowledge((REDIS,))
    knowledge.absorb("redis", (good(), part("a"), part("b")), NOW)
    assert [(each.target, each.label) for each in knowledge.snapshot(NOW).verdicts] == [
        ("redis", "redis"),
        ("redis/a", "A"),
        ("redis/b", "B"),
    ]
    knowledge.absorb("redis", (good(), part("b")), NOW)
    assert [each.target for each in knowledge.snapshot(NOW).verdicts] == ["redis", "redis/b"]


def test_parts_are_stale_at_once_when_their_target_cannot_be_read() -> None:
    knowledge = Knowledge((REDIS,))
    knowledge.absorb("redis", (good(), part("a")), NOW)
    knowledge.absorb("redis", (bad(NOW + timedelta(seconds=5)),), NOW + timedelta(seconds=5))
    assert health(knowledge, "redis/a") is Health.STALE


def test_who_is_on_it_and_announced_work_are_shown_and_change_no_verdict() -> None:
    knowledge = Knowledge((REDIS,))
    knowledge.absorb("redis", (bad(), part("a")), NOW)
    until = NOW + timedelta(hours=1)
    knowledge.acknowledged = {
        "redis": Acknowledgement(target="redis", who="amani", why="cable", at=NOW, until=until)
    }
    knowledge.maintenance = (Maintenance(target="redis", who="amani", why="disk", starts=NOW, ends=until),)
    verdict = knowledge.snapshot(NOW).find("redis")
    assert verdict is not None
    assert verdict.acknowledged is not None
    assert verdict.maintenance is not None
    assert verdict.health is Health.CRITICAL
    assert knowledge.snapshot(NOW).find("redis/a").maintenance is not None  # type: ignore[union-attr]
    late = knowledge.snapshot(until).find("redis")
    assert late is not None
    assert late.acknowledged is late.maintenance is None


def test_since_survives_a_restart_only_while_the_health_is_the_same() -> None:
    before = Knowledge((REDIS,))
    before.absorb("redis", (bad(NOW),), NOW)
    remembered = {"redis": before.snapshot(NOW).verdicts[0]}
    later = NOW + timedelta(hours=1)
    again = Knowledge((REDIS,), remembered)
    again.absorb("redis", (bad(later),), later)
    assert again.snapshot(later).verdicts[0].since == NOW
    other = Knowledge((REDIS,), remembered)
    other.absorb("redis", (good(later),), later)
    assert other.snapshot(later).verdicts[0].since == later


def test_the_last_twenty_minutes_are_four_cells_of_the_worst_in_each() -> None:
    knowledge = Knowledge((REDIS,), at_once=True)
    for minute, reading in ((0, good), (2, bad), (4, good), (6, good), (17, good)):
        at = NOW + timedelta(minutes=minute)
        knowledge.absorb("redis", (reading(at),), at)
    assert knowledge.snapshot(at).verdicts[0].spark == (Health.CRITICAL, Health.OK, None, Health.OK)


def test_a_target_names_what_it_depends_on() -> None:
    assert OCR.depends_on == ("redis",)
    assert UplinkTarget(name="uplink").depends_on == ()
