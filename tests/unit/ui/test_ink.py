"""What is drawn without Rich is what Rich would draw."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.color import ColorSystem
from rich.segment import Segment
from textual._compositor import LayoutUpdate
from textual.geometry import Region
from textual.strip import Strip

from medflow_tui.ui import ink
from medflow_tui.ui.present.line import Span
from medflow_tui.ui.terminal import frames
from medflow_tui.ui.theme import TOKENS, style


@pytest.mark.parametrize("token", TOKENS)
@pytest.mark.parametrize("colours", [ColorSystem.STANDARD, ColorSystem.EIGHT_BIT, ColorSystem.TRUECOLOR])
def test_each_token_has_the_parameters_that_rich_gives_it(token: str, colours: ColorSystem) -> None:
    assert ink.sgr(token) == style(token)._make_ansi_codes(colours)


@given(
    st.lists(
        st.tuples(st.text("aé │●漢\u0301", min_size=1, max_size=5), st.sampled_from(list(TOKENS))), max_size=5
    )
)
def test_cells_are_those_that_textual_would_hand_over(line: list[tuple[str, str]]) -> None:
    if line and line[0][0][0] == "\u0301":
        return  # nothing stands before it
    strip = Strip([Segment(text, style(token)) for text, token in line])
    update = LayoutUpdate([[strip]], Region(3, 1, 80, 1))
    theirs = list(frames.runs(update, ColorSystem.STANDARD))
    assert list(ink.runs([(1, 3, tuple(Span(*each) for each in line))])) == theirs
