"""Nothing that a terminal obeys is left."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medflow_tui.rules.cleaning import clean

SITUATIONS = {
    "\x1b[32MINFO\x1b[39M ready": "INFO ready",  # capital M: delete 32 lines
    "\x1b[1;31merror\x1b[0m": "error",
    "\x1b[2J\x1b[Hgone": "gone",
    "\x1b]0;title\x07text": "text",
    "\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\": "link",
    "\x1b]0;never ended": "0;never ended",
    "\x9b31mred": "red",
    "\x1bPdevice\x1b\\x": "x",
    "\x1bcreset": "reset",
    "a\u202egnp.exe": "agnp.exe",
    "zero\u200bwidth": "zerowidth",
    "two\nlines\tand a tab\r": "two lines and a tab ",
    "nul\x00 bell\x07 del\x7f": "nul bell del",
    "half \ud83d of an emoji": "half \ufffd of an emoji",
    "tag\U000e0041s": "tags",
    "❌ Échec [/var/log] 50 %": "❌ Échec [/var/log] 50 %",
    "\x1b[38;5;196": "",
}


@pytest.mark.parametrize(("raw", "text"), SITUATIONS.items())
def test_control_sequences_go_and_the_text_stays(raw: str, text: str) -> None:
    assert clean(raw) == text


CONTROLS = st.sampled_from(
    "\x1b\x9b\x90\x9d\x9c\x07\x00\r\n[]PX^_;?0123mMHJ@~ab \u202e\u2066\u200b\ufeff\u2028é"
)


@settings(max_examples=800)
@given(st.one_of(st.text(), st.lists(CONTROLS, max_size=40).map("".join)))
def test_no_character_that_moves_or_hides_is_left(text: str) -> None:
    seen = clean(text)
    assert clean(seen) == seen
    for sign in seen:
        assert unicodedata.category(sign) not in ("Cc", "Cs", "Zl", "Zp"), repr(sign)
        assert sign not in "\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"
