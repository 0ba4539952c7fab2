"""A portrait as a small SVG: the same on every machine, without fonts or scripts from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from xml.sax.saxutils import escape

from rich.color import Color
from rich.style import Style

from medflow_tui.ui.present.line import width
from medflow_tui.ui.terminal.portrait import Portrait

CELL, LINE, MARGIN, SIZE = 8.4, 18, 10, 14
BASELINE = 14
BACKGROUND, FOREGROUND = "#15171c", "#c5cad3"
COLOURS = (  # the sixteen, in the order of their numbers
    *("#15171c", "#b3404a", "#7aa874", "#e2b65b", "#6f9fd8", "#c58fd6", "#6db3bd", "#ffffff"),
    *("#6a7180", "#ff6c6b", "#9fd08f", "#f2d68b", "#9cc1ec", "#e0b3ee", "#9cd6de", "#ffffff"),
)
DIM = 0.6
LEVELS = "▁▂▃▄▅▆▇█"
RULES = {"│": (0.45, 0.0, 0.1, 1.0), "─": (0.0, 0.47, 1.0, 0.06)}  # x, y, width, height in parts of a cell
FONT = "ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono','Liberation Mono',monospace"


def svg(portrait: Portrait, title: str) -> str:
    """The picture; `title` is what a screen reader says of it."""
    across = _short(2 * MARGIN + portrait.width * CELL)
    down = _short(2 * MARGIN + len(portrait.lines) * LINE)
    look = f'role="img" font-family="{FONT}" font-size="{SIZE}" fill="{FOREGROUND}"'
    size = f'viewBox="0 0 {across} {down}" width="{across}" height="{down}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} {look}>',
        f"<title>{escape(title)}</title>",
        f'<rect width="{across}" height="{down}" rx="6" fill="{BACKGROUND}"/>',
    ]
    for number, runs in enumerate(portrait.lines):
        x, y = 0, MARGIN + number * LINE
        for text, style in runs:
            parts += _run(text, style, x, y)
            x += width(text)
    return "\n".join([*parts, "</svg>"]) + "\n"


def _run(text: str, style: Style, x: int, y: int) -> Iterator[str]:
    """One run of text in one style: its background, then words where they stand, bars and rules as shapes."""
    fill, behind = _colour(style.color, FOREGROUND), _colour(style.bgcolor, "")
    if style.reverse:
        fill, behind = behind or BACKGROUND, fill
    look = "".join(
        (
            f' fill="{fill}"' if fill != FOREGROUND else "",
            ' font-weight="bold"' if style.bold else "",
            ' font-style="italic"' if style.italic else "",
            ' text-decoration="underline"' if style.underline else "",
            f' opacity="{DIM}"' if style.dim else "",
        )
    )
    if behind:
        yield _box(x, y, width(text), fill=behind)
    word, begins = "", x
    for each in f"{text}  ":
        shape = each in LEVELS or each in RULES
        if shape or (each == " " and (not word or word.endswith(" "))):
            if word.strip():
                yield _text(word.rstrip(), begins, y, look)
            word = ""
            if shape:
                yield _shape(each, x, y, fill)
            x += 1
            begins = x
            continue
        word += each
        x += width(each)


def _text(word: str, x: int, y: int, look: str) -> str:
    left, length = _short(MARGIN + x * CELL), _short(width(word) * CELL)
    return f'<text x="{left}" y="{y + BASELINE}" textLength="{length}"{look}>{escape(word)}</text>'


def _box(x: float, y: float, cells: float, *, height: float = LINE, fill: str) -> str:
    left = _short(MARGIN + x * CELL)
    return f'<rect x="{left}" y="{_short(y)}" width="{_short(cells * CELL)}" height="{_short(height)}" fill="{fill}"/>'


def _shape(character: str, x: int, y: int, fill: str) -> str:
    if character in RULES:
        left, top, cells, height = RULES[character]
        return _box(x + left, y + top * LINE, cells, height=height * LINE, fill=fill)
    height = (LEVELS.index(character) + 1) / len(LEVELS) * BASELINE
    return _box(x, y + BASELINE + 1 - height, 0.9, height=height, fill=fill)


def _colour(colour: Color | None, usual: str) -> str:
    return usual if colour is None or colour.is_default else COLOURS[colour.number or 0]


def _short(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")
