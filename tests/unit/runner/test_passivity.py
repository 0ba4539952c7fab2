"""The global stop: anybody sets it, few lift it, and whoever tries without the right to is recorded with the true reason."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from medflow_tui.journal.append_log import DamagedError, UnwritableError
from medflow_tui.journal.audit import verify
from medflow_tui.journal.orders import PASSIVE, Orders
from medflow_tui.model.access import Access, Person
from medflow_tui.model.errors import MedflowError, NoLoginError, ReauthError, RefusedError
from medflow_tui.model.health import EPOCH
from medflow_tui.model.performer import Login
from medflow_tui.model.playbook import Guard, Text
from medflow_tui.model.procedure import Outcome
from medflow_tui.model.words import say
from medflow_tui.rules.access_guards import ACCESS_KINDS
from medflow_tui.rules.leading import LOGIN_S
from medflow_tui.runner import origin
from medflow_tui.runner.origin import name_of
from medflow_tui.runner.passivity import GlobalStop
from tests.unit.runner.stage import NIGHT, SITE

ME, WHY = name_of(os.getuid()), "the fire is out, the servers are dry"
FRESH = Login(username=ME, password="invented", at=NIGHT)
OLD = replace(FRESH, at=NIGHT - timedelta(seconds=LOGIN_S + 1))


def wrong_password(_: Login) -> bool:
    raise NoLoginError(say("log-in not possible"))


def stop_of(tmp_path: Path, *roles: str, is_named: bool = True) -> GlobalStop:
    named = {ME: Person(name=ME, roles=roles)} if is_named else {}
    site = replace(SITE, access=Access(people=named))
    found = GlobalStop(site=site, state=tmp_path / "state", now=lambda: NIGHT, prove=lambda login: True)
    found.set(who="beni", reason="smoke in the server room")
    return found


def denied(stop: GlobalStop) -> list[dict[str, str]]:
    records = verify(stop.state / "audit.jsonl").records
    return [each["result"] for each in records if each["ev"] == "attempt.denied"]


@pytest.mark.parametrize(
    ("roles", "typed", "login", "reason", "error", "cause"),
    [
        (("technician",), "LAB", FRESH, WHY, RefusedError, "no_role"),
        ((), "LAB", FRESH, WHY, RefusedError, "no_role"),
        (("dba",), "LAB", OLD, WHY, ReauthError, "login_refused"),
        (("dba",), "LAB", None, WHY, ReauthError, "login_refused"),
        (("dba",), "lab", FRESH, WHY, RefusedError, "confirm_wrong"),
        (("dba",), "LAB", FRESH, "short", RefusedError, "confirm_wrong"),
    ],
)
def test_who_may_not_lift_it_is_refused_and_recorded_with_the_reason(
    tmp_path: Path,
    roles: tuple[str, ...],
    typed: str,
    login: Login | None,
    reason: str,
    error: type[MedflowError],
    cause: str,
) -> None:
    stop = stop_of(tmp_path, *roles)
    with pytest.raises(error):
        stop.lift(who=ME, reason=reason, typed=typed, login=login)
    assert stop.found() is not None
    assert denied(stop) == [{"why": cause, "guard": "passive"}]


def test_a_wrong_password_lifts_nothing(tmp_path: Path) -> None:
    stop = replace(stop_of(tmp_path, "dba"), prove=wrong_password)
    with pytest.raises(NoLoginError):
        stop.lift(who=ME, reason=WHY, typed="LAB", login=FRESH)
    assert stop.found() is not None
    assert denied(stop) == [{"why": "login_refused", "guard": "passive"}]


@pytest.mark.parametrize("is_named", [True, False])
def test_it_is_lifted_by_a_named_role_or_where_nobody_is_named_by_anybody_freshly_logged_in(
    tmp_path: Path, is_named: bool
) -> None:
    stop = stop_of(tmp_path, "clinic_lead", is_named=is_named)
    stop.lift(who=ME, reason=WHY, typed="LAB", login=FRESH)
    assert stop.found() is None
    last = verify(stop.state / "audit.jsonl").records[-1]
    assert (last["ev"], last["actor"]["auth"]) == ("passive.off", "reauth")
    assert last["actor"]["role"] == ("clinic_lead" if is_named else "")
    assert denied(stop) == []


def test_what_cannot_be_recorded_is_not_lifted_but_stopped_all_the_same(tmp_path: Path) -> None:
    stop = stop_of(tmp_path, "dba")
    (stop.state / "audit.jsonl").unlink()
    (stop.state / "audit.jsonl").mkdir()
    with pytest.raises(UnwritableError):
        stop.lift(who=ME, reason=WHY, typed="LAB", login=FRESH)
    assert stop.found() is not None
    (stop.state / PASSIVE).unlink()
    with pytest.raises(UnwritableError):
        stop.set(who="beni", reason="smoke again")
    assert Orders(stop.state).passive() is not None


def test_a_damaged_file_is_not_said_to_be_lifted(tmp_path: Path) -> None:
    stop = stop_of(tmp_path, "dba")
    (stop.state / PASSIVE).write_text("not json\n")
    with pytest.raises(DamagedError):
        stop.lift(who=ME, reason=WHY, typed="LAB", login=FRESH)
    assert stop.found() is not None
    assert "passive.off" not in [each["ev"] for each in verify(stop.state / "audit.jsonl").records]


def test_a_guard_invents_no_date_for_a_file_that_cannot_be_read() -> None:
    guard = Guard(id="passive", kind="passive", why=Text(), fix=Text())
    facts = {"passive.since": EPOCH.isoformat(), "passive.who": "?"}
    outcome, said = ACCESS_KINDS["passive"](guard, facts)
    assert (outcome, said.text) == (Outcome.FAIL, "passive: the file that says so cannot be read")


def test_who_became_somebody_else_lifts_it_only_where_they_may_themselves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop = stop_of(tmp_path, "admin")
    monkeypatch.setattr(origin, "_login_uid", lambda: 54322)
    monkeypatch.setattr(origin, "name_of", lambda uid: "amani" if uid == 54322 else ME)
    with pytest.raises(RefusedError) as caught:
        stop.lift(who=ME, reason=WHY, typed="LAB", login=FRESH)
    assert caught.value.cause == "no_role"
    assert stop.found() is not None
    people = {**stop.site.access.people, "amani": Person(name="amani", roles=("dba",))}
    replace(stop, site=replace(stop.site, access=Access(people=people))).lift(
        who=ME, reason=WHY, typed="LAB", login=FRESH
    )
    assert stop.found() is None
    records = verify(stop.state / "audit.jsonl").records[-2:]
    assert [(each["ev"], each["actor"]["name"], each["actor"]["as"]) for each in records] == [
        ("attempt.denied", ME, "amani"),
        ("passive.off", ME, "amani"),
    ]
