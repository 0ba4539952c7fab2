"""The quality of a line: a slow satellite is no loss."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medflow_tui.rules.line import Knock, line, lost_before_answer

KNOCKS = st.lists(
    st.one_of(
        st.builds(
            lambda rtt, lost: Knock(sent=1 + lost, lost=lost, rtt_ms=rtt),
            st.floats(0.01, 5000),
            st.integers(0, 3),
        ),
        st.integers(1, 3).map(lambda sent: Knock(sent=sent, lost=sent)),
    ),
    max_size=20,
).map(tuple)


@pytest.mark.parametrize(
    ("elapsed_s", "rtt_s", "again", "lost"),
    [
        (0.04, 0.04, 0, 0),  # fibre
        (0.65, 0.65, 0, 0),  # satellite
        (1.4, 1.4, 1, 0),  # slower than the kernel waits: repeated, nothing lost
        (1.65, 0.65, 1, 1),  # the first packet was lost
        (3.65, 0.65, 2, 2),
        (3.2, 3.2, 2, 0),
        (1.02, 0.0, 1, 1),  # the kernel could not measure: each repetition counts
    ],
)
def test_only_packets_before_the_answered_one_are_lost(
    elapsed_s: float, rtt_s: float, again: int, lost: int
) -> None:
    assert lost_before_answer(elapsed_s, rtt_s, again) == lost


def test_loss_counts_packets_and_jitter_the_change_between_neighbours() -> None:
    found = line(
        (Knock(sent=1, lost=0, rtt_ms=600), Knock(sent=2, lost=1, rtt_ms=700), Knock(sent=1, lost=1))
    )
    assert (found.loss_percent, found.rtt_ms, found.jitter_ms) == (50.0, 650, 100.0)


WELL, DEAD = Knock(sent=1, lost=0, rtt_ms=40.0), Knock(sent=1, lost=1)


def test_an_outage_that_is_over_is_no_loss_and_one_that_lasts_is_total() -> None:
    assert line((WELL, *[DEAD] * 18, WELL)).loss_percent == 0
    assert line((WELL, DEAD, WELL, DEAD)).loss_percent == 50
    assert line((DEAD,) * 8).loss_percent == 100


def test_a_window_without_knocks_says_nothing() -> None:
    found = line(())
    assert (found.knocks, found.loss_percent, found.rtt_ms, found.jitter_ms) == (0, 0.0, None, None)


@given(KNOCKS)
def test_loss_is_a_percentage_and_a_line_without_answers_loses_all(knocks: tuple[Knock, ...]) -> None:
    found = line(knocks)
    assert 0 <= found.loss_percent <= 100
    assert (found.rtt_ms is None) == all(each.rtt_ms is None for each in knocks)
    if knocks and found.rtt_ms is None:
        assert found.loss_percent == 100
