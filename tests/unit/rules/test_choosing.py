"""What an operator types finds the playbook, in both languages, with and without accents."""

from __future__ import annotations

from dataclasses import replace

import pytest

from medflow_tui.model.health import Health, Snapshot, Verdict
from medflow_tui.model.playbook import Text
from medflow_tui.model.words import SILENCE
from medflow_tui.playbooks.load import load, load_all, shipped
from medflow_tui.rules.choosing import fitting, matching

SYNC = load(shipped() / "device-sync-failure.toml")
SESSIONS = replace(
    SYNC,
    id="sessions",
    title=Text(en="Redis sessions", others={"fr": "Sessions Redis"}),
    summary=Text(en="Ends sessions; images are left alone.", others={"fr": "Termine des sessions."}),
    symptoms=(Text(en="Users are logged out", others={"fr": "Utilisateurs déconnectés"}),),
)
BOTH = (SESSIONS, SYNC)
SHIPPED = load_all(shipped())


@pytest.mark.parametrize(
    ("words", "ids"),
    [
        ("", ["sessions", "device-sync-failure"]),
        ("logged out", ["sessions"]),
        ("Users LOGGED", ["sessions"]),
        ("utilisateurs deconnectes", ["sessions"]),
        ("Appareils déconnectés", ["device-sync-failure"]),
        ("déconnectés", ["sessions", "device-sync-failure"]),
        ("images", ["device-sync-failure", "sessions"]),
        ("images absentes", ["device-sync-failure"]),
        ("tâches", ["device-sync-failure"]),
        ("sync", ["device-sync-failure"]),
        ("printer", []),
    ],
)
def test_words_find_playbooks_best_first(words: str, ids: list[str]) -> None:
    assert [each.id for each in matching(BOTH, words)] == ids


def verdict(target: str, kind: str, *needs: str) -> Verdict:
    return Verdict(
        target=target,
        kind=kind,
        pane="services",
        label=target,
        health=Health.CRITICAL,
        evidence=SILENCE,
        needs=needs,
    )


@pytest.mark.parametrize(
    ("wrong", "first"),
    [
        ([verdict("backend", "http", "mongodb"), verdict("mongodb", "mongodb")], "mongodb-connection"),
        ([verdict("backend", "http", "mongodb")], "backend-not-responding"),
        ([verdict("queue", "queue")], "device-sync-failure"),
        ([verdict("solix", "share")], "stale-share"),
        ([verdict("day", "backups")], "daily-backup-check"),
    ],
)
def test_what_is_made_for_the_cause_comes_first(wrong: list[Verdict], first: str) -> None:
    found = fitting(SHIPPED, Snapshot(verdicts=tuple(wrong)))
    assert found[0].id == first
    assert {each.id for each in found} == {
        each.id for each in SHIPPED if {one.kind for one in wrong} & {*each.fits}
    }


def test_with_nothing_wrong_nothing_fits() -> None:
    assert fitting(SHIPPED, Snapshot()) == ()
