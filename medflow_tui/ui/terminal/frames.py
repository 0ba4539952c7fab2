"""What changed since the last frame, as the cheapest sequence of characters for the terminal.

Textual re-sends whatever is marked dirty; this compares each cell with what is known to be on the terminal and sends
only the cells that differ, with the style state carried from run to run and from frame to frame.

The seam to Textual 8.2.8 is `App._display` (overridden in `ui.app`), which hands over what the compositor made. It uses
the private names `LayoutUpdate`, `ChopsUpdate` (attributes `strips`, `region`, `chops`, `spans`, `chop_ends`) of
`textual._compositor`, and `Style._ansi` and `Strip.render_ansi` through `Strip`. If they change, the contract test in
`tests/contracts/test_frames.py` fails; `--stock-terminal` turns this module off.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from rich.cells import get_character_cell_size
from rich.color import ColorSystem
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.strip import Strip

Cell = tuple[str, str]  # character (empty behind a wide one), style as SGR parameters
BLANK: Cell = (" ", "")
CLEAR = "\x1b[m\x1b[2J"
NEAR = 4  # rewriting that many unchanged cells of the style in force is no dearer than moving the cursor over them


class Shadow:
    """What is on the terminal now: cells, cursor, style. `forget()` makes the next frame a full one."""

    def __init__(self) -> None:
        self.width = self.height = 0
        self.rows: list[list[Cell]] = []
        self.x = self.y = -1
        self.style = ""

    def forget(self) -> None:
        """Nothing is known any more: after a resume, a resize, or output of somebody else's."""
        self.width = self.height = 0

    def fit(self, width: int, height: int) -> str:
        """What to send first when the size is another one (a cleared screen is cheaper than one full of blanks)."""
        if (self.width, self.height) == (width, height):
            return ""
        self.width, self.height = width, height
        self.rows = [[BLANK] * width for _ in range(height)]
        self.x = self.y = -1
        self.style = ""
        return CLEAR


def changes(update: CompositorUpdate, shadow: Shadow, colours: ColorSystem) -> str:
    """The characters that turn the terminal of `shadow` into the new frame; empty when nothing differs."""
    out: list[str] = []
    for y, x, cells in _runs(update, colours):
        if 0 <= y < shadow.height and x < shadow.width:
            _write_run(out, shadow, y, x, cells[: shadow.width - x])
    return "".join(out)


def _runs(update: CompositorUpdate, colours: ColorSystem) -> Iterator[tuple[int, int, list[Cell]]]:
    if isinstance(update, LayoutUpdate):
        for y, strips in enumerate(update.strips, update.region.y):
            x = update.region.x
            for each in strips:
                cells = _cells(each, colours)
                yield y, x, cells
                x += len(cells)
    elif isinstance(update, ChopsUpdate):
        for y, first, last in update.spans:
            for end, (x, strip) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
                if strip is not None and x < last and end > first:
                    yield y, x, _cells(strip.crop(0, min(end, last) - x), colours)


def _cells(strip: Strip, colours: ColorSystem) -> list[Cell]:
    cells: list[Cell] = []
    for text, style, control in strip:
        if control:
            continue
        sgr = _sgr(style, colours)
        blank = (" ", sgr) if _shows_on_blank(sgr) else BLANK
        if text.isascii():
            cells += [blank if each == " " else (each, sgr) for each in text]
            continue
        for each in text:
            size = get_character_cell_size(each)
            if size == 0 and cells:
                at = len(cells) - 1 if cells[-1][0] else max(0, len(cells) - 2)
                cells[at] = (cells[at][0] + each, sgr if cells[at] == BLANK else cells[at][1])
            elif size:
                cells += [blank if each == " " else (each, sgr), *[("", sgr)] * (size - 1)]
    return cells


@lru_cache(maxsize=1024)
def _shows_on_blank(sgr: str) -> bool:
    """Whether a blank in this style looks other than a plain one: background, underline, reverse, strike, overline.

    >>> _shows_on_blank("1;31"), _shows_on_blank("1;30;46"), _shows_on_blank("38;5;4"), _shows_on_blank("4")
    (False, True, False, True)
    """
    codes = iter(sgr.split(";"))
    for code in codes:
        if code == "38":
            for _ in range(1 if next(codes, "") == "5" else 3):
                next(codes, "")
        elif code in ("4", "5", "6", "7", "9", "21", "48", "53") or (
            len(code) > 1 and code[:-1] in ("4", "10")
        ):
            return True
    return False


def _sgr(style: Any, colours: ColorSystem) -> str:
    if style is None:
        return ""
    return str(style._ansi if style._ansi is not None else Strip.render_ansi(style, colours))


def _write_run(out: list[str], shadow: Shadow, y: int, x: int, cells: list[Cell]) -> None:
    """Write the parts of a run that differ, joining parts that are near each other."""
    row, at, end = shadow.rows[y], 0, len(cells)
    while at < end:
        if row[x + at] == cells[at]:
            at += 1
            continue
        while at > 0 and not cells[at][0]:
            at -= 1
        last = probe = at
        while probe < end and probe - last <= NEAR:
            if row[x + probe] != cells[probe]:
                last = probe
            elif cells[probe] != BLANK and cells[probe][1] != cells[last][1]:
                break
            probe += 1
        stop = last + 1
        while stop < end and not cells[stop][0]:
            stop += 1
        _move(out, shadow, y, x + at)
        for index in range(at, stop):
            character, style = cells[index]
            if style != shadow.style and not (cells[index] == BLANK and not _shows_on_blank(shadow.style)):
                out.append(_restyle(shadow.style, style))
                shadow.style = style
            out.append(character)
            row[x + index] = cells[index]
        shadow.y, shadow.x = y, x + stop
        if shadow.x >= shadow.width:
            shadow.y = shadow.x = -1  # at the margin terminals differ: the cursor is nowhere we know
        at = stop


def _restyle(old: str, new: str) -> str:
    if not new:
        return "\x1b[m"
    if not old:
        return f"\x1b[{new}m"
    return f"\x1b[{new.removeprefix(f'{old};')}m" if new.startswith(f"{old};") else f"\x1b[0;{new}m"


def _move(out: list[str], shadow: Shadow, y: int, x: int) -> None:
    if (shadow.y, shadow.x) == (y, x):
        return
    if shadow.y == y and x > shadow.x >= 0:
        step = x - shadow.x
        out.append("\x1b[C" if step == 1 else f"\x1b[{step}C")
    elif shadow.y >= 0 and y == shadow.y + 1 and x == 0:
        out.append("\r\n")
    else:
        out.append(f"\x1b[{y + 1};{x + 1}H" if x else f"\x1b[{y + 1}H")
