"""What a service may be told where, and what counts as done: every manager, every verb, every place."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medflow_tui.model.procedure import Outcome
from medflow_tui.model.service import STATES, Life, Place, Seen, Verb
from medflow_tui.model.targets.process import MANAGERS
from medflow_tui.rules.services import is_same, measured, since, together, why_not

HERE = {
    "systemd": {Place.LINUX},
    "runit": {Place.LINUX},
    "compose": {Place.LINUX, Place.MACOS},
    "pm2": {Place.LINUX, Place.MACOS},
    "pidfile": {Place.LINUX, Place.MACOS},
    "launchd": {Place.MACOS},
    "windows": set(),
}
BEFORE = Life(pid=7, started="ticks-1", boot="b", started_ms=1_000_000)
AFTER = Life(pid=9, started="ticks-5", boot="b", started_ms=2_000_500)
NONE = Life()
ASKED, NOW = 2_000_000, 2_030_000
lives = st.builds(
    Life,
    pid=st.integers(0, 3),
    started=st.sampled_from(["", "ticks-1", "ticks-2"]),
    boot=st.sampled_from(["", "b", "c"]),
    started_ms=st.sampled_from([0, 1_000_000, 1_000_900, 2_000_500]),
)
outcomes = st.sampled_from(Outcome)


def seen(state: str = "running", **more: object) -> Seen:
    return Seen(state=state, word=state, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("verb", Verb)
@pytest.mark.parametrize("place", Place)
@pytest.mark.parametrize("manager", MANAGERS)
def test_the_table_of_what_works_where(manager: str, place: Place, verb: Verb) -> None:
    assert bool(why_not(manager, verb, place)) is (place not in HERE[manager])


@pytest.mark.parametrize(
    ("manager", "place", "reason"),
    [
        ("pm2", Place.ELSEWHERE, "it runs on another machine"),
        ("windows", Place.ELSEWHERE, "it runs on another machine"),
        ("pm2", Place.WINDOWS, "this program acts only on Linux and macOS"),
        ("windows", Place.WINDOWS, "this program acts only on Linux and macOS"),
        ("windows", Place.LINUX, "not applicable here: runs on Windows only"),
        ("launchd", Place.LINUX, "not applicable here: runs on macOS only"),
        ("systemd", Place.MACOS, "not applicable here: runs on Linux only"),
    ],
)
def test_a_refusal_says_why(manager: str, place: Place, reason: str) -> None:
    assert why_not(manager, Verb.RESTART, place).text.startswith(reason)


@pytest.mark.parametrize(
    ("after", "found", "outcome"),
    [
        (AFTER, seen(), Outcome.PASS),
        (BEFORE, seen(), Outcome.FAIL),  # the manager said yes and did nothing
        (NONE, seen("failed"), Outcome.FAIL),
        (AFTER, seen("restarting"), Outcome.FAIL),
        (AFTER, seen("starting"), Outcome.FAIL),
        (
            Life(pid=9, started="ticks-5", boot="b", started_ms=1_500_000),
            seen(),
            Outcome.UNKNOWN,
        ),  # not from now
        (Life(pid=9, started="ticks-5", boot="b"), seen(), Outcome.UNKNOWN),
        (
            Life(pid=7, started="ticks-5", boot="b", started_ms=2_000_500),
            seen(),
            Outcome.PASS,
        ),  # the number again
    ],
)
def test_a_restart_is_another_process_that_runs_and_is_young(
    after: Life, found: Seen, outcome: Outcome
) -> None:
    now = NOW if after.started_ms != 1_500_000 else NOW + 600_000
    assert measured(Verb.RESTART, BEFORE, after, found, asked_ms=ASKED, now_ms=now) is outcome


@pytest.mark.parametrize(
    ("verb", "after", "found", "outcome"),
    [
        (Verb.STOP, NONE, seen("stopped"), Outcome.PASS),
        (Verb.STOP, NONE, seen("failed"), Outcome.PASS),
        (Verb.STOP, BEFORE, seen("stopping"), Outcome.FAIL),
        (Verb.STOP, NONE, seen("restarting"), Outcome.FAIL),
        (Verb.START, BEFORE, seen(), Outcome.PASS),
        (Verb.START, NONE, seen("starting"), Outcome.FAIL),
        (Verb.HOLD, NONE, seen("stopped", held=True), Outcome.PASS),
        (Verb.HOLD, NONE, seen("stopped"), Outcome.PASS),
        (Verb.HOLD, NONE, seen("stopped", held=False), Outcome.FAIL),
        (Verb.HOLD, BEFORE, seen("running", held=True), Outcome.FAIL),
        (Verb.RELEASE, NONE, seen("stopped", held=True), Outcome.FAIL),
        (Verb.RELEASE, NONE, seen("stopped", held=False), Outcome.PASS),
    ],
)
def test_what_must_be_seen_after_each_order(verb: Verb, after: Life, found: Seen, outcome: Outcome) -> None:
    assert measured(verb, BEFORE, after, found, asked_ms=ASKED, now_ms=NOW) is outcome


@given(outcomes, outcomes)
def test_only_two_passes_are_a_pass_and_a_contradiction_is_not_knowing(
    answer: Outcome, world: Outcome
) -> None:
    found = together(answer, world)
    assert (found is Outcome.PASS) is (answer is world is Outcome.PASS)
    if {answer, world} == {Outcome.FAIL}:
        assert found is Outcome.FAIL
    if answer is Outcome.FAIL and world is Outcome.PASS:
        assert found is Outcome.UNKNOWN


@given(lives)
def test_a_process_is_the_same_as_itself(life: Life) -> None:
    assert is_same(life, life)


@given(lives, lives)
def test_sameness_has_no_direction(one: Life, other: Life) -> None:
    assert is_same(one, other) is is_same(other, one)


def test_after_a_reboot_the_same_number_at_the_same_tick_is_another_process() -> None:
    assert not is_same(BEFORE, Life(pid=7, started="ticks-1", boot="c", started_ms=1_000_000))


def test_a_clock_that_was_set_makes_no_other_process_of_it() -> None:
    moved = Life(pid=7, started="ticks-1", boot="b", started_ms=BEFORE.started_ms + 3_600_000)
    assert is_same(BEFORE, moved)


@given(st.sampled_from(Verb), lives, lives, st.sampled_from(STATES), st.sampled_from([None, True, False]))
def test_an_order_on_its_way_is_never_called_not_done(
    verb: Verb, before: Life, after: Life, state: str, held: bool | None
) -> None:
    found = seen(state, held=held)
    assert since(verb, before, after, found, asked_ms=ASKED, is_moving=True) is Outcome.UNKNOWN


@given(lives, lives)
def test_another_process_than_before_is_never_restarted_again(before: Life, after: Life) -> None:
    if after and before and not is_same(before, after):
        found = since(Verb.RESTART, before, after, seen(), asked_ms=ASKED, is_moving=False)
        assert found is Outcome.PASS


def test_a_process_that_was_started_since_and_has_ended_again_is_not_started_again() -> None:
    later = datetime.fromtimestamp((ASKED + 5_000) / 1000, UTC)
    found = seen("failed", started_at=later)
    assert since(Verb.RESTART, BEFORE, NONE, found, asked_ms=ASKED, is_moving=False) is Outcome.PASS
    assert since(Verb.RESTART, BEFORE, NONE, seen("stopped"), asked_ms=ASKED, is_moving=False) is Outcome.FAIL
