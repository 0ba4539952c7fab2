"""Incidents: who may open, hand over, grade and close one, what is written down first, and runs that rely on one."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType

import pytest

from medflow_tui.journal.append_log import DamagedError, UnwritableError
from medflow_tui.journal.audit import verify
from medflow_tui.journal.incidents import FILE, LOCK, Incidents
from medflow_tui.journal.orders import TRIES, Orders
from medflow_tui.journal.run_log import create
from medflow_tui.model.access import Access, Origin, Person
from medflow_tui.model.audit import BARE
from medflow_tui.model.canonical import digest
from medflow_tui.model.errors import MedflowError, ReauthError, RefusedError
from medflow_tui.model.incident import BY_VOICE, HERE, Incident, Severity
from medflow_tui.model.performer import Login
from medflow_tui.model.plan import PURPOSE, Plan
from medflow_tui.model.procedure import Act, Mark, Outcome, Phase
from medflow_tui.model.site import Site
from medflow_tui.model.words import say
from medflow_tui.rules import spoken
from medflow_tui.rules.leading import STANDS_FOR, WHY_NOT_CONFIRM, incident_hash
from medflow_tui.runner import incidents, leading, origin
from medflow_tui.runner.confirming import Confirming
from medflow_tui.runner.incidents import IncidentDesk
from medflow_tui.runner.leading import led
from medflow_tui.runner.origin import name_of
from medflow_tui.runner.preview import agreed, make_plan
from tests.unit.playbooks.books import book
from tests.unit.runner.stage import Background, Stage
from tests.unit.runner.test_runner import QUIET

ME = name_of(os.getuid())
R3 = book(r'^class = "R4"', 'class = "R3"', QUIET)
TEXT = "login page down at the clinic"
NOBODY_ELSE = "no second person: incident {id}, {severity}, commander {who}, confirmed {at:when}"


def people(*mine: str) -> Access:
    named = {
        ME: Person(name=ME, roles=mine or ("admin",)),
        "claire": Person(name="claire", roles=("dba",)),
        "doudou": Person(name="doudou", roles=("dba",)),
    }
    return Access(people=MappingProxyType(named))


def site_of(access: Access) -> Site:
    return Site(
        code="LAB",
        name="Lab",
        environment="production",
        opens="07:30",
        closes="17:00",
        access=access,
        audit=BARE,
    )


SITE = site_of(people())


def desk_of(
    stage: Stage, *, site: Site = SITE, prove: Callable[[Login], bool] = lambda _: True
) -> IncidentDesk:
    return IncidentDesk(site=site, state=stage.state, now=lambda: stage.time, prove=prove)


def login(stage: Stage, age_s: int = 0) -> Login:
    return Login(username="amani", password="x", at=stage.time - timedelta(seconds=age_s))


def opened(stage: Stage, severity: Severity = Severity.SEV2, commander: str = "claire") -> Incident:
    return desk_of(stage).open(severity=severity, commander=commander, text=TEXT, login=login(stage))


def standing(stage: Stage) -> Incident:
    """Opened, and confirmed over the phone."""
    incident = replace(opened(stage), confirmed_how=BY_VOICE, confirmed_at=stage.time)
    Incidents(stage.state).keep(incident)
    return incident


def audited(stage: Stage, begins: str = "incident.") -> list[dict[str, object]]:
    path = stage.state / "audit.jsonl"
    lines = path.read_text().splitlines() if path.exists() else []
    return [found for each in lines if str((found := json.loads(each))["ev"]).startswith(begins)]


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path, R3, site=SITE)


def test_opened_handed_over_graded_and_closed_and_each_stands_in_the_audit(
    stage: Stage, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "central"
    elsewhere.mkdir()
    site = site_of(replace(people(), notices=(str(elsewhere),)))
    desk = desk_of(stage, site=site)
    first = desk.open(severity=Severity.SEV3, commander="claire", text=TEXT, login=login(stage))
    assert (first.id, first.opened_by, first.is_open) == ("INC-2026-001", ME, True)
    assert desk.grade(Severity.SEV1, login(stage)).severity is Severity.SEV1
    assert desk.hand_over("doudou", login(stage)).commander == "doudou"
    assert desk.now_open() == Incidents(stage.state).now_open()
    assert not desk.close(login(stage)).is_open
    assert desk.now_open() is None
    assert opened(stage).id == "INC-2026-002"
    records = audited(stage)
    assert [each["ev"] for each in records] == [
        *("incident.opened", "incident.graded", "incident.command", "incident.closed", "incident.opened")
    ]
    assert records[2]["result"] == {"severity": "SEV1", "commander": "doudou"}
    assert {each["incident"] for each in records} == {"INC-2026-001", "INC-2026-002"}
    assert records[0]["actor"]["role"] == "admin"  # type: ignore[index]
    assert records[0]["actor"]["auth"] == "reauth"  # type: ignore[index]
    assert verify(stage.state / "audit.jsonl").holds
    assert TEXT not in (stage.state / "audit.jsonl").read_text()
    told = [json.loads(each) for each in (elsewhere / "medflow-notices.jsonl").read_text().splitlines()]
    assert [each["ev"] for each in told] == [each["ev"] for each in records[:4]]


def test_who_may_not_and_an_old_or_wrong_log_in_change_nothing_and_are_recorded(stage: Stage) -> None:
    def wrong(_: Login) -> bool:
        raise RefusedError(say("user name or password refused"))

    tries: list[tuple[IncidentDesk, Login | None]] = [
        (desk_of(stage, site=site_of(people("nurse"))), login(stage)),
        (desk_of(stage, site=site_of(Access())), login(stage)),
        (desk_of(stage), None),
        (desk_of(stage), login(stage, 301)),
        (desk_of(stage), login(stage, -10)),
        (desk_of(stage, prove=wrong), login(stage)),
    ]
    for desk, given in tries:
        with pytest.raises(RefusedError):
            desk.open(severity=Severity.SEV2, commander="claire", text=TEXT, login=given)
    assert not (stage.state / FILE).exists()
    why = [each["result"]["why"] for each in audited(stage, "attempt.")]  # type: ignore[index]
    assert why == ["no_role", "no_role", *["login_refused"] * 4]
    incident = opened(stage)
    for change in (desk_of(stage).close, lambda given: desk_of(stage).grade(Severity.SEV4, given)):
        with pytest.raises(ReauthError):
            change(login(stage, 301))
    assert desk_of(stage).now_open() == incident


def test_what_makes_no_sense_is_refused(stage: Stage) -> None:
    desk, given = desk_of(stage), login(stage)
    changes: tuple[Callable[[], Incident], ...] = (
        lambda: desk.open(severity=Severity.SEV2, commander="stranger", text=TEXT, login=given),
        lambda: desk.open(severity=Severity.SEV2, commander="claire", text="short", login=given),
        lambda: desk.close(given),
        lambda: desk.hand_over("claire", given),
    )
    for change in changes:
        with pytest.raises(RefusedError):
            change()
    assert audited(stage) == []
    opened(stage)
    for change in (
        lambda: opened(stage),
        lambda: desk.hand_over("claire", given),
        lambda: desk.hand_over("stranger", given),
        lambda: desk.grade(Severity.SEV2, given),
    ):
        with pytest.raises(RefusedError):
            change()
    assert len(audited(stage)) == 1


def test_without_a_record_nothing_is_opened_confirmed_or_closed(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    audit = stage.state / "audit.jsonl"
    audit.mkdir()
    with pytest.raises(MedflowError):
        opened(stage)
    assert not (stage.state / FILE).exists()
    audit.rmdir()
    opened(stage)
    sits(monkeypatch, CLAIRE)
    before = (stage.state / FILE).read_bytes()
    audit.write_text("not a chain\n")
    for change in (desk_of(stage).close, lambda given: desk_of(stage).hand_over("doudou", given)):
        with pytest.raises(MedflowError):
            change(login(stage))
    with pytest.raises(MedflowError):
        desk_of(stage).confirm("I LEAD LAB")
    assert (stage.state / FILE).read_bytes() == before


def test_the_record_stands_before_it_counts(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[object] = []

    def full(incidents: Incidents, incident: Incident) -> None:
        seen.append(audited(stage)[-1]["ev"])
        raise UnwritableError(say("the disk is full"))

    monkeypatch.setattr(Incidents, "keep", full)
    with pytest.raises(UnwritableError):
        opened(stage)
    assert seen == ["incident.opened"]
    assert Incidents(stage.state).now_open() is None


def test_no_number_is_given_twice_also_when_the_file_was_lost(stage: Stage) -> None:
    opened(stage)
    (stage.state / FILE).unlink()
    assert opened(stage).id == "INC-2026-002"


def test_secrets_and_names_are_taken_out_of_the_text(stage: Stage) -> None:
    given = "patient KABILA Joseph, mongodb://root:hunter2@db/medflow, call +243 970 123 456"
    desk_of(stage).open(severity=Severity.SEV2, commander="claire", text=given, login=login(stage))
    kept = (stage.state / FILE).read_text()
    assert not [each for each in ("KABILA", "hunter2", "970 123") if each in kept]
    assert oct((stage.state / FILE).stat().st_mode)[-3:] == "600"


def two_open(text: str) -> str:
    (one,) = json.loads(text)["incidents"]
    return json.dumps({"v": 1, "incidents": [one, {**one, "id": "INC-2026-002"}]})


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: "",
        lambda text: text[:-20],
        lambda text: "[1]",
        lambda text: text.replace('"v":1', '"v":2'),
        lambda text: text.replace("SEV2", "SEV9"),
        lambda text: text.replace("INC-2026-001", "INC"),
        lambda text: text.replace("+00:00", ""),
        lambda text: text.replace('"commander_uid":', '"commander_uid":true,"x":'),
        lambda text: text.replace('"closed_by":""', '"closed_by":"claire"'),
        lambda text: json.dumps({"v": 1, "incidents": json.loads(text)["incidents"] * 2}),
        lambda text: text + " " * 1024 * 1024,
        lambda text: text.replace('"confirmed_how":"voice"', '"confirmed_how":"yes"'),
        lambda text: text.replace('"confirmed_how":"voice"', '"confirmed_how":""'),
        lambda text: text.replace('"confirmed_at":', '"confirmed_at":"soon","x":'),
        lambda text: text.replace('"named_from":', '"x":'),
        lambda text: text.replace('"terminal":', '"x":'),
        two_open,
    ],
)
def test_a_damaged_file_is_not_known_and_nobody_is_done_without(
    stage: Stage, damage: Callable[[str], str]
) -> None:
    standing(stage)
    path = stage.state / FILE
    path.write_text(damage(path.read_text()))
    with pytest.raises(DamagedError):
        Incidents(stage.state).now_open()
    assert led(stage.playbook, SITE, stage.state, stage.time) is None
    assert planned(stage).led is None
    assert "cannot be read" in Orders(stage.state).notices()[0].text
    with pytest.raises(DamagedError):
        opened(stage)


def test_a_file_that_cannot_be_read_is_not_known(stage: Stage) -> None:
    (stage.state / FILE).mkdir()
    with pytest.raises(DamagedError):
        Incidents(stage.state).now_open()
    assert led(stage.playbook, SITE, stage.state, stage.time) is None


def test_two_who_open_one_at_once_do_not_both(stage: Stage) -> None:
    def work() -> Incident:
        return opened(stage)

    both = [Background(work) for _ in range(2)]  # type: ignore[arg-type]
    found = []
    for each in both:
        try:
            found.append(each.result())
        except RefusedError:
            continue
    assert len(found) == len(Incidents(stage.state).all()) == 1
    assert (stage.state / LOCK).exists()


def test_every_viewer_is_told_after_passive_mode(stage: Stage) -> None:
    orders = Orders(stage.state)
    assert orders.notices() == ()
    opened(stage)
    (said,) = orders.notices()
    assert (said.values["id"], said.values["severity"], said.values["who"]) == (
        "INC-2026-001",
        "SEV2",
        "claire",
    )
    orders.set_passive(on=True, who="claire", reason="")
    assert [each.values["who"] for each in orders.notices()] == ["claire", "claire"]
    assert "passive" in orders.notices()[0].text
    desk_of(stage).close(login(stage))
    assert len(orders.notices()) == 1


def planned(stage: Stage) -> Plan:
    stage.plan = make_plan(
        stage.playbook,
        stage.site,
        stage,
        stage.state,
        now=stage.time,
        inputs={each.id: "backup-1" for each in stage.playbook.inputs},
    )
    return stage.plan


def test_the_plan_says_so_its_hash_covers_it_and_each_record_of_the_run_carries_it(stage: Stage) -> None:
    without = planned(stage)
    standing(stage)
    with_one = planned(stage)
    record = with_one.record()
    assert record["incident"] == {
        "id": "INC-2026-001",
        "severity": "SEV2",
        "commander": "claire",
        "confirmed_at": stage.time.isoformat(),
    }
    assert with_one.hash != without.hash
    assert (
        digest(PURPOSE, {**record, "incident": {**record["incident"], "commander": "doudou"}})
        != with_one.hash
    )
    said = {each.id: each.said.text for each in with_one.guards}
    assert said["approval"] == NOBODY_ELSE
    assert stage.start().outcome is Outcome.PASS
    assert not stage.marks(Mark.APPROVAL_AWAITED)
    of_the_run = [each for each in audited(stage, "") if each["run"]]
    assert len(of_the_run) > 10
    assert {each["incident"] for each in of_the_run} == {"INC-2026-001"}


def waits(stage: Stage, work: Callable[[], object]) -> None:
    """The run waits for a second person; then it is stopped."""
    assert stage.folder is not None
    before = len(stage.entries)
    run = Background(work)  # type: ignore[arg-type]
    ends = time.monotonic() + 20
    while not any(each.mark is Mark.APPROVAL_AWAITED for each in stage.entries[before:]):
        assert time.monotonic() < ends, stage.marks()
        time.sleep(0.02)
    awaited = next(each for each in stage.entries[before:] if each.mark is Mark.APPROVAL_AWAITED)
    assert len(awaited.said.parts) == bool(agreed(stage.folder.plan()).incident)
    stage.stopping.ask()
    run.result()


@pytest.mark.parametrize(
    "change",
    ["closed", "graded", "commander", "handed", "old", "damaged", "another", "gone", "left", "unconfirmed"],
)
def test_what_changed_between_the_plan_and_the_start_makes_the_run_wait(stage: Stage, change: str) -> None:
    standing(stage)
    planned(stage)
    assert stage.plan is not None
    assert stage.plan.incident.endswith("-001")
    stage.folder = create(stage.state / "runs", stage.plan, stage.source, now=stage.time)
    desk = desk_of(stage)
    match change:
        case "closed":
            desk.close(login(stage))
        case "graded":
            desk.grade(Severity.SEV3, login(stage))
        case "commander":
            desk.hand_over(ME, login(stage))
        case "handed":
            handed = desk.hand_over("doudou", login(stage))
            Incidents(stage.state).keep(replace(handed, confirmed_how=BY_VOICE, confirmed_at=stage.time))
            assert led(stage.playbook, SITE, stage.state, stage.time) is not None
        case "unconfirmed":
            Incidents(stage.state).keep(desk.the_open().unconfirmed)
        case "old":
            incident = desk.now_open()
            assert incident is not None
            long_ago = stage.time - STANDS_FOR - timedelta(minutes=1)
            Incidents(stage.state).keep(replace(incident, opened_at=long_ago))
        case "damaged":
            (stage.state / FILE).write_text("{")
        case "another":
            desk.close(login(stage))
            standing(stage)
        case "gone":
            (stage.state / FILE).unlink()
        case "left":
            others = {name: each for name, each in SITE.access.people.items() if name != "claire"}
            stage.site = site_of(Access(people=MappingProxyType(others)))
    waits(stage, stage.go_on)
    assert stage.true == set()
    assert stage.stand().phase in (Phase.CANCELLED, Phase.REFUSED)


def test_an_incident_that_was_opened_after_the_plan_does_not_count_for_it(stage: Stage) -> None:
    planned(stage)
    assert stage.plan is not None
    stage.folder = create(stage.state / "runs", stage.plan, stage.source, now=stage.time)
    standing(stage)
    assert agreed(stage.folder.plan()).incident == ""
    waits(stage, stage.go_on)


@pytest.mark.parametrize("and_another", [False, True])
def test_closed_while_a_run_goes_on_it_pauses_and_going_on_needs_a_second_person(
    stage: Stage, and_another: bool
) -> None:
    standing(stage)

    def close(task: object) -> None:
        desk_of(stage).close(login(stage))
        if and_another:
            standing(stage)

    stage.services["mongo.load"].before["carry_out"] = close
    assert stage.start().act is Act.PAUSE
    assert (Mark.VERIFIED, "load") in stage.marks()
    assert "switched" not in stage.true
    stage.services["mongo.load"].before.clear()
    waits(stage, stage.go_on)
    assert "switched" not in stage.true


def test_a_run_that_waited_goes_on_without_a_second_person_while_the_incident_is_open(stage: Stage) -> None:
    standing(stage)

    def stop(task: object) -> None:
        Orders(stage.state).set_passive(on=True, who="claire", reason="")

    stage.services["mongo.load"].before["carry_out"] = stop
    assert stage.start().act is Act.PAUSE
    assert "switched" not in stage.true
    stage.services["mongo.load"].before.clear()
    Orders(stage.state).set_passive(on=False, who="claire", reason="")
    assert stage.go_on().outcome is Outcome.PASS
    assert not stage.marks(Mark.APPROVAL_AWAITED, Mark.APPROVED)


def test_the_one_who_leads_does_not_act_as_somebody_else_either(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    standing(stage)
    assert led(stage.playbook, SITE, stage.state, stage.time) is not None
    monkeypatch.setattr(origin, "_login_uid", lambda: 54321)
    monkeypatch.setattr(origin, "name_of", lambda uid: "claire" if uid == 54321 else ME)
    assert led(stage.playbook, SITE, stage.state, stage.time) is None


SEAT = Origin(uid=0, user=ME, audit_session=4, session=("70@1",))
CLAIRE = Origin(
    uid=54321, user="claire", audit_session=5, terminal=34899, session=("90@1",), ancestors=("90@1",)
)
KEY = b"k" * 32


def sits(monkeypatch: pytest.MonkeyPatch, *who: Origin) -> None:
    """Who this process is, and where."""
    monkeypatch.setattr(incidents, "here", lambda: who[0])
    monkeypatch.setattr(incidents, "acting", lambda seat: who)


def refusals(stage: Stage) -> list[object]:
    return [each["result"]["why"] for each in audited(stage, "approve.refused")]  # type: ignore[index]


def test_it_stands_once_its_commander_has_confirmed_from_another_log_in_and_not_after_a_hand_over(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened(stage)
    assert led(stage.playbook, SITE, stage.state, stage.time) is None
    assert "not confirmed" in Orders(stage.state).notices()[0].text
    Incidents(stage.state).keep(replace(desk_of(stage).the_open(), named_from=SEAT))
    with monkeypatch.context() as patch:
        sits(patch, CLAIRE)
        confirmed = desk_of(stage).confirm("I LEAD LAB")
    assert (confirmed.confirmed_how, confirmed.confirmed_from.terminal) == (HERE, 34899)
    assert Incidents(stage.state).now_open() == confirmed
    seat = SEAT
    assert led(stage.playbook, SITE, stage.state, stage.time, seat=seat) == confirmed
    assert led(stage.playbook, SITE, stage.state, stage.time, seat=Origin()) is None
    assert led(stage.playbook, SITE, stage.state, stage.time, seat=replace(seat, terminal=34899)) is None
    assert "not confirmed" not in Orders(stage.state).notices()[0].text
    record = audited(stage)[-1]
    assert (record["ev"], record["actor"]["name"], record["actor"]["auth"]) == (  # type: ignore[index]
        "incident.confirmed",
        "claire",
        "peer",
    )
    assert not desk_of(stage).hand_over("doudou", login(stage)).is_confirmed
    assert not desk_of(stage).hand_over("claire", login(stage)).is_confirmed
    assert led(stage.playbook, SITE, stage.state, stage.time, seat=seat) is None


def test_who_may_not_confirm_is_refused_and_recorded(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    opened(stage)
    found = desk_of(stage).the_open()
    Incidents(stage.state).keep(replace(found, named_from=SEAT))
    for who, typed in (
        ((Origin(uid=0, user=ME, session=("80@1",)),), "I LEAD LAB"),
        ((CLAIRE, replace(CLAIRE, uid=0, user=ME)), "I LEAD LAB"),
        ((replace(CLAIRE, ancestors=("90@1", "70@1")),), "I LEAD LAB"),
        ((Origin(uid=54321, user="claire"),), "I LEAD LAB"),
        ((CLAIRE,), "I LEAD LSH-02"),
    ):
        sits(monkeypatch, *who)
        with pytest.raises(RefusedError):
            desk_of(stage).confirm(typed)
    assert refusals(stage) == ["no_role", "same_login", "same_login", "unseen", "confirm_wrong"]
    assert not desk_of(stage).the_open().is_confirmed
    strangers = replace(people(), people=MappingProxyType({ME: Person(name=ME, roles=("admin",))}))
    with pytest.raises(RefusedError):
        desk_of(stage, site=site_of(strangers)).confirm("I LEAD LAB")


def test_graver_than_what_was_confirmed_is_confirmed_anew(stage: Stage) -> None:
    standing(stage)
    desk = desk_of(stage)
    assert desk.grade(Severity.SEV1, login(stage)).is_confirmed
    assert desk.grade(Severity.SEV3, login(stage)).is_confirmed
    assert not desk.grade(Severity.SEV2, login(stage)).is_confirmed


def on_the_phone(stage: Stage, key: str) -> IncidentDesk:
    claire = Person(name="claire", roles=("dba",), verifier="file:claire.verifier")
    access = replace(people(), people=MappingProxyType({**people().people, "claire": claire}))
    return replace(desk_of(stage, site=site_of(access)), secret=lambda _: key)


def test_over_the_phone_by_the_commanders_key_once_and_three_wrong_answers_lock(stage: Stage) -> None:
    desk = on_the_phone(stage, KEY.hex())
    opened(stage)
    told = desk.told(desk.the_open())
    right = spoken.shown(spoken.answer(KEY, told)).lower()
    confirmed = desk.take(right)
    assert (confirmed.confirmed_how, confirmed.confirmed_from) == (BY_VOICE, Origin())
    assert led(stage.playbook, SITE, stage.state, stage.time) == confirmed
    desk.hand_over("doudou", login(stage))
    desk.hand_over("claire", login(stage))
    for typed in (right, "AAAA-2222", "AAAA-2222", "AAAA-2222", "AAAA-2222"):
        with pytest.raises(RefusedError):
            desk.take(typed)
    assert refusals(stage) == ["replayed", *["wrong_answer"] * 2, *["locked_out"] * 2]
    stage.time += timedelta(minutes=11)
    assert desk.take(spoken.answer(KEY, desk.told(desk.the_open()))).is_confirmed


@pytest.mark.parametrize("key", ["", "no key"])
def test_without_the_key_of_the_commander_no_answer_counts(stage: Stage, key: str) -> None:
    opened(stage)
    desk = on_the_phone(stage, key)
    with pytest.raises(RefusedError):
        desk.take(spoken.answer(b"", desk.told(desk.the_open())))
    assert refusals(stage) == ["no_phone"]


def test_answers_that_cannot_be_read_confirm_nothing(stage: Stage) -> None:
    opened(stage)
    (stage.state / TRIES).write_text("{\n{\n")
    desk = on_the_phone(stage, KEY.hex())
    with pytest.raises(RefusedError):
        desk.take(spoken.answer(KEY, desk.told(desk.the_open())))
    assert refusals(stage) == ["answers_damaged"]


def test_a_file_of_before_there_were_confirmations_is_read_and_stands_for_nobody(stage: Stage) -> None:
    standing(stage)
    path = stage.state / FILE
    document = json.loads(path.read_text())
    for name in ("confirmed_how", "confirmed_at", "confirmed_from", "named_from"):
        del document["incidents"][0][name]
    path.write_text(json.dumps(document))
    found = Incidents(stage.state).now_open()
    assert found is not None
    assert not found.is_confirmed
    assert led(stage.playbook, SITE, stage.state, stage.time) is None


def test_at_the_door_only_the_commander_is_told_and_heard_for_what_they_were_shown(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    knocked: list[int] = []
    desk = desk_of(stage)
    incident = opened(stage)
    Incidents(stage.state).keep(replace(incident, named_from=SEAT))
    host = Confirming(desk, incident, lambda: knocked.append(1))
    monkeypatch.setattr(origin, "process_named", {90: "90@1", 71: "71@2"}.get)
    assert host.show(replace(CLAIRE, user="doudou")) == WHY_NOT_CONFIRM["no_role"]
    shown = host.show(CLAIRE)
    assert isinstance(shown, dict)
    assert (shown["plan"]["id"], shown["plan"]["text"]) == ("INC-2026-001", TEXT)
    told = incident_hash("LAB", incident)
    assert host.hear(replace(CLAIRE, user="doudou"), told, "I LEAD LAB") == WHY_NOT_CONFIRM["no_role"]
    assert host.hear(CLAIRE, told, "yes") == WHY_NOT_CONFIRM["confirm_wrong"]
    desk.grade(Severity.SEV1, login(stage))
    assert host.hear(CLAIRE, told, "I LEAD LAB") == WHY_NOT_CONFIRM["plan_changed"]
    graver = incident_hash("LAB", desk.the_open())
    monkeypatch.setattr(origin, "_login_uid", lambda pid: 0 if pid == "71" else -1)
    became = replace(CLAIRE, ancestors=("71@2",))
    assert host.hear(became, graver, "I LEAD LAB") == WHY_NOT_CONFIRM["same_login"]
    assert knocked == []
    assert not host.hear(CLAIRE, graver, "I LEAD LAB")
    assert knocked == [1]
    assert desk.the_open().confirmed_from == CLAIRE
    assert refusals(stage) == ["no_role", "confirm_wrong", "plan_changed", "same_login"]
    assert audited(stage)[-1]["actor"]["uid"] == 54321  # type: ignore[index]


def test_a_run_looks_at_the_log_in_of_whoever_gave_its_order(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    standing(stage)
    planned(stage)
    seats: list[Origin | None] = []

    def acting(seat: Origin | None = None) -> tuple[Origin, ...]:
        seats.append(seat)
        return origin.acting(seat)

    monkeypatch.setattr(leading, "acting", acting)
    assert stage.start().outcome is Outcome.PASS
    assert len(seats) > 5
    assert None not in seats[1:]  # the first is the plan, made where the person sits
