"""A picture stands by itself: cells at their places, shapes for bars, nothing that is fetched."""

from __future__ import annotations

from xml.etree import ElementTree

from rich.style import Style

from medflow_tui.ui.terminal.portrait import Portrait
from medflow_tui.ui.terminal.svg import CELL, COLOURS, MARGIN, svg

BAD = Style.parse("bold bright_red")
PORTRAIT = Portrait(
    width=20,
    lines=(
        ((" ", Style.null()), ("✖ redis  <down>", BAD), ("    ", Style.null())),
        (("▇▁", Style.parse("bright_black")), (" LAB ", Style.parse("black on cyan"))),
    ),
)


def elements(kind: str) -> list[ElementTree.Element]:
    return list(ElementTree.fromstring(svg(PORTRAIT, "A & B")).iter(f"{{http://www.w3.org/2000/svg}}{kind}"))


def test_words_stand_where_their_cells_are() -> None:
    first, second, third = elements("text")
    assert (first.text, first.get("fill"), first.get("font-weight")) == ("✖ redis", COLOURS[9], "bold")
    assert float(first.get("x", "0")) == round(MARGIN + CELL, 1)
    assert (second.text, float(second.get("x", "0"))) == ("<down>", round(MARGIN + 10 * CELL, 1))
    assert (third.text, third.get("fill")) == ("LAB", COLOURS[0])


def test_bars_and_backgrounds_are_shapes() -> None:
    background, high, low, badge = elements("rect")
    assert background.get("rx")
    assert high.get("fill") == low.get("fill") == COLOURS[8]
    assert float(high.get("height", "0")) > float(low.get("height", "0"))
    assert badge.get("fill") == COLOURS[6]


def test_its_title_is_for_those_who_cannot_see_it() -> None:
    assert [each.text for each in elements("title")] == ["A & B"]
