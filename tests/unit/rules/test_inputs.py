"""What people choose is what the playbook takes, and never an option of a command."""

from __future__ import annotations

from dataclasses import replace

import pytest

from medflow_tui.playbooks.load import parse
from medflow_tui.rules.inputs import fault
from tests.unit.playbooks.books import FULL

BOOK = parse(FULL, "p.toml")


@pytest.mark.parametrize(
    ("changed", "chosen", "words"),
    [
        ({}, {"backup": "monday"}, ""),
        ({}, {}, "must be chosen first"),
        ({"optional": True}, {}, ""),
        ({}, {"backup": "monday", "other": "x"}, "there is no input"),
        ({}, {"backup": "--drop"}, "not a value"),
        ({}, {"backup": "a\nb"}, "not a value"),
        ({}, {"backup": "x" * 201}, "not a value"),
        ({"options": ("a", "b")}, {"backup": "c"}, "must be one of"),
        ({"options": ("a", "b")}, {"backup": "b"}, ""),
        ({"kind": "number"}, {"backup": "7b"}, "must be a number"),
        ({"pattern": r"v\d+"}, {"backup": "v7"}, ""),
        ({"pattern": r"v\d+"}, {"backup": "v7; rm"}, "not a value"),
    ],
)
def test_an_input_is_what_its_playbook_takes(changed: dict, chosen: dict[str, str], words: str) -> None:  # type: ignore[type-arg]
    book = replace(BOOK, inputs=(replace(BOOK.inputs[0], **changed),))
    said = fault(book, chosen).text
    assert words in said
    assert bool(said) is bool(words)
