"""What Textual has drawn, as cells of a terminal.

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

from medflow_tui.ui.terminal.cell import Cell, Run, add_text


def runs(update: CompositorUpdate, colours: ColorSystem) -> Iterator[Run]:
    """Line, column and cells of all that an update draws; it may reach beyond the terminal."""
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
        add_text(cells, text, _sgr(style, colours), get_character_cell_size)
    return cells


def _sgr(style: Any, colours: ColorSystem) -> str:
    if style is None:
        return ""
    return without_defaults(
        str(style._ansi if style._ansi is not None else Strip.render_ansi(style, colours))
    )


@lru_cache(maxsize=1024)
def without_defaults(sgr: str) -> str:
    """A style without the colours of the terminal itself, in which it is anyway; a question asked over a screen would
    else send all of that screen again, in styles that look the same.

    >>> without_defaults("1;39;49"), without_defaults("38;5;39;49"), without_defaults("30;47")
    ('1', '38;5;39', '30;47')
    """
    codes, kept = iter(sgr.split(";")), []
    for code in codes:
        if code in ("38", "48"):
            kind = next(codes, "")
            kept += [code, kind, *(next(codes, "") for _ in range(1 if kind == "5" else 3))]
        elif code not in ("39", "49"):
            kept.append(code)
    return ";".join(kept)
