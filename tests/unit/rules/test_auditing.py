"""What an audit record may hold, and what its chain shows of an edit, a deletion, a swap and a cut."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medflow_tui.model.audit import Anchor
from medflow_tui.model.canonical import canonical
from medflow_tui.model.site import Hours
from medflow_tui.rules.auditing.chain import GENESIS, OPENED, Followed, Segment, compare, follow, hash_of
from medflow_tui.rules.auditing.record import SAYINGS, WITHHELD, record_of, shown
from medflow_tui.rules.auditing.review import chosen, is_night, review
from medflow_tui.rules.auditing.words import WORDS, anchor_of_words, unknown_words, words_of

PATIENT, SECRET = "Kabila Marie-Josée", "Canary-S3cret!7Q"
LENGTH = 12


def written(events: Sequence[dict[str, Any]], *, first: int = 0, head: str = GENESIS) -> list[bytes]:
    """The lines of a chain."""
    lines = []
    for seq, event in enumerate(events, first):
        record = {"v": 1, "ev": "step.done", **event, "seq": seq, "prev": head}
        head = hash_of(record)
        lines.append(canonical({**record, "hash": head}).encode())
    return lines


def whole(length: int = LENGTH) -> list[bytes]:
    return written([{"step": f"s{n}"} for n in range(length)])


def seen(lines: Sequence[bytes]) -> Followed:
    return follow([Segment(name="audit.jsonl", lines=lines)])


places = st.integers(0, LENGTH - 1)


@given(places, st.sampled_from(["step", "ev", "seq", "prev", "v"]), st.text(max_size=8))
def test_any_edit_of_any_field_is_found_at_its_record(place: int, field: str, value: str) -> None:
    lines = whole()
    record = json.loads(lines[place])
    record[field] = value
    lines[place] = canonical(record).encode()
    assert seen(lines).broken_at == place
    assert seen(lines).where == f"audit.jsonl:{place + 1}"


@given(places, st.integers(0, 200), st.integers(0, 255))
def test_any_other_byte_is_found_at_its_record(place: int, at: int, byte: int) -> None:
    lines = whole()
    line = bytearray(lines[place])
    if line[at % len(line)] == byte or byte == 0x0A:
        return
    line[at % len(line)] = byte
    lines[place] = bytes(line)
    assert seen(lines).broken_at == place


@given(places)
def test_a_deleted_record_is_found_unless_it_was_the_last(place: int) -> None:
    lines = whole()
    del lines[place]
    assert seen(lines).broken_at == (place if place < LENGTH - 1 else -1)


@given(st.tuples(places, places).filter(lambda pair: pair[0] < pair[1]))
def test_two_records_swapped_are_found_at_the_first(pair: tuple[int, int]) -> None:
    one, other = pair
    lines = whole()
    lines[one], lines[other] = lines[other], lines[one]
    assert seen(lines).broken_at == one


@given(places)
def test_a_record_with_a_new_hash_is_found_at_the_next_one(place: int) -> None:
    lines = whole()
    record = json.loads(lines[place]) | {"step": "forged"}
    record["hash"] = hash_of(record)
    lines[place] = canonical(record).encode()
    assert seen(lines).broken_at == (place + 1 if place < LENGTH - 1 else -1)


def test_a_key_that_stands_twice_is_an_edit() -> None:
    lines = whole()
    lines[3] = lines[3].replace(b'"step":"s3"', b'"step":"s9","step":"s3"')
    assert seen(lines).broken_at == 3
    lines = whole()
    lines[3] = lines[3].replace(b",", b", ", 1)
    assert seen(lines).broken_at == 3


@given(st.integers(0, LENGTH), st.integers(0, LENGTH))
def test_a_cut_end_is_found_by_an_anchor_only(left: int, anchored: int) -> None:
    heads = seen(whole()).heads
    cut = seen(whole()[:left])
    assert cut.broken_at == -1
    assert bool(compare(cut, Anchor(count=anchored, head=heads[anchored]))) == (anchored > left)


@given(st.integers(1, LENGTH))
def test_a_chain_written_anew_does_not_pass_an_anchor(anchored: int) -> None:
    other = seen(written([{"step": f"t{n}"} for n in range(LENGTH)]))
    assert compare(other, Anchor(count=anchored, head=seen(whole()).heads[anchored]))


@given(st.integers(0, LENGTH))
def test_eight_words_are_an_anchor_and_a_misread_one_is_named(anchored: int) -> None:
    chain = seen(whole())
    paper = anchor_of_words(words_of(chain.heads[anchored]))
    assert paper is not None
    assert not compare(chain, paper)
    words = words_of(chain.heads[anchored]).split()
    words[4] = "zebra" if words[4] != "zebra" else "tango"
    wrong = anchor_of_words(" ".join(words))
    assert wrong is not None
    assert compare(chain, wrong).values["n"] == 5
    cut = seen(whole()[: max(0, anchored - 1)])
    assert bool(compare(cut, paper)) == (anchored > 0)


def test_there_are_256_words_told_apart_by_four_plain_letters() -> None:
    assert len(WORDS) == len({each[:4] for each in WORDS}) == 256
    assert all(each.isascii() and each.isalpha() and 4 <= len(each) <= 10 for each in WORDS)
    assert unknown_words("kinshasa Tango") == ("kinshasa",)


def test_a_missing_file_is_named_by_the_one_after_it() -> None:
    first = whole(4)
    head = seen(first).heads[-1]
    opened = {"ev": OPENED, "result": {"segment": "audit-0000000004.jsonl", "count": 8, "head": head}}
    third = written([opened, {}], first=8, head=head)
    found = follow(
        [Segment(name="audit-0000000000.jsonl", lines=first), Segment(name="audit.jsonl", lines=third)]
    )
    assert found.broken_at == 4
    assert found.why.values["name"] == "audit-0000000004.jsonl"
    assert (found.why.values["number"], found.why.values["last"]) == ("4", "7")


def test_a_torn_end_is_no_damage_but_in_the_middle_it_is() -> None:
    torn = Segment(name="a", lines=whole(3), torn_bytes=9)
    assert follow([torn]).broken_at == -1
    assert follow([torn]).torn_bytes == 9
    assert follow([torn, Segment(name="b", lines=[])]).broken_at == 3


free = st.one_of(
    st.text(max_size=40), st.sampled_from([PATIENT, SECRET, "+243 81 234 5678", "MRN-0042-KABILA"])
)
planted = st.recursive(
    st.one_of(free, st.integers(), st.booleans(), st.none(), st.floats()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(free, inner, max_size=4)),
    max_leaves=6,
)
FIELDS = ("run", "playbook", "plan_hash", "step", "class", "incident", "host", "note", "stderr")


def texts(value: object) -> list[str]:
    match value:
        case dict():
            return [text for key, each in value.items() for text in (key, *texts(each))]
        case list() | tuple():
            return [text for each in value for text in texts(each)]
        case str():
            return [value]
    return []


@given(st.dictionaries(st.sampled_from(FIELDS), planted), st.dictionaries(free, planted), free)
def test_whatever_is_given_a_record_is_canonical_and_holds_no_patient_and_no_secret(
    fields: dict[str, Any], result: dict[str, Any], event: str
) -> None:
    tables = dict.fromkeys(("result", "override", "actor", "target"), result)
    record = record_of(event, {**fields, **tables})
    line = canonical(record)
    for canary in ("Kabila", "KABILA", "Marie", SECRET, "243 81"):
        assert canary not in line
    assert all(" " not in each for each in texts(record))
    assert canonical(shown({**record, "hash": SECRET, "ts": PATIENT})).count("Canary") == 0


@pytest.mark.parametrize("canary", [PATIENT, SECRET])
@pytest.mark.parametrize("place", ["result", "override", "target", "actor"])
def test_a_canary_in_each_place_is_withheld(canary: str, place: str) -> None:
    names = (
        "stderr",
        "why",
        "guard",
        "sha256",
        "segment",
        "identity",
        "database",
        "name",
        "from",
        "role",
        "auth",
        "as",
    )
    for name in names:
        assert canary not in canonical(record_of("step.done", {place: {name: canary}}))
    assert canary not in canonical(record_of("step.done", {place: {canary: 1}}))


def test_ids_are_counted_and_never_named() -> None:
    result = record_of("step.done", {"result": {"jobs": ("64f0c3", "64f0c4"), "patient_id": 42, "exit": 0}})[
        "result"
    ]
    assert result == {"jobs": 2, "exit": 0, "withheld": 1}


def test_no_float_is_written() -> None:
    assert record_of("step.done", {"result": {"took": 0.5}})["result"] == {"took": WITHHELD}


def test_every_word_a_record_may_say_is_short_and_plain() -> None:
    assert all(each.replace("_", "").isalpha() and each == each.lower() for each in SAYINGS)


def record(ev: str, at: datetime, **more: Any) -> dict[str, Any]:
    return {"ev": ev, "ts": at.strftime("%Y-%m-%dT%H:%M:%S.000Z"), **more}


NOON = datetime(2026, 11, 23, 11, 0, tzinfo=UTC)
KINSHASA = ZoneInfo("Africa/Kinshasa")


def test_a_review_begins_after_the_last_sign_off_and_sees_what_people_must_see() -> None:
    night = NOON - timedelta(hours=10)
    events = [
        record("override.used", NOON - timedelta(days=8)),
        record("audit.reviewed", NOON - timedelta(days=7), actor={"name": "chief"}),
        record("run.start", night, run="r1"),
        record("run.start", NOON, run="r2", incident="INC-2026-004"),
        record("run.done", night, run="r1", result={"outcome": "fail"}),
        record("run.done", NOON, run="r2", outcome="pass"),
        record("attempt.denied", NOON),
        record("identifiable.viewed", NOON),
    ]
    found = review([{**each, "seq": seq} for seq, each in enumerate(events)], None, KINSHASA)
    assert found.counts == {
        "from_seq": 2,
        "to_seq": 7,
        "runs": 2,
        "overrides": 0,
        "nights": 1,
        "failures": 1,
        "refusals": 1,
        "views": 1,
        "led": 1,
    }
    assert found.signed_by == "chief"
    assert found.is_due(NOON)
    assert not replace(found, signed_at=NOON).is_due(NOON)


@pytest.mark.parametrize(("hour", "is_late"), [(6, True), (8, False), (16, True)])
def test_night_is_outside_of_the_opening_hours_of_the_site(hour: int, is_late: bool) -> None:
    at = datetime(2026, 11, 23, hour, 0, tzinfo=UTC)  # one hour later in Kinshasa
    assert is_night(at, Hours(opens="07:30", closes="17:00"), KINSHASA) == is_late


def test_records_are_chosen_by_run_time_and_person() -> None:
    rows = [
        record("run.start", NOON, run="20261123-110000-x-7f3a", actor={"uid": 7, "name": "tech1"}),
        record(
            "run.start",
            NOON - timedelta(days=3),
            run="20261120-110000-x-1111",
            actor={"uid": 8, "name": "t2"},
        ),
    ]
    assert chosen(rows, run="7f3a") == (rows[0],)
    assert chosen(rows, since=NOON - timedelta(days=1)) == (rows[0],)
    assert chosen(rows, who="8") == chosen(rows, who="t2") == (rows[1],)
