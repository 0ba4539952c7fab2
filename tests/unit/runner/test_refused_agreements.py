"""Whoever may not agree is refused and recorded, in the journal of the run and in the audit: beside the machine and by voice."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from medflow_tui.model.access import UNSET_SESSION, Origin
from medflow_tui.model.procedure import Mark
from medflow_tui.model.words import SILENCE
from medflow_tui.rules import spoken
from medflow_tui.rules.approving import WHY_NOT
from medflow_tui.runner import agreeing
from medflow_tui.runner.agreeing import Agreeing, agreement_phrase
from medflow_tui.runner.origin import name_of
from tests.unit.runner.test_agreeing import DOUDOU, Desk, audited, refused

ASKS = Origin(
    audit_session=5, terminal=34816, ssh="10.8.0.7 1 2 22", session=("70@1", "71@2"), ancestors=("60@1",)
)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    found = Desk(tmp_path)
    yield found
    found.close()


def asked_from(run: Agreeing, origin: Origin) -> Agreeing:
    return replace(run, mandate=replace(run.mandate, origin=origin))


def is_refused(desk: Desk, run: Agreeing, why: str, *, who: str) -> None:
    assert run.count() == 0
    assert refused(run) == [why]
    (record,) = audited(desk, "approve.refused")
    assert record["result"]["why"] == why  # type: ignore[index]
    assert record["actor"]["name"] == who  # type: ignore[index]
    assert record["run"] == run.journal.folder.run
    assert not audited(desk, "approve.given")


@pytest.mark.parametrize(
    ("other", "why"),
    [
        (Origin(uid=os.getuid(), user=name_of(os.getuid())), "self"),
        (Origin(uid=54321, user=name_of(os.getuid()), audit_session=9), "self"),
        (Origin(uid=os.getuid(), user="doudou", audit_session=9), "self"),
        (replace(DOUDOU, audit_session=5), "same_login"),
        (replace(DOUDOU, terminal=34816), "same_login"),
        (replace(DOUDOU, ssh="10.8.0.7 1 2 22"), "same_login"),
        (replace(DOUDOU, session=("71@2",)), "same_login"),
        (replace(DOUDOU, ancestors=("99@9", "71@2")), "same_login"),
        (replace(DOUDOU, session=("60@1",)), "same_login"),
        (Origin(uid=54321, user="doudou"), "unseen"),
        (Origin(uid=54321, user="doudou", audit_session=UNSET_SESSION), "unseen"),
        (replace(DOUDOU, audit_session=-1), "unseen"),
        (Origin(user="doudou"), "no_role"),
        (Origin(uid=54321), "no_role"),
    ],
)
def test_an_agreement_here_that_passed_by_the_showing(desk: Desk, other: Origin, why: str) -> None:
    run = asked_from(desk.run(), ASKS)
    assert run.hear(other, run.plan.hash, agreement_phrase(run.plan)) == WHY_NOT[why]
    is_refused(desk, run, why, who=other.user or name_of(os.getuid()))


def test_unset_audit_sessions_are_nobodys(desk: Desk) -> None:
    run = asked_from(desk.run(), replace(ASKS, audit_session=UNSET_SESSION))
    other = replace(DOUDOU, audit_session=UNSET_SESSION)
    assert run.hear(other, run.plan.hash, agreement_phrase(run.plan)) == SILENCE


def test_an_agreement_here_to_a_plan_that_was_changed(desk: Desk) -> None:
    run = desk.run()
    old = run.plan
    desk.stage.time += timedelta(seconds=5)
    moved = desk.run()
    assert moved.plan.hash != old.hash
    assert moved.hear(DOUDOU, old.hash, agreement_phrase(old)) == WHY_NOT["plan_changed"]
    is_refused(desk, moved, "plan_changed", who="doudou")


def test_the_words_of_another_plan_do_not_fit_this_one(desk: Desk) -> None:
    run = desk.run()
    desk.stage.time += timedelta(seconds=5)
    moved = desk.run()
    assert moved.hear(DOUDOU, moved.plan.hash, agreement_phrase(run.plan)) == WHY_NOT["confirm_wrong"]
    is_refused(desk, moved, "confirm_wrong", who="doudou")


def test_by_voice_nobody_agrees_to_what_they_asked_for(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    run = desk.run()
    monkeypatch.setattr("medflow_tui.runner.agreeing.name_of", lambda uid: "claire")
    assert run.take(desk.answer(run)) == WHY_NOT["wrong_answer"]
    is_refused(desk, run, "wrong_answer", who=name_of(os.getuid()))


def test_an_old_answer_by_voice(desk: Desk) -> None:
    run = desk.run()
    answer = desk.answer(run)
    desk.stage.time = spoken.window_ends(spoken.window_at(desk.stage.time))
    assert run.take(answer) == WHY_NOT["expired"]
    is_refused(desk, run, "expired", who=name_of(os.getuid()))


def test_where_two_must_agree_one_answer_does_not_count_twice(desk: Desk) -> None:
    run = desk.run()
    both = replace(run.playbook, approval=replace(run.playbook.approval, count=2))
    run = replace(run, playbook=both)
    answer = desk.answer(run)
    assert not run.take(answer)
    assert run.take(answer) == WHY_NOT["replayed"]
    assert (run.count(), refused(run)) == (1, ["replayed"])
    assert [each["result"]["why"] for each in audited(desk, "approve.refused")] == ["replayed"]  # type: ignore[index]


def test_where_two_must_agree_one_who_agrees_again_here_does_not_count_twice(desk: Desk) -> None:
    run = desk.run()
    for _ in range(2):
        assert not run.hear(DOUDOU, run.plan.hash, agreement_phrase(run.plan))
    assert run.count() == 1


def test_when_the_time_is_over_nobody_has_agreed_and_the_door_is_closed(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = desk.run()
    moments = iter((0.0, run.playbook.approval.expires_s - 1.0, run.playbook.approval.expires_s + 1.0))
    monkeypatch.setattr(agreeing, "time", SimpleNamespace(monotonic=lambda: next(moments)))
    waited: list[float] = []
    assert run.wait(lambda: False, waited.append).text == "nobody agreed in time"
    assert len(waited) == 1
    assert run.journal.entries[-1].mark is Mark.APPROVAL_AWAITED
    assert len(audited(desk, run.journal.entries[-1].mark.value)) == 1
