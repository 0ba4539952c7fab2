"""What an operator types finds the playbook, in both languages, with and without accents."""

from __future__ import annotations

from dataclasses import replace

import pytest

from medflow_tui.model.playbook import Text
from medflow_tui.playbooks.load import load, shipped
from medflow_tui.rules.choosing import matching

SYNC = load(shipped() / "device-sync-failure.toml")
SESSIONS = replace(
    SYNC,
    id="sessions",
    title=Text(en="Redis sessions", others={"fr": "Sessions Redis"}),
    summary=Text(en="Ends sessions; images are left alone.", others={"fr": "Termine des sessions."}),
    symptoms=(Text(en="Users are logged out", others={"fr": "Utilisateurs déconnectés"}),),
)
BOTH = (SESSIONS, SYNC)


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
