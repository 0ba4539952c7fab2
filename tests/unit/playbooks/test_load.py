"""Playbooks load, and everything that is not understood is refused in words."""

from __future__ import annotations

import re

import pytest

from medflow_tui.model.procedure import Effect, OnUnknown
from medflow_tui.playbooks.load import PlaybookError, load_all, parse, shipped

SOURCE = (shipped() / "device-sync-failure.toml").read_text(encoding="utf-8")


def changed(pattern: str, by: str) -> str:
    found, count = re.subn(pattern, by, SOURCE, count=1, flags=re.MULTILINE)
    assert count == 1
    return found


def complaint(source: str) -> str:
    with pytest.raises(PlaybookError) as caught:
        parse(source, "p.toml")
    phrase = caught.value.phrase
    parts = (
        each.text.format_map({name: str(value) for name, value in each.values.items()})
        for each in phrase.parts
    )
    told = [str(caught.value), *parts]
    return " ".join(told)


def test_every_shipped_playbook_loads() -> None:
    found = [each.id for each in load_all(shipped())]
    assert "device-sync-failure" in found
    assert [f"{each}.toml" for each in found] == sorted(each.name for each in shipped().glob("*.toml"))


def test_the_first_playbook_changes_in_two_steps_only() -> None:
    book = parse(SOURCE, "p.toml")
    changing = [each for each in book.steps if each.effect.changes]
    assert [each.id for each in changing] == ["start_worker", "retry_failed"]
    assert changing[1].effect is Effect.DATA
    assert changing[1].on_unknown is OnUnknown.ASK


def test_every_text_is_there_in_french_too() -> None:
    book = parse(SOURCE, "p.toml")
    texts = [
        book.title,
        book.summary,
        *(each.why for each in book.guards),
        *(each.title for each in book.steps),
    ]
    assert all(each.phrase("fr").text != each.phrase("en").text for each in texts)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (changed(r'^owner = "devices"', 'ownr = "devices"'), "playbook.ownr is not known; nearest: owner"),
        (changed(r"^\[locks\]", "[lock]"), "lock is not known; nearest: locks"),
        (changed(r'^effect = "data"', 'effect = "dta"'), "step.effect must be one of"),
        (changed(r'^title_fr = "Regarder.*', ""), "step.title_fr must be a text"),
        (
            changed(r"lost by it: \{expired:number\}", "lost by it: {expird:number}"),
            "expird is no known placeholder; nearest: expired",
        ),
        (
            changed(r"perdues\s: \{expired:number\}", "perdues"),
            "do not have the same placeholders",
        ),
        (changed(r"^schema = 1", "schema = 2"), "schema must be 1"),
        (changed(r'^kind = "redis_room"', 'kind = "redis_rom"'), "there is no kind redis_rom"),
        (changed(r'^kind = "identity"', 'kind = "disk"'), "a blocking guard of kind identity is missing"),
        (changed(r'^id = "watch"', 'id = "look"'), "the name look is used twice"),
        (
            changed(
                r'^effect = "data"\ntimeout_s = 60\non_fail = "abort"\non_unknown = "ask"',
                'effect = "data"\non_unknown = "stop"',
            ),
            "needs on_unknown = ask",
        ),
        (changed(r'^class = "R3"', 'class = "R0"'), "class R0 only looks"),
        (changed(r'^class = "R3"', 'class = "R4"'), "a blocking guard of kind power is missing"),
        (changed(r"^no_undo_reason = .*\nno_undo_reason_fr = .*", ""), "needs no_undo_reason"),
        (
            changed(r"^max_age_s = 1|^need = \{ max_age_s = 1800 \}", "need = { max_age_s = 1.5 }"),
            "guard.need.max_age_s",
        ),
        ("schema = ", "p.toml"),
    ],
)
def test_what_is_wrong_is_named(source: str, words: str) -> None:
    assert words in complaint(source)


def test_one_byte_of_difference_is_another_playbook() -> None:
    assert parse(SOURCE, "p.toml").sha256 != parse(SOURCE + "\n", "p.toml").sha256
