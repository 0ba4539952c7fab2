"""Codes for the phone: bound to all that is read out, one key, one site; three wrong answers lock."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from medflow_tui.model.health import EPOCH
from medflow_tui.rules import spoken
from medflow_tui.rules.spoken import ALPHABET, LENGTH, LOCKED_FOR, Spoken, Try

KEYS = st.binary(min_size=32, max_size=32)
WORDS = st.text(alphabet="abcdefghijklmnopqrstuvwxyzABC0123456789-", min_size=1, max_size=12)
SPOKEN = st.builds(
    Spoken,
    site=WORDS,
    playbook=WORDS,
    playbook_sha256=WORDS,
    challenge=st.text(alphabet=ALPHABET, min_size=LENGTH, max_size=LENGTH),
    size=st.dictionaries(st.sampled_from(("waiting", "failed", "devices")), WORDS, max_size=3),
)
NOW = datetime(2026, 11, 28, 1, 5, tzinfo=UTC)


def test_no_letter_looks_or_sounds_like_another() -> None:
    assert not set("01OILU") & set(ALPHABET)
    assert len(set(ALPHABET)) == len(ALPHABET) == 30


@given(KEYS, SPOKEN)
def test_the_right_answer_is_taken_however_it_is_typed(key: bytes, told: Spoken) -> None:
    answer = spoken.answer(key, told)
    assert len(answer) == LENGTH
    assert set(answer) <= set(ALPHABET)
    for typed in (answer, answer.lower(), spoken.shown(answer), f" {answer[:3]} {answer[3:]} "):
        assert spoken.is_right(key, told, typed)


@given(KEYS, SPOKEN, st.sampled_from(("site", "playbook", "playbook_sha256", "challenge", "size")), WORDS)
def test_whoever_was_told_something_else_gives_another_answer(
    key: bytes, told: Spoken, what: str, word: str
) -> None:
    other = replace(told, **{what: {**told.size, "reach": word} if what == "size" else word})
    same = spoken.plain if what in ("site", "challenge") else (lambda each: each)
    if what != "size" and same(getattr(told, what)) == same(word):
        return
    assert not spoken.is_right(key, told, spoken.answer(key, other))


@given(KEYS, KEYS, SPOKEN)
def test_another_key_gives_another_answer(key: bytes, other: bytes, told: Spoken) -> None:
    assert (key == other) is spoken.is_right(key, told, spoken.answer(other, told))


@given(KEYS, WORDS, WORDS)
def test_a_site_is_given_a_key_of_its_own_which_does_not_tell_the_first(
    key: bytes, one: str, two: str
) -> None:
    assert (spoken.site_key(key, one) == spoken.site_key(key, two)) is (one == two)
    assert key not in spoken.site_key(key, one)


@given(st.text(alphabet="0123456789abcdef", min_size=64, max_size=64), st.integers(0, 10**7))
def test_a_challenge_is_of_one_plan_one_run_and_one_window(plan_hash: str, window: int) -> None:
    found = {
        spoken.challenge(plan_hash, "run-1", window),
        spoken.challenge(plan_hash, "run-2", window),
        spoken.challenge(plan_hash, "run-1", window + 1),
        spoken.challenge(f"0{plan_hash}", "run-1", window),
    }
    assert len(found) == 4


def test_a_window_is_taken_until_the_end_of_the_next() -> None:
    window = spoken.window_at(NOW)
    assert spoken.window_at(NOW + timedelta(minutes=5)) == window + 1
    assert spoken.window_ends(window) == datetime(2026, 11, 28, 1, 20, tzinfo=UTC)


def test_the_reach_is_read_from_the_sentence_of_the_playbook() -> None:
    text = "{waiting:number} waiting · {failed:number} failed"
    assert spoken.size_of(text, {"waiting": 1240, "other": 1}) == {"waiting": "1240", "failed": ""}


TRIES = st.lists(
    st.tuples(st.integers(0, 3600), st.booleans()).map(
        lambda each: Try(at=NOW + timedelta(seconds=each[0]), is_right=each[1])
    ),
    max_size=12,
).map(lambda found: sorted(found, key=lambda each: each.at))


@given(TRIES)
def test_three_wrong_answers_in_a_row_lock_for_ten_minutes(tries: list[Try]) -> None:
    """Against a slow and plain count."""
    row: list[Try] = []
    locked = EPOCH
    for each in tries:
        if each.at >= locked:
            row = [] if each.is_right else [*row, each]
            if len(row) == 3:
                locked, row = each.at + LOCKED_FOR, []
    assert spoken.locked_until(tries) == locked
    if locked != EPOCH:
        assert spoken.is_locked(tries, locked - timedelta(seconds=1))
        assert not spoken.is_locked(tries, locked)
        assert not spoken.is_locked(tries, locked - timedelta(days=1))  # the clock was set back
