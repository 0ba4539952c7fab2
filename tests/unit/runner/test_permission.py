"""Passive mode, overrides and their traces, fresh log-ins, and what the audit must have before anything is started."""

from __future__ import annotations

import hashlib
import json
import os
import threading
from datetime import datetime, timedelta
from pathlib import Path
from types import MappingProxyType

import pytest

from medflow_tui.journal.orders import PASSIVE, Orders
from medflow_tui.model.access import Access
from medflow_tui.model.errors import ReauthError, RefusedError
from medflow_tui.model.performer import Login
from medflow_tui.model.procedure import Act, Mark, Outcome, Phase
from medflow_tui.model.site import Site
from medflow_tui.playbooks.load import parse, read
from medflow_tui.rules.permits import takes_last_way_back, why_no_override
from medflow_tui.runner.passivity import GlobalStop
from medflow_tui.runner.permission import Permission
from tests.unit.playbooks.books import FULL, book
from tests.unit.runner.stage import NIGHT, SITE, Stage
from tests.unit.runner.test_runner import QUIET

REASON = "the waiting room is full and nobody can see a record"
LOGIN = Login(username="amani", password="x", at=NIGHT)


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path, QUIET)


def permission(stage: Stage, now: datetime = NIGHT) -> Permission:
    return Permission(site=stage.site, state=stage.state, now=lambda: now)


def audited(stage: Stage) -> list[dict[str, object]]:
    return [json.loads(each) for each in (stage.state / "audit.jsonl").read_text().splitlines()]


def test_passive_mode_starts_nothing_and_says_since_when_and_by_whom(stage: Stage) -> None:
    stop = GlobalStop(site=stage.site, state=stage.state, now=lambda: NIGHT, prove=lambda login: True)
    stop.set(who="claire", reason="fire in the server room")
    assert stage.start().outcome is Outcome.FAIL
    assert stage.stand().phase is Phase.REFUSED
    said = stage.stand().said
    assert said.text == "passive since {at:when} by {who}"
    assert said.values["who"] == "claire"
    assert stage.true == set()
    assert not any("prepare" in each or "carry_out" in each for each in stage.asked)
    login = Login(username="claire", password="invented", at=NIGHT)
    stop.lift(who="claire", reason="the fire is out now", typed="LAB", login=login)
    assert stage.start().outcome is Outcome.PASS
    events = [each["ev"] for each in audited(stage)]
    assert events.count("passive.on") == events.count("passive.off") == 1
    assert "fire" not in (stage.state / "audit.jsonl").read_text()


def test_a_running_step_ends_and_then_the_run_waits(stage: Stage) -> None:
    def stop(task: object) -> None:
        Orders(stage.state).set_passive(on=True, who="claire", reason="")

    stage.services["mongo.load"].before["carry_out"] = stop
    assert stage.start().act is Act.PAUSE
    assert (Mark.VERIFIED, "load") in stage.marks()
    assert "switched" not in stage.true
    assert stage.stand().phase is Phase.PAUSED
    Orders(stage.state).set_passive(on=False, who="claire", reason="")
    stage.services["mongo.load"].before.clear()
    assert stage.go_on().outcome is Outcome.PASS


@pytest.mark.parametrize("content", ["not json\n", '{"ev":"on"}\n', "{}\n", "[1]\n"])
def test_a_file_that_cannot_be_understood_stops_everything(stage: Stage, content: str) -> None:
    (stage.state / PASSIVE).write_text(content)
    assert stage.start().outcome is Outcome.FAIL
    assert stage.true == set()
    assert "passive" in Orders(stage.state).notices()[0].text


def test_every_viewer_is_told(stage: Stage) -> None:
    orders = Orders(stage.state)
    assert orders.notices() == ()
    orders.set_passive(on=True, who="claire", reason="")
    orders.open_review("run", playbook="p", who="amani", guards=("window",))
    assert [each.values["who"] for each in orders.notices()] == ["claire", "amani"]


def test_an_override_leaves_its_traces_until_another_person_has_looked(tmp_path: Path) -> None:
    elsewhere = tmp_path / "central"
    elsewhere.mkdir()
    site = Site(
        code="LAB",
        name="Lab",
        environment="lab",
        opens="07:30",
        closes="17:00",
        access=Access(people=MappingProxyType({}), notices=(str(elsewhere), str(tmp_path / "no" / "where"))),
    )
    day = Stage(tmp_path / "a", QUIET, site=site, now=NIGHT.replace(hour=9))
    assert day.start(override=REASON).outcome is Outcome.PASS
    used = next(each for each in day.entries if each.mark is Mark.OVERRIDDEN)
    assert used.facts["why"] == REASON
    assert used.facts["told_elsewhere"] == 1
    record = next(each for each in audited(day) if each["ev"] == "override.used")
    assert record["override"]["guards"] == "window"  # type: ignore[index]
    assert REASON not in json.dumps(record)
    assert day.folder is not None
    assert day.folder.run in (elsewhere / "medflow-notices.jsonl").read_text()
    (review,) = Orders(day.state).reviews()
    assert (review.run, review.guards) == (day.folder.run, ("window",))
    desk = permission(day)
    assert review.uid == os.getuid()
    for who, uid, note in (
        ("amani", 54321, "all was well there"),
        ("claire", os.getuid(), "all was well there"),
        ("claire", 54321, "ok"),
    ):
        with pytest.raises(RefusedError):
            desk.close_review(day.folder.run, who=who, uid=uid, note=note)
    desk.close_review(day.folder.run, who="claire", uid=54321, note="the window had to be passed over")
    assert Orders(day.state).reviews() == ()
    assert audited(day)[-1]["ev"] == "override.closed"


def test_an_override_is_confirmed_louder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    day = Stage(tmp_path, QUIET, now=NIGHT.replace(hour=9))
    monkeypatch.setattr("tests.unit.runner.stage.override_phrase", lambda confirm: confirm)
    assert day.start(override=REASON).outcome is Outcome.FAIL
    assert "typed" in day.stand().said.text
    assert Orders(day.state).reviews() == ()


def test_an_override_that_would_not_start_anyway_is_none(tmp_path: Path) -> None:
    day = Stage(tmp_path, QUIET, now=NIGHT.replace(hour=9))
    day.survey_facts["power"] = "battery"
    Orders(day.state).set_passive(on=True, who="claire", reason="")
    assert day.start(override=REASON).outcome is Outcome.FAIL
    assert Orders(day.state).reviews() == ()


def test_a_missing_second_person_may_be_passed_over_where_the_playbook_says_so(stage: Stage) -> None:
    stage.approvals = 0
    assert stage.start().outcome is Outcome.FAIL
    assert stage.start(override=REASON).outcome is Outcome.PASS
    used = next(each for each in stage.entries if each.mark is Mark.OVERRIDDEN)
    assert used.facts["guards"] == ("approval",)


def test_an_override_for_the_window_alone_passes_over_no_second_person(tmp_path: Path) -> None:
    only = book("^reason_min_chars = 40", 'reason_min_chars = 40\nguards = ["window"]', QUIET)
    stage = Stage(tmp_path, only)
    stage.approvals = 0
    assert stage.start(override=REASON).outcome is Outcome.FAIL
    assert not any(each.mark is Mark.OVERRIDDEN for each in stage.entries)
    stage.approvals, stage.time = 1, NIGHT + timedelta(hours=11)
    assert stage.start().outcome is Outcome.FAIL
    assert stage.start(override=REASON).outcome is Outcome.PASS
    used = next(each for each in stage.entries if each.mark is Mark.OVERRIDDEN)
    assert used.facts["guards"] == ("window",)


@pytest.mark.parametrize(
    ("pattern", "by"),
    [
        (r'^undo = "mongo.switch_back"\nundo_args.*\nundo_valid_s.*\n', ""),
        (r"^\[override\]\nallowed = true", "[override]\nallowed = false"),
    ],
)
def test_the_last_way_back_is_never_taken_by_an_override(pattern: str, by: str) -> None:
    source = book(pattern, by).replace('on_fail = "undo:switch"', 'on_fail = "ask"')
    if "allowed = true" in source:
        source = source.replace(
            'owner = "dba"', 'owner = "dba"\nno_undo_reason = "Gone."\nno_undo_reason_fr = "Parti."', 1
        )
    changed = read(source, "p.toml")
    assert why_no_override(changed, REASON, ("dba",))
    assert not why_no_override(parse(FULL, "p.toml"), REASON, ("dba",))
    assert why_no_override(parse(FULL, "p.toml"), REASON, ("nurse",))
    assert takes_last_way_back(changed) is ("allowed = true" in source)


def test_an_old_log_in_is_asked_for_again_before_anything_is_written(stage: Stage) -> None:
    plan_of = stage.start
    plan_of()
    assert stage.plan is not None
    assert stage.playbook.reauth_s == 300
    desk = permission(stage, NIGHT + timedelta(seconds=299))
    assert not desk.needs_login(stage.playbook, LOGIN)
    desk.let_start(stage.playbook, stage.plan, LOGIN)
    for late, login in (
        (NIGHT + timedelta(seconds=301), LOGIN),
        (NIGHT - timedelta(seconds=60), LOGIN),
        (NIGHT, Login(username="amani", password="x")),
        (NIGHT, None),
    ):
        with pytest.raises(ReauthError):
            permission(stage, late).let_start(stage.playbook, stage.plan, login)
    assert audited(stage)[-1]["ev"] == "attempt.denied"


@pytest.mark.parametrize("age", [1801, -61])
def test_a_plan_that_was_measured_too_long_ago_is_not_started(stage: Stage, age: int) -> None:
    assert stage.start().outcome is Outcome.PASS
    assert stage.plan is not None
    permission(stage, NIGHT + timedelta(seconds=1800)).refuse_old(stage.playbook, stage.plan)
    with pytest.raises(RefusedError, match="make it again"):
        permission(stage, NIGHT + timedelta(seconds=age)).refuse_old(stage.playbook, stage.plan)
    assert audited(stage)[-1]["result"]["why"] == "expired"  # type: ignore[index]


def test_the_run_itself_asks_for_a_fresh_log_in_too(stage: Stage) -> None:
    assert stage.start().outcome is Outcome.PASS
    stage.login_age_s = 301
    stage.time += timedelta(days=2)
    assert stage.start().outcome is Outcome.FAIL
    assert stage.stand().said.text.startswith("log in again")


def test_what_cannot_be_recorded_does_not_start(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("medflow_tui.journal.audit.ROOM", 1 << 60)
    assert stage.start().outcome is Outcome.FAIL
    assert stage.true == set()
    assert stage.plan is not None
    with pytest.raises(RefusedError):
        permission(stage).let_start(stage.playbook, stage.plan, LOGIN)


def test_the_end_of_a_run_seals_its_journal(stage: Stage) -> None:
    assert stage.start().outcome is Outcome.PASS
    assert stage.folder is not None
    lines = stage.folder.journal.read_bytes().splitlines(keepends=True)
    sealed = hashlib.sha256(b"".join(lines[:-1])).hexdigest()
    (ended,) = [each for each in audited(stage) if each["ev"] == "run.done"]
    assert ended["result"]["journal"] == sealed  # type: ignore[index]


def test_a_plan_that_is_shown_and_left_is_recorded(stage: Stage) -> None:
    assert stage.start().outcome is Outcome.PASS
    assert stage.plan is not None
    desk = permission(stage)
    desk.opened(stage.plan, stage.playbook)
    desk.left(stage.plan, "line_lost")
    assert [each["ev"] for each in audited(stage)][-2:] == ["plan.opened", "plan.cancelled"]


def test_two_stop_at_once_and_both_are_kept(stage: Stage) -> None:
    def stop(name: str) -> None:
        Orders(stage.state).set_passive(on=True, who=name, reason="")

    threads = [threading.Thread(target=stop, args=(f"p{each}",)) for each in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len((stage.state / PASSIVE).read_text().splitlines()) == 8
    assert Orders(stage.state).passive() is not None


def test_production_asks_a_second_person_and_an_r4_is_refused(tmp_path: Path) -> None:
    from dataclasses import replace

    site = replace(SITE, environment="production", opens="", closes="")
    graver = Stage(tmp_path / "a", QUIET, site=site)
    assert graver.start().outcome is Outcome.FAIL
    assert any("R4" in each.text for each in graver.stand().said.parts)
