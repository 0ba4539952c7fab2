"""Lines are rendered anew one by one; what is shown is what Textual's own way would show."""

from __future__ import annotations

import random

import pytest
from rich.style import Style
from textual.app import App, ComposeResult
from textual.strip import Strip
from textual.widget import Widget

from medflow_tui.ui.widgets.lines import Lines

STYLES = {"": Style.null(), "bad": Style(color="red"), "quiet": Style(dim=True)}
WORDS = ("", "ok", "prêt", "漢字", "a line that is longer than the widget is wide, by far")


class Bare(App[None]):
    """One widget of lines, nothing beside it."""

    def compose(self) -> ComposeResult:
        yield Lines(STYLES.__getitem__)


def _plain(strips: list[Strip]) -> list[list[tuple[str, object]]]:
    """Characters with their colours; a background that is the terminal's own is none."""
    return [
        [
            (character, (each.style or Style.null()).color, (each.style or Style.null()).dim)  # type: ignore[misc]
            for each in strip
            for character in each.text
        ]
        for strip in strips
    ]


@pytest.mark.parametrize("css", ["", "Lines { border-left: solid red; }", "Lines { padding: 1 2; }"])
async def test_every_frame_is_as_textual_would_draw_it(css: str) -> None:
    dice = random.Random(4)

    class Styled(Bare):
        CSS = "Lines { background: ansi_default; color: ansi_default; }" + css

    async with Styled(ansi_color=True).run_test(size=(24, 8)) as pilot:
        lines = pilot.app.query_one(Lines)
        rows = [[("x", "")]] * 8
        for _ in range(40):
            at = dice.randrange(len(rows))
            rows = [*rows[:at], [(dice.choice(WORDS), dice.choice(["", "bad", "quiet"]))], *rows[at + 1 :]]
            lines.show(rows[: dice.randrange(1, 9)])
            ours = lines.render_lines(lines.size.region if not css else lines.outer_size.region)
            again = lines.render_lines(lines.size.region if not css else lines.outer_size.region)
            lines._styles_cache.clear()
            stock = Widget.render_lines(lines, lines.size.region if not css else lines.outer_size.region)
            assert _plain(ours) == _plain(stock) == _plain(again)
