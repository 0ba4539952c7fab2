"""Who may agree, and who has: not oneself, not at the same log-in, not for another plan, not too late."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medflow_tui.model.access import UNSET_SESSION, Access, Origin, Person
from medflow_tui.model.canonical import Fact
from medflow_tui.model.procedure import Entry, Mark
from medflow_tui.playbooks.load import parse
from medflow_tui.rules.approving import WHY_NOT, agreed, is_same_login, needed, refusal
from tests.unit.playbooks.books import FULL, book

BOOK = parse(FULL, "p.toml")
NOW = datetime(2026, 11, 28, 1, 0, tzinfo=UTC)
ACCESS = Access(
    people=MappingProxyType(
        {
            "doudou": Person(name="doudou", roles=("dba",)),
            "esther": Person(name="esther", roles=("dba", "clinic_lead")),
            "nurse": Person(name="nurse", roles=("nurse",)),
        }
    )
)
AMANI = Origin(
    uid=1001, user="amani", audit_session=5, terminal=34816, ssh="10.8.0.7 1 2 22", session=("70@1",)
)
DOUDOU = Origin(
    uid=1002, user="doudou", audit_session=6, terminal=34817, ssh="10.8.0.9 1 2 22", session=("90@4",)
)
APPROVED: Mapping[str, Fact] = {"who": "doudou", "uid": 1002, "plan_hash": "aa", "site": "LAB"}


def entry(at: datetime = NOW, **more: Fact) -> Entry:
    return Entry(seq=0, at=at, mark=Mark.APPROVED, facts={**APPROVED, **more})


def counted(
    *entries: Entry, access: Access = ACCESS, user: str = "amani", uid: int = 1001
) -> tuple[str, ...]:
    return agreed(BOOK, access, entries, plan_hash="aa", site="LAB", user=user, uid=uid, now=NOW)


def test_a_second_person_is_needed_in_production_and_always_for_the_gravest_class() -> None:
    graver, lesser = BOOK, parse(book(r'^class = "R4"', 'class = "R3"'), "p.toml")
    assert [needed(graver, each) for each in ("production", "drill", "lab")] == [1, 1, 1]
    assert [needed(lesser, each) for each in ("production", "drill", "lab")] == [1, 0, 0]


@pytest.mark.parametrize(
    ("other", "why"),
    [
        (DOUDOU, ""),
        (replace(DOUDOU, uid=1001), "self"),
        (replace(DOUDOU, user="amani"), "self"),
        (replace(DOUDOU, audit_session=5), "same_login"),
        (replace(DOUDOU, audit_session=UNSET_SESSION), "unseen"),
        (replace(DOUDOU, audit_session=-1), "unseen"),
        (replace(DOUDOU, terminal=34816), "same_login"),
        (replace(DOUDOU, ssh="10.8.0.7 1 2 22"), "same_login"),
        (replace(DOUDOU, session=("70@1",)), "same_login"),
        (replace(DOUDOU, session=("90@4", "71@2")), ""),
        (replace(DOUDOU, ancestors=("99@9", "70@1")), "same_login"),
        (replace(DOUDOU, user="nurse"), "no_role"),
        (replace(DOUDOU, user="stranger"), "no_role"),
        (replace(DOUDOU, user=""), "no_role"),
        (Origin(), "no_role"),
    ],
)
def test_who_may_agree(other: Origin, why: str) -> None:
    assert refusal(BOOK, ACCESS, AMANI, other) == why
    assert not why or WHY_NOT[why]


@pytest.mark.parametrize(
    "asks", [Origin(uid=1000, user="amani"), Origin(uid=1000, user="amani", audit_session=UNSET_SESSION)]
)
def test_an_agreement_to_one_of_whom_nothing_can_be_seen_is_given_over_the_phone(asks: Origin) -> None:
    assert refusal(BOOK, ACCESS, asks, DOUDOU) == "unseen"


def test_where_the_kernel_counts_one_log_in_of_two_nobody_is_seen_and_where_it_counts_none_the_rest_tells() -> (
    None
):
    unset = replace(AMANI, audit_session=UNSET_SESSION)
    hidden = replace(DOUDOU, audit_session=-1)
    assert refusal(BOOK, ACCESS, unset, DOUDOU) == "unseen"
    assert refusal(BOOK, ACCESS, unset, hidden) == "unseen"
    assert refusal(BOOK, ACCESS, unset, replace(DOUDOU, audit_session=UNSET_SESSION)) == ""
    assert refusal(BOOK, ACCESS, replace(AMANI, audit_session=-1), hidden) == ""


def test_what_nobody_knows_is_not_the_same_log_in() -> None:
    unset = replace(Origin(), audit_session=UNSET_SESSION)
    assert not is_same_login(unset, unset)
    assert not is_same_login(Origin(), Origin())


@pytest.mark.parametrize(
    "entries",
    [
        (entry(plan_hash="bb"),),
        (entry(site="LSH-03"),),
        (entry(NOW - timedelta(seconds=1801)),),
        (entry(NOW + timedelta(minutes=5)),),
        (entry(who="amani", uid=-1),),
        (entry(uid=1001),),
        (entry(who="nurse"),),
        (entry(who=""),),
        (replace(entry(), mark=Mark.APPROVAL_REFUSED),),
        (),
    ],
)
def test_what_does_not_count(entries: tuple[Entry, ...]) -> None:
    assert counted(*entries) == ()


def test_nobody_counts_twice_and_two_people_count_both() -> None:
    assert counted(entry(), entry()) == ("doudou",)
    assert counted(entry(), entry(who="esther", uid=-1)) == ("doudou", "esther")


def test_whoever_agreed_does_not_count_when_they_go_on_with_the_run_themselves() -> None:
    assert counted(entry(), user="doudou", uid=1002) == ()


def test_who_has_left_the_site_file_does_not_count_any_more() -> None:
    assert counted(entry(), access=Access()) == ()


@given(st.integers(-4000, 4000))
def test_an_agreement_lasts_as_long_as_the_playbook_says(age_s: int) -> None:
    found = counted(entry(NOW - timedelta(seconds=age_s)))
    assert bool(found) is (-60 <= age_s <= BOOK.approval.expires_s)
