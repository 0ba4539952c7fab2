"""Words of filters that may be kept, and those that may be a person's."""

from __future__ import annotations

import pytest

from medflow_tui.rules.keeping import may_keep

SHOWN = ("backend FolderSync failed for 3 files", "redis refused", "réseau de la clinique")


@pytest.mark.parametrize(
    "words", ["", "  ", "redis", "REFUS", "folder", "(failed|refused)$", "réseau", "^.*$", "3", "de la"]
)
def test_words_that_were_shown_are_kept(words: str) -> None:
    assert may_keep(words, SHOWN)


@pytest.mark.parametrize(
    "words",
    [
        "kabongo",
        "Marie KABONGO",
        "redis kabongo",
        "redis|kabongo",
        "ref",
        "0812345678",
        "kabongo@example.cd",
        "ali",
    ],
)
def test_words_that_were_not_shown_are_not(words: str) -> None:
    assert not may_keep(words, (*SHOWN, "validation"))


def test_what_redaction_takes_away_is_not_kept_even_if_it_was_shown() -> None:
    assert not may_keep("marie.kabongo@example.cd", ("mail to marie.kabongo@example.cd",))
