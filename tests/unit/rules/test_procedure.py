"""What comes next in a run, for any playbook, any order of events and any cut of the journal."""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from medflow_tui.model.procedure import (
    Act,
    Effect,
    Entry,
    Mark,
    Move,
    OnFail,
    OnUnknown,
    Outcome,
    Phase,
    Playbook,
    Step,
    StepStand,
    Text,
)
from medflow_tui.rules.procedure import next_move, past_of
from medflow_tui.rules.standing import state_of
from medflow_tui.rules.trace import may_have_changed
from medflow_tui.rules.undoing import to_undo

AT = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
T = Text(en="x")
CONCLUSION = {Outcome.PASS: Mark.VERIFIED, Outcome.FAIL: Mark.FAILED, Outcome.UNKNOWN: Mark.DOUBTED}


def step(name: str, effect: Effect = Effect.READ, **more: object) -> Step:
    return Step(id=name, title=T, action="room.action", effect=effect, **more)  # type: ignore[arg-type]


def playbook(*steps: Step) -> Playbook:
    return Playbook(
        id="p",
        version="1",
        title=T,
        summary=T,
        risk="R2",
        owner="o",
        steps=steps,
        guards=(),
        roles=(),
        phrase="GO",
        locks=("l",),
        lease_s=60,
    )


def journal(*marks: tuple[Mark, str] | tuple[Mark, str, Outcome]) -> tuple[Entry, ...]:
    return tuple(
        Entry(seq=seq, at=AT, mark=each[0], step=each[1], outcome=each[2] if len(each) > 2 else None)
        for seq, each in enumerate(marks)
    )


LOOK, CHANGE, SEE = step("look"), step("change", Effect.DATA, on_unknown=OnUnknown.ASK), step("see")
THREE = playbook(LOOK, CHANGE, SEE)
BEHIND = ((Mark.INTENDED, "look"), (Mark.VERIFIED, "look"))


def test_a_new_run_starts_with_the_first_step() -> None:
    assert next_move(THREE, ()).act is Act.START
    assert next_move(THREE, ()).step == "look"


def test_a_change_that_was_started_is_reconciled_not_repeated() -> None:
    move = next_move(THREE, journal(*BEHIND, (Mark.INTENDED, "change")))
    assert (move.act, move.step) == (Act.RECONCILE, "change")


def test_a_look_that_was_interrupted_is_looked_at_again() -> None:
    assert next_move(THREE, journal((Mark.INTENDED, "look"))).act is Act.START


def test_what_was_carried_out_is_verified() -> None:
    move = next_move(THREE, journal(*BEHIND, (Mark.INTENDED, "change"), (Mark.CARRIED_OUT, "change")))
    assert (move.act, move.step) == (Act.VERIFY, "change")


def test_reconciling_has_three_answers() -> None:
    started = (*BEHIND, (Mark.INTENDED, "change"))
    acts = {
        outcome: next_move(THREE, journal(*started, (Mark.RECONCILED, "change", outcome))).act
        for outcome in Outcome
    }
    assert acts == {Outcome.PASS: Act.VERIFY, Outcome.FAIL: Act.START, Outcome.UNKNOWN: Act.PAUSE}


def test_a_person_who_resumes_after_unknown_has_the_world_asked_again() -> None:
    unknown = (*BEHIND, (Mark.INTENDED, "change"), (Mark.RECONCILED, "change", Outcome.UNKNOWN))
    assert next_move(THREE, journal(*unknown, (Mark.PAUSED, ""), (Mark.RESUMED, ""))).act is Act.RECONCILE


def test_a_step_that_is_interrupted_again_and_again_asks_a_person() -> None:
    once = ((Mark.INTENDED, "change"), (Mark.RESUMED, ""), (Mark.RECONCILED, "change", Outcome.FAIL))
    assert next_move(THREE, journal(*BEHIND, *once)).act is Act.START
    assert next_move(THREE, journal(*BEHIND, *once, *once)).act is Act.PAUSE


def test_a_change_in_doubt_is_read_back_after_a_person_resumed_and_never_started_again() -> None:
    doubt = (*BEHIND, (Mark.INTENDED, "change"), (Mark.CARRIED_OUT, "change"), (Mark.DOUBTED, "change"))
    assert next_move(THREE, journal(*doubt)).act is Act.PAUSE
    assert next_move(THREE, journal(*doubt, (Mark.RESUMED, ""))).act is Act.VERIFY


def test_doubt_before_the_intent_is_no_reason_to_read_back() -> None:
    doubt = (*BEHIND, (Mark.DOUBTED, "change"), (Mark.RESUMED, ""))
    assert next_move(THREE, journal(*doubt)).act is Act.START


def test_a_failed_step_ends_the_run() -> None:
    move = next_move(THREE, journal((Mark.INTENDED, "look"), (Mark.FAILED, "look")))
    assert (move.act, move.outcome) == (Act.FINISH, Outcome.FAIL)


def test_a_failure_that_may_be_passed_over_is_not_hidden_at_the_end() -> None:
    lenient = playbook(step("look", on_fail=OnFail.CONTINUE), SEE)
    failed = ((Mark.INTENDED, "look"), (Mark.FAILED, "look"))
    assert next_move(lenient, journal(*failed)).step == "see"
    done = journal(*failed, (Mark.INTENDED, "see"), (Mark.VERIFIED, "see"))
    assert next_move(lenient, done).outcome is Outcome.FAIL


def test_all_verified_is_finished_with_a_pass() -> None:
    entries = journal(
        *((mark, each) for each in ("look", "change", "see") for mark in (Mark.INTENDED, Mark.VERIFIED))
    )
    move = next_move(THREE, entries)
    assert (move.act, move.outcome) == (Act.FINISH, Outcome.PASS)


def test_a_journal_of_another_playbook_or_out_of_order_asks_a_person() -> None:
    assert next_move(THREE, journal((Mark.INTENDED, "stranger"))).act is Act.PAUSE
    assert next_move(THREE, journal((Mark.INTENDED, "see"))).act is Act.PAUSE
    assert next_move(THREE, journal(*BEHIND, (Mark.INTENDED, "see"))).act is Act.PAUSE


steps = st.lists(
    st.builds(
        lambda effect, on_fail, on_unknown: (
            effect,
            OnFail.ABORT if effect.changes and on_fail is OnFail.CONTINUE else on_fail,
            OnUnknown.ASK if effect.changes and on_unknown is OnUnknown.RERUN else on_unknown,
        ),
        st.sampled_from(Effect),
        st.sampled_from(OnFail),
        st.sampled_from(OnUnknown),
    ),
    min_size=1,
    max_size=4,
).map(
    lambda found: playbook(
        *(
            step(f"s{n}", effect, on_fail=on_fail, on_unknown=on_unknown)
            for n, (effect, on_fail, on_unknown) in enumerate(found)
        )
    )
)
names = st.sampled_from(["", "s0", "s1", "s2", "s3", "other"])
marks = st.tuples(st.sampled_from(Mark), names, st.sampled_from([None, *Outcome]))


@given(steps, st.lists(marks, max_size=12))
def test_whatever_a_journal_says_there_is_a_next_move_and_no_started_change_is_started_again(
    book: Playbook, lines: list[tuple[Mark, str, Outcome]]
) -> None:
    entries = journal(*lines)
    move = next_move(book, entries)
    state = state_of(book, "r", entries, alive=False)
    assert len(state.steps) == len(book.steps)
    if move.act is not Act.START:
        return
    of_it = [
        each
        for each in entries
        if each.step == move.step and each.mark not in (Mark.PROGRESSED, Mark.GUARDED)
    ]
    found = book.step(move.step)
    assert found is not None
    started = any(each.mark is Mark.INTENDED for each in of_it)
    if found.effect.changes and started:
        last = [
            each
            for each in of_it
            if each.mark
            in (Mark.INTENDED, Mark.CARRIED_OUT, Mark.RECONCILED, Mark.VERIFIED, Mark.FAILED, Mark.DOUBTED)
        ][-1]
        assert last.mark is Mark.RECONCILED
        assert last.outcome is Outcome.FAIL


@given(steps, st.data())
def test_a_run_that_is_killed_anywhere_ends_and_makes_each_change_once(
    book: Playbook, data: st.DataObject
) -> None:
    """A world that remembers, a runner that dies before, inside or after any line, and persons who resume."""
    done: set[str] = set()
    made: Counter[str] = Counter()
    entries: list[Entry] = []

    def write(mark: Mark, name: str = "", outcome: Outcome | None = None) -> None:
        entries.append(Entry(seq=len(entries), at=AT, mark=mark, step=name, outcome=outcome))

    dies = [*data.draw(st.lists(st.integers(0, 12), max_size=4)), 10_000]
    for life, lines_left in enumerate(dies):
        clock = itertools.count()

        def alive(limit: int = lines_left, clock: itertools.count[int] = clock) -> bool:
            return next(clock) < limit

        if life:
            write(Mark.RESUMED)
        for _ in range(60):
            move = next_move(book, entries)
            if move.act in (Act.FINISH, Act.PAUSE) or not alive():
                break
            found = book.step(move.step)
            assert found is not None
            if move.act is Act.START:
                write(Mark.INTENDED, move.step)
                if not alive():
                    break
                if found.effect.changes:
                    made[move.step] += 1
                    done.add(move.step)
                    if not alive():
                        break
                    write(Mark.CARRIED_OUT, move.step, Outcome.PASS)
                else:
                    write(Mark.VERIFIED, move.step, Outcome.PASS)
            elif move.act is Act.RECONCILE:
                write(Mark.RECONCILED, move.step, Outcome.PASS if move.step in done else Outcome.FAIL)
            else:
                write(Mark.VERIFIED, move.step, Outcome.PASS if move.step in done else Outcome.FAIL)
        else:
            raise AssertionError("the run does not end")
    assert max(made.values(), default=0) <= 1
    last = next_move(book, entries)
    interrupted_twice = any(
        sum(each.mark is Mark.INTENDED and each.step == one.id for each in entries) >= one.max_starts
        for one in book.steps
        if one.effect.changes
    )
    assert last.act is Act.FINISH or interrupted_twice
    if last.act is Act.FINISH:
        assert last.outcome is Outcome.PASS
        assert set(made) == {each.id for each in book.steps if each.effect.changes}


def test_the_phase_tells_a_living_run_from_a_paused_and_an_interrupted_one() -> None:
    started = journal((Mark.RUN_STARTED, ""), (Mark.INTENDED, "look"))
    assert state_of(THREE, "r", started, alive=True).phase is Phase.RUNNING
    assert state_of(THREE, "r", started, alive=False).phase is Phase.INTERRUPTED
    paused = (*started, Entry(seq=2, at=AT, mark=Mark.PAUSED))
    assert state_of(THREE, "r", paused, alive=False).phase is Phase.PAUSED


def test_a_run_that_ended_before_its_first_step_was_refused() -> None:
    ended = journal((Mark.RUN_STARTED, ""), (Mark.RUN_ENDED, "", Outcome.FAIL))
    state = state_of(THREE, "r", ended, alive=False)
    assert state.phase is Phase.REFUSED
    assert not state.changed


def test_a_started_change_counts_as_a_change_until_the_world_says_no() -> None:
    started = (*BEHIND, (Mark.INTENDED, "change"))
    assert state_of(THREE, "r", journal(*started), alive=False).changed
    undone = journal(*started, (Mark.RECONCILED, "change", Outcome.FAIL))
    state = state_of(THREE, "r", undone, alive=False)
    assert not state.changed
    assert state.steps[1].stand is StepStand.NOT_DONE


def test_half_done_is_begun_again_or_taken_back_and_nobody_is_told_that_nothing_changed() -> None:
    change = step("change", Effect.DATA, undo="room.back", on_unknown=OnUnknown.ASK, max_starts=2)
    three = playbook(LOOK, change, SEE)
    *before, last = journal(*BEHIND, (Mark.INTENDED, "change"), (Mark.RECONCILED, "change", Outcome.FAIL))
    half = (*before, replace(last, facts={"calls_made": 1}))
    state = state_of(three, "r", half, alive=False)
    assert (state.changed, state.steps[1].stand) == (True, StepStand.UNKNOWN)
    assert to_undo(three, half, "") == (change,)
    assert next_move(three, half) == Move(act=Act.START, step="change")
    assert to_undo(three, (*before, last), "") == ()


def test_a_second_start_that_made_no_call_says_nothing_of_the_first() -> None:
    tried = ((Mark.INTENDED, "change"), (Mark.CARRIED_OUT, "change", Outcome.FAIL))
    *once, last = journal(*BEHIND, *tried)
    assert not may_have_changed(CHANGE, (*once, replace(last, facts={"calls_made": 0})))
    *twice, last = journal(*BEHIND, *tried, (Mark.FAILED, "change", Outcome.FAIL), *tried)
    assert may_have_changed(CHANGE, (*twice, replace(last, facts={"calls_made": 0})))


def test_the_past_of_a_step_is_its_facts_newest_over_oldest() -> None:
    entries = (
        Entry(seq=0, at=AT, mark=Mark.INTENDED, step="change", facts={"ids": ("a",), "n": 1}),
        Entry(seq=1, at=AT, mark=Mark.CARRIED_OUT, step="change", facts={"n": 2}),
    )
    assert past_of(entries) == {"change": {"ids": ("a",), "n": 2}}
