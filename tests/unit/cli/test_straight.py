"""The short way to understand a command line says what the whole grammar says, or nothing."""

from __future__ import annotations

import contextlib
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medflow_tui.cli.arguments import parser
from medflow_tui.cli.straight import FLAGS, VALUES, split_lab, straight

WORDS = [
    *VALUES,
    *FLAGS,
    *(f"{each}=fr" for each in VALUES),
    "fr",
    "xx",
    "a.toml",
    "-x",
    "lab",
    "check",
    "--lang=xx",
    "",
]


@given(st.lists(st.sampled_from(WORDS), max_size=6))
def test_what_is_understood_at_once_is_what_the_grammar_makes_of_it(words: list[str]) -> None:
    before, _ = split_lab(words)
    found = straight(before)
    if found is None:
        return
    with contextlib.redirect_stderr(io.StringIO()):
        whole = vars(parser().parse_args(before))
    mine = vars(found)
    assert {name: mine[name] for name in whole if name not in ("call", "rest")} == {
        name: value for name, value in whole.items() if name not in ("call", "rest")
    }
    assert whole["call"].__name__ == mine["call"].__name__.lstrip("_")


@pytest.mark.parametrize(
    "words",
    [["--lang", "de"], ["--site"], ["--budget", "100"], ["-h"], ["--sit", "a"], ["check"], ["--site", "-"]],
)
def test_everything_else_is_left_to_the_grammar(words: list[str]) -> None:
    assert straight(words) is None
