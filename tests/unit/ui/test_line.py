"""Texts in cells."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from medflow_tui.ui.present.line import fit, width

TEXTS = st.text(st.sampled_from("abc é…漢\u0301▸"), max_size=30)


@given(TEXTS, st.integers(1, 40))
def test_a_text_is_fitted_exactly(text: str, cells: int) -> None:
    assert width(fit(text, cells)) == cells
    assert width(fit(text, cells, "")) == cells


@given(TEXTS, st.integers(2, 40))
def test_what_is_cut_is_the_beginning_and_a_mark(text: str, cells: int) -> None:
    fitted = fit(text, cells, "~")
    kept = fitted.rstrip(" ")
    assert text.startswith(kept.removesuffix("~")) or fitted.startswith(text)
