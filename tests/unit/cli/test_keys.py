"""A line as it is typed at a terminal: what is shown, what erases, where it ends."""

from __future__ import annotations

import pytest

from medflow_tui.cli.keys import Keys


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        (b"LINE WALK\r", "LINE WALK"),
        (b"LINX\x7fE\n", "LINE"),
        (b"two words\x17three\r", "two three"),
        (b"all of it\x15none\r", "none"),
        (b"\x7f\x7fa\r", "a"),
        ("é\r".encode(), "é"),
        (b"\x1b[200~pasted\x1b[201~\x1b[A\x1bOB\r", "pasted"),
        (b"a\x00\x07b\x04c\r", "abc"),
        (b"first\rsecond\r", "first"),
    ],
)
@pytest.mark.parametrize("at_once", [True, False])
def test_a_line_is_what_was_typed_up_to_enter(typed: bytes, text: str, at_once: bool) -> None:
    keys = Keys()
    for piece in [typed] if at_once or b"\x1b" in typed else [bytes([each]) for each in typed]:
        if not keys.is_entered:
            keys.take(piece)
    assert (keys.text, keys.is_entered, keys.is_left) == (text, True, False)


def test_what_follows_enter_is_not_shown_and_nothing_typed_is_not_an_answer() -> None:
    keys = Keys()
    assert keys.take(b"amani\rhunter2\r") == "amani"
    keys = Keys()
    keys.take(b"\x04")
    assert (keys.is_left, keys.is_entered) == (True, False)
