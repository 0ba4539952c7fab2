"""Figures, times and sentences in both languages, without a system locale."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medflow_tui.locale.language import LANGUAGES, Language, choose
from medflow_tui.model.words import Phrase, say

NB = "\N{NO-BREAK SPACE}"
EN = Language("en", "Africa/Kinshasa")
FR = Language("fr", "Africa/Kinshasa")
AT = datetime(2026, 11, 23, 13, 28, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "english", "french"),
    [
        (0, "0", "0"),
        (7, "7", "7"),
        (41208, "41,208", f"41{NB}208"),
        (1234567, "1,234,567", f"1{NB}234{NB}567"),
        (0.25, "0.25", "0,25"),
        (8.3, "8.3", "8,3"),
        (838.4, "838", "838"),
        (-1234.5, "-1,234", f"-1{NB}234"),
    ],
)
def test_a_number_has_the_separators_of_the_language(value: float, english: str, french: str) -> None:
    assert (EN.number(value), FR.number(value)) == (english, french)


@pytest.mark.parametrize(
    ("value", "english", "french"),
    [
        (0, "0 B", "0 o"),
        (999, "999 B", "999 o"),
        (1_000, "1.0 kB", "1,0 ko"),
        (3_100_000_000, "3.1 GB", "3,1 Go"),
        (41_000_000_000, "41 GB", "41 Go"),
        (999_600_000, "1.0 GB", "1,0 Go"),
        (2_500_000_000_000, "2.5 TB", "2,5 To"),
    ],
)
def test_a_size_is_in_bytes_or_in_octets(value: float, english: str, french: str) -> None:
    assert (EN.size(value), FR.size(value)) == (english, french)


@pytest.mark.parametrize(
    ("value", "english", "french"),
    [
        (0, "0 s", "0 s"),
        (0.4, "0.4 s", "0,4 s"),
        (3.98, "4 s", "4 s"),
        (9.97, "10 s", "10 s"),
        (99.6, "2 min", "2 min"),
        (690, "12 min", "12 min"),
        (93_600, "26 h", "26 h"),
        (777_600, "9 d", "9 j"),
        (-5, "0 s", "0 s"),
    ],
)
def test_a_duration_is_in_the_unit_that_says_enough(value: float, english: str, french: str) -> None:
    assert (EN.duration(value), FR.duration(value)) == (english, french)


@pytest.mark.parametrize(
    ("value", "english", "french"),
    [(12.4, "12%", f"12{NB}%"), (0.5, "0.5%", f"0,5{NB}%"), (100, "100%", f"100{NB}%")],
)
def test_a_share_keeps_its_sign_on_the_same_line(value: float, english: str, french: str) -> None:
    assert (EN.percent(value), FR.percent(value)) == (english, french)


@pytest.mark.parametrize(
    ("value", "english", "french"),
    [(0.3, "<1 ms", "<1 ms"), (41.3, "41 ms", "41 ms"), (1400, "1.4 s", "1,4 s")],
)
def test_a_latency_of_a_second_is_in_seconds(value: float, english: str, french: str) -> None:
    assert (EN.milliseconds(value), FR.milliseconds(value)) == (english, french)


def test_times_are_those_of_the_site_whatever_the_machine() -> None:
    for language in (EN, FR):
        assert language.clock(AT) == "14:28"
        assert language.date(AT) == "23/11"
        assert language.moment(AT) == "23/11 14:28"


def test_when_is_a_clock_time_today_and_a_date_before() -> None:
    assert FR.when(AT, AT + timedelta(hours=1)) == "14:28"
    assert FR.when(AT, AT + timedelta(days=1)) == "23/11"


def test_the_day_of_when_ends_at_midnight_of_the_site() -> None:
    late = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)  # half past midnight of the 24th in Kinshasa
    assert EN.when(late, late + timedelta(hours=1)) == "00:30"
    assert EN.when(AT, late) == "23/11"


def test_a_sentence_is_translated_with_its_values_and_its_parts() -> None:
    phrase = say("{free:bytes} free", free=41e9).also(say("refused"))
    assert EN.say(phrase) == "41 GB free, refused"
    assert FR.say(phrase) == "41 Go libres, connexion refusée"


def test_a_value_that_is_a_word_is_translated_too() -> None:
    phrase = say("environment: {environment:word}", environment="drill")
    assert FR.say(phrase) == f"environnement{NB}: exercice"


def test_true_and_false_are_answers() -> None:
    assert [FR.fill("{x}", {"x": each}) for each in (True, False)] == ["oui", "non"]


def test_a_text_that_nobody_translated_stays_english() -> None:
    assert FR.say(Phrase(text="a sentence of a later version")) == "a sentence of a later version"


def test_what_is_not_known_is_a_question_mark() -> None:
    assert FR.fill("{n:number} {gone}", {"n": None}) == "? ?"


def test_a_text_with_lone_braces_is_shown_as_it_stands() -> None:
    assert EN.say(Phrase(text="{ half")) == "{ half"


def test_a_text_from_a_file_cannot_draw() -> None:
    assert EN.say(Phrase(text="\x1b[2Jgone {x}", values={"x": "\x1b[31mred"})) == "gone red"


@pytest.mark.parametrize(
    ("wanted", "environ", "code"),
    [
        ("fr", {"LANG": "en_GB.UTF-8"}, "fr"),
        ("auto", {"LANG": "fr_CD.UTF-8"}, "fr"),
        ("auto", {"LC_ALL": "fr_FR", "LANG": "en_US"}, "fr"),
        ("auto", {"LANG": "C.UTF-8"}, "en"),
        ("auto", {"LANG": "sw_CD"}, "en"),
        ("auto", {}, "en"),
        ("klingon", {"LANG": "fr"}, "fr"),
    ],
)
def test_the_language_is_the_one_asked_for_else_that_of_the_environment(
    wanted: str, environ: dict[str, str], code: str
) -> None:
    assert choose(wanted, environ) == code


NUMBERS = st.one_of(st.integers(), st.floats(allow_nan=True, allow_infinity=True))
MOMENTS = st.datetimes(timezones=st.sampled_from([UTC]))
VALUES = st.one_of(st.none(), st.booleans(), NUMBERS, MOMENTS, st.text())
FORMS = st.sampled_from(
    [
        "",
        "number",
        "bytes",
        "duration",
        "ms",
        "percent",
        "clock",
        "date",
        "when",
        "moment",
        "word",
        "nonsense",
    ]
)


def is_plain(text: str) -> bool:
    return not any(unicodedata.category(each) in ("Cc", "Cs", "Zl", "Zp") for each in text)


@given(code=st.sampled_from(LANGUAGES), form=FORMS, value=VALUES, now=st.one_of(st.none(), MOMENTS))
def test_no_value_in_any_form_raises_or_leaves_a_control_character(
    code: str, form: str, value: object, now: datetime | None
) -> None:
    language = {"en": EN, "fr": FR}[code]
    text = f"[{{x:{form}}}]" if form else "[{x}]"
    shown = language.say(Phrase(text=text, values={"x": value}), now)  # type: ignore[dict-item]
    assert is_plain(shown)
    assert shown[0] + shown[-1] == "[]"


@given(code=st.sampled_from(LANGUAGES), text=st.text(), part=st.text(), value=VALUES)
def test_no_text_raises_or_leaves_a_control_character(code: str, text: str, part: str, value: object) -> None:
    language = {"en": EN, "fr": FR}[code]
    phrase = Phrase(text=text, values={"x": value}, parts=(Phrase(text=part),))  # type: ignore[dict-item]
    assert is_plain(language.say(phrase))


@given(value=st.floats(min_value=0, max_value=1e15))
def test_both_languages_write_the_same_figures(value: float) -> None:
    digits = [
        [
            "".join(each for each in form(value) if each.isdigit())
            for form in (x.number, x.size, x.duration, x.percent)
        ]
        for x in (EN, FR)
    ]
    assert digits[0] == digits[1]


def test_what_comes_after_a_colon_is_no_further_clause() -> None:
    phrase = Phrase(text="not used:", parts=(Phrase(text="no file"), Phrase(text=""), Phrase(text="look")))
    assert EN.say(phrase) == "not used: no file, look"
    assert EN.say(Phrase(text="", parts=(Phrase(text="a:"),))) == "a:"
