"""An open incident for a second person: in class R3 and in production alone, with a commander who is not the one who acts."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from medflow_tui.journal.orders import passive_said
from medflow_tui.model.access import Origin, Passive
from medflow_tui.model.canonical import Facts
from medflow_tui.model.health import EPOCH
from medflow_tui.model.incident import BY_VOICE, HERE, Incident, Severity
from medflow_tui.model.procedure import Outcome
from medflow_tui.model.words import SILENCE, say
from medflow_tui.playbooks.load import PlaybookError, parse
from medflow_tui.playbooks.shelf import stock
from medflow_tui.rules.approving import needed
from medflow_tui.rules.guards import KINDS, evaluate_all
from medflow_tui.rules.leading import (
    STANDS_FOR,
    WHY_NOT_CONFIRM,
    spoken_of,
    stands,
    told_to_lead,
    why_not_confirm,
    why_not_instead,
)
from medflow_tui.rules.notices import by_gravity
from medflow_tui.rules.permits import permits_of
from medflow_tui.rules.spoken import answer
from tests.unit.playbooks.books import FULL, book

R4 = parse(FULL, "p.toml")
R3 = parse(book(r'^class = "R4"', 'class = "R3"'), "p.toml")
NOW = datetime(2026, 11, 28, 1, 0, tzinfo=UTC)
ME = Origin(
    uid=1001, user="amani", audit_session=4, terminal=34816, session=("70@1",), ancestors=("71@2", "70@1")
)
CLAIRE = Origin(
    uid=1002, user="claire", audit_session=5, terminal=34817, session=("90@1",), ancestors=("90@1",)
)
OPEN = Incident(
    id="INC-2026-004",
    severity=Severity.SEV2,
    commander="claire",
    commander_uid=1002,
    opened_by="amani",
    opened_at=NOW - timedelta(hours=1),
    named_from=ME,
    confirmed_how=HERE,
    confirmed_at=NOW - timedelta(minutes=50),
    confirmed_from=CLAIRE,
)
FACTS: Facts = {
    "incident.id": "INC-2026-004",
    "incident.severity": "SEV2",
    "incident.commander": "claire",
    "incident.confirmed_at": OPEN.confirmed_at.isoformat(),
}
FORBIDDEN = parse(
    book(r'^class = "R4"', 'class = "R3"', book("^remote_code = true", "incident = false")), "p.toml"
)


def test_an_open_incident_stands_for_the_second_person_in_class_r3_in_production() -> None:
    assert needed(R3, "production", OPEN, acting=(ME,), now=NOW) == 0
    for grave in (Severity.SEV1, Severity.SEV2):
        assert not why_not_instead(R3, replace(OPEN, severity=grave), (ME,), NOW)
    assert needed(R3, "lab", None, acting=(ME,), now=NOW) == 0


@pytest.mark.parametrize(
    ("incident", "acting", "words"),
    [
        (None, (ME,), "no incident is open"),
        (replace(OPEN, closed_by="claire", closed_at=NOW), (ME,), "no incident is open"),
        (replace(OPEN, severity=Severity.SEV3), (ME,), "only SEV1 and SEV2"),
        (replace(OPEN, severity=Severity.SEV4), (ME,), "only SEV1 and SEV2"),
        (replace(OPEN, commander=""), (ME,), "decides, and does not act"),
        (OPEN, (replace(ME, user="claire"),), "decides, and does not act"),
        (OPEN, (replace(ME, uid=1002),), "decides, and does not act"),
        (
            OPEN,
            (replace(ME, uid=0, user="root"), Origin(uid=1002, user="claire")),
            "decides, and does not act",
        ),
        (replace(OPEN, opened_at=NOW - STANDS_FOR - timedelta(seconds=1)), (ME,), "was opened more than"),
        (replace(OPEN, opened_at=NOW + timedelta(minutes=2)), (ME,), "clock stands before the opening"),
        (replace(OPEN, confirmed_at=NOW + timedelta(minutes=2)), (ME,), "clock stands before the moment"),
        (OPEN.unconfirmed, (ME,), "has not confirmed"),
        (replace(OPEN, confirmed_how="yes"), (ME,), "has not confirmed"),
        (replace(OPEN, confirmed_from=replace(CLAIRE, user="doudou")), (ME,), "has not confirmed"),
        (replace(OPEN, confirmed_from=replace(CLAIRE, uid=-1)), (ME,), "has not confirmed"),
        (replace(OPEN, confirmed_from=replace(CLAIRE, audit_session=4)), (ME,), "from the log-in"),
        (replace(OPEN, confirmed_from=replace(CLAIRE, terminal=34816)), (ME,), "from the log-in"),
        (replace(OPEN, confirmed_from=replace(CLAIRE, session=("71@2",))), (ME,), "from the log-in"),
        (replace(OPEN, confirmed_from=replace(CLAIRE, ancestors=("70@1",))), (ME,), "from the log-in"),
        (OPEN, (replace(ME, ancestors=("90@1",)),), "from the log-in"),
        (OPEN, (Origin(uid=1001, user="amani"),), "cannot be seen"),
        (replace(OPEN, confirmed_from=Origin(uid=1002, user="claire")), (ME,), "cannot be seen"),
        (OPEN, (), "who acts is not known"),
        (OPEN, (Origin(uid=1001),), "who acts is not known"),
        (replace(OPEN, commander_uid=-1), (Origin(uid=-1, user="x"),), "who acts is not known"),
    ],
)
def test_what_needs_a_second_person_all_the_same(
    incident: Incident | None, acting: tuple[Origin, ...], words: str
) -> None:
    assert needed(R3, "production", incident, acting=acting, now=NOW) == 1
    assert words in why_not_instead(R3, incident, acting, NOW).text


def test_over_the_phone_nobody_need_be_seen_and_the_commander_does_not_act_either() -> None:
    spoken = replace(OPEN.unconfirmed, confirmed_how=BY_VOICE, confirmed_at=NOW)
    assert not why_not_instead(R3, spoken, (Origin(uid=1001, user="amani"),), NOW)
    assert "does not act" in why_not_instead(R3, spoken, (CLAIRE,), NOW).text


@pytest.mark.parametrize(
    ("incident", "acting", "why"),
    [
        (OPEN, (CLAIRE,), ""),
        (replace(OPEN, named_from=CLAIRE), (CLAIRE,), ""),
        (OPEN, (ME,), "no_role"),
        (OPEN, (), "no_role"),
        (OPEN, (CLAIRE, replace(CLAIRE, uid=1001, user="amani")), "same_login"),
        (OPEN, (replace(CLAIRE, audit_session=4),), "same_login"),
        (OPEN, (replace(CLAIRE, terminal=34816),), "same_login"),
        (OPEN, (replace(CLAIRE, ancestors=("70@1",)),), "same_login"),
        (OPEN, (Origin(uid=1002, user="claire"),), "unseen"),
        (replace(OPEN, named_from=Origin()), (CLAIRE,), "unseen"),
    ],
)
def test_who_may_confirm_to_lead(incident: Incident, acting: tuple[Origin, ...], why: str) -> None:
    assert why_not_confirm(incident, acting) == why
    assert not why or WHY_NOT_CONFIRM[why]


def test_an_answer_over_the_phone_is_for_one_incident_its_severity_and_its_commander() -> None:
    told = spoken_of("LSH-02", OPEN, 7)
    others = (
        spoken_of("LSH-03", OPEN, 7),
        spoken_of("LSH-02", OPEN, 8),
        *(
            spoken_of("LSH-02", replace(OPEN, **change), 7)  # type: ignore[arg-type]
            for change in ({"id": "INC-2026-005"}, {"severity": Severity.SEV1}, {"commander": "doudou"})
        ),
    )
    answers = {answer(b"key", each) for each in (told, *others)}
    assert len(answers) == 6
    heard = {"incident": "inc-2026-004 ", "severity": "sev2", "commander": "Claire"}
    assert answer(b"key", told_to_lead("LSH-02", told.challenge, heard)) == answer(b"key", told)


def test_class_r4_needs_one_always_and_a_playbook_may_forbid_it() -> None:
    for environment in ("production", "lab"):
        assert needed(R4, environment, OPEN, acting=(ME,), now=NOW) == 1
    assert "class {risk}" in why_not_instead(R4, OPEN, (ME,), NOW).text
    assert needed(FORBIDDEN, "production", OPEN, acting=(ME,), now=NOW) == 1
    assert "also in an incident" in why_not_instead(FORBIDDEN, OPEN, (ME,), NOW).text


def aged(age: timedelta) -> Incident:
    return replace(OPEN, opened_at=NOW - age, confirmed_at=NOW - age)


def test_it_lasts_to_the_limit_and_a_clock_may_be_a_little_wrong() -> None:
    for age in (timedelta(seconds=-59), timedelta(), STANDS_FOR):
        assert needed(R3, "production", aged(age), acting=(ME,), now=NOW) == 0


def test_the_playbook_says_whether_it_may_and_the_linter_knows_for_which_class() -> None:
    assert (R3.approval.incident, R4.approval.incident, FORBIDDEN.approval.incident) == (True, False, False)
    with pytest.raises(PlaybookError) as caught:
        parse(book("^remote_code = true", "incident = true"), "p.toml")
    assert "class R3 only" in str(caught.value.phrase)
    with pytest.raises(PlaybookError):
        parse(book("^remote_code = true", 'incident = "yes"'), "p.toml")
    shipped = [each for each in stock(()).playbooks if each.approval.count]
    assert shipped
    assert all(each.approval.incident is (each.risk == "R3") for each in shipped)


def test_the_guards_say_so_in_the_plan_and_without_the_incident_they_do_not() -> None:
    (guard,) = [each for each in permits_of(R3, "production") if each.kind == "approval"]
    (held,) = evaluate_all((guard,), {**FACTS, "access.approvers": 0})
    assert held.outcome is Outcome.PASS
    assert (
        held.said.text == "no second person: incident {id}, {severity}, commander {who}, confirmed {at:when}"
    )
    assert held.said.values == {
        "id": "INC-2026-004",
        "severity": "SEV2",
        "who": "claire",
        "at": OPEN.confirmed_at,
    }
    (missing,) = evaluate_all((guard,), {**FACTS, "incident.id": "", "approvals": 0})
    assert missing.outcome is Outcome.FAIL
    asked: Facts = {"environment": "production", "playbook.risk": "R3", "playbook.approvals": 1}
    environment = next(each for each in R3.guards if each.kind == "environment")
    rule = KINDS["environment"]
    assert rule(environment, asked)[1].text == "production: a second person must agree"
    assert rule(environment, {**asked, **FACTS})[1].text == "environment: {environment:word}"
    none = {**asked, **FACTS, "playbook.approvals": 0}
    assert rule(environment, none)[0] is Outcome.FAIL


def test_of_several_notices_the_gravest_comes_first() -> None:
    told = (
        say("history cannot be written"),
        say("{who} passed over a guard at {at:when}, run {run}: to be reviewed", who="x", at=NOW, run="r"),
        say("{key}: a run waits for somebody", key="F9"),
        SILENCE,
        stands(OPEN),
        say("incident: the file that says so cannot be read"),
        passive_said(Passive(since=EPOCH, who="?")),
        passive_said(Passive(since=NOW, who="claire")),
    )
    assert [told.index(each) for each in by_gravity(told)] == [6, 7, 4, 5, 2, 1, 0]
