"""Restarts in a day, from what was seen at each look."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from medflow_tui.rules.restarts import Life, known_since, lived, restarts

NOW = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
DAY = timedelta(hours=24)


def ago(hours: float) -> datetime:
    return NOW - timedelta(hours=hours)


def seen(*looks: tuple[float, float, int | None]) -> tuple[Life, ...]:
    """Lives after looks given as (hours ago, started hours ago, counter)."""
    lives: tuple[Life, ...] = ()
    for at, started, counter in looks:
        lives = lived(lives, ago(at), ago(started), counter)
    return lives


def test_the_same_process_at_every_look_has_not_restarted() -> None:
    lives = seen((20, 100, 3), (10, 100, 3), (0, 100, 3))
    assert (restarts(lives, NOW - DAY), len(lives)) == (0, 1)


def test_a_start_time_rounded_otherwise_is_the_same_start() -> None:
    assert len(lived(seen((1, 100, None)), NOW, ago(100) + timedelta(seconds=0.9), None)) == 1


def test_a_new_start_time_is_one_restart_even_without_a_counter() -> None:
    assert restarts(seen((20, 100, None), (5, 6, None), (0, 1, None)), NOW - DAY) == 2


def test_restarts_between_two_looks_are_counted_by_the_manager() -> None:
    assert restarts(seen((2, 100, 3), (0, 0.1, 9)), NOW - DAY) == 6


def test_a_counter_that_began_anew_is_a_start_by_hand_and_what_came_after() -> None:
    assert restarts(seen((2, 100, 7), (0, 0.1, 2)), NOW - DAY) == 3


def test_restarts_of_a_week_in_which_nobody_looked_are_not_those_of_a_day() -> None:
    week = (Life(first=ago(170), last=ago(168), started_at=ago(300), counter=3),)
    assert restarts(lived(week, NOW, ago(1), 40), NOW - DAY) == 1


def test_a_restart_before_the_day_does_not_count() -> None:
    assert restarts(seen((47, 100, 0), (30, 31, 1), (0, 31, 1)), NOW - DAY) == 0


def test_what_was_seen_at_first_is_remembered_and_old_lives_are_dropped() -> None:
    lives = seen((60, 100, 0), (55, 56, 1), (1, 2, 2))
    assert [each.counter for each in lives] == [1, 2]
    assert known_since(lives) == ago(55)
    assert known_since(()) is None
