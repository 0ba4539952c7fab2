"""Bytes of a terminal in any pieces: what a person typed comes out, whole and once."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual._ansi_sequences import ANSI_SEQUENCES_KEYS
from textual._xterm_parser import XTermParser

from medflow_tui.ui.terminal.keyboard import LONGEST_PASTE, PASTE_PATIENCE_S, Keyboard

TYPED = ["a", "é", "中", "\r", "\x7f", "\x01", "q", "!", *sorted(ANSI_SEQUENCES_KEYS)]
KNOWN = [
    each
    for each in TYPED
    if not each.startswith("\x1b")
    or (each[1:2] in ("[", "O") and each not in ("\x1b[M",) and "$" not in each)
]
NOISE = [
    b"\x1b[M !!",
    b"\x1b[M\x20\xe9\xff",
    b"\x1b[<35;10;10M",
    b"\x1b[<0;-3;10m",
    b"\x1b[35;10;10M",
    b"\x1b[?62;1;6c",
    b"\x1b]11;rgb:0000/0000/0000\x07",
    b"\x1b]52;c;cXFx\x1b\\",
    b"\x1bP>|XTerm(354)\x1b\\",
    b"\x1b_Gi=1;OK\x1b\\",
    b"\x80\x9b",
]


def keyboard() -> Keyboard:
    return Keyboard(ANSI_SEQUENCES_KEYS.__contains__)


def fed(pieces: Sequence[bytes]) -> str:
    one = keyboard()
    texts = [text for each in pieces for text in one.take(each)]
    return "".join([*texts, *one.rest()])


def cut(data: bytes, places: Sequence[int]) -> list[bytes]:
    at = sorted({min(each, len(data)) for each in places})
    return [data[one:other] for one, other in zip([0, *at], [*at, len(data)], strict=True)]


@given(st.lists(st.sampled_from(KNOWN), max_size=12), st.lists(st.integers(0, 60), max_size=8))
def test_what_is_typed_comes_out_whatever_the_pieces(keys: list[str], places: list[int]) -> None:
    data = "".join(keys).encode()
    assert fed(cut(data, places)) == "".join(keys)


@given(
    st.lists(st.tuples(st.sampled_from(NOISE), st.sampled_from(["a", "é", "\x1b[A", "\x1bOP"])), max_size=8),
    st.lists(st.integers(0, 120), max_size=8),
)
def test_noise_between_keys_leaves_the_keys(pairs: list[tuple[bytes, str]], places: list[int]) -> None:
    data = b"".join(noise + key.encode() for noise, key in pairs)
    assert fed(cut(data, places)) == "".join(key for _, key in pairs)


@given(st.binary(max_size=400), st.lists(st.integers(0, 400), max_size=8))
def test_whatever_comes_is_understood_by_textual_without_an_error(data: bytes, places: list[int]) -> None:
    one, parser = keyboard(), XTermParser()
    for each in cut(data, places):
        for text in one.take(each):
            if text != "\x1b":
                list(parser.feed(text))
    for text in one.rest():
        if text != "\x1b":
            list(parser.feed(text))
    assert one.patience_s is None


@pytest.mark.parametrize(
    ("pieces", "texts"),
    [
        ([b"\x1b"], ["\x1b"]),
        ([b"\x1b\x1b"], ["\x1b", "\x1b"]),
        ([b"\x1bq"], ["\x1b", "q"]),
        ([b"\x1b", b"q"], ["\x1b", "q"]),
        ([b"\x1b[[A"], ["\x1b[[A"]),
        ([b"\x1b[[", b"A"], ["\x1b[[A"]),
        ([b"\x1b[23$"], ["\x1b[23$"]),
        ([b"\x1b[24;80R"], ["\x1b[24;80R"]),
        ([b"\x1b[?2026;2$y"], ["\x1b[?2026;2$y"]),
        ([b"\x1b[99~x"], ["x"]),
        ([b"\x1b[12;"], []),
        ([b"\xe9"], ["é"]),
        ([b"\xc3", b"\xa9"], ["é"]),
        ([b"\xe9a"], ["éa"]),
        ([b"\x1b\xc3\xa9"], ["\x1b", "é"]),
        ([b"\x1b[200~a\x1b[31mb\xe9\x1b[201~c"], ["\x1b[200~a[31mbé\x1b[201~", "c"]),
        ([b"\x1b[200~q", b"q\x1b[20", b"1~r"], ["\x1b[200~qq\x1b[201~", "r"]),
        ([b"\x1b[200~qqq"], []),
        ([b"\x1b]0;" + b"x" * 300 + b"abc"], []),
    ],
)
def test_situations(pieces: list[bytes], texts: list[str]) -> None:
    one = keyboard()
    found = [text for each in pieces for text in one.take(each)]
    assert [*found, *one.rest()] == texts


def test_it_is_waited_for_what_has_begun() -> None:
    one = keyboard()
    assert one.patience_s is None
    one.take(b"\x1b")
    assert one.patience_s == 0.5
    one.take(b"[A\xc3")
    assert one.patience_s == 0.5
    one.take(b"\xa9\x1b[200~q")
    assert one.patience_s == PASTE_PATIENCE_S


def test_a_paste_that_is_too_long_is_no_keys_and_no_text() -> None:
    one = keyboard()
    texts = one.take(b"\x1b[200~")
    for _ in range(3 * LONGEST_PASTE // 4096):
        texts += one.take(b"q" * 4096)
    assert texts == []
    assert one.take(b"\x1b[20") == []
    assert one.take(b"1~j") == ["j"]
    assert one.take(b"\x1b[200~z\x1b[201~") == ["\x1b[200~z\x1b[201~"]
