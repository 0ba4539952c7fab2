"""Any playbook, any order of events, any cut of the journal: what must hold however a run goes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medflow_tui.model.playbook import (
    ACQUIRE,
    RELEASE,
    Choice,
    Effect,
    Hold,
    Item,
    OnFail,
    OnUnknown,
    Playbook,
    Step,
    StepKind,
    Text,
)
from medflow_tui.model.procedure import Act, End, Entry, Mark, Outcome, Phase, Then
from medflow_tui.playbooks.load import load_all, parse, shipped
from medflow_tui.rules.holds import Grip, holds_of, kept
from medflow_tui.rules.procedure import next_move
from medflow_tui.rules.standing import state_of
from medflow_tui.rules.trace import OF_A_STEP
from tests.unit.playbooks.books import FULL
from tests.unit.rules.simulated import AT, KilledError, Simulation, World, all_answered, friendly

T = Text(en="x")
BOOKS = (*load_all(shipped()), parse(FULL, "full.toml"))
HOLD = Hold(id="h", title=T, acquire="a.on", release="a.off", probe="a.is", why=T, fix=T)


def empty(*steps: Step, holds: tuple[Hold, ...] = ()) -> Playbook:
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
        holds=holds,
    )


@st.composite
def books(draw: st.DrawFn) -> Playbook:
    """Playbooks that the linter would let through, with holds round about half of them."""
    number = draw(st.integers(1, 5))
    steps = [draw(one_step(n)) for n in range(number)]
    if draw(st.booleans()):
        requires = [replace(each, requires=("h",)) if draw(st.booleans()) else each for each in steps]
        steps = [gripping("take", ACQUIRE, RELEASE), *requires, gripping("give", RELEASE, ACQUIRE)]
    return empty(*steps, holds=(HOLD,))


def gripping(name: str, action: str, undo: str) -> Step:
    return Step(
        id=name,
        title=T,
        action=action,
        effect=Effect.DISRUPTIVE,
        args={"holds": ("h",)},
        undo=undo,
        on_unknown=OnUnknown.RERUN,
        on_fail=OnFail.ASK,
    )


@st.composite
def one_step(draw: st.DrawFn, number: int) -> Step:
    kind = draw(st.sampled_from([StepKind.ACTION] * 4 + [StepKind.CHECKLIST, StepKind.DECISION]))
    step = Step(id=f"s{number}", title=T, action="", effect=Effect.READ, kind=kind)
    if kind is StepKind.CHECKLIST:
        return replace(step, items=(Item(id="i", say=T, answer="y"),), needs_people=draw(st.integers(1, 2)))
    if kind is StepKind.DECISION:
        return replace(step, choices=(Choice(id="on", say=T), Choice(id="halt", say=T, stops=True)))
    effect = draw(st.sampled_from(Effect))
    on_fail = draw(
        st.sampled_from([each for each in OnFail if not effect.changes or each is not OnFail.CONTINUE])
    )
    allowed = (OnUnknown.ASK, OnUnknown.STOP) if effect.is_once else tuple(OnUnknown)
    cleans = effect in (Effect.STAGING, Effect.ADDITIVE)
    on_unknown = draw(st.sampled_from([each for each in allowed if each is not OnUnknown.CLEAN or cleans]))
    return replace(
        step,
        action="a.b",
        effect=effect,
        on_fail=on_fail,
        on_unknown=on_unknown,
        undo="a.undo" if effect.changes and draw(st.booleans()) else "",
        undo_valid_s=draw(st.sampled_from([0, 0, 600])),
        cleanup="a.clean" if cleans else "",
        optional=draw(st.booleans()),
    )


def sound(run: Simulation) -> None:
    """What holds of any journal that a run wrote."""
    book, entries = run.playbook, run.entries
    assert run.world.twice == []
    order = [each.id for each in book.steps]
    undone = [order.index(each.step) for each in entries if each.mark is Mark.UNDO_INTENDED]
    assert undone == sorted(undone, reverse=True)
    for number, entry in enumerate(entries):
        before = entries[:number]
        step = book.step(entry.step)
        if entry.mark is Mark.INTENDED and step is not None:
            grips = holds_of(book, before)
            assert all(grips[name].grip is Grip.HELD for name in step.requires)
            assert not any(each.mark is Mark.UNDO_INTENDED for each in before)
            counts = OF_A_STEP - {Mark.SKIPPED}
            told = [each for each in before if each.step == step.id and each.mark in counts]
            if step.effect.changes and any(each.mark is Mark.INTENDED for each in told):
                world_said_no = told[-1].mark is Mark.RECONCILED and told[-1].outcome is Outcome.FAIL
                may_repeat = step.on_unknown in (OnUnknown.RERUN, OnUnknown.CLEAN) and not step.effect.is_once
                assert world_said_no or may_repeat
        if entry.mark is Mark.UNDO_INTENDED:
            assert any(each.mark is Mark.INTENDED and each.step == entry.step for each in before)
            asked = (Mark.UNDO_RECONCILED, Mark.UNDO_INTENDED, Mark.UNDONE)
            told = [each for each in before if each.mark in asked and each.step == entry.step]
            assert (told[-1].mark, told[-1].outcome) == (Mark.UNDO_RECONCILED, Outcome.FAIL)
        if entry.mark is Mark.RUN_ENDED:
            ended_well(run, entry)


def ended_well(run: Simulation, ended: Entry) -> None:
    book, entries = run.playbook, run.entries
    assert kept(book, entries) == ()
    end = End(ended.facts["end"])
    changing = {each.id for each in book.steps if each.effect.changes}
    begun = {each.step for each in entries if each.mark is Mark.INTENDED}
    if end is End.CANCELLED:
        assert not begun & changing
    if end is not End.COMPLETED:
        assert ended.outcome is not Outcome.PASS
    if ended.outcome is Outcome.PASS:
        for step in book.steps:
            told = [each for each in entries if each.step == step.id and each.mark in OF_A_STEP]
            last = told[-1]
            assert last.mark is Mark.VERIFIED or (last.mark is Mark.SKIPPED and step.optional)
            if last.mark is Mark.SKIPPED and step.effect.changes:
                really = [each for each in told if each.mark is not Mark.SKIPPED]
                begun = any(each.mark is Mark.INTENDED for each in really)
                assert not begun or (really[-1].mark, really[-1].outcome) == (Mark.RECONCILED, Outcome.FAIL)
            if last.mark is Mark.VERIFIED and step.effect.changes and not step.holds:
                assert step.id in run.world.done
    if end is End.ROLLED_BACK:
        assert any(each.mark is Mark.UNDONE for each in entries)


def test_what_changes_data_is_never_done_again_even_where_a_playbook_says_so() -> None:
    for on_unknown in (OnUnknown.RERUN, OnUnknown.CLEAN):
        change = Step(id="c", title=T, action="a.b", effect=Effect.DATA, on_unknown=on_unknown, cleanup="a.c")
        for mark in (Mark.RECONCILED, Mark.DOUBTED):
            entries = [
                Entry(seq=0, at=AT, mark=Mark.INTENDED, step="c"),
                Entry(seq=1, at=AT, mark=mark, step="c", outcome=Outcome.UNKNOWN),
            ]
            assert next_move(empty(change), entries).act is Act.PAUSE


def test_a_step_that_cannot_even_be_prepared_is_not_tried_for_ever() -> None:
    look = Step(id="c", title=T, action="a.b", effect=Effect.READ, on_unknown=OnUnknown.RERUN)
    doubts = [Entry(seq=n, at=AT, mark=Mark.DOUBTED, step="c") for n in range(look.max_starts)]
    assert next_move(empty(look), doubts[:1]).act is Act.START
    assert next_move(empty(look), doubts).act is Act.PAUSE


CHANGE = Step(id="c", title=T, action="a.b", effect=Effect.DISRUPTIVE, undo="a.undo", on_fail=OnFail.UNDO)


def lines(*marks: tuple[Mark, Outcome | None] | Mark, then: str = "") -> list[Entry]:
    pairs = [each if isinstance(each, tuple) else (each, None) for each in marks]
    return [
        Entry(seq=n, at=AT, mark=mark, step="c", outcome=outcome, facts={"then": then})
        for n, (mark, outcome) in enumerate(pairs)
    ]


def test_a_change_that_was_begun_is_not_left_out_and_one_that_was_certainly_not_done_may_be() -> None:
    book = empty(CHANGE)
    begun = (Mark.INTENDED, Mark.CARRIED_OUT, Mark.DOUBTED)
    assert next_move(book, lines(*begun, Mark.SKIPPED)).outcome is not Outcome.PASS
    assert next_move(book, lines(*begun, Mark.SKIPPED, Mark.RESUMED)).act is Act.VERIFY
    not_done = (Mark.INTENDED, (Mark.RECONCILED, Outcome.FAIL))
    assert next_move(book, lines(*not_done)).act is Act.START
    assert next_move(book, lines(*not_done, Mark.SKIPPED)).act is Act.FINISH


def test_leaving_it_as_it_stands_holds_off_no_undo_that_the_playbook_wants_unless_asked_on_the_way_back() -> (
    None
):
    book, failed = empty(CHANGE), (Mark.INTENDED, Mark.CARRIED_OUT, Mark.STOP_ASKED, Mark.FAILED)
    assert next_move(book, lines(*failed, then="leave")).act is Act.UNDO_RECONCILE
    tried = (*failed[:2], Mark.FAILED, (Mark.UNDO_RECONCILED, Outcome.FAIL), Mark.UNDO_INTENDED)
    assert next_move(book, lines(*tried, Mark.STOP_ASKED, then="leave")).act is Act.UNDO_RECONCILE
    over = (*tried, Mark.UNDO_CARRIED_OUT, Mark.UNDO_FAILED, Mark.STOP_ASKED, Mark.RESUMED)
    assert next_move(book, lines(*over, then="leave")).end is End.STOPPED


def test_an_undo_is_good_for_its_time_only() -> None:
    book = empty(replace(CHANGE, undo_valid_s=600))
    failed = lines(Mark.INTENDED, Mark.CARRIED_OUT, Mark.FAILED)
    assert next_move(book, failed, AT + timedelta(seconds=600)).act is Act.UNDO_RECONCILE
    late = next_move(book, failed, AT + timedelta(seconds=601))
    assert (late.act, late.call) == (Act.PAUSE, "o")


def phase(run: Simulation) -> Phase:
    return state_of(run.playbook, "r", run.entries, alive=False).phase


@pytest.mark.parametrize("book", BOOKS, ids=lambda each: each.id)
def test_where_all_goes_well_each_change_is_made_once_and_nothing_is_left_held(book: Playbook) -> None:
    run = Simulation(book, World(roll=friendly))
    assert run.live(all_answered).outcome is Outcome.PASS
    sound(run)
    assert phase(run) is Phase.SUCCEEDED
    assert set(run.world.made) == {each.id for each in book.steps if each.effect.changes}
    assert set(run.world.made.values()) <= {1}
    assert run.world.held == set()


@pytest.mark.parametrize("book", BOOKS, ids=lambda each: each.id)
def test_killed_at_any_line_one_resume_ends_it_with_each_change_once(book: Playbook) -> None:
    whole = Simulation(book, World(roll=friendly))
    whole.live(all_answered)
    for cut in range(1, len(whole.entries)):
        run = Simulation(book, World(roll=friendly))
        run.lines_left = cut
        with pytest.raises(KilledError):
            run.live(all_answered)
        assert phase(run) in (Phase.INTERRUPTED, Phase.PAUSED)
        run.lines_left = 10**9
        assert run.live(all_answered).outcome is Outcome.PASS
        sound(run)
        assert set(run.world.made.values()) <= {1}


@pytest.mark.parametrize("book", BOOKS, ids=lambda each: each.id)
def test_killed_at_any_two_lines_it_still_ends(book: Playbook) -> None:
    for first in range(1, 30, 3):
        for second in range(1, 20, 3):
            run = Simulation(book, World(roll=friendly))
            for lines in (first, second, 10**9):
                run.lines_left = lines
                try:
                    move = run.live(all_answered)
                except KilledError:
                    continue
                if move.act is Act.FINISH:
                    break
            else:
                move = run.live(all_answered)
            sound(run)
            assert set(run.world.made.values()) <= {1}
            assert move.act in (Act.FINISH, Act.PAUSE)


@settings(max_examples=400, deadline=None)
@given(st.one_of(books(), st.sampled_from(BOOKS)), st.data())
def test_whatever_happens_a_run_stays_sound_and_ends_or_asks(book: Playbook, data: st.DataObject) -> None:
    """Services fail, answers are lost, holds are lost, the process dies, people stop, skip and go on, in any order."""

    def roll(sides: int) -> int:
        return data.draw(st.integers(0, sides - 1))

    run = Simulation(book, World(roll=roll))

    def answer(at: Simulation, step: Step) -> None:
        match roll(5):
            case 1:
                at.write(Mark.STOP_ASKED, then=data.draw(st.sampled_from(Then)).value)
            case 2:
                at.write(Mark.ANSWERED, step.id, Outcome.FAIL, item="i", who="person 0")
            case 3 if step.choices:
                at.write(Mark.ANSWERED, step.id, Outcome.PASS, choice=step.choices[-1].id, who="p")
            case _:
                all_answered(at, step)

    move = None
    for _ in range(8):
        run.lines_left = data.draw(st.sampled_from([3, 7, 12, 10**9, 10**9]))
        try:
            move = run.live(answer)
        except KilledError:
            move = None
        sound(run)
        if move is not None and move.act is Act.FINISH:
            break
        if move is not None:
            assert phase(run) in (Phase.PAUSED, Phase.ROLLBACK_BLOCKED)
        run.lines_left = 10**9
        match roll(5):
            case 1:
                run.write(Mark.STOP_ASKED, then=data.draw(st.sampled_from(Then)).value)
            case 2 if move is not None and move.step:
                run.write(Mark.SKIPPED, move.step)
    sound(run)


@settings(max_examples=200, deadline=None)
@given(st.one_of(books(), st.sampled_from(BOOKS)), st.data())
def test_a_person_who_asks_for_the_way_back_gets_it_or_is_told_whom_to_call(
    book: Playbook, data: st.DataObject
) -> None:
    run = Simulation(book, World(roll=friendly))
    run.lines_left = data.draw(st.integers(1, 40))
    try:
        run.live(all_answered)
    except KilledError:
        run.lines_left = 10**9
        run.write(Mark.STOP_ASKED, then=Then.ROLL_BACK.value)
        move = run.live(all_answered)
        sound(run)
        if move.act is Act.PAUSE:
            assert move.call
            run.write(Mark.STOP_ASKED, then=Then.LEAVE.value)
            left = run.live(all_answered)
            while left.act is Act.PAUSE and left.asks_release:
                left = run.live(all_answered)
            assert (left.act, left.end) == (Act.FINISH, End.STOPPED)
        elif move.end is End.ROLLED_BACK:
            assert not run.world.done & {each.id for each in book.steps if each.undo or each.cleanup}
        sound(run)


@given(
    st.one_of(books(), st.sampled_from(BOOKS)),
    st.lists(
        st.tuples(
            st.sampled_from(Mark),
            st.sampled_from(["", "s0", "s1", "take", "give", "switch", "load", "other"]),
            st.sampled_from([None, *Outcome]),
        ),
        max_size=14,
    ),
)
def test_any_journal_at_all_has_a_next_move_and_a_state(
    book: Playbook, lines: list[tuple[Mark, str, Outcome | None]]
) -> None:
    entries = [
        Entry(seq=n, at=AT, mark=mark, step=step, outcome=outcome, facts={"hold": "h"})
        for n, (mark, step, outcome) in enumerate(lines)
    ]
    move = next_move(book, entries)
    assert isinstance(move.act, Act)
    assert len(state_of(book, "r", entries, alive=True).steps) == len(book.steps)
