"""The cursor of a terminal: where it stands, in which style it writes, and what has to be sent to have it so."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from medflow_tui.ui.terminal.cell import BLANK, Cell, shows_on_blank
from medflow_tui.ui.terminal.repertoire import Repertoire

CLEAR = "\x1b[m\x1b[2J"
NOWHERE, FAR = -1, 8
OFF = {"front": "39", "back": "49", "1": "22", "2": "22", "3": "23", "4": "24", "21": "24"}
OFF |= {"5": "25", "6": "25", "7": "27", "8": "28", "9": "29", "53": "55"}
DOWN, UP = "\x1bD", "\x1bM"  # not a line feed: the kernel would put a carriage return before it


class Pen:
    """Collects what is to be sent; `lift` gives it. `size` counts its bytes.

    At the right margin terminals differ in the column, as they do behind characters that are not one cell wide; but
    none has left the line.
    """

    def __init__(self, repertoire: Repertoire, width: int) -> None:
        self.can, self.width = repertoire, width
        self.x = self.y = NOWHERE
        self.style = ""
        self.size = 0
        self._out: list[str] = []

    def lift(self) -> str:
        """What was collected since the last time. Others may write before the next: where they leave it is not known."""
        text = "".join(self._out)
        self._out.clear()
        self.size = 0
        self.x = self.y = NOWHERE
        return text

    def clear(self) -> None:
        """Blank the whole terminal, of which nothing need be known."""
        self.style = ""
        self._add(CLEAR)
        self.x = self.y = NOWHERE

    def move(self, y: int, x: int) -> None:
        """Go to a place, the shortest way."""
        if (self.y, self.x) != (y, x):
            self._add(self.way(y, x))
            self.y, self.x = y, x

    def way(self, y: int, x: int) -> str:
        """What takes it to a place."""
        return min(self._ways(y, x), key=len)

    def far(self, y: int, x: int) -> int:
        """About how many bytes the way to a place is; quicker than to look for it."""
        if self.y == NOWHERE or not self.can.steps:
            return FAR
        down, back = abs(y - self.y), self.x - x
        return min(2 * down, 5) + (0 if back == 0 else min(back, 5) if back > 0 else 5)

    def _ways(self, y: int, x: int) -> Iterator[str]:
        yield f"\x1b[{y + 1 if y else ''};{x + 1}H" if x else f"\x1b[{y + 1 if y else ''}H"
        if self.y == NOWHERE:
            return
        down = y - self.y
        if down == 0 or self.can.steps:
            yield _vertically(down) + self._across(x)

    def _across(self, x: int) -> str:
        if x == self.x:
            return ""
        ways = ["\r" + _forward(x)]
        if self.can.columns:
            ways.append(f"\x1b[{x + 1}G")
        if self.x != NOWHERE:
            back = self.x - x
            ways.append(_forward(-back) if back < 0 else "\b" * back if back < 5 else f"\x1b[{back}D")
        return min(ways, key=len)

    def write(self, cells: list[Cell]) -> None:
        """Write them and stand behind them."""
        texts: list[str] = []
        style, shows = self.style, shows_on_blank(self.style)
        for cell in cells:
            if cell[1] != style and (shows or cell != BLANK):
                self._add("".join(texts))
                texts.clear()
                style = cell[1]
                self.restyle(style)
                shows = shows_on_blank(style)
            texts.append(cell[0])
        text = "".join(texts)
        self._add(text)
        self.x += len(cells)
        if self.x >= self.width or (not text.isascii() and any(len(each[0]) != 1 for each in cells)):
            self.x = NOWHERE

    def repeat(self, cell: Cell, times: int) -> None:
        """Write an ASCII character several times, by its repetition."""
        end = self.x + times
        self.write([cell])
        self._add(f"\x1b[{times - 1}b")
        self.x = end if end < self.width else NOWHERE

    def restyle(self, style: str) -> None:
        """Write in another style from now on."""
        if style != self.style:
            self._add(restyled(self.style, style, unsets=self.can.unsets))
            self.style = style

    def erase(self, sequence: str) -> None:
        """Send what leaves plain blanks behind: some terminals would leave the background in force."""
        if shows_on_blank(self.style):
            self.restyle("")
        self._add(sequence)

    def scroll(self, top: int, bottom: int, by: int, height: int) -> None:
        """Move the lines of a part of the screen up, or down by less than 0; what comes in is blank."""
        ways = []
        for way in (_shift, _roll):
            if self.can.shifts_lines if way is _shift else self.can.has_regions:
                trial = self.scratch()
                way(trial, top, bottom, by, height)
                ways.append(trial)
        best = min(ways, key=lambda each: each.size)
        self.x, self.y, self.style = best.x, best.y, best.style
        self._add(best.lift())

    def scratch(self) -> Pen:
        """Another one in the same state, to try something with."""
        pen = Pen(self.can, self.width)
        pen.x, pen.y, pen.style = self.x, self.y, self.style
        return pen

    def _add(self, text: str) -> None:
        self._out.append(text)
        self.size += len(text) if text.isascii() else len(text.encode("utf-8", "replace"))


def _shift(pen: Pen, top: int, bottom: int, by: int, height: int) -> None:
    """By deleting lines and inserting others."""
    lines = abs(by) if abs(by) > 1 else ""
    goes, comes = (top, bottom - by) if by > 0 else (bottom + by, top)
    if by > 0 or bottom < height:
        pen.move(goes, 0)
        pen.erase(f"\x1b[{lines}M")
    if by < 0 or bottom < height:
        pen.move(comes, 0)
        pen.erase(f"\x1b[{lines}L")


def _roll(pen: Pen, top: int, bottom: int, by: int, height: int) -> None:
    """By a region that scrolls; setting one takes the cursor away, on most terminals to the top."""
    is_part = (top, bottom) != (0, height)
    if is_part:
        pen.erase(f"\x1b[{top + 1};{bottom}r" if bottom < height else f"\x1b[{top + 1}r")
        pen.x = pen.y = NOWHERE
    pen.move(bottom - 1 if by > 0 else top, 0)
    pen.erase((DOWN if by > 0 else UP) * abs(by))
    if is_part:
        pen.erase("\x1b[r")
        pen.x = pen.y = NOWHERE


def _vertically(down: int) -> str:
    if abs(down) < 3:
        return (DOWN if down > 0 else UP) * abs(down)
    return f"\x1b[{down}B" if down > 0 else f"\x1b[{-down}A"


def _forward(cells: int) -> str:
    return f"\x1b[{cells}C" if cells > 1 else "\x1b[C" * cells


@lru_cache(maxsize=1024)
def restyled(old: str, new: str, *, unsets: bool) -> str:
    """The shortest that changes one style into another; `unsets` when a single attribute can be taken back.

    >>> restyled("1", "1;31", unsets=True), restyled("1;31", "31", unsets=True), restyled("1;31", "", unsets=True)
    ('\\x1b[31m', '\\x1b[22m', '\\x1b[m')
    >>> restyled("1;31;44", "31", unsets=True), restyled("1;31", "31", unsets=False)
    ('\\x1b[;31m', '\\x1b[;31m')
    """
    if not new:
        return "\x1b[m"
    before, after = _parts(old), _parts(new)
    if before == after:
        return ""
    ways = [f"\x1b[;{new}m" if old else f"\x1b[{new}m"]
    ways.append(_by_parts(before, after, unsets=unsets))
    return min(filter(None, ways), key=len)


def _by_parts(old: dict[str, str], new: dict[str, str], *, unsets: bool) -> str:
    """Only what is other; empty when that cannot be said."""
    gone = [OFF.get(each, "") for each in old if each not in new]
    if gone and (not unsets or "" in gone):
        return ""
    codes = [*dict.fromkeys(gone)]
    codes += [code for name, code in new.items() if old.get(name) != code or OFF.get(name) in gone]
    return f"\x1b[{';'.join(codes)}m"


def _parts(style: str) -> dict[str, str]:
    """The colours by their place, the attributes by their code.

    >>> _parts("1;38;5;4;107")
    {'1': '1', 'front': '38;5;4', 'back': '107'}
    """
    parts: dict[str, str] = {}
    codes = iter(style.split(";") if style else ())
    for code in codes:
        if code in ("38", "48"):
            kind = next(codes, "")
            rest = [next(codes, "") for _ in range(1 if kind == "5" else 3)]
            parts["front" if code == "38" else "back"] = ";".join((code, kind, *rest))
        elif len(code) > 1 and code[:-1] in ("3", "9"):
            parts["front"] = code
        elif len(code) > 1 and code[:-1] in ("4", "10"):
            parts["back"] = code
        else:
            parts[code] = code
    return parts
