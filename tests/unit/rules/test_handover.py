"""What is shown while a new collector has not read everything yet."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from medflow_tui.model.health import EPOCH, Health, Snapshot, Verdict
from medflow_tui.model.words import say
from medflow_tui.rules.handover import carried, is_whole

NOW = datetime(2026, 1, 15, 9, 0, tzinfo=UTC)


def row(target: str, at: datetime = NOW, health: Health = Health.OK) -> Verdict:
    return Verdict(
        target=target,
        kind="redis",
        pane="services",
        label=target,
        health=health,
        evidence=say("open"),
        observed_at=at,
        due_every_s=30,
    )


NEW = row("a", EPOCH, Health.UNKNOWN)


def test_a_target_not_read_yet_is_shown_as_it_was_with_its_parts() -> None:
    before = Snapshot(verdicts=(row("a"), row("a/1"), row("b", health=Health.CRITICAL)))
    newest = Snapshot(at=NOW, verdicts=(NEW, row("b")))
    assert carried(newest, before, NOW).verdicts == (row("a"), row("a/1"), row("b"))


def test_what_is_carried_over_grows_old() -> None:
    before = Snapshot(verdicts=(row("a", NOW - timedelta(minutes=5)),))
    (found,) = carried(Snapshot(verdicts=(NEW,)), before, NOW).verdicts
    assert found.health is Health.STALE


def test_a_target_that_nobody_read_is_unread_and_one_that_is_not_watched_any_more_is_left_out() -> None:
    newest = Snapshot(verdicts=(NEW,))
    assert carried(newest, Snapshot(verdicts=(replace(NEW, soft=True), row("gone"))), NOW) == newest
    assert carried(newest, Snapshot(verdicts=(row("gone"),)), NOW) == newest


def test_what_was_read_is_not_replaced() -> None:
    newest = Snapshot(verdicts=(row("a", health=Health.CRITICAL),))
    assert carried(newest, Snapshot(verdicts=(row("a"),)), NOW) is newest


def test_a_snapshot_is_whole_when_every_target_was_read_once() -> None:
    assert is_whole(Snapshot(verdicts=(row("a"), row("a/1", EPOCH))))
    assert not is_whole(Snapshot(verdicts=(row("b"), NEW)))
