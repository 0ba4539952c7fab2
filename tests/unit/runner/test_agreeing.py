"""Agreement over the phone and beside the machine, with a clock of our own: what is not taken is refused and recorded."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType

import pytest

from medflow_tui.journal.audit import Audit
from medflow_tui.journal.run_log import Journal, create
from medflow_tui.model.access import Access, Origin, Person
from medflow_tui.model.errors import SecretError
from medflow_tui.model.health import EPOCH
from medflow_tui.model.procedure import Mark
from medflow_tui.model.words import say
from medflow_tui.rules import spoken
from medflow_tui.rules.approving import WHY_NOT
from medflow_tui.runner import origin
from medflow_tui.runner.agreeing import Agreeing, agreement_phrase
from medflow_tui.runner.earlier import spoken_of
from medflow_tui.runner.mandate import Mandate
from medflow_tui.runner.permission import Permission
from medflow_tui.runner.preview import agreed, make_plan
from medflow_tui.runner.recorder import Recorder
from tests.unit.runner.stage import SITE, Stage
from tests.unit.runner.test_runner import QUIET

OWN_KEY = bytes(range(32))
ACCESS = Access(
    people=MappingProxyType(
        {
            "claire": Person(name="claire", roles=("dba",), verifier="file:claire"),
            "nurse": Person(name="nurse", roles=("nurse",), verifier="file:nurse"),
            "doudou": Person(name="doudou", roles=("dba",)),
            "lost": Person(name="lost", roles=("dba",), verifier="file:lost"),
        }
    )
)
AMANI = Origin(uid=54320, user="amani", audit_session=8, terminal=34829)
DOUDOU = Origin(uid=54321, user="doudou", audit_session=9, terminal=34830)
SECRETS = {"file:claire": OWN_KEY, "file:nurse": bytes(32)}


def secret(reference: str) -> str:
    if reference not in SECRETS:
        raise SecretError(say("no such file"))
    return spoken.site_key(SECRETS[reference], SITE.code).hex()


class Desk:
    """Runs of one stage that wait, and a clock."""

    def __init__(self, folder: Path) -> None:
        now = datetime.now(UTC)  # journals are stamped with the real clock
        self.stage = Stage(folder, QUIET, site=replace(SITE, access=ACCESS), now=now)
        self._open: list[Journal] = []

    def run(self, *, like: Agreeing | None = None) -> Agreeing:
        """One more run, with a plan of its own or with that of another."""
        stage = self.stage
        inputs = {each.id: "backup-1" for each in stage.playbook.inputs}
        if like is None:
            self.plan = make_plan(
                stage.playbook, stage.site, stage, stage.state, now=stage.time, inputs=inputs
            )
        journal = Journal(create(stage.state / "runs", self.plan, stage.source, now=stage.time))
        self._open.append(journal)
        plan = agreed(journal.folder.plan())
        return Agreeing(
            journal=journal,
            recorder=Recorder(journal, Audit.of(stage.site, stage.state), stage.playbook, plan),
            playbook=stage.playbook,
            plan=plan,
            mandate=Mandate(who="amani", reason="x", typed="x", plan_hash=plan.hash, origin=AMANI),
            site=stage.site,
            state=stage.state,
            secret=secret,
            now=lambda: stage.time,
        )

    def answer(self, run: Agreeing, key: bytes = OWN_KEY, site: str = SITE.code, **other: str) -> str:
        """What is read back, now, by the holder of a key who was told all of it."""
        challenge = spoken.challenge(run.plan.hash, run.journal.folder.run, spoken.window_at(self.stage.time))
        told = replace(spoken_of(run.playbook, run.plan, challenge), site=site, **other)
        return spoken.answer(spoken.site_key(key, site), told)

    def close(self) -> None:
        for each in self._open:
            each.close()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    found = Desk(tmp_path)
    yield found
    found.close()


def refused(run: Agreeing) -> list[str]:
    return [str(each.facts["why"]) for each in run.journal.entries if each.mark is Mark.APPROVAL_REFUSED]


def audited(desk: Desk, event: str) -> list[dict[str, object]]:
    lines = (desk.stage.state / "audit.jsonl").read_text().splitlines()
    return [record for each in lines if (record := json.loads(each))["ev"] == event]


def was_recorded(desk: Desk, run: Agreeing, why: str) -> None:
    """As the only refusal, in the journal and in the audit."""
    (record,) = audited(desk, "approve.refused")
    assert (refused(run), record["result"]["why"]) == ([why], why)  # type: ignore[index]


def test_an_answer_over_the_phone_counts_and_says_who_gave_it(desk: Desk) -> None:
    run = desk.run()
    assert run.count() == 0
    assert not run.take(spoken.shown(desk.answer(run)).lower())
    assert run.count() == 1
    (record,) = audited(desk, "approve.given")
    assert record["actor"]["name"] == "claire"  # type: ignore[index]
    assert record["actor"]["auth"] == "otp"  # type: ignore[index]
    assert run.take(desk.answer(run)) == WHY_NOT["not_awaited"]
    was_recorded(desk, run, "not_awaited")


def test_it_holds_until_the_end_of_the_next_ten_minutes_and_no_longer(desk: Desk) -> None:
    run = desk.run()
    answer = desk.answer(run)
    ends = spoken.window_ends(spoken.window_at(desk.stage.time))
    desk.stage.time = ends
    assert run.take(answer) == WHY_NOT["expired"]
    desk.stage.time = ends - timedelta(seconds=1)
    assert not run.take(answer)
    assert refused(run) == ["expired"]


def test_what_was_given_for_another_plan_or_used_before_is_told_from_what_is_wrong(desk: Desk) -> None:
    first = desk.run()
    answer = desk.answer(first)
    desk.stage.time += timedelta(seconds=5)
    moved = desk.run()
    assert moved.plan.hash != first.plan.hash
    assert moved.take(answer) == WHY_NOT["plan_changed"]
    assert not first.take(answer)
    again = desk.run(like=first)
    assert again.take(answer) == WHY_NOT["replayed"]
    assert (again.count(), moved.count()) == (0, 0)
    assert [each["result"]["why"] for each in audited(desk, "approve.refused")] == [
        "plan_changed",
        "replayed",
    ]  # type: ignore[index]


@pytest.mark.parametrize(
    ("key", "more"),
    [
        (bytes(31) + b"x", {}),
        (bytes(32), {}),  # registered, without a role for it
        (OWN_KEY, {"site": "LSH-03"}),
        (OWN_KEY, {"playbook": "another"}),
        (OWN_KEY, {"playbook_sha256": "another"}),
        (OWN_KEY, {"size": {"users": "2"}}),
    ],
)
def test_an_answer_to_something_else_is_wrong(desk: Desk, key: bytes, more: dict[str, str]) -> None:
    run = desk.run()
    assert run.take(desk.answer(run, key, **more)) == WHY_NOT["wrong_answer"]
    assert run.count() == 0
    assert refused(run) == ["wrong_answer"]


def test_three_wrong_answers_lock_for_ten_minutes_also_in_another_run(desk: Desk) -> None:
    run = desk.run()
    for _ in range(3):
        assert run.take("AAAA-AAAA") == WHY_NOT["wrong_answer"]
    assert run.take(desk.answer(run)) == WHY_NOT["locked_out"]
    other = desk.run()
    assert other.take(desk.answer(other)) == WHY_NOT["locked_out"]
    desk.stage.time += timedelta(minutes=10)
    assert not run.take(desk.answer(run))
    assert refused(run) == ["wrong_answer"] * 3 + ["locked_out"]


def test_an_answer_that_was_being_looked_at_when_the_power_failed_counts_as_wrong(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = desk.run()

    def fall(*_: object) -> bool:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(spoken, "is_right", fall)
        for _ in range(3):
            with pytest.raises(KeyboardInterrupt):
                run.take(desk.answer(run))
    assert run.take(desk.answer(run)) == WHY_NOT["locked_out"]


def test_a_damaged_file_of_answers_takes_none(desk: Desk) -> None:
    run = desk.run()
    (desk.stage.state / "answers.jsonl").write_text("nonsense\n")
    said = run.take(desk.answer(run))
    assert (said.text, run.count()) == (WHY_NOT["answers_damaged"].text, 0)
    was_recorded(desk, run, "answers_damaged")


def test_while_the_file_of_answers_is_damaged_nothing_is_read_out_over_the_phone(desk: Desk) -> None:
    run, stage = desk.run(), desk.stage
    run.recorder.write(Mark.APPROVAL_AWAITED)
    permission = Permission(site=stage.site, state=stage.state, now=lambda: stage.time)
    assert permission.awaited(run.journal.folder.run).challenge
    (stage.state / "answers.jsonl").write_text("nonsense\n")
    found = permission.awaited(run.journal.folder.run)
    assert (found.challenge, found.challenge_until, found.given) == ("", EPOCH, ())


def test_the_person_who_asks_cannot_answer_for_themselves(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = desk.run()
    monkeypatch.setattr("medflow_tui.runner.agreeing.name_of", lambda uid: "claire")
    assert run.take(desk.answer(run)) == WHY_NOT["wrong_answer"]
    assert run.count() == 0


def test_where_the_playbook_takes_no_answer_over_the_phone_there_is_none(desk: Desk) -> None:
    run = desk.run()
    alone = replace(run.playbook, approval=replace(run.playbook.approval, remote_code=False))
    assert replace(run, playbook=alone).take(desk.answer(run)) == WHY_NOT["no_phone"]
    was_recorded(desk, run, "no_phone")


@pytest.mark.parametrize(
    ("other", "typed", "plan_hash", "why"),
    [
        (DOUDOU, "", "", ""),
        (DOUDOU, "APPROVE LSH-03 {short}", "", "wrong_site"),
        (DOUDOU, "APPROVE LAB 0000", "", "confirm_wrong"),
        (DOUDOU, "yes", "", "confirm_wrong"),
        (DOUDOU, "", "0" * 64, "plan_changed"),
        (replace(DOUDOU, user="nurse"), "", "", "no_role"),
    ],
)
def test_another_user_of_this_machine(
    desk: Desk, other: Origin, typed: str, plan_hash: str, why: str
) -> None:
    run = desk.run()
    said = typed.format(short=run.plan.hash[:4]) or agreement_phrase(run.plan)
    assert run.hear(other, plan_hash or run.plan.hash, said) == WHY_NOT.get(why, say(""))
    assert (run.count(), refused(run)) == ((0, [why]) if why else (1, []))
    if not why:
        (record,) = audited(desk, "approve.given")
        assert (record["actor"]["uid"], record["actor"]["name"]) == (54321, "doudou")  # type: ignore[index]


def test_whoever_became_another_user_since_they_logged_in_agrees_to_nothing_of_their_own(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = desk.run()
    phrase, became = agreement_phrase(run.plan), replace(DOUDOU, ancestors=("71@2",))
    monkeypatch.setattr(origin, "_login_uid", lambda pid="": os.getuid() if pid == "71" else -1)
    monkeypatch.setattr(origin, "process_named", {71: "71@2"}.get)
    assert run.hear(became, run.plan.hash, phrase) == WHY_NOT["self"]
    monkeypatch.setattr(origin, "_login_uid", lambda pid="": DOUDOU.uid if not pid else -1)
    assert run.hear(DOUDOU, run.plan.hash, phrase) == WHY_NOT["self"]
    monkeypatch.setattr(origin, "name_of", lambda uid: "claire")
    assert run.take(desk.answer(run)) == WHY_NOT["wrong_answer"]
    assert refused(run) == ["self", "self", "wrong_answer"]
    monkeypatch.setattr(origin, "_login_uid", lambda pid="": 54399)
    monkeypatch.setattr(origin, "name_of", lambda uid: "beni")
    assert not run.hear(DOUDOU, run.plan.hash, phrase)


def test_an_agreement_that_is_too_old_does_not_count_when_a_run_is_gone_on_with(desk: Desk) -> None:
    run = desk.run()
    assert not run.hear(DOUDOU, run.plan.hash, agreement_phrase(run.plan))
    desk.stage.time += timedelta(seconds=run.playbook.approval.expires_s)
    entry = run.journal.entries[-1]
    desk.stage.time = entry.at + timedelta(seconds=run.playbook.approval.expires_s + 1)
    assert run.count() == 0


def test_a_plan_that_was_written_over_voids_what_was_agreed(desk: Desk) -> None:
    run = desk.run()
    assert not run.hear(DOUDOU, run.plan.hash, agreement_phrase(run.plan))
    path = run.journal.folder.path / "plan.json"
    path.write_text(path.read_text().replace('"documents":5', '"documents":6'))
    moved = agreed(run.journal.folder.plan())
    assert moved.hash != run.plan.hash
    assert replace(run, plan=moved).count() == 0


def test_a_curious_user_cannot_fill_the_audit(desk: Desk) -> None:
    run = desk.run()
    for _ in range(200):
        run.show(replace(DOUDOU, user="nurse"))
        run.hear(replace(DOUDOU, user="nurse"), run.plan.hash, "x")
    assert len(refused(run)) <= 50
