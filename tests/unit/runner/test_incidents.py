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
from medflow_tui.journal.orders import Orders
from medflow_tui.journal.run_log import create
from medflow_tui.model.access import Access, Person
from medflow_tui.model.audit import BARE
from medflow_tui.model.canonical import digest
from medflow_tui.model.errors import MedflowError, ReauthError, RefusedError
from medflow_tui.model.incident import Incident, Severity
from medflow_tui.model.performer import Login
from medflow_tui.model.plan import PURPOSE, Plan
from medflow_tui.model.procedure import Act, Mark, Outcome, Phase
from medflow_tui.model.site import Site
from medflow_tui.model.words import say
from medflow_tui.rules.leading import STANDS_FOR
from medflow_tui.runner import origin
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
NOBODY_ELSE = "no second person: incident {id}, {severity}, commander {who}"


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


def test_without_a_record_nothing_is_opened_or_closed(stage: Stage) -> None:
    audit = stage.state / "audit.jsonl"
    audit.mkdir()
    with pytest.raises(MedflowError):
        opened(stage)
    assert not (stage.state / FILE).exists()
    audit.rmdir()
    opened(stage)
    before = (stage.state / FILE).read_bytes()
    audit.write_text("not a chain\n")
    for change in (desk_of(stage).close, lambda given: desk_of(stage).hand_over("doudou", given)):
        with pytest.raises(MedflowError):
            change(login(stage))
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
        two_open,
    ],
)
def test_a_damaged_file_is_not_known_and_nobody_is_done_without(
    stage: Stage, damage: Callable[[str], str]
) -> None:
    opened(stage)
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
    opened(stage)
    with_one = planned(stage)
    record = with_one.record()
    assert record["incident"] == {"id": "INC-2026-001", "severity": "SEV2", "commander": "claire"}
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
    "change", ["closed", "graded", "commander", "old", "damaged", "another", "gone", "left"]
)
def test_what_changed_between_the_plan_and_the_start_makes_the_run_wait(stage: Stage, change: str) -> None:
    opened(stage)
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
        case "old":
            incident = desk.now_open()
            assert incident is not None
            long_ago = stage.time - STANDS_FOR - timedelta(minutes=1)
            Incidents(stage.state).keep(replace(incident, opened_at=long_ago))
        case "damaged":
            (stage.state / FILE).write_text("{")
        case "another":
            desk.close(login(stage))
            opened(stage)
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
    opened(stage)
    assert agreed(stage.folder.plan()).incident == ""
    waits(stage, stage.go_on)


@pytest.mark.parametrize("and_another", [False, True])
def test_closed_while_a_run_goes_on_it_pauses_and_going_on_needs_a_second_person(
    stage: Stage, and_another: bool
) -> None:
    opened(stage)

    def close(task: object) -> None:
        desk_of(stage).close(login(stage))
        if and_another:
            opened(stage)

    stage.services["mongo.load"].before["carry_out"] = close
    assert stage.start().act is Act.PAUSE
    assert (Mark.VERIFIED, "load") in stage.marks()
    assert "switched" not in stage.true
    stage.services["mongo.load"].before.clear()
    waits(stage, stage.go_on)
    assert "switched" not in stage.true


def test_a_run_that_waited_goes_on_without_a_second_person_while_the_incident_is_open(stage: Stage) -> None:
    opened(stage)

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
    opened(stage)
    assert led(stage.playbook, SITE, stage.state, stage.time) is not None
    monkeypatch.setattr(origin, "_login_uid", lambda: 54321)
    monkeypatch.setattr(origin, "name_of", lambda uid: "claire" if uid == 54321 else ME)
    assert led(stage.playbook, SITE, stage.state, stage.time) is None
