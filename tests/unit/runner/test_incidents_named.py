"""Incidents: what was shown is what is changed, an answer is for one naming alone, and who became somebody else stays who they are."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType

import pytest

from medflow_tui.journal import incidents as kept
from medflow_tui.journal.append_log import DamagedError
from medflow_tui.journal.incidents import FILE, Incidents
from medflow_tui.journal.orders import Orders
from medflow_tui.model.access import UNSET_SESSION, Origin, Person
from medflow_tui.model.errors import NoLoginError, RefusedError
from medflow_tui.model.incident import BY_VOICE, Incident, Severity
from medflow_tui.model.performer import Login
from medflow_tui.model.words import say
from medflow_tui.rules import spoken
from medflow_tui.rules.leading import WHY_NOT_CONFIRM, incident_hash
from medflow_tui.runner import origin
from medflow_tui.runner.incidents import IncidentDesk
from tests.unit.runner import test_incidents
from tests.unit.runner.stage import Stage
from tests.unit.runner.test_incidents import (
    CLAIRE,
    KEY,
    ME,
    TEXT,
    audited,
    desk_of,
    login,
    on_the_phone,
    opened,
    people,
    refusals,
    site_of,
    sits,
)

stage = test_incidents.stage
AMANI = 54322


def test_only_the_one_that_was_shown_is_confirmed_handed_over_graded_or_closed(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = desk_of(stage)
    shown = incident_hash("LAB", opened(stage, Severity.SEV4))
    desk.close(login(stage))
    opened(stage, Severity.SEV1)
    changes: tuple[Callable[[str], Incident], ...] = (
        lambda told: desk.grade(Severity.SEV2, login(stage), shown=told),
        lambda told: desk.hand_over("doudou", login(stage), shown=told),
        lambda told: desk.close(login(stage), shown=told),
    )
    for change in changes:
        before = desk.the_open()
        with pytest.raises(RefusedError) as caught:
            change(shown)
        assert (caught.value.phrase, caught.value.cause) == (
            WHY_NOT_CONFIRM["plan_changed"],
            "plan_changed",
        )
        assert desk.the_open() == before
        shown = incident_hash("LAB", before)
        change(shown)
    assert [each["result"]["why"] for each in audited(stage, "attempt.")] == ["plan_changed"] * 3  # type: ignore[index]
    assert desk.now_open() is None
    elsewhere = Origin(uid=0, user=ME, audit_session=4, session=("70@1",))
    Incidents(stage.state).keep(replace(opened(stage), named_from=elsewhere))
    sits(monkeypatch, CLAIRE)
    with pytest.raises(RefusedError):
        desk.confirm("I LEAD LAB", shown=shown)
    assert refusals(stage) == ["plan_changed"]
    assert desk.confirm("I LEAD LAB", shown=incident_hash("LAB", desk.the_open())).is_confirmed


@pytest.mark.parametrize("and_back", ["command", "severity"])
def test_an_answer_that_was_held_back_is_for_nobody_once_it_was_named_anew(
    stage: Stage, and_back: str
) -> None:
    desk = on_the_phone(stage, KEY.hex())
    first = opened(stage)
    held = spoken.answer(KEY, desk.told(first))
    if and_back == "command":
        desk.hand_over("doudou", login(stage))
        again = desk.hand_over("claire", login(stage))
    else:
        desk.grade(Severity.SEV3, login(stage))
        again = desk.grade(Severity.SEV2, login(stage))
    assert (again.id, again.severity, again.commander) == (first.id, first.severity, first.commander)
    assert incident_hash("LAB", again) != incident_hash("LAB", first)
    with pytest.raises(RefusedError):
        desk.take(held)
    assert refusals(stage) == ["wrong_answer"]
    assert desk.take(spoken.answer(KEY, desk.told(again))).confirmed_how == BY_VOICE


def test_after_a_lower_severity_and_back_it_is_confirmed_anew_in_the_same_ten_minutes(stage: Stage) -> None:
    desk = on_the_phone(stage, KEY.hex())
    assert desk.take(spoken.answer(KEY, desk.told(opened(stage)))).is_confirmed
    desk.grade(Severity.SEV3, login(stage))
    again = desk.grade(Severity.SEV2, login(stage))
    assert not again.is_confirmed
    assert desk.take(spoken.answer(KEY, desk.told(again))).is_confirmed


def test_an_answer_that_comes_too_late_is_no_try_and_does_not_count_with_the_clock_set_back(
    stage: Stage,
) -> None:
    desk = on_the_phone(stage, KEY.hex())
    late = spoken.answer(KEY, desk.told(opened(stage)))
    stage.time += timedelta(minutes=21)
    for _ in range(4):
        with pytest.raises(RefusedError) as caught:
            desk.take(late)
        assert caught.value.phrase == WHY_NOT_CONFIRM["expired"]
    assert Orders(stage.state).tries() == ()
    stage.time -= timedelta(minutes=21)
    with pytest.raises(RefusedError):
        desk.take(late)
    assert set(refusals(stage)) == {"expired"}
    assert desk.take(spoken.answer(KEY, desk.told(desk.the_open()))).is_confirmed


def test_with_the_clock_set_back_no_answer_of_before_the_last_one_counts(stage: Stage) -> None:
    desk = on_the_phone(stage, KEY.hex())
    early = spoken.answer(KEY, desk.told(opened(stage)))
    stage.time += timedelta(minutes=30)
    with pytest.raises(RefusedError):
        desk.take("AAAA-2222")
    stage.time -= timedelta(minutes=30)
    with pytest.raises(RefusedError):
        desk.take(early)
    assert refusals(stage) == ["wrong_answer", "expired"]
    assert not desk.the_open().is_confirmed


def became(monkeypatch: pytest.MonkeyPatch, login_uid: int, user: str) -> None:
    """Who logged in is another than the user of this process."""
    monkeypatch.setattr(origin, "_login_uid", lambda pid="self": login_uid)
    monkeypatch.setattr(origin, "name_of", lambda uid: user if uid == login_uid else ME)


def test_who_became_somebody_else_needs_the_role_too_and_is_recorded(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    became(monkeypatch, AMANI, "amani")
    with pytest.raises(RefusedError):
        opened(stage)
    assert not (stage.state / FILE).exists()
    (denied,) = audited(stage, "attempt.")
    actor = denied["actor"]
    assert (actor["name"], actor["as"]) == (ME, "amani")  # type: ignore[index]
    assert denied["result"]["why"] == "no_role"  # type: ignore[index]
    named = {**people().people, "amani": Person(name="amani", roles=("clinic_lead",))}
    site = site_of(replace(people(), people=MappingProxyType(named)))
    desk = desk_of(stage, site=site)
    desk.open(severity=Severity.SEV2, commander="claire", text=TEXT, login=login(stage))
    actor = audited(stage)[-1]["actor"]
    assert (actor["name"], actor["as"], actor["role"]) == (ME, "amani", "admin")  # type: ignore[index]
    became(monkeypatch, UNSET_SESSION, "")
    desk.close(login(stage))
    assert "as" not in audited(stage)[-1]["actor"]  # type: ignore[operator]


def test_a_wrong_password_is_told_from_other_refusals(stage: Stage) -> None:
    def wrong(_: Login) -> bool:
        raise RefusedError(say("log-in not possible"))

    with pytest.raises(NoLoginError):
        desk_of(stage, prove=wrong).close(login(stage))


def test_the_file_is_the_groups_before_it_takes_its_name(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened(stage)
    stage.state.chmod(0o2770)
    modes: list[str] = []
    replaced = Path.replace

    def replace_seen(path: Path, target: Path) -> Path:
        modes.append(oct(stat.S_IMODE(path.stat().st_mode)))
        return replaced(path, target)

    monkeypatch.setattr(Path, "replace", replace_seen)
    desk_of(stage).close(login(stage))
    assert modes == ["0o660"]
    assert stat.S_IMODE((stage.state / FILE).stat().st_mode) == 0o660


def test_what_is_kept_can_be_read_again_and_the_oldest_that_are_over_leave_first(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "MOST_BYTES", 4096)
    incidents, at = Incidents(stage.state), stage.time - timedelta(days=9)
    first = opened(stage)
    seat = Origin(uid=os.getuid(), user=ME, session=("70@1",) * 9)
    for number in range(2, 12):
        over = replace(
            first,
            id=f"INC-2026-{number:03d}",
            opened_at=at + timedelta(hours=number),
            closed_by=ME,
            closed_at=stage.time,
            named_from=seat,
        )
        incidents.keep(over)
        assert over in incidents.all()
        assert incidents.now_open() == first
    assert len((stage.state / FILE).read_bytes()) <= 4096
    ids = [each.id for each in incidents.all()]
    assert ids == [*(f"INC-2026-{number:03d}" for number in range(13 - len(ids), 12)), first.id]
    assert 2 < len(ids) < 11


def test_a_count_that_is_none_is_damage(stage: Stage) -> None:
    opened(stage)
    path, text = stage.state / FILE, (stage.state / FILE).read_text()
    for wrong in ("-1", "true", '"1"'):
        path.write_text(text.replace('"named":0', f'"named":{wrong}'))
        with pytest.raises(DamagedError):
            Incidents(stage.state).now_open()
    path.write_text(text.replace('"named":0,', ""))
    found = Incidents(stage.state).now_open()
    assert found is not None
    assert found.named == 0


def test_at_the_door_the_naming_is_told(stage: Stage) -> None:
    from medflow_tui.runner.confirming import Confirming, incident_of
    from medflow_tui.runner.door import Shown

    desk: IncidentDesk = desk_of(stage)
    opened(stage)
    found = desk.grade(Severity.SEV1, login(stage))
    told = Confirming(desk, found, lambda: None).show(CLAIRE)
    assert isinstance(told, dict)
    shown = Shown(run="", plan=told["plan"], playbook="", who="", uid=0)
    assert incident_hash("LAB", incident_of(shown)) == incident_hash("LAB", found)
